"""The fields that rules may name, by source, with the values that they take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from schemas.agreement import TransitionKind
from schemas.entity import EntityType
from schemas.event import InstrumentType, PloverType, Polarity, Realis, Scope, Stage
from schemas.rule import RuleSource
from schemas.transcript import Medium

if TYPE_CHECKING:
    from collections.abc import Iterable


class FieldKind(StrEnum):
    """How values of a field are compared."""

    WORD = "word"
    NUMBER = "number"
    TEXT = "text"
    POINT = "point"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: how it compares, which values it can have (empty: any), and what it says."""

    kind: FieldKind
    doc: str
    values: tuple[str, ...] = ()


def _word(doc: str, values: Iterable[StrEnum] = ()) -> FieldSpec:
    return FieldSpec(FieldKind.WORD, doc, tuple(v.value for v in values))


def _number(doc: str) -> FieldSpec:
    return FieldSpec(FieldKind.NUMBER, doc)


_YES_NO: Final = ("true", "false")

_COMMON: Final = {
    "text": FieldSpec(
        FieldKind.TEXT, "The words: the story of a transcript, the sentence of an event or of a transition"
    ),
    "title": FieldSpec(FieldKind.TEXT, "The title of the transcript"),
    "language": _word("BCP 47 tag of the transcript's language"),
    "source.broadcaster": _word("Name of the station, paper or agency"),
    "source.programme": _word("Name of the programme"),
    "source.medium": _word("How it reached the public", Medium),
    "source.country": _word("ISO 3166-1 alpha-3 of the state the broadcaster belongs to"),
}
_REPORT: Final = {
    "agreement.instrument": _word("Sort of instrument", InstrumentType),
    "agreement.stage": _word("Where it stands", Stage),
    "agreement.next_stage": _word("The step announced to follow", Stage),
    "agreement.parties": _word("Codes of the parties: ISO3, or an organisation's short name"),
    "agreement.parties.name": _word("The parties as written"),
    "agreement.party_count": _number("How many parties have a code"),
    "agreement.domains": _word("What it is about: security, police, border, trade ..."),
    "agreement.scope": _word("Between whom", Scope),
    "agreement.subject": _word("What it is about, verbatim"),
    "agreement.name": _word("Its own name"),
}
_EVENT: Final = {
    "event.type": _word("PLOVER type; a CAMEO root such as 04 stands for its type", PloverType),
    "event.mode": _word("PLOVER mode, such as visit"),
    "event.context": _word("PLOVER contexts, and the domains of the instrument"),
    "event.cameo": _word("CAMEO code"),
    "event.actor": _word("Codes of who did it, without sector"),
    "event.actor.name": _word("Who did it, by name"),
    "event.actor.sector": _word("Their sectors, such as COP, MIL, GOV"),
    "event.recipient": _word("Codes of to whom"),
    "event.recipient.name": _word("To whom, by name"),
    "event.recipient.sector": _word("Their sectors"),
    "event.parties": _word("Codes of actors and recipients together, sorted"),
    "event.party_count": _number("How many of them"),
    "event.place": FieldSpec(FieldKind.POINT, "Codes of where; |near takes a point and kilometres"),
    "event.place.name": _word("Where, by name"),
    "event.realis": _word("Whether it took place", Realis),
    "event.date": _word("ISO 8601 date that the words resolve to"),
    "event.confidence": _number("How sure the reader is, 0 to 1"),
    **_REPORT,
    "agreement.polarity": _word("Whether the step is said to have been taken", Polarity),
    "agreement.is_news": FieldSpec(FieldKind.WORD, "Whether the step is new", _YES_NO),
    "agreement.missing": _word("What a clearer report would have said"),
}
_TRANSITION: Final = {
    "transition.id": _word("Id of the transition"),
    "transition.kind": _word("Why there is a transition", TransitionKind),
    "transition.stage": _word("The stage it now stands at", Stage),
    "transition.before": _word("The stage it stood at", Stage),
    "transition.confidence": _number("How sure the reader is, 0 to 1"),
    "agreement.id": _word("Id of the agreement"),
    "agreement.key": _word("Codes of its parties, sorted, joined by |"),
    **_REPORT,
    "agreement.denied": FieldSpec(FieldKind.WORD, "The last word on its stage is a denial", _YES_NO),
    "agreement.origins": _number("Independent origins that told the step it stands at"),
    "agreement.sequence": _number("Number of transitions so far"),
}
_ENTITY: Final = {
    "entity.id": _word("Stable id, such as country:IRN"),
    "entity.type": _word("Sort of entity", EntityType),
    "entity.name": _word("Its fullest name"),
    "entity.code": _word("CAMEO-like code, such as IRN:COP"),
    "entity.country": _word("The states it is or acts for"),
    "entity.role": _word("Office or rank, as written"),
    "entity.confidence": _number("How sure the reader is, 0 to 1"),
}

FIELDS: Final[dict[RuleSource, dict[str, FieldSpec]]] = {
    RuleSource.TRANSCRIPTS: {**_COMMON, **_EVENT, **_ENTITY},
    RuleSource.EVENTS: {**_COMMON, **_EVENT},
    RuleSource.AGREEMENTS: {**_COMMON, **_TRANSITION},
}

DERIVED_SLOTS: Final = {
    "origin": "Which independent origin it comes from; copies of one text share it",
    "transcript": "Id of the transcript",
    "day": "Date of the event time in UTC",
    "parties": "Parties of the event or agreement: code of a state, another as written",
}
"""Fields that group-by, correlation and summary may name although no selection can."""

CAMEO_ROOTS: Final[dict[str, str]] = {
    "01": "STATEMENT", "02": "REQUEST", "03": "AGREE", "04": "CONSULT", "05": "SUPPORT", "06": "COOPERATE",
    "07": "AID", "08": "CONCEDE", "09": "REQUEST", "10": "REQUEST", "11": "ACCUSE", "12": "REJECT", "13": "THREATEN",
    "14": "PROTEST", "15": "MOBILIZE", "16": "SANCTION", "17": "COERCE", "18": "ASSAULT", "19": "ASSAULT",
    "20": "ASSAULT",
}  # fmt: skip
"""CAMEO root to PLOVER type, after the correspondence in the PLOVER manual; RETREAT (0871 to 0874) has no root of its own."""
