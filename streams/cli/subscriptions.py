"""`dragoman subscriptions`: who is told of which alerts, and where."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets as randomness
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NoReturn

import click

from schemas.alert import AlertChangeKind
from schemas.rule import Level
from streams.cli.errors import fail, settings_or_exit
from streams.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka import AIOKafkaConsumer

    from schemas.subscription import AlertFilter, Delivery, Subscription
    from schemas.topics import Output
    from streams.settings import Settings

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_TEST_S: Final = 40.0
_SECRET_BYTES: Final = 32

_NAME = click.argument("name", metavar="NAME")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
_BROKER = click.option("--broker", metavar="HOST:PORT", help="Kafka to use [DRAGOMAN_BROKER].")


class _Span(click.ParamType):
    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d{1,6})([smhd])", str(value))
        if found is None:
            self.fail(f"{value!r}: a number with s, m, h or d behind it, such as 15m", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.group()
def command() -> None:
    """Say who is told of which alerts, and where.

    \b
    dragoman subscriptions add desk --channel https://desk.example/hook --topic security-mou --level high
    dragoman subscriptions add night --channel 'mailtos://user:pass@mail.example?to=duty@desk.example' --digest 15m
    dragoman subscriptions test desk
    dragoman subscriptions list

    A channel is the https:// address of a webhook, or an address of Apprise (mail, Slack, Teams, Telegram and many
    more). A change acts at once on the notifier (`dragoman notifier`), which sends. NAME is a name or an id.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


@command.command()
@_NAME
@click.option("--channel", default="", metavar="URL", help="Where to; without it, for stream and feed only.")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    metavar="NAME",
    help="Only alerts of this topic. Several times: any of them; so with all that follow.",
)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only alerts of this rule.")
@click.option(
    "--country", "countries", multiple=True, metavar="CODE", help="Only with this country, such as IRN."
)
@click.option(
    "--organisation", "organisations", multiple=True, metavar="ID", help="Only with this organisation."
)
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only told by this broadcaster.")
@click.option(
    "--language", "languages", multiple=True, metavar="TAG", help="Only told in this language, such as fa."
)
@click.option(
    "--level", type=click.Choice([str(level) for level in Level]), help="Only this level and higher ones."
)
@click.option(
    "--changes",
    multiple=True,
    type=click.Choice([str(kind) for kind in AlertChangeKind]),
    help="Only these changes [all].",
)
@click.option("--digest", type=_Span(), help="Collect for so long and send together, such as 15m.")
@click.option("--digest-count", type=int, help="With --digest: send as soon as there are so many.")
@click.option(
    "--quiet", metavar="HH:MM-HH:MM", help="Send nothing in these hours; it goes out when they end."
)
@click.option("--zone", default="UTC", show_default=True, help="Time zone of --quiet, such as Europe/Vienna.")
@click.option("--per-minute", type=int, help="Send so many a minute at most; the rest waits.")
@click.option(
    "--secret",
    metavar="new|none|-|SECRET",
    help="Of a webhook: make a secret [new], sign nothing, read it from standard input, or this one (whsec_...).",
)
@_JSON
@_BROKER
def add(  # noqa: PLR0917 - click names them all
    name: str, channel: str, topics: tuple[str, ...], rules: tuple[str, ...], countries: tuple[str, ...],
    organisations: tuple[str, ...], sources: tuple[str, ...], languages: tuple[str, ...], level: str | None,
    changes: tuple[str, ...], digest: int | None, digest_count: int | None, quiet: str | None, zone: str,
    per_minute: int | None, secret: str | None, as_json: bool, broker: str | None,
) -> None:  # fmt: skip
    """Add a subscription. It gets the alerts that come from now on.

    The secret of a webhook is shown this once; its receiver checks signatures by it (Standard Webhooks).
    """
    from schemas.ids import derived_id  # noqa: PLC0415 - keeps --help quick
    from schemas.topics import SUBSCRIPTIONS, Output  # noqa: PLC0415
    from streams.subscriptions import (  # noqa: PLC0415
        SubscriptionError,
        is_webhook,
        parse_subscription,
        without_secrets,
    )

    if digest_count is not None and digest is None:
        raise click.UsageError("--digest-count goes with --digest")
    settings = settings_or_exit(broker=broker)
    now = _now()
    made = _secret(secret, wanted=is_webhook(channel))
    start, _, end = (quiet or "").partition("-")
    fields: dict[str, object] = {
        "id": derived_id("subscription", name, now.isoformat()),
        "name": name,
        "filter": {
            "topics": topics,
            "rules": rules,
            "countries": [code.upper() for code in countries],
            "organisations": organisations,
            "sources": sources,
            "languages": languages,
            "level": level,
            "changes": changes,
        },
        "channel": channel,
        "secrets": [made] if made else [],
        "digest": None if digest is None else {"every_s": digest, "count": digest_count},
        "quiet": None if quiet is None else {"start": start, "end": end, "time_zone": zone},
        "per_minute": per_minute,
        "created_time": now,
    }
    try:
        subscription = parse_subscription(fields)
    except SubscriptionError as error:
        fail(f"the subscription is refused: {error}")
    if any(s.name == name for s in asyncio.run(_read_subscriptions(settings))):
        fail(f"there is a subscription {name} already: remove it first, or choose another name")
    asyncio.run(_write(settings, [Output(SUBSCRIPTIONS, subscription.id, subscription, now)]))
    shown = secret in {None, "new"} and made
    if as_json:
        print_json({**without_secrets(subscription), **({"secret": made} if shown else {})})
        return
    click.echo(f"{name} added ({subscription.id})")
    if shown:
        click.echo(f"Its secret, shown this once: {made}")


