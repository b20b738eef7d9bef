"""Who gets an alert, and whether a subscription is one that can be served: pure."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from schemas.alert import Alert, AlertChange, AlertChangeKind, AlertStatus, Subject
from schemas.contract import list_field_errors
from schemas.event import Evidence
from schemas.ids import derived_id
from schemas.rule import Level, RuleSource
from schemas.subscription import Delivery, DeliveryState, Subscription
from schemas.transcript import Source
from streams.facets import change_facets, is_met, levels_from, source_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from schemas.subscription import AlertFilter
    from streams.facets import Wanted

WEBHOOKS: Final = frozenset({"http", "https"})

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES: Final = 32
"""Of chance, in a secret that is made here."""
_SECRET_BYTES: Final = range(24, 65)
_MOST_SECRETS: Final = 5
_LONGEST_DIGEST_S: Final = 31 * 86_400
_LARGEST_DIGEST: Final = 10_000
_FASTEST_PER_MINUTE: Final = 10_000
_MOST_BYTES: Final = 262_144

_FIXED: Final = {
    "id": "is the subscription's own",
    "created_time": "is when it was added",
    "paused": "is for pause and resume",
    "paused_reason": "is the notifier's",
}
"""What an edit does not change, and why."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")

_ON_THIS_MACHINE: Final = frozenset(
    {"dbus", "qt", "kde", "glib", "gio", "gnome", "macosx", "windows", "syslog", "blink1"}
)
_READS_FILES: Final = frozenset({"fcm", "vapid", "deltachat", "deltachats"})
_FILE_OPTIONS: Final = frozenset({"keyfile", "pgpkey", "subfile", "attach"})


def is_wanted(change: AlertChange, wanted: AlertFilter) -> bool:
    """Tell whether a change passes a filter: every list that is not empty is met by one of its values."""
    return is_met(wanted_alerts(wanted), change_facets(change))


def select(change: AlertChange, subscriptions: Iterable[Subscription]) -> tuple[Subscription, ...]:
    """Give the subscriptions with a channel that want a change, in the order of their ids.

    Those that their owner paused want nothing; those that the notifier paused still do.
    """
    facets = change_facets(change)
    return tuple(
        sorted(
            (
                s
                for s in subscriptions
                if s.channel
                and (not s.paused or s.paused_reason is not None)
                and is_met(wanted_alerts(s.filter), facets)
            ),
            key=lambda s: s.id,
        )
    )


def delivery_id(subscription_id: str, alert_id: str, sequence: int) -> str:
    """Give the id under which a subscriber is told of one change of one alert, however often it is tried."""
    return derived_id("delivery", subscription_id, alert_id, str(sequence))


def digest_id(subscription_id: str, members: Iterable[str]) -> str:
    """Give the id of a digest: it follows from what is in it."""
    return derived_id("digest", subscription_id, *members)


def wanted_alerts(chosen: AlertFilter) -> Wanted:
    """Say in facets what a filter wants; empty lists want nothing in particular."""
    wanted = {
        "topic": frozenset(chosen.topics),
        "rule": frozenset(chosen.rules),
        "country": frozenset(chosen.countries),
        "organisation": frozenset(chosen.organisations),
        "source": frozenset(source_name(name) for name in chosen.sources),
        "language": frozenset(chosen.languages),
        "level": levels_from(chosen.level) if chosen.level else frozenset(),
        "change": frozenset(str(kind) for kind in chosen.changes),
    }
    return {name: values for name, values in wanted.items() if values}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a subscription."""

    field: str
    reason: str


class SubscriptionError(ValueError):
    """A subscription that is refused; `errors` has every field that is wrong."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.reason}" for error in errors))
        self.errors = errors


def parse_subscription(fields: Mapping[str, object]) -> Subscription:
    """Make a subscription of fields that someone gave.

    Raises:
        SubscriptionError: It cannot be served as it is.
    """
    try:
        subscription = Subscription.model_validate(fields)
    except ValidationError as error:
        raise SubscriptionError(
            tuple(FieldError(field, reason) for field, reason in list_field_errors(error))
        ) from None
    errors = find_errors(subscription)
    if errors:
        raise SubscriptionError(errors)
    return subscription


