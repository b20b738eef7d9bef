"""Mail, chat and the rest, through Apprise: what people read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import TYPE_CHECKING, Any, Final

from apprise import Apprise, AppriseAsset, NotifyFormat

from schemas.alert import AlertChangeKind
from streams.notifier.guard import RefusedError, resolve
from streams.notifier.schedule import Answer
from streams.subscriptions import channel_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apprise.plugins import NotifyBase

    from schemas.alert import Alert, AlertChange, Subject
    from schemas.event import Evidence
    from schemas.subscription import Delivery, Subscription
    from streams.notifier.guard import Policy

_WORDS: Final = {
    AlertChangeKind.RAISE: "New",
    AlertChangeKind.UPDATE: "Updated",
    AlertChangeKind.CORROBORATE: "Confirmed",
    AlertChangeKind.CONTRADICT: "Disputed",
    AlertChangeKind.CANCEL: "Cancelled",
}
_TITLE_SIGNS: Final = 200
_QUOTED: Final = 3
"""Words of the last report that are quoted at most; the link leads to all."""

_THREADS: Final = 64


def render_title(changes: Sequence[AlertChange], *, sample: bool = False) -> str:
    """Give one line: what happened, or how many things did."""
    if len(changes) == 1:
        title = f"{_WORDS[changes[0].kind]}: {changes[0].alert.summary}"
    else:
        title = f"{len(changes)} changes of alerts: {changes[0].alert.summary} ..."
    return _line(("Sample. " if sample else "") + title)[:_TITLE_SIGNS]


def render_text(changes: Sequence[AlertChange], address: str) -> str:
    """Say in plain text what, who, which stage, the words that prove it, whose they are, and where to read on."""
    return "\n\n".join("\n".join(_text_lines(change, address)) for change in changes)


def render_html(changes: Sequence[AlertChange], address: str) -> str:
    """Say the same in HTML. Whatever came from outside is escaped, and runs in the direction of its script."""
    return "<hr>".join(_html(change, address) for change in changes)


def _text_lines(change: AlertChange, address: str) -> list[str]:
    alert = change.alert
    lines = [f"{_WORDS[change.kind].upper()}: {_line(alert.summary)}", " · ".join(_facts(alert))]
    for subject in alert.subjects[-1:]:
        lines += [f"“{_line(e.text)}”{_said(e)}" for e in subject.evidence[:_QUOTED]]
        lines.append(f"Source: {_source(subject)}")
    if alert.origins > 1:
        lines.append(f"{alert.origins} independent sources")
    if link := _link(alert, address):
        lines.append(link)
    return lines


def _html(change: AlertChange, address: str) -> str:
    alert = change.alert
    parts = [
        f'<p dir="auto"><b>{_WORDS[change.kind]}: {escape(_line(alert.summary))}</b></p>',
        f'<p dir="auto">{escape(" · ".join(_facts(alert)))}</p>',
    ]
    for subject in alert.subjects[-1:]:
        parts += [
            f'<blockquote dir="auto">“{escape(_line(e.text))}”{escape(_said(e))}</blockquote>'
            for e in subject.evidence[:_QUOTED]
        ]
        parts.append(f'<p dir="auto">Source: {escape(_source(subject))}</p>')
    if alert.origins > 1:
        parts.append(f"<p>{alert.origins} independent sources</p>")
    if link := _link(alert, address):
        parts.append(f'<p><a href="{escape(link)}">The alert with all its words</a></p>')
    return "\n".join(parts)


def _facts(alert: Alert) -> list[str]:
    parties = [p.name if p.code in {None, p.name} else f"{p.name} ({p.code})" for p in alert.parties]
    facts = [
        ", ".join(dict.fromkeys(_line(party) for party in parties)) or ", ".join(alert.countries),
        f"stage: {alert.stage.replace('_', ' ')}" if alert.stage else "",
        f"level: {alert.level}",
        str(alert.status),
        alert.topic,
        _line(alert.rule_title),
    ]
    return [fact for fact in facts if fact]


def _source(subject: Subject) -> str:
    source = subject.source
    told = source.broadcaster + (f", {source.programme}" if source.programme else "")
    return _line(f"{told}, {subject.event_time:%d %b %Y %H:%M} UTC")


def _said(evidence: Evidence) -> str:
    return f" ({_line(evidence.speaker)})" if evidence.speaker else ""


def _link(alert: Alert, address: str) -> str:
    return f"{address.rstrip('/')}/v1/alerts/{alert.id}" if address else ""


def _line(text: str) -> str:
    return " ".join(text.split())


class Channels:
    """Sends messages through Apprise, in threads of its own: a mail server that hangs holds up nobody else."""

    def __init__(self, policy: Policy, timeout_s: float, address: str) -> None:
        self._policy = policy
        self._timeout_s = timeout_s
        self._address = address
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="channel")
        self._asset = AppriseAsset(
            app_id="Dragoman",
            app_desc="Dragoman",
            app_url="",
            http_redirects=False,
            secure_logging=True,
            storage_mode="memory",
        )

    def close(self) -> None:
        """Wait for nothing: what is under way is repeated at the next start."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def deliver(self, subscription: Subscription, delivery: Delivery) -> Answer:
        """Try once, and say what came of it."""
        error = channel_error(subscription.channel)
        plugin = None if error else Apprise.instantiate(subscription.channel, asset=self._asset)
        if plugin is None:
            return Answer(delivered=False, words=f"the channel {error or 'is of no use'}", never=True)
        plugin.redirects = False
        try:
            for host in hosts_of(plugin):
                await resolve(host, 0, self._policy)
        except RefusedError as refused:
            return Answer(delivered=False, words=f"refused: it {refused}", never=True)
        except OSError:
            return Answer(delivered=False, words="its name cannot be looked up")
        loop = asyncio.get_running_loop()
        try:
            # Apprise ends by itself; should it not, the thread is left to its fate.
            async with asyncio.timeout(self._timeout_s * 2):
                return await loop.run_in_executor(self._threads, self._send, plugin, delivery)
        except TimeoutError:
            return Answer(delivered=False, words="no answer in time")

    def _send(self, plugin: NotifyBase, delivery: Delivery) -> Answer:
        courier = Apprise(asset=self._asset)
        courier.add(plugin)
        html = takes_html(plugin)
        render = render_html if html else render_text
        result = courier.notify(
            render(delivery.changes, self._address),
            title=render_title(delivery.changes, sample=delivery.sample),
            body_format=NotifyFormat.HTML if html else NotifyFormat.TEXT,
            timeout=self._timeout_s,
        )
        if result:
            return Answer(delivered=True, words="sent")
        return Answer(delivered=False, words=f"Apprise could not send it ({result.status.name.lower()})")


def hosts_of(plugin: NotifyBase) -> tuple[str, ...]:
    """Give the hosts that a channel connects to as its address says; none for a service with an address of its own."""
    server: Any = getattr(plugin, "smtp_host", None)
    if server:
        return (str(server),)
    templates: tuple[Any, ...] = tuple(plugin.templates or ())
    named = any("{host}" in str(template) for template in templates)
    return (str(plugin.host),) if named and plugin.host else ()


def takes_html(plugin: NotifyBase) -> bool:
    """Tell whether a channel shows HTML."""
    formats: Any = plugin.notify_format  # one, or several
    return NotifyFormat.HTML in (formats if isinstance(formats, tuple) else (formats,))