def _secret(given: str | None, *, wanted: bool) -> str | None:
    match given:
        case None if not wanted:
            return None
        case None | "new":
            return "whsec_" + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()
        case "none":
            return None
        case "-":
            return sys.stdin.readline().strip()
        case _:
            return given


@command.command("list")
@_JSON
@_BROKER
def list_(*, as_json: bool, broker: str | None) -> None:
    """Show the subscriptions that there are, without what is secret."""
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.table import Table  # noqa: PLC0415

    from streams.subscriptions import hide_channel, without_secrets  # noqa: PLC0415

    found = asyncio.run(_read_subscriptions(settings_or_exit(broker=broker)))
    if as_json:
        print_json([without_secrets(s) for s in found])
        return
    if not found:
        click.echo("There are no subscriptions: `dragoman subscriptions add` makes one.", err=True)
        return
    table = Table("name", "channel", "alerts", "when", "state")
    for s in found:
        table.add_row(
            s.name, hide_channel(s.channel) or "stream and feed", _filter(s.filter), _when(s), _state(s)
        )
    Console(highlight=False).print(table)


@command.command()
@_NAME
@_JSON
@_BROKER
def show(*, name: str, as_json: bool, broker: str | None) -> None:
    """Show a subscription, and what became of its last deliveries."""
    from schemas.subscription import DeliveryState  # noqa: PLC0415 - keeps --help quick
    from streams.subscriptions import hide_channel, without_secrets  # noqa: PLC0415

    settings = settings_or_exit(broker=broker)
    subscription = asyncio.run(_find(settings, name))
    deliveries = asyncio.run(_read_deliveries(settings, subscription.id))
    if as_json:
        told = [d.model_dump(mode="json", exclude={"changes"}) for d in deliveries]
        print_json({**without_secrets(subscription), "deliveries": told})
        return
    click.echo(f"{subscription.name} ({subscription.id})")
    click.echo(f"  channel  {hide_channel(subscription.channel) or 'stream and feed'}")
    click.echo(f"  alerts   {_filter(subscription.filter)}")
    click.echo(f"  when     {_when(subscription)}")
    click.echo(f"  state    {_state(subscription)}")
    for d in deliveries[-20:]:
        click.echo(f"  {d.sent_time:%Y-%m-%d %H:%M:%S}  {d.state:<9}  {d.id}  {d.answer}")
    parked = sum(d.state is DeliveryState.PARKED and not d.sample for d in deliveries)
    if parked:
        click.echo(
            f"{parked} parked: `dragoman subscriptions retry {subscription.name} --all` sends them again"
        )


