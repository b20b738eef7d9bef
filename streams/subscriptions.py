"""Who gets an alert: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.facets import change_facets, is_met, levels_from, source_name

if TYPE_CHECKING:
    from schemas.alert import AlertChange
    from schemas.subscription import AlertFilter
    from streams.facets import Wanted


def is_wanted(change: AlertChange, wanted: AlertFilter) -> bool:
    """Tell whether a change passes a filter: every list that is not empty is met by one of its values."""
    return is_met(wanted_alerts(wanted), change_facets(change))


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