def find_errors(subscription: Subscription) -> tuple[FieldError, ...]:
    """Say what of a subscription cannot work, beyond what its contract checks."""
    errors: list[FieldError] = []
    channel = channel_error(subscription.channel)
    if channel:
        errors.append(FieldError("channel", channel))
    if subscription.secrets and not is_webhook(subscription.channel):
        errors.append(FieldError("secrets", "are for webhooks only"))
    if len(subscription.secrets) > _MOST_SECRETS:
        errors.append(FieldError("secrets", f"are more than {_MOST_SECRETS}"))
    errors += [
        FieldError(f"secrets.{number}", "is not whsec_ with 24 to 64 bytes in base64 behind it")
        for number, secret in enumerate(subscription.secrets)
        if not is_secret(secret)
    ]
    errors += [
        FieldError(f"filter.languages.{number}", f"{tag!r} is no language tag such as fa or zh-Hans")
        for number, tag in enumerate(subscription.filter.languages)
        if _LANGUAGE.fullmatch(tag) is None
    ]
    if subscription.quiet is not None:
        if not is_zone(subscription.quiet.time_zone):
            errors.append(
                FieldError("quiet.time_zone", f"{subscription.quiet.time_zone!r} is no IANA time zone")
            )
        if subscription.quiet.start == subscription.quiet.end:
            errors.append(FieldError("quiet", "begins and ends at the same time: it would never be loud"))
    errors += _too_much(subscription)
    return tuple(errors)


def _too_much(subscription: Subscription) -> list[FieldError]:
    digest = subscription.digest
    limits = (
        ("digest.every_s", digest.every_s if digest else None, _LONGEST_DIGEST_S),
        ("digest.count", digest.count if digest else None, _LARGEST_DIGEST),
        ("per_minute", subscription.per_minute, _FASTEST_PER_MINUTE),
    )
    errors = [
        FieldError(name, f"is more than {most}")
        for name, given, most in limits
        if given is not None and given > most
    ]
    # Good: a number beyond 64 bits cannot be written at all, and is refused before the whole is measured
    if not errors and len(subscription.encode()) > _MOST_BYTES:
        errors.append(FieldError("record", f"is larger than {_MOST_BYTES} bytes"))
    return errors


def is_webhook(channel: str) -> bool:
    """Tell whether a channel is a webhook; what is neither that nor empty is for Apprise."""
    return channel.partition(":")[0].lower() in WEBHOOKS


def make_secret(chance: bytes) -> str:
    """Make the secret of a webhook from `SECRET_BYTES` random bytes."""
    return SECRET_PREFIX + base64.b64encode(chance).decode()


def is_secret(text: str) -> bool:
    """Tell whether a text is a secret in the form of Standard Webhooks."""
    if not text.startswith(SECRET_PREFIX):
        return False
    try:
        return len(base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)) in _SECRET_BYTES
    except (binascii.Error, ValueError):
        return False


def is_zone(name: str) -> bool:
    """Tell whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (
        ValueError,
        OSError,
        KeyError,
    ):  # what ZoneInfo says to paths, folders, and names it does not know
        return False
    return True


def channel_error(channel: str) -> str | None:
    """Say in one sentence why nothing can be sent to a channel, or None."""
    if not channel:
        return None
    return _webhook_error(channel) if is_webhook(channel) else _apprise_error(channel)


def hide_channel(channel: str) -> str:
    """Give a channel without what is secret in it: a webhook's path and query, all but the kind of others."""
    if not channel:
        return ""
    try:
        parts = urlsplit(channel)
        host, number = parts.hostname, parts.port
    except ValueError:
        return "?"
    if not is_webhook(channel) or host is None:
        return f"{parts.scheme}://..."
    port = f":{number}" if number else ""
    name = f"[{host}]" if ":" in host else host
    hidden = "/..." if len(parts.path) > 1 or parts.query else ""
    return f"{parts.scheme}://{name}{port}{hidden}"


