"""Who gets an alert: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.rule import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.alert import AlertChange
    from schemas.subscription import AlertFilter

_ORDER: Final = {level: rank for rank, level in enumerate(Level)}


def is_wanted(change: AlertChange, wanted: AlertFilter) -> bool:
    """Tell whether a change passes a filter: every list that is not empty is met by one of its values."""
    alert = change.alert
    codes = {party.code for party in alert.parties}
    return (
        _meets(wanted.topics, {alert.topic})
        and _meets(wanted.rules, {alert.rule_id})
        and _meets(wanted.countries, {*alert.countries, *codes})
        and _meets(wanted.organisations, codes)
        and _meets(_folded(wanted.sources), _folded(s.source.broadcaster for s in alert.subjects))
        and _meets(wanted.languages, {*alert.languages, *(s.language for s in alert.subjects if s.language)})
        and (wanted.level is None or _ORDER[alert.level] >= _ORDER[wanted.level])
        and (not wanted.changes or change.kind in wanted.changes)
    )


def _meets(wanted: Iterable[str], found: Iterable[str]) -> bool:
    asked = set(wanted)
    return not asked or not asked.isdisjoint(found)


def _folded(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)
