from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from apprise import Apprise
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Evidence, Party
from streams.notifier.channels import (
    Channels,
    hosts_of,
    render_html,
    render_text,
    render_title,
    takes_html,
)
from streams.notifier.guard import Policy
from tests.factories import make_alert_change
from tests.notifier.test_schedule import make_delivery, make_subscription

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from schemas.alert import AlertChange

ADDRESS = "https://dragoman.example"


def make_change(words: str = "agreed to draft a memorandum", speaker: str | None = None) -> AlertChange:
    change = make_alert_change(parties=(Party(name="Iran", code="IRN"), Party(name="China", code="CHN")))
    evidence = Evidence(text=words, start=0, end=len(words), speaker=speaker)
    subject = change.alert.subjects[0].model_copy(update={"evidence": (evidence,)})
    return change.model_copy(update={"alert": change.alert.model_copy(update={"subjects": (subject,)})})


def test_a_message_says_what_who_which_stage_in_whose_words_and_where_to_read_on() -> None:
    text = render_text([make_change(speaker="the minister")], ADDRESS)
    for words in (
        "NEW: Alert 1", "Iran (IRN), China (CHN)", "stage: drafting", "level: high",
        "“agreed to draft a memorandum” (the minister)", "Source: Radio Test, 01 Mar 2026 12:00 UTC",
        "https://dragoman.example/v1/alerts/alert-1",
    ):  # fmt: skip
        assert words in text
    assert "http" not in render_text([make_change()], "")


def test_what_comes_from_outside_is_no_markup() -> None:
    html = render_html([make_change("<script>alert(1)</script> & “so”", speaker="<b>")], ADDRESS)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in html
    assert '<blockquote dir="auto">' in html


@given(st.text(min_size=1, max_size=80))
def test_no_words_break_a_message(words: str) -> None:
    change = make_change(words)
    assert "<script" not in render_html([change], ADDRESS)
    assert "\n" not in render_title([change])
    assert " ".join(words.split()) in render_text([change], ADDRESS)


def test_a_digest_names_how_many_and_a_sample_says_so() -> None:
    assert render_title([make_change(), make_change()]).startswith("2 changes of alerts: Alert 1")
    assert render_title([make_change()], sample=True) == "Sample. New: Alert 1"


@pytest.mark.parametrize(
    ("channel", "hosts", "html"),
    [
        ("mailtos://user:pw@mail.example?to=desk@example.org", ("mail.example",), True),
        ("mailto://user:pw@example.org?smtp=10.0.0.5&to=desk@example.org", ("10.0.0.5",), True),
        ("json://10.0.0.5/x", ("10.0.0.5",), False),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", (), True),
        ("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general", (), False),
    ],
)
def test_the_hosts_that_a_channel_names_are_known(channel: str, hosts: tuple[str, ...], html: object) -> None:
    plugin = Apprise.instantiate(channel)
    assert plugin is not None
    assert hosts_of(plugin) == hosts
    assert takes_html(plugin) or not html


class MailServer:
    """Speaks as much SMTP as a mail needs."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                mail = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(mail.decode())
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            await writer.drain()
            if word == b"QUIT":
                break
        writer.close()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    made = MailServer()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def test_a_mail_goes_out_as_html_with_its_text(mail_server: MailServer) -> None:
    channels = Channels(Policy(frozenset({"127.0.0.1"})), 10.0, ADDRESS)
    wish = make_subscription(
        channel=f"mailto://127.0.0.1:{mail_server.port}?from=dragoman@example.org&to=desk@example.org"
    )
    answer = await channels.deliver(wish, make_delivery())
    channels.close()
    assert answer.delivered
    [mail] = mail_server.mails
    assert "Subject: New: Alert 1" in mail
    assert "text/html" in mail
    assert "text/plain" in mail


async def test_a_mail_server_on_a_private_network_is_refused(mail_server: MailServer) -> None:
    channels = Channels(Policy(), 5.0, ADDRESS)
    wish = make_subscription(channel=f"mailto://127.0.0.1:{mail_server.port}?from=a@b.example&to=c@d.example")
    answer = await channels.deliver(wish, make_delivery())
    channels.close()
    assert answer.never
    assert answer.words.startswith("refused: it leads to 127.0.0.1")
    assert mail_server.mails == []