@command.command()
@_NAME
@_JSON
@_BROKER
def test(*, name: str, as_json: bool, broker: str | None) -> None:
    """Send one sample, marked as such, by way of the notifier, and say what became of it."""
    from schemas.subscription import DeliveryState  # noqa: PLC0415 - keeps --help quick
    from schemas.topics import DELIVERIES, Output  # noqa: PLC0415
    from streams.subscriptions import request_sample  # noqa: PLC0415

    settings = settings_or_exit(broker=broker)
    subscription = asyncio.run(_find(settings, name))
    if not subscription.channel:
        fail(f"{subscription.name} has no channel: it is for stream and feed")
    request = request_sample(subscription, _now())
    done = asyncio.run(
        _write_and_wait(settings, Output(DELIVERIES, request.alert_id, request, request.sent_time))
    )
    if done is None:
        fail("the notifier has not answered: is `dragoman notifier` running? The sample waits for it")
    if as_json:
        print_json(done.model_dump(mode="json", exclude={"changes"}))
    elif done.state is DeliveryState.DELIVERED:
        click.echo(f"delivered: {done.answer}")
    if done.state is not DeliveryState.DELIVERED:
        fail(f"the sample was not delivered: {done.answer}")


@command.command()
@_NAME
@_BROKER
def pause(*, name: str, broker: str | None) -> None:
    """Send nothing until it is resumed. What waits is held; what comes meanwhile is not for it."""
    settings = settings_or_exit(broker=broker)
    subscription = asyncio.run(_find(settings, name))
    _change(settings, subscription.model_copy(update={"paused": True, "paused_reason": None}))
    click.echo(f"{subscription.name} is paused")


@command.command()
@_NAME
@_BROKER
def resume(*, name: str, broker: str | None) -> None:
    """Send again. What was parked meanwhile is sent by `retry --all`."""
    from streams.subscriptions import resume as resumed  # noqa: PLC0415 - keeps --help quick

    settings = settings_or_exit(broker=broker)
    subscription = asyncio.run(_find(settings, name))
    _change(settings, resumed(subscription))
    click.echo(f"{subscription.name} is at work")
    if subscription.paused_reason is not None:
        click.echo(
            f"It had been paused because {subscription.paused_reason}. What was parked goes out by "
            f"`dragoman subscriptions retry {subscription.name} --all`."
        )


@command.command()
@_NAME
@click.option("--finish", is_flag=True, help="Drop the older secrets: the receiver knows the newest.")
@_JSON
@_BROKER
def rotate(*, name: str, finish: bool, as_json: bool, broker: str | None) -> None:
    """Make a new secret for a webhook. Both sign until --finish, so that no delivery fails between the two."""
    from streams.subscriptions import is_webhook, rotate_secret  # noqa: PLC0415 - keeps --help quick

    settings = settings_or_exit(broker=broker)
    subscription = asyncio.run(_find(settings, name))
    if not is_webhook(subscription.channel):
        fail(f"{subscription.name} is no webhook: only those have secrets")
    if finish:
        _change(settings, subscription.model_copy(update={"secrets": subscription.secrets[:1]}))
        click.echo(f"{subscription.name} signs with its newest secret alone")
        return
    made = _secret("new", wanted=True) or ""
    _change(settings, rotate_secret(subscription, made))
    if as_json:
        print_json({"secret": made})
    else:
        click.echo(f"Its new secret, shown this once: {made}")


