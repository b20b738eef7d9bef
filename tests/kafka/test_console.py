"""The console in a real browser, on its main paths."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import httpx
import pytest
from playwright.async_api import expect

from schemas import topics
from schemas.enriched import EnrichedTranscript
from schemas.topics import Output
from tests.factories import make_alert_change
from tests.kafka.browser import open_browser, publish_samples
from tests.kafka.gateway_process import JSON, publish, run_gateway, until_indexed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiokafka import AIOKafkaProducer
    from playwright.async_api import Page

    from streams.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

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


@asynccontextmanager
async def console(
    settings: Settings, *, width: int = 1100, scheme: str = "light"
) -> AsyncIterator[tuple[Page, str]]:
    """Open the console; nothing may go wrong in it and no page may be wider than the window."""
    wrong: list[str] = []
    with run_gateway(settings) as address:
        async with open_browser() as browser:
            page = await browser.new_page(
                viewport={"width": width, "height": 760},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
            yield page, address
    assert wrong == []


async def test_an_alert_appears_by_itself_and_shows_its_words_in_the_transcript(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish_samples(producer, settings)
    async with console(settings) as (page, address), httpx.AsyncClient(base_url=address) as client:
        await until_indexed(client, "/v1/alerts?limit=1000", 10)
        await page.goto(address)
        await expect(page.locator(".alerts > li").first).to_be_visible()
        change = make_alert_change(7)
        new = change.model_copy(
            update={"alert": change.alert.model_copy(update={"summary": "Something quite new"})}
        )
        await publish(producer, settings, Output(topics.ALERTS, new.alert.id, new, new.alert.updated_time))
        await expect(page.locator(".alerts > li").first).to_contain_text("Something quite new")

        found = (await client.get("/v1/alerts?language=fa", headers=JSON)).json()["alerts"][0]
        await page.goto(f"{address}/#/alerts/{found['id']}")
        words = found["subjects"][0]["evidence"][0]["text"]
        await expect(page.locator("mark").first).to_have_text(words)
        side = await page.locator(".transcript").first.evaluate("e => getComputedStyle(e).direction")
        assert side == "rtl"


async def test_marks_stand_at_code_points_also_behind_signs_outside_the_basic_plane(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish_samples(producer, settings)
    async with console(settings) as (page, address), httpx.AsyncClient(base_url=address) as client:
        await until_indexed(client, "/v1/alerts?limit=1000", 10)
        alert = (await client.get("/v1/alerts", headers=JSON)).json()["alerts"][0]
        subject = alert["subjects"][0]
        body = (await client.get(f"/v1/transcripts/{subject['transcript_id']}")).content
        enriched = EnrichedTranscript.decode(body)
        await page.goto(address)
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
        await page.goto(f"{address}/#/alerts/{alert['id']}")
        await expect(page.locator(".transcript").first).to_have_text(enriched.transcript.text)


async def test_filters_and_keys_lead_to_an_alert_and_back(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish_samples(producer, settings)
    async with console(settings) as (page, address), httpx.AsyncClient(base_url=address) as client:
        await until_indexed(client, "/v1/alerts?limit=1000", 10)
        await page.goto(address)
        await page.get_by_label("topic").select_option("security-mou")
        await expect(page).to_have_url(f"{address}/#/alerts?topic=security-mou")
        rows = page.locator(".alerts > li:not([hidden])")
        wanted = (await client.get("/v1/alerts?topic=security-mou", headers=JSON)).json()["alerts"]
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
        await expect(page.locator("h1")).to_have_text(wanted[0]["summary"])
        await page.keyboard.press("u")
        await expect(rows.first).to_be_visible()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


async def test_agreements_are_a_picture_and_a_table_and_a_pair_has_its_steps(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish_samples(producer, settings)
    async with console(settings) as (page, address), httpx.AsyncClient(base_url=address) as client:
        await until_indexed(client, "/v1/agreements?limit=1000", 5)
        await page.goto(f"{address}/#/agreements")
        await page.get_by_role("link", name="Armenia and Iran: 1 agreement").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Armenia and Iran")
        stages = page.locator(".life .stage")
        await expect(stages.first).to_have_text("drafting")
        await expect(stages.last).to_have_text("signed")


@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (360, "dark")])
async def test_every_page_fits_is_legible_and_names_its_controls(
    settings: Settings, producer: AIOKafkaProducer, width: int, scheme: str
) -> None:
    await publish_samples(producer, settings)
    async with (
        console(settings, width=width, scheme=scheme) as (page, address),
        httpx.AsyncClient(base_url=address) as client,
    ):
        await until_indexed(client, "/v1/rules?limit=1000", 30)
        rule = (await client.get("/v1/rules?limit=1", headers=JSON)).json()["rules"][0]
        for name in (*MENU, f"rules/{rule['id']}"):
            await page.goto(f"{address}/#/{name}")
            await expect(page.locator(".page h1").first).to_be_attached()
            await expect(page.get_by_text("Reading …")).to_have_count(0, timeout=20_000)
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
            assert await page.evaluate(NAMELESS) == [], name
            assert await page.evaluate(FAINT) == [], name
        before = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.get_by_role("button", name="Change between light and dark").click()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != before


async def test_a_gateway_that_is_away_is_told_in_words(settings: Settings) -> None:
    async with open_browser() as browser:
        page = await browser.new_page()
        with run_gateway(settings) as address:
            await page.goto(address)
            await expect(page.locator(".note")).to_contain_text("No alert yet")
        await expect(page.locator("#state")).to_have_text("The gateway does not answer; trying again.")


async def test_a_rule_is_explained_on_a_text_and_previewed(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish_samples(producer, settings)
    async with console(settings) as (page, address), httpx.AsyncClient(base_url=address) as client:
        await until_indexed(client, "/v1/rules?limit=1000", 30)
        rules = (await client.get("/v1/rules?limit=1000", headers=JSON)).json()["rules"]
        rule = next(r for r in rules if r["title"].startswith("New security agreement between states"))
        await page.goto(f"{address}/#/rules/{rule['id']}")
        await page.get_by_label("A text to hold the rule against").fill(
            "Iran and China signed a memorandum on border security."
        )
        await page.get_by_role("button", name="Explain").click()
        await expect(page.get_by_text("holds (condition)").first).to_be_visible(timeout=60_000)
        await page.get_by_label("look back").select_option("3650d")
        await page.get_by_role("button", name="Preview on history").click()
        await expect(page.get_by_text("a day,")).to_be_visible(timeout=60_000)


async def test_a_subscription_is_added_paused_and_removed(settings: Settings) -> None:
    async with console(settings) as (page, address):
        await page.goto(f"{address}/#/subscriptions")
        await page.get_by_role("textbox", name="name").fill("desk")
        await page.get_by_role("button", name="Add").click()
        await expect(page.get_by_role("cell", name="at work")).to_be_visible()
        await page.get_by_role("button", name="Pause desk").click()
        await expect(page.get_by_role("cell", name="paused")).to_be_visible()
        await page.get_by_role("button", name="Remove desk").click()
        await page.get_by_role("button", name="Remove desk").click()
        await expect(page.get_by_text("Nobody has subscribed yet.")).to_be_visible()


async def test_a_webhook_without_a_secret_gets_one_that_is_shown_once(settings: Settings) -> None:
    with run_gateway(settings) as address:
        async with httpx.AsyncClient(base_url=address) as client:
            given = {"name": "desk", "channel": "https://desk.example/hook/7"}
            made = await client.post("/v1/subscriptions", json=given)
            assert made.status_code == 201
            assert made.json()["secret"].startswith("whsec_")
            [listed] = (await client.get("/v1/subscriptions")).json()
            assert "secret" not in listed
            assert listed["secrets"] == 1
            assert "hook" not in listed["channel"]
            assert (await client.post("/v1/subscriptions", json=given)).status_code == 409
            refused = await client.post("/v1/subscriptions", json={"name": "x", "channel": "gopher://x"})
            assert refused.status_code == 400
            assert refused.json()["errors"][0]["field"] == "channel"