def _webhook_error(channel: str) -> str | None:
    if any(ord(sign) <= ord(" ") or sign in "\x7f\\" for sign in channel):
        return "has a space, a control character or a backslash in it"
    try:
        parts = urlsplit(channel)
        port = parts.port
    except ValueError as error:
        return f"is no address: {error}"
    wrong = {
        "has no host": not parts.hostname,
        "has a user name or password in it: receivers check the signature instead": "@" in parts.netloc,
        "has a # in it, and what is behind that is never sent": "#" in channel,
        "has port 0": port == 0,
        "has a host that is neither a name nor an address in its usual form": _is_odd(parts.hostname or ""),
    }
    return next((why for why, is_so in wrong.items() if is_so), None)


def _is_odd(host: str) -> bool:
    # Good: what has digits at its end is an address to some programs and a name to others, such as 2130706433 or 0x7f.1
    last = host.rstrip(".").rpartition(".")[2]
    if not (last.isdecimal() or last.startswith("0x")):
        return False
    try:
        return str(ip_address(host)) != host
    except ValueError:
        return True


def _apprise_error(channel: str) -> str | None:
    scheme = channel.partition(":")[0].lower()
    if scheme in _ON_THIS_MACHINE:
        return f"{scheme} shows messages on the machine of the notifier, and nobody looks there"
    if scheme in _READS_FILES:
        return f"{scheme} needs files of the notifier's machine, which a subscription may not name"
    try:
        options = {name.lower() for name, _ in parse_qsl(urlsplit(channel).query, keep_blank_values=True)}
    except ValueError as error:
        return f"is no address: {error}"
    named = sorted(options & _FILE_OPTIONS)
    if named:
        return f"has {named[0]}=, which names a file of the notifier's machine"
    # Loads hundreds of channels: only who has one to check pays for it.
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415

    # It writes addresses that it cannot use to the log as they are, and in them lies what is secret.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    if Apprise.instantiate(channel, asset=AppriseAsset(secure_logging=True)) is None:
        return f"is neither https:// nor a channel that Apprise knows in this form ({scheme[:40]}://)"
    return None


def sample_change(subscription: Subscription, time: datetime) -> AlertChange:
    """Give a change of an alert that is marked as a sample, for a subscriber to try a channel with."""
    words = "This sample was sent to try the channel."
    subject = Subject(
        kind=RuleSource.TRANSCRIPTS,
        record_id="sample",
        transcript_id="sample",
        source=Source(broadcaster="Dragoman", programme="Samples"),
        language="en",
        event_time=time,
        origin="1",
        evidence=(Evidence(text=words, start=0, end=len(words)),),
    )
    alert = Alert(
        id=derived_id("sample", subscription.id, time.isoformat()),
        rule_id="sample",
        rule_version=1,
        rule_title="Sample",
        topic="sample",
        level=Level.INFORMATIONAL,
        status=AlertStatus.OPEN,
        summary=f"A sample for the subscription {subscription.name}; nothing has happened",
        raised_time=time,
        updated_time=time,
        subjects=(subject,),
        origins=1,
    )
    return AlertChange(
        id=derived_id("sample change", alert.id),
        kind=AlertChangeKind.RAISE,
        sequence=1,
        cause_id="sample",
        alert=alert,
    )


def request_sample(subscription: Subscription, time: datetime) -> Delivery:
    """Give the delivery of a sample, as it is written to deliveries.v1 for the notifier to send."""
    change = sample_change(subscription, time)
    return Delivery(
        id=delivery_id(subscription.id, change.alert.id, 1),
        subscription_id=subscription.id,
        alert_id=change.alert.id,
        sequence=1,
        state=DeliveryState.REQUESTED,
        attempt=0,
        answer="",
        sent_time=time,
        accepted_time=time,
        changes=(change,),
        sample=True,
    )


def request_again(parked: Delivery, time: datetime) -> Delivery:
    """Give a parked delivery as it is written to deliveries.v1 for the notifier to send again, under its id."""
    return parked.model_copy(
        update={
            "state": DeliveryState.REQUESTED,
            "sent_time": time,
            "due_time": None,
            "asked": False,
            "failing_since": None,
        }
    )


def resume(subscription: Subscription) -> Subscription:
    """Give a subscription as it is when it is not paused."""
    return subscription.model_copy(update={"paused": False, "paused_reason": None})


def rotate_secret(subscription: Subscription, secret: str) -> Subscription:
    """Put a new secret before the one in use: both sign until the older one is dropped."""
    return subscription.model_copy(update={"secrets": (secret, *subscription.secrets[:1])})


