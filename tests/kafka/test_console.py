"""The console in a real browser, on its main paths."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx
import pytest
from playwright.async_api import expect

from schemas import topics
from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.enriched import EnrichedTranscript
from schemas.subscription import Delivery, DeliveryState
from schemas.topics import Output
from streams.gateway.tokens import Scope, TokenFile, add_token, make_token
from streams.kafka.client import open_admin, open_producer
from streams.kafka.dead_letters import park
from streams.kafka.groups import installation_plans
from streams.kafka.local import free_port
from streams.kafka.topics import create_topics, kafka_name
from streams.rules.load import pack_folder
from streams.settings import Settings
from tests.factories import NOON, make_alert_change
from tests.kafka.browser import open_browser, publish_samples
from tests.kafka.conftest import reader_of
from tests.kafka.gateway_process import JSON, publish, run_gateway, until_indexed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiokafka import AIOKafkaProducer
    from playwright.async_api import Page

    from schemas.alert import AlertChange
    from streams.kafka.local import LocalBroker

pytestmark = pytest.mark.kafka

MENU: Final = ("alerts", "agreements", "events", "rules", "topics", "subscriptions", "replays")

NAMELESS: Final = """() => [...document.querySelectorAll('a, button, input, select, textarea, svg[role]')]
  .filter(e => e.checkVisibility() && !(e.getAttribute('aria-label') || e.textContent.trim() && e.tagName !== 'SELECT'
    && e.tagName !== 'TEXTAREA' || [...(e.labels ?? [])].some(l => l.textContent.trim())))
  .map(e => e.outerHTML.slice(0, 120))"""

FAINT: Final = """() => {
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const numbers = c => c.match(/[\\d.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('svg, dialog')
      && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).filter(e => {
    const [a, b] = [light(numbers(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    return (a + .05) / (b + .05) < 4.5; }).map(e => e.outerHTML.slice(0, 120)); }"""


@dataclass(frozen=True)
class Desk:
    """A gateway over the samples, for all tests: what one of them adds, others may see."""

    settings: Settings
    address: str

    async def tell(self, *changes: AlertChange) -> None:
        async with open_producer(self.settings) as producer:
            await publish(producer, self.settings, *[alert_output(change) for change in changes])


def alert_output(change: AlertChange) -> Output:
    return Output(topics.ALERTS, change.alert.id, change, change.alert.updated_time)


@pytest.fixture(scope="module")
def desk(broker: LocalBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    settings = Settings(
        broker=broker.address,
        topic_prefix="console.",
        group="console",
        partitions=2,
        data_dir=tmp_path_factory.mktemp("console"),
        gateway_port=0,
    )
    asyncio.run(_furnish(settings))
    with run_gateway(settings) as address:
        asyncio.run(_until_read(address))
        yield Desk(settings, address)


async def _furnish(settings: Settings) -> None:
    async with open_admin(settings) as admin:
        await create_topics(admin, installation_plans(settings))
    async with open_producer(settings) as producer:
        await publish_samples(producer, settings)


async def _until_read(address: str) -> None:
    async with httpx.AsyncClient(base_url=address) as client:
        await until_indexed(client, "/v1/alerts?limit=1000", 10)
        await until_indexed(client, "/v1/agreements?limit=1000", 5)
        await until_indexed(client, "/v1/events?limit=1000", 20)
        await until_indexed(client, "/v1/rules?limit=1000", 30)


@asynccontextmanager
async def browsing(
    address: str, path: str = "", *, width: int = 1100, height: int = 760, scheme: str = "light", refusals: int = 0
) -> AsyncIterator[Page]:  # fmt: skip
    """Open a page of the console; nothing may go wrong in it but so many requests that are refused as they should be."""
    wrong: list[str] = []
    async with open_browser() as browser:
        page = await browser.new_page(
            viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        await page.goto(f"{address}/#/{path}")
        yield page
    assert [w for w in wrong if "status of 4" not in w] == []
    assert len(wrong) <= refusals


async def ask(desk: Desk, path: str) -> dict[str, list[dict[str, object]]]:
    async with httpx.AsyncClient(base_url=desk.address) as client:
        found: dict[str, list[dict[str, object]]] = (await client.get(path, headers=JSON)).json()
        return found


async def find_rule(desk: Desk, title: str) -> dict[str, object]:
    rules = (await ask(desk, "/v1/rules?limit=1000"))["rules"]
    return next(rule for rule in rules if str(rule["title"]).startswith(title))


async def test_an_alert_appears_by_itself_and_shows_its_words_in_the_transcript(desk: Desk) -> None:
    async with browsing(desk.address) as page:
        await expect(page.locator(".alerts > li").first).to_be_visible()
        await desk.tell(make_alert_change(7, summary="Something quite new"))
        await expect(page.locator(".alerts > li").first).to_contain_text("Something quite new")

        async with httpx.AsyncClient(base_url=desk.address) as client:
            found = (await client.get("/v1/alerts?language=fa", headers=JSON)).json()["alerts"][0]
        await page.goto(f"{desk.address}/#/alerts/{found['id']}")
        words = found["subjects"][0]["evidence"][0]["text"]
        await expect(page.locator("mark").first).to_have_text(words)
        side = await page.locator(".transcript").first.evaluate("e => getComputedStyle(e).direction")
        assert side == "rtl"


async def test_an_alert_that_is_open_tells_by_itself_what_becomes_of_it_and_what_is_read_stays_in_place(
    desk: Desk,
) -> None:
    first = make_alert_change(301, rule_id="rule-301")
    (old,) = first.alert.subjects
    later = old.model_copy(update={"transcript_id": "t-302", "title": "What came later"})
    await desk.tell(first)
    async with httpx.AsyncClient(base_url=desk.address) as client:
        await until_indexed(client, "/v1/alerts?rule=rule-301", 1)
    async with browsing(desk.address, "alerts/alert-301", height=240, refusals=2) as page:
        await expect(page.locator(".life > li")).to_have_count(1)
        await expect(page.locator("article .empty")).to_contain_text("no longer kept")
        await page.locator("h1 ~ .facts a").first.focus()
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        read = page.locator("article", has_text="Untitled")
        before = await read.bounding_box()
        await desk.tell(
            make_alert_change(302),
            make_alert_change(
                301,
                sequence=2,
                rule_id="rule-301",
                subjects=(old, later),
                summary="Alert 301, told again",
                origins=2,
            ),
        )
        await expect(page.locator("[role=status].note")).to_have_text("Just updated.")
        await expect(page.locator("h1")).to_have_text("Alert 301, told again")
        await expect(page.locator(".life > li")).to_have_count(2)
        await expect(page.locator("article").first).to_contain_text("What came later")
        after = await read.bounding_box()
        assert before is not None
        assert after is not None
        assert abs(before["y"] - after["y"]) <= 1
        await expect(page.locator("h1 ~ .facts a").first).to_be_focused()


async def test_who_reads_further_down_stays_there_and_is_told_how_many_are_new(desk: Desk) -> None:
    async with browsing(desk.address, height=300) as page:
        rows = page.locator(".alerts > li")
        await expect(rows.first).to_be_visible()
        read = rows.nth(4)
        id_ = await read.get_attribute("data-id")
        await read.scroll_into_view_if_needed()
        await page.evaluate("scrollBy(0, 100)")
        read = page.locator(f'[data-id="{id_}"]')
        before = await read.bounding_box()
        await desk.tell(make_alert_change(101), make_alert_change(102))
        await expect(page.locator(".fresh")).to_have_text("2 new ↑")
        after = await read.bounding_box()
        assert before is not None
        assert after is not None
        assert abs(before["y"] - after["y"]) <= 1
        await page.locator(".fresh").click()
        await expect(page.locator(".fresh")).to_be_hidden()
        await expect(page.locator('[data-id="alert-102"]')).to_be_in_viewport()


@pytest.mark.usefixtures("created_topics")
async def test_a_page_goes_on_over_a_restart_of_the_gateway_with_no_gap_and_no_repeat(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    settings = settings.model_copy(update={"gateway_port": free_port()})

    async def tell(number: int) -> None:
        change = make_alert_change(number)
        await publish(producer, settings, alert_output(change))

    async with open_browser() as browser:
        page = await browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        rows = page.locator(".alerts > li strong")
        with run_gateway(settings) as address:
            await page.goto(address)
            await expect(page.locator(".note")).to_contain_text("No alert yet")
            await tell(1)
            await expect(rows).to_have_text(["Alert 1"])
        await expect(page.locator("#state")).to_have_text("The gateway does not answer; trying again.")
        await tell(2)
        asked.clear()
        with run_gateway(settings):
            await expect(rows).to_have_text(["Alert 2", "Alert 1"], timeout=20_000)
            await tell(3)
            await expect(rows).to_have_text(["Alert 3", "Alert 2", "Alert 1"])
            await expect(page.locator("#state")).to_be_empty()
    # it went on behind its cursor and did not read the page anew
    assert all("limit=" not in one for one in asked)


@pytest.mark.usefixtures("created_topics")
async def test_where_a_token_is_needed_it_is_asked_for_and_a_wrong_one_is_told(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    good, kept = make_token("desk", [Scope.READ], bytes(32), NOON, None)
    TokenFile(settings.data_dir).change(lambda tokens: add_token(tokens, kept))
    await publish(producer, settings, alert_output(make_alert_change(1)))
    public = settings.model_copy(update={"gateway_host": "0.0.0.0"})  # noqa: S104 - what is tested
    with run_gateway(public) as address:
        async with browsing(address, refusals=9) as page:
            box = page.get_by_role("dialog", name="A token is needed")
            await expect(box).to_be_visible()
            await expect(box.get_by_role("alert")).to_be_empty()
            await page.keyboard.type("dragoman_wrong")
            await page.keyboard.press("Enter")
            await expect(box.get_by_role("alert")).to_have_text("The token is wrong, or it was revoked")
            await box.get_by_label("token").fill(good)
            await page.keyboard.press("Enter")
            await expect(page.locator(".alerts > li strong")).to_have_text(["Alert 1"])
            await publish(producer, settings, alert_output(make_alert_change(2)))
            await expect(page.locator(".alerts > li strong").first).to_have_text("Alert 2")
            await page.goto(f"{address}/#/subscriptions")
            await page.get_by_role("textbox", name="name").fill("desk")
            await page.get_by_role("button", name="Add").click()
            told = page.locator(".wrong", has_text="the token desk is for read, and this needs manage")
            await expect(told).to_be_visible()


async def test_dead_letters_are_shown_with_their_reason_and_sent_again_or_let_go(desk: Desk) -> None:
    read_all = reader_of(desk.settings)
    async with open_producer(desk.settings) as producer:
        for value in (b"{one", b"{two"):
            await producer.send_and_wait(
                kafka_name(topics.TRANSCRIPTS_RAW, desk.settings), value, key=b"k", partition=0
            )
        for record in await read_all(topics.TRANSCRIPTS_RAW):
            letter = DeadLetter(
                topic="transcripts.raw.v1", partition=record.partition, offset=record.offset, timestamp_ms=record.timestamp,
                stage="language", stage_version="1", reason=DeadLetterReason.JSON, message="is no JSON <b>at all</b>",
                error_class="ContractError", attempts=1, failed_time=NOON,
            )  # fmt: skip
            await park(producer, desk.settings, record, letter)
    async with browsing(desk.address, "topics") as page:
        letters = page.get_by_role("region", name="Dead letters").locator("tbody tr")
        await expect(letters).to_have_count(2)
        await expect(letters.first).to_contain_text("is no JSON <b>at all</b>")
        await page.get_by_role("button", name="Send transcripts.raw.v1").first.click()
        await expect(page.get_by_text("was sent again.")).to_be_visible()
        await expect(letters).to_have_count(1)
        await page.get_by_role("button", name="Let transcripts.raw.v1").click()
        await expect(page.get_by_text("was let go.")).to_be_visible()
        await expect(page.get_by_text("No dead letter waits.")).to_be_visible()
    sent = [record.value for record in await read_all(topics.TRANSCRIPTS_RAW)]
    assert len(sent) == 3
    assert sent.count(sent[-1]) == 2


async def test_events_are_counted_and_chosen_and_lead_to_their_words(desk: Desk) -> None:
    async with browsing(desk.address, "events") as page:
        await expect(page.get_by_role("img", name="Events a day")).to_be_visible()
        rows = page.get_by_role("region", name="Events", exact=True).locator("tbody tr")
        await expect(rows.first).to_be_visible()
        await page.get_by_role("combobox", name="type").select_option("AGREE")
        await expect(page).to_have_url(f"{desk.address}/#/events?type=AGREE")
        await expect(rows.first).to_contain_text("agree")
        assert {t.split()[0] for t in await rows.locator("td:first-child").all_inner_texts()} == {"agree"}
        link = rows.first.get_by_role("link")
        words = await link.inner_text()
        await link.click()
        await expect(page.locator("mark")).to_have_text(words)


async def test_replays_are_listed_and_their_difference_is_shown(desk: Desk) -> None:
    environment = {**os.environ, **desk.settings.as_environment()}
    asked = ["replay", "start", "--name", "again", "--from", "2020-01-01", "--to", "2030-01-01"]
    rules = str(pack_folder() / "security_mou.yml")
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "streams.cli", *asked, "--rules", rules, "--local"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    async with browsing(desk.address, "replays", refusals=1) as page:
        await expect(page.get_by_role("cell", name="again", exact=True)).to_be_visible(timeout=20_000)
        await page.get_by_role("link", name="Difference of again").click()
        await expect(page.locator("h1")).to_have_text("Replay again")
        await expect(page.get_by_text("on the one side")).to_be_visible(timeout=60_000)
        await page.goto(f"{desk.address}/#/replays/unheard-of")
        await expect(page.get_by_role("alert")).to_contain_text("unheard-of")


async def test_what_a_command_refuses_is_a_sentence_on_the_page(desk: Desk) -> None:
    rule = await find_rule(desk, "Visit between states")
    async with browsing(desk.address, f"rules/{rule['id']}", refusals=1) as page:
        text = page.get_by_label("The rule, to be changed for a preview")
        await text.fill((await text.input_value()).replace("condition:", "condition: nowhere and"))
        await page.get_by_role("button", name="Preview on history").click()
        told = page.get_by_role("alert")
        await expect(told).to_contain_text("nowhere")
        assert "Traceback" not in await told.inner_text()


@pytest.mark.usefixtures("created_topics")
async def test_pages_without_anything_say_what_will_come_and_a_gateway_that_is_away_is_told(
    settings: Settings,
) -> None:
    said = {
        "alerts": "No alert yet. New ones appear here by themselves.",
        "agreements": "No agreement here yet.",
        "events": "No event here yet.",
        "rules": "dragoman rules apply puts the shipped pack to work",
        "topics": "No dead letter waits.",
        "subscriptions": "Nobody has subscribed yet.",
        "replays": "No replay was started here yet",
        "nowhere": "There is no such page",
    }
    async with open_browser() as browser:
        page = await browser.new_page()
        with run_gateway(settings) as address:
            for name, words in said.items():
                await page.goto(f"{address}/#/{name}")
                await expect(page.get_by_text(words)).to_be_visible()
            await page.goto(f"{address}/#/alerts")
            await expect(page.locator(".note")).to_contain_text("No alert yet")
        await expect(page.locator("#state")).to_have_text("The gateway does not answer; trying again.")


async def test_marks_stand_at_code_points_also_behind_signs_outside_the_basic_plane(desk: Desk) -> None:
    async with browsing(desk.address) as page, httpx.AsyncClient(base_url=desk.address) as client:
        alert = (await client.get("/v1/alerts?language=fa", headers=JSON)).json()["alerts"][0]
        subject = alert["subjects"][0]
        body = (await client.get(f"/v1/transcripts/{subject['transcript_id']}")).content
        enriched = EnrichedTranscript.decode(body)
        marked = await page.evaluate(
            """async () => { const { markText } = await import('/console/evidence.js');
               return [...markText('🎙️🇮🇷 Iran signed 𝒾t <b>now</b>.', [{ start: 5, end: 16 }, { start: 9, end: 19 }]).childNodes]
                 .map(n => [n.nodeName, n.textContent]); }"""
        )
        assert marked == [
            ["#text", "🎙️🇮🇷 "],
            ["MARK", "Iran signed"],
            ["MARK", " 𝒾t"],
            ["#text", " <b>now</b>."],
        ]
        await page.goto(f"{desk.address}/#/alerts/{alert['id']}")
        await expect(page.locator(".transcript").first).to_have_text(enriched.transcript.text)


async def test_filters_and_keys_lead_to_an_alert_and_back(desk: Desk) -> None:
    # the alerts of other tests have no transcript, which is a request refused
    async with browsing(desk.address, refusals=1) as page:
        await page.get_by_label("topic").select_option("security-mou")
        await expect(page).to_have_url(f"{desk.address}/#/alerts?topic=security-mou")
        rows = page.locator(".alerts > li:not([hidden])")
        wanted = (await ask(desk, "/v1/alerts?topic=security-mou"))["alerts"]
        await expect(rows).to_have_count(len(wanted))
        await page.keyboard.press("/")
        await page.keyboard.type("no such words anywhere")
        await expect(page.locator(".note")).to_have_text("No alert here has these words.")
        await page.get_by_label("words").fill("")
        await page.keyboard.press("Escape")
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text(str(wanted[0]["summary"]))
        await page.keyboard.press("u")
        await expect(rows.first).to_be_visible()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        await page.keyboard.press("Escape")
        for key, title in (("t", "Topics"), ("r", "Rules at work"), ("g", "Agreements")):
            await page.keyboard.press("g")
            await page.keyboard.press(key)
            await expect(page.locator("h1")).to_have_text(title)


async def test_agreements_are_a_picture_and_a_table_and_a_pair_has_its_steps(desk: Desk) -> None:
    async with browsing(desk.address, "agreements") as page:
        await page.get_by_role("link", name="Armenia and Iran: 1 agreement").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Armenia and Iran")
        stages = page.locator(".life .stage")
        await expect(stages.first).to_have_text("drafting")
        await expect(stages.last).to_have_text("signed")


@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (360, "dark")])
async def test_every_page_fits_is_legible_and_names_its_controls(desk: Desk, width: int, scheme: str) -> None:
    rule = (await ask(desk, "/v1/rules?limit=1"))["rules"][0]
    alert = (await ask(desk, "/v1/alerts?language=fa"))["alerts"][0]
    async with browsing(desk.address, width=width, scheme=scheme) as page:
        for name in (*MENU, f"rules/{rule['id']}", f"alerts/{alert['id']}"):
            await page.goto(f"{desk.address}/#/{name}")
            await expect(page.locator(".page h1").first).to_be_attached()
            await expect(page.get_by_text("Reading")).to_have_count(0, timeout=20_000)
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
            assert await page.evaluate(NAMELESS) == [], name
            assert await page.evaluate(FAINT) == [], name
        before = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.get_by_role("button", name="Change between light and dark").click()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != before


async def test_a_rule_is_explained_on_a_text_and_previewed(desk: Desk) -> None:
    rule = await find_rule(desk, "New security agreement between states")
    async with browsing(desk.address, f"rules/{rule['id']}") as page:
        await page.get_by_text("Its tests").click()
        await expect(page.locator("pre")).to_contain_text("expect:")
        await page.get_by_label("A text to hold the rule against").fill(
            "Iran and China signed a memorandum on border security."
        )
        await page.get_by_role("button", name="Explain").click()
        await expect(page.get_by_text("holds (condition)").first).to_be_visible(timeout=60_000)
        await page.get_by_label("look back").select_option("3650d")
        await page.get_by_role("button", name="Preview on history").click()
        await expect(page.get_by_text("a day,")).to_be_visible(timeout=60_000)


async def test_a_subscription_is_added_paused_and_removed(desk: Desk) -> None:
    async with browsing(desk.address, "subscriptions") as page:
        await page.get_by_role("textbox", name="name").fill("desk")
        await page.get_by_role("button", name="Add").click()
        row = page.get_by_role("row", name="desk")
        await expect(row.get_by_role("cell", name="at work")).to_be_visible()
        await page.get_by_role("button", name="Pause desk").click()
        await expect(row.get_by_role("cell", name="paused")).to_be_visible()
        await page.get_by_role("button", name="Remove desk").click()
        await page.get_by_role("button", name="Remove desk").click()
        await expect(row).to_have_count(0)


async def test_a_subscription_is_edited_and_what_is_not_touched_stays(desk: Desk) -> None:
    wanted = {"topics": ["military"], "countries": ["IRN", "CHN"], "sources": ["IRIB"]}
    given = {"name": "night", "channel": "https://desk.example/hook/9", "filter": wanted, "per_minute": 5}
    async with httpx.AsyncClient(base_url=desk.address) as client:
        made = (await client.post("/v1/subscriptions", json=given)).json()
        async with browsing(desk.address, "subscriptions", refusals=1) as page:
            await page.get_by_role("button", name="Edit night").click()
            name = page.get_by_role("textbox", name="name")
            await expect(name).to_be_focused()
            await expect(page.get_by_role("heading", name="Change night")).to_be_visible()
            await expect(page.get_by_label("country")).to_contain_text("IRN, CHN, as it is")
            await page.get_by_label("channel").fill("gopher://desk.example")
            await page.get_by_role("button", name="Save").click()
            await expect(page.get_by_role("alert")).to_contain_text("channel")
            await page.get_by_role("button", name="Leave it as it is").click()
            await expect(page.get_by_role("button", name="Edit night")).to_be_focused()

            await page.keyboard.press("Enter")
            await name.fill("day")
            await page.get_by_label("level").select_option("high")
            await page.get_by_label("topic").select_option("diplomacy")
            await page.get_by_role("button", name="Save").click()
            await expect(page.get_by_text("day is changed")).to_be_visible()
            await expect(page.get_by_role("button", name="Edit day")).to_be_focused()
            await expect(page.get_by_role("heading", name="Add one")).to_be_visible()
        edited = (await client.get(f"/v1/subscriptions/{made['id']}")).json()
        assert (edited["name"], edited["channel"], edited["secrets"]) == (
            "day",
            made["channel"],
            made["secrets"],
        )
        assert edited["per_minute"] == 5
        assert edited["filter"] == {**made["filter"], "level": "high", "topics": ["diplomacy"]}
        assert (await client.delete(f"/v1/subscriptions/{made['id']}")).status_code == 204


async def test_a_webhook_without_a_secret_gets_one_that_is_shown_once(desk: Desk) -> None:
    async with httpx.AsyncClient(base_url=desk.address) as client:
        given = {"name": "hook", "channel": "https://desk.example/hook/7"}
        made = await client.post("/v1/subscriptions", json=given)
        assert made.status_code == 201
        assert made.json()["secret"].startswith("whsec_")
        [listed] = [s for s in (await client.get("/v1/subscriptions")).json() if s["name"] == "hook"]
        assert "secret" not in listed
        assert listed["secrets"] == 1
        assert "/7" not in listed["channel"]
        assert (await client.post("/v1/subscriptions", json=given)).status_code == 409
        asked = await client.post(f"/v1/subscriptions/{listed['id']}/test")
        assert asked.status_code == 202
        [sample] = [Delivery.decode(r.value) for r in await reader_of(desk.settings)(topics.DELIVERIES)]
        assert (sample.id, sample.state, sample.sample) == (
            asked.json()["delivery"],
            DeliveryState.REQUESTED,
            True,
        )
        refused = await client.post("/v1/subscriptions", json={"name": "x", "channel": "gopher://x"})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["field"] == "channel"
