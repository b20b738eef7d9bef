"""What a record can be filtered by: pure. Streams, pages and subscriptions all choose by these, so that they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.rule import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.agreement import Agreement, Transition
    from schemas.alert import Alert, AlertChange
    from schemas.event import Event
    from schemas.transcript import Source

Facets = frozenset[tuple[str, str]]
"""Names and values, such as ("country", "IRN"); a name may have several values."""

Wanted = dict[str, frozenset[str]]
"""For each name the values of which a record must have one."""

_LEVELS: Final = tuple(Level)


def is_met(wanted: Mapping[str, frozenset[str]], facets: Facets) -> bool:
    """Tell whether a record has, for every name, one of the values that are wanted."""
    return all(any((name, value) in facets for value in values) for name, values in wanted.items())


def levels_from(level: Level) -> frozenset[str]:
    """Give a level and all that are higher."""
    return frozenset(_LEVELS[_LEVELS.index(level) :])


def source_name(broadcaster: str) -> str:
    """Give the form in which broadcasters are compared."""
    return " ".join(broadcaster.split()).casefold()


def alert_facets(alert: Alert) -> Facets:
    """Give what an alert can be chosen by."""
    codes = {party.code for party in alert.parties}
    languages = {*alert.languages, *(s.language for s in alert.subjects if s.language)}
    return _facets(
        topic=(alert.topic,),
        rule=(alert.rule_id,),
        country={*alert.countries, *codes},
        organisation=codes,
        source=_sources(s.source for s in alert.subjects),
        language=languages,
        level=(alert.level,),
        status=(alert.status,),
    )


def change_facets(change: AlertChange) -> Facets:
    """Give what a change of an alert can be chosen by: the alert's facets and the kind of change."""
    return alert_facets(change.alert) | _facets(change=(change.kind,))


def event_facets(event: Event) -> Facets:
    """Give what an event can be chosen by."""
    codes = {a.code.partition(":")[0] for a in event.arguments if a.code}
    if event.agreement is not None:
        codes |= {party.code for party in event.agreement.parties}
    return _facets(
        type=(event.type,),
        mode=(event.mode,) if event.mode else (),
        context=event.contexts,
        realis=(event.realis,),
        country=codes,
        organisation=codes,
        source=_sources((event.context.source,)),
        language=(event.context.language,),
        transcript=(event.context.transcript_id,),
    )


def agreement_facets(agreement: Agreement) -> Facets:
    """Give what an agreement can be chosen by."""
    codes = {party.code for party in agreement.parties}
    return _facets(
        country=codes,
        organisation=codes,
        stage=(agreement.stage,),
        instrument=(agreement.instrument,),
        scope=(agreement.scope,),
        domain=agreement.domains,
        source=_sources(report.source for report in agreement.reports),
        language={report.language for report in agreement.reports if report.language},
    )


def transition_facets(transition: Transition) -> Facets:
    """Give what a transition can be chosen by: the agreement's facets and the kind of step."""
    return agreement_facets(transition.agreement) | _facets(change=(transition.kind,))


def _sources(sources: Iterable[Source]) -> frozenset[str]:
    return frozenset(source_name(source.broadcaster) for source in sources)


def _facets(**values: Iterable[str]) -> Facets:
    return frozenset((name, str(value)) for name, found in values.items() for value in found)