@dataclass(frozen=True, slots=True)
class Edited:
    """A subscription after an edit, and the secret that was made for it: to be shown once, and never again."""

    subscription: Subscription
    secret: str | None = None


def edit_subscription(subscription: Subscription, changes: Mapping[str, object], fresh_secret: str) -> Edited:
    """Change what is named of a subscription; the rest stays, and null takes away (JSON Merge Patch, RFC 7396).

    What is given as `without_secrets` shows it changes nothing, so that what was read can be sent back. Two names are
    for secrets, which nobody is shown again: `add_secret` is put before those in use ("new": the fresh one), and
    `keep_secrets` is how many of those in use stay, the newest first. A channel that becomes a webhook gets the fresh
    secret; one that is none any more loses its secrets.

    Raises:
        SubscriptionError: It cannot be served like that.
    """
    shown = without_secrets(subscription)
    named = {name: value for name, value in changes.items() if name not in shown or value != shown[name]}
    errors = [FieldError(name, f"{why}: an edit leaves it") for name, why in _FIXED.items() if name in named]
    rest = {n: v for n, v in named.items() if n not in {*_FIXED, "add_secret", "keep_secrets"}}
    if rest.get("channel", "") is None:
        rest["channel"] = ""
    fields = _merge(subscription.model_dump(), rest)
    channel = fields.get("channel")
    signs = isinstance(channel, str) and is_webhook(channel)
    add = named.get("add_secret")
    if "secrets" not in rest:
        kept, wrong = _keep(subscription.secrets, named.get("keep_secrets"))
        errors += wrong
        begins = signs and not is_webhook(subscription.channel) and "add_secret" not in named
        add = "new" if begins else add
        fields["secrets"] = kept if signs else ()
    elif named.get("keep_secrets") is not None:
        errors.append(FieldError("keep_secrets", "does not go with secrets, which says which there are"))
    made = fresh_secret if add == "new" else add
    if add is not None:
        held = fields.get("secrets")
        others = tuple(s for s in held if s != made) if isinstance(held, tuple | list) else ()
        errors += _secret_errors(made, others, signs=signs)
        if not errors:
            fields["secrets"] = (made, *others)
    try:
        edited = parse_subscription(fields)
    except SubscriptionError as error:
        raise SubscriptionError((*errors, *error.errors)) from None
    if errors:
        raise SubscriptionError(tuple(errors))
    return Edited(edited, fresh_secret if add == "new" else None)


def _merge(target: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    """Merge as RFC 7396 does, as deep as a subscription is. A null for what there is not stays, to be refused by its name."""
    merged = dict(target)
    for name, value in patch.items():
        if value is None and name in target:
            del merged[name]
        elif isinstance(value, dict):
            before = target.get(name)
            inner = dict(before) if isinstance(before, dict) else {}
            gone = {key for key, part in value.items() if part is None and key in inner}
            merged[name] = {key: part for key, part in {**inner, **value}.items() if key not in gone}
        else:
            merged[name] = value
    return merged


def _keep(secrets: tuple[str, ...], count: object) -> tuple[tuple[str, ...], list[FieldError]]:
    if count is None:
        return secrets, []
    if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MOST_SECRETS:
        return secrets[:count], []
    return secrets, [FieldError("keep_secrets", f"is no number from 0 to {_MOST_SECRETS}")]


def _secret_errors(added: object, others: tuple[object, ...], *, signs: bool) -> list[FieldError]:
    if not signs:
        return [FieldError("add_secret", "is for webhooks only")]
    if not isinstance(added, str) or not is_secret(added):
        return [FieldError("add_secret", "is neither new nor whsec_ with 24 to 64 bytes in base64 behind it")]
    if len(others) >= _MOST_SECRETS:
        return [
            FieldError(
                "add_secret", f"would be one more than {_MOST_SECRETS}: keep_secrets lets older ones go"
            )
        ]
    return []


def without_secrets(subscription: Subscription) -> dict[str, object]:
    """Give the fields of a subscription for people to see: the channel shortened, secrets counted."""
    fields = subscription.model_dump(mode="json")
    fields["channel"] = hide_channel(subscription.channel)
    fields["secrets"] = len(subscription.secrets)
    return fields
