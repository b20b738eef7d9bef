"""`dragoman subscriptions`: who is told of which alerts, and where."""

from __future__ import annotations

import asyncio
import re
import secrets as randomness
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.alert import AlertChangeKind
from schemas.rule import Level
from streams.cli.errors import fail, settings_or_exit
from streams.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer

    from schemas.subscription import AlertFilter, Delivery, Subscription
    from schemas.topics import Output
    from streams.settings import Settings

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_TEST_S: Final = 40.0

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
    dragoman subscriptions edit desk --country IRN --clear level
    dragoman subscriptions test desk
    dragoman subscriptions list

    A channel is the https:// address of a webhook, or an address of Apprise (mail, Slack, Teams, Telegram and many
    more). A change acts at once on the notifier (`dragoman notifier`), which sends. NAME is a name or an id.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


_WISHES: Final = (
    click.option("--channel", metavar="URL", help="Where to. With none it is for stream and feed only."),
    click.option(
        "--topic",
        "topics",
        multiple=True,
        metavar="NAME",
        help="Only alerts of this topic. Several times: any of them; so with all that follow.",
    ),
    click.option("--rule", "rules", multiple=True, metavar="ID", help="Only alerts of this rule."),
    click.option(
        "--country", "countries", multiple=True, metavar="CODE", help="Only with this country, such as IRN."
    ),
    click.option(
        "--organisation", "organisations", multiple=True, metavar="ID", help="Only with this organisation."
    ),
    click.option("--source", "sources", multiple=True, metavar="NAME", help="Only told by this broadcaster."),
    click.option(
        "--language",
        "languages",
        multiple=True,
        metavar="TAG",
        help="Only told in this language, such as fa.",
    ),
    click.option(
        "--level", type=click.Choice([str(level) for level in Level]), help="Only this level and higher ones."
    ),
    click.option(
        "--changes",
        multiple=True,
        type=click.Choice([str(kind) for kind in AlertChangeKind]),
        help="Only these changes [all].",
    ),
    click.option("--digest", type=_Span(), help="Collect for so long and send together, such as 15m."),
    click.option("--digest-count", type=int, help="With --digest: send as soon as there are so many."),
    click.option(
        "--quiet", metavar="HH:MM-HH:MM", help="Send nothing in these hours; it goes out when they end."
    ),
    click.option("--zone", metavar="ZONE", help="Time zone of --quiet, such as Europe/Vienna [UTC]."),
    click.option("--per-minute", type=int, help="Send so many a minute at most; the rest waits."),
)
"""What someone wants, and where and when: the same for one that is added and one that is edited."""


def _wishes(work: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_WISHES):
        work = option(work)
    return work