@command.command()
@_NAME
@_BROKER
def remove(*, name: str, broker: str | None) -> None:
    """Remove a subscription; what waits for it is dropped."""
    settings = settings_or_exit(broker=broker)
    subscription = asyncio.run(_find(settings, name))
    asyncio.run(_write_tombstone(settings, subscription.id))
    click.echo(f"{subscription.name} is removed")


@command.command()
@click.argument("what", metavar="DELIVERY|NAME")
@click.option("--all", "all_of_them", is_flag=True, help="All that is parked for the subscription NAME.")
@_BROKER
def retry(*, what: str, all_of_them: bool, broker: str | None) -> None:
    """Send again what was given up: one delivery by its id, or with --all everything parked for a subscription.

    It keeps its id, so that a receiver who has it after all recognises it.
    """
    from schemas.subscription import DeliveryState  # noqa: PLC0415 - keeps --help quick
    from schemas.topics import DELIVERIES, Output  # noqa: PLC0415
    from streams.subscriptions import request_again  # noqa: PLC0415

    settings = settings_or_exit(broker=broker)
    subscriptions = {s.id: s for s in asyncio.run(_read_subscriptions(settings))}
    chosen = asyncio.run(_find(settings, what)).id if all_of_them else None
    parked = [
        d
        for d in asyncio.run(_read_deliveries(settings, chosen))
        if d.state is DeliveryState.PARKED and (all_of_them or d.id == what) and not d.sample
    ]
    if not parked:
        if all_of_them:
            click.echo("Nothing is parked.")
            return
        fail(f"no delivery {what} is parked: `dragoman subscriptions show NAME` lists deliveries")
    subscription = subscriptions.get(parked[0].subscription_id)
    if subscription is None:
        fail("its subscription is gone")
    if subscription.paused:
        fail(
            f"{subscription.name} is paused: `dragoman subscriptions resume {subscription.name}` comes first"
        )
    now = _now()
    outputs = [Output(DELIVERIES, d.alert_id, request_again(d, now), now) for d in parked]
    asyncio.run(_write(settings, outputs))
    click.echo(f"{len(parked)} sent again")


def _filter(chosen: AlertFilter) -> str:
    lists = (
        chosen.topics, chosen.rules, chosen.countries, chosen.organisations, chosen.sources, chosen.languages,
        chosen.changes,
    )  # fmt: skip
    parts = [" or ".join(values) for values in lists if values]
    if chosen.level is not None:
        parts.append(f"{chosen.level} or higher")
    return ", ".join(parts) or "all"


def _when(subscription: Subscription) -> str:
    parts = []
    if subscription.digest is not None:
        count = f" or {subscription.digest.count}" if subscription.digest.count else ""
        parts.append(f"digest every {subscription.digest.every_s} s{count}")
    if subscription.quiet is not None:
        quiet = subscription.quiet
        parts.append(f"quiet {quiet.start}-{quiet.end} {quiet.time_zone}")
    if subscription.per_minute is not None:
        parts.append(f"{subscription.per_minute} a minute")
    return ", ".join(parts) or "at once"


def _state(subscription: Subscription) -> str:
    if not subscription.paused:
        return "at work"
    return f"paused: {subscription.paused_reason}" if subscription.paused_reason else "paused"


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - when someone asked for it


def _change(settings: Settings, subscription: Subscription) -> None:
    from schemas.topics import SUBSCRIPTIONS, Output  # noqa: PLC0415 - keeps --help quick

    asyncio.run(_write(settings, [Output(SUBSCRIPTIONS, subscription.id, subscription, _now())]))


async def _find(settings: Settings, name: str) -> Subscription:
    found = [s for s in await _read_subscriptions(settings) if name in {s.name, s.id}]
    if not found:
        _fail_unknown(name)
    return found[0]


def _fail_unknown(name: str) -> NoReturn:
    fail(f"there is no subscription {name}: `dragoman subscriptions list` shows those that there are")


