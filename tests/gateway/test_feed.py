from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Evidence
from streams.gateway.feed import render_feed
from tests.factories import NOON, make_alert_change

ADDRESS: Final = "http://localhost:8080/v1/feeds/alerts.atom?topic=security-mou&level=high"
ORIGIN: Final = "http://localhost:8080"


def parsed(**fields: Any) -> Any:  # noqa: ANN401 - feedparser has no types
    alerts = [make_alert_change(1, **fields).alert, make_alert_change(2).alert]
    feed = feedparser.parse(render_feed(alerts, title="Alerts", address=ADDRESS, origin=ORIGIN))
    assert (feed.bozo, feed.version, len(feed.entries)) == (False, "atom10", 2)
    return feed


def test_a_feed_is_valid_and_says_what_who_where_and_in_which_words() -> None:
    feed = parsed(summary="China and Iran agreed to draft a memorandum")
    entry = feed.entries[0]
    assert entry.title == "China and Iran agreed to draft a memorandum"
    assert "“agreed to draft a memorandum” (Radio Test, 2026-03-01)" in entry.summary
    assert "drafting" in entry.summary
    assert entry.link == f"{ORIGIN}/v1/alerts/alert-1"
    assert {"security-mou", "level:high", "IRN", "CHN"} <= {tag.term for tag in entry.tags}
    assert feed.feed.links[0].href == ADDRESS


def test_an_entry_keeps_its_id_and_moves_its_time() -> None:
    before, after = parsed().entries[0], parsed(updated_time=NOON + timedelta(days=2)).entries[0]
    assert before.id == after.id
    assert UUID(before.id.removeprefix("urn:uuid:"))
    assert (before.updated, after.updated) == ("2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z")
    assert after.published == "2026-03-01T12:00:00Z"


def test_a_feed_without_alerts_is_a_feed() -> None:
    feed = feedparser.parse(render_feed([], title="Alerts", address=ADDRESS, origin=ORIGIN))
    assert (feed.bozo, feed.version, feed.entries) == (False, "atom10", [])


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_whatever_was_said_the_feed_stays_valid(words: str) -> None:
    subject = make_alert_change().alert.subjects[0]
    evidence = Evidence(text=words, start=0, end=len(words), speaker=words)
    parsed(summary=words, topic=words, subjects=(subject.model_copy(update={"evidence": (evidence,)}),))