def _named(wishes: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields of a subscription that options name, as a patch to it."""
    from schemas.subscription import AlertFilter  # noqa: PLC0415 - keeps --help quick

    given = {name: value for name, value in wishes.items() if value not in {None, ()}}
    named: dict[str, Any] = {name: given[name] for name in ("channel", "per_minute") if name in given}
    chosen = {name: given[name] for name in AlertFilter.model_fields if name in given}
    if "countries" in chosen:
        chosen["countries"] = tuple(code.upper() for code in chosen["countries"])
    start, _, end = given.get("quiet", "").partition("-")
    parts = {
        "filter": chosen,
        "digest": {n: given[o] for n, o in (("every_s", "digest"), ("count", "digest_count")) if o in given},
        "quiet": {
            **({"start": start, "end": end} if "quiet" in given else {}),
            **({"time_zone": given["zone"]} if "zone" in given else {}),
        },
    }
    return named | {name: part for name, part in parts.items() if part}


@command.command()
@_NAME
@_wishes
@click.option(
    "--secret",
    metavar="new|none|-|SECRET",
    help="Of a webhook: make a secret [new], sign nothing, read it from standard input, or this one (whsec_...).",
)
@_JSON
@_BROKER
def add(
    *, name: str, secret: str | None, as_json: bool, broker: str | None, **wishes: Any  # noqa: ANN401 - those of _WISHES
) -> None:  # fmt: skip
    """Add a subscription. It gets the alerts that come from now on.

    The secret of a webhook is shown this once; its receiver checks signatures by it (Standard Webhooks).
    """
    from schemas.ids import derived_id  # noqa: PLC0415 - keeps --help quick
    from streams.subscriptions import (  # noqa: PLC0415
        SubscriptionError,
        is_webhook,
        parse_subscription,
        without_secrets,
    )

    for option, needed in (("digest_count", "digest"), ("zone", "quiet")):
        if wishes[option] is not None and wishes[needed] is None:
            raise click.UsageError(f"--{option.replace('_', '-')} goes with --{needed}")
    settings = settings_or_exit(broker=broker)
    now = _now()
    named = {"channel": "", **_named(wishes)}
    if "quiet" in named:
        named["quiet"] = {"time_zone": "UTC", **named["quiet"]}
    made = _secret(secret, wanted=is_webhook(named["channel"]))
    fields = {
        **named,
        "id": derived_id("subscription", name, now.isoformat()),
        "name": name,
        "secrets": [made] if made else [],
        "created_time": now,
    }
    try:
        subscription = parse_subscription(fields)
    except SubscriptionError as error:
        fail(f"the subscription is refused: {error}")
    if any(s.name == name for s in asyncio.run(_read_subscriptions(settings))):
        fail(f"there is a subscription {name} already: `dragoman subscriptions edit` changes it")
    _change(settings, subscription)
    shown = made if secret in {None, "new"} else None
    if as_json:
        print_json({**without_secrets(subscription), **({"secret": shown} if shown else {})})
        return
    click.echo(f"{name} added ({subscription.id})")
    if shown:
        click.echo(f"Its secret, shown this once: {shown}")


_CLEARED: Final = {
    "channel": ("channel",),
    "topic": ("filter", "topics"),
    "rule": ("filter", "rules"),
    "country": ("filter", "countries"),
    "organisation": ("filter", "organisations"),
    "source": ("filter", "sources"),
    "language": ("filter", "languages"),
    "level": ("filter", "level"),
    "changes": ("filter", "changes"),
    "digest": ("digest",),
    "digest-count": ("digest", "count"),
    "quiet": ("quiet",),
    "per-minute": ("per_minute",),
}
"""What an edit can take away, by the option that sets it."""


@command.command()
@_NAME
@click.option("--name", "new_name", metavar="NEW", help="Another name.")
@_wishes
@click.option(
    "--clear",
    "cleared",
    multiple=True,
    type=click.Choice(list(_CLEARED)),
    help="Take away what this option had set. Several times: all of them.",
)
@click.option(
    "--secret",
    metavar="new|none|-|SECRET",
    help="Of a webhook: put a new secret before those in use, sign nothing, read one from standard input, or this one.",
)
@click.option(
    "--keep-secrets", type=int, metavar="N", help="Let go of the secrets in use but for the N newest."
)
@_JSON
@_BROKER
def edit(
    *, name: str, new_name: str | None, cleared: tuple[str, ...], secret: str | None, keep_secrets: int | None,
    as_json: bool, broker: str | None, **wishes: Any,  # noqa: ANN401 - those of _WISHES
) -> None:  # fmt: skip
    """Change what is named of a subscription; the rest stays. It acts from the next alert on.

    An option that can be given several times replaces all that were there. What waits goes out all the same, to where
    the subscription leads now. A new secret is shown this once, and old ones sign as well until they are let go.

    \b
    dragoman subscriptions edit desk --country IRN --country CHN --clear level
    dragoman subscriptions edit desk --secret new
    dragoman subscriptions edit desk --keep-secrets 1
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from streams.subscriptions import (  # noqa: PLC0415 - keeps --help quick
        SubscriptionError,
        edit_subscription,
        without_secrets,
    )

    changes = _named(wishes) | ({"name": new_name} if new_name is not None else {})
    for what in cleared:
        _take_away(changes, what)
    changes |= {"keep_secrets": keep_secrets} if keep_secrets is not None else {}
    if secret is not None:
        changes |= _edit_secret(secret)
    if not changes:
        raise click.UsageError("nothing is named that should change: --help lists what can")
    settings = settings_or_exit(broker=broker)
    all_of_them = asyncio.run(_read_subscriptions(settings))
    subscription = _pick(all_of_them, name)
    if changes.get("quiet") and subscription.quiet is None:
        changes["quiet"] = {"time_zone": "UTC", **changes["quiet"]}
    try:
        edited = edit_subscription(subscription, changes, _fresh_secret())
    except SubscriptionError as error:
        fail(f"the edit is refused, and {subscription.name} is as it was: {error}")
    after = edited.subscription
    if any(s.name == after.name and s.id != after.id for s in all_of_them):
        fail(f"there is a subscription {after.name} already: choose another name")
    _change(settings, after)
    if as_json:
        print_json({**without_secrets(after), **({"secret": edited.secret} if edited.secret else {})})
        return
    click.echo(f"{after.name} is changed")
    _tell(after)
    if edited.secret:
        click.echo(f"Its new secret, shown this once: {edited.secret}")


def _edit_secret(given: str) -> dict[str, Any]:
    """Give the patch that --secret stands for; a new one is made by the edit itself."""
    added = given if given == "new" else _secret(given, wanted=True)
    return {"secrets": []} if added is None else {"add_secret": added}


def _take_away(changes: dict[str, Any], what: str) -> None:
    """Add to a patch that what an option had set is taken away."""
    *above, last = _CLEARED[what]
    place = changes
    for step in above:
        place = place.setdefault(step, {})
        if place is None:  # all of it is taken away
            return
    if last in place:
        raise click.UsageError(f"--{what} is given and cleared")
    place[last] = None


def _secret(given: str | None, *, wanted: bool) -> str | None:
    match given:
        case None if not wanted:
            return None
        case None | "new":
            return _fresh_secret()
        case "none":
            return None
        case "-":
            return sys.stdin.readline().strip()
        case _:
            return given


def _fresh_secret() -> str:
    from streams.subscriptions import SECRET_BYTES, make_secret  # noqa: PLC0415 - keeps --help quick

    return make_secret(randomness.token_bytes(SECRET_BYTES))


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
    from streams.subscriptions import without_secrets  # noqa: PLC0415

    settings = settings_or_exit(broker=broker)
    subscription = asyncio.run(_find(settings, name))
    deliveries = asyncio.run(_read_deliveries(settings, subscription.id))
    if as_json:
        told = [d.model_dump(mode="json", exclude={"changes"}) for d in deliveries]
        print_json({**without_secrets(subscription), "deliveries": told})
        return
    click.echo(f"{subscription.name} ({subscription.id})")
    _tell(subscription)
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
    made = _fresh_secret()
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


def _tell(subscription: Subscription) -> None:
    """Show a subscription, without what is secret."""
    from streams.subscriptions import hide_channel  # noqa: PLC0415 - keeps --help quick

    secrets = len(subscription.secrets)
    signs = f", signed with {secrets} secret{'s' if secrets > 1 else ''}" if secrets else ""
    click.echo(f"  channel  {hide_channel(subscription.channel) or 'stream and feed'}{signs}")
    click.echo(f"  alerts   {_filter(subscription.filter)}")
    click.echo(f"  when     {_when(subscription)}")
    click.echo(f"  state    {_state(subscription)}")


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
    return _pick(await _read_subscriptions(settings), name)


def _pick(subscriptions: Sequence[Subscription], name: str) -> Subscription:
    found = [s for s in subscriptions if name in {s.name, s.id}]
    if not found:
        fail(f"there is no subscription {name}: `dragoman subscriptions list` shows those that there are")
    return found[0]


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