async def _read_subscriptions(settings: Settings) -> list[Subscription]:
    from schemas.contract import ContractError  # noqa: PLC0415 - keeps --help quick
    from schemas.subscription import Subscription  # noqa: PLC0415
    from schemas.topics import SUBSCRIPTIONS  # noqa: PLC0415
    from streams.kafka.client import open_reader  # noqa: PLC0415
    from streams.kafka.dead_letters import read_to_end  # noqa: PLC0415
    from streams.kafka.topics import kafka_name  # noqa: PLC0415

    found: dict[bytes | None, Subscription] = {}
    async with open_reader(settings, kafka_name(SUBSCRIPTIONS, settings)) as reader:
        async for record in read_to_end(reader):
            if record.value is None:
                found.pop(record.key, None)
                continue
            try:
                found[record.key] = Subscription.decode(record.value)
            except ContractError as error:
                click.echo(f"passed over: a record on {SUBSCRIPTIONS.name} is {error.reason}", err=True)
    return sorted(found.values(), key=lambda s: (s.name, s.id))


async def _read_deliveries(settings: Settings, subscription_id: str | None) -> list[Delivery]:
    """Give the deliveries as they stand, the one that moved last at the end."""
    from schemas.contract import ContractError  # noqa: PLC0415 - keeps --help quick
    from schemas.subscription import Delivery  # noqa: PLC0415
    from schemas.topics import DELIVERIES  # noqa: PLC0415
    from streams.kafka.client import open_reader  # noqa: PLC0415
    from streams.kafka.dead_letters import read_to_end  # noqa: PLC0415
    from streams.kafka.topics import kafka_name  # noqa: PLC0415

    found: dict[str, Delivery] = {}
    async with open_reader(settings, kafka_name(DELIVERIES, settings)) as reader:
        async for record in read_to_end(reader):
            try:
                delivery = Delivery.decode(record.value or b"")
            except ContractError:
                continue
            if subscription_id in {None, delivery.subscription_id}:
                found[delivery.id] = delivery
    return sorted(found.values(), key=lambda d: (d.sent_time, d.id))


async def _write(settings: Settings, outputs: Sequence[Output]) -> None:
    from streams.kafka.client import open_producer  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.records import encode_record  # noqa: PLC0415

    async with open_producer(settings) as producer:
        for record in (encode_record(output, settings) for output in outputs):
            await producer.send_and_wait(
                record.topic, value=record.value, key=record.key, headers=record.headers
            )


async def _write_tombstone(settings: Settings, id_: str) -> None:
    from schemas.topics import SUBSCRIPTIONS  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.client import open_producer  # noqa: PLC0415
    from streams.kafka.records import encode_tombstone  # noqa: PLC0415

    record = encode_tombstone(SUBSCRIPTIONS, id_, settings)
    async with open_producer(settings) as producer:
        await producer.send_and_wait(record.topic, value=None, key=record.key, headers=record.headers)


async def _write_and_wait(settings: Settings, output: Output) -> Delivery | None:
    """Write a request and give what became of it; None when nobody took it up in time."""
    from schemas.topics import DELIVERIES  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.client import open_reader  # noqa: PLC0415
    from streams.kafka.topics import kafka_name  # noqa: PLC0415

    async with open_reader(settings, kafka_name(DELIVERIES, settings)) as reader:
        await reader.seek_to_end()
        for place in reader.assignment():
            await reader.position(place)  # the end is where it was before the request
        await _write(settings, [output])
        try:
            async with asyncio.timeout(_TEST_S):
                return await _await_answer(reader, output.record)
        except TimeoutError:
            return None


async def _await_answer(reader: AIOKafkaConsumer, request: object) -> Delivery:
    from schemas.contract import ContractError  # noqa: PLC0415 - keeps --help quick
    from schemas.subscription import Delivery, DeliveryState  # noqa: PLC0415

    async for record in reader:
        try:
            found = Delivery.decode(record.value or b"")
        except ContractError:
            continue
        if (
            isinstance(request, Delivery)
            and found.id == request.id
            and found.state is not DeliveryState.REQUESTED
        ):
            return found
    raise AssertionError("a consumer ends only when it is stopped")
