"""Alerts as an Atom feed (RFC 4287): pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from uuid import UUID
from xml.etree import ElementTree as ET

from schemas.ids import derived_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from schemas.alert import Alert

ATOM: Final = "http://www.w3.org/2005/Atom"

# Good: what XML 1.0 cannot hold even as a reference.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_feed(alerts: Sequence[Alert], *, title: str, address: str, origin: str) -> bytes:
    """Write alerts as a feed, in the order they come.

    The same alerts give the same bytes: its time is that of the alert moved last, and no clock is asked.

    Args:
        alerts: The alerts.
        title: For people.
        address: Where the feed is found; its id follows from it.
        origin: Where the gateway is found, for the links to alerts.
    """
    # written with its prefix-free name: some readers look for `feed` and not for any prefix of it
    feed = ET.Element("feed", {"xmlns": ATOM})
    _add(feed, "id", f"urn:uuid:{derived_id('feed', address)}")
    _add(feed, "title", title)
    newest = max((alert.updated_time for alert in alerts), default=None)
    _add(feed, "updated", _time(newest) if newest else "1970-01-01T00:00:00Z")
    _add(feed, "generator", "Dragoman")
    ET.SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": _clean(address)})
    author = ET.SubElement(feed, "author")
    _add(author, "name", "Dragoman")
    for alert in alerts:
        _add_entry(feed, alert, origin)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(ET.tostring(feed, encoding="utf-8"))


def _add_entry(feed: ET.Element, alert: Alert, origin: str) -> None:
    entry = ET.SubElement(feed, "entry")
    _add(entry, "id", f"urn:uuid:{_uuid(alert.id)}")
    _add(entry, "title", alert.summary)
    _add(entry, "updated", _time(alert.updated_time))
    _add(entry, "published", _time(alert.raised_time))
    link = {"rel": "alternate", "href": _clean(f"{origin}/v1/alerts/{alert.id}")}
    ET.SubElement(entry, "link", link)
    for term in (alert.topic, f"level:{alert.level}", f"status:{alert.status}", *alert.countries):
        ET.SubElement(entry, "category", {"term": _clean(term)})
    _add(entry, "summary", _summary(alert))


def _summary(alert: Alert) -> str:
    """Say in plain text what it is and in whose words."""
    stage = f", {alert.stage.replace('_', ' ')}" if alert.stage else ""
    lines = [f"{alert.level.capitalize()}, {alert.status}{stage}. {alert.rule_title}."]
    for subject in alert.subjects:
        for evidence in subject.evidence:
            said = f", {evidence.speaker}" if evidence.speaker else ""
            lines.append(
                f"“{evidence.text}” ({subject.source.broadcaster}{said}, {subject.event_time:%Y-%m-%d})"
            )
    return "\n".join(lines)


def _uuid(id_: str) -> str:
    try:
        return str(UUID(id_))
    except ValueError:
        return derived_id("alert", id_)


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
