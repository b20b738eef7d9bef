"""What happened, in PLOVER terms, with the words that say so.

Source: the PLOVER manual (Open Event Data Alliance, 2016 and later) for types, modes and contexts; CAMEO 1.1b3
(Schrodt, 2012) for the codes beside them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import Field

from schemas.contract import Confidence, Contract, Offset, Time
from schemas.transcript import Source


class PloverType(StrEnum):
    """The event types of PLOVER, and STATEMENT for words that are no act."""

    AGREE = "AGREE"
    CONSULT = "CONSULT"
    SUPPORT = "SUPPORT"
    CONCEDE = "CONCEDE"
    COOPERATE = "COOPERATE"
    AID = "AID"
    RETREAT = "RETREAT"
    REQUEST = "REQUEST"
    ACCUSE = "ACCUSE"
    REJECT = "REJECT"
    THREATEN = "THREATEN"
    PROTEST = "PROTEST"
    SANCTION = "SANCTION"
    MOBILIZE = "MOBILIZE"
    COERCE = "COERCE"
    ASSAULT = "ASSAULT"
    STATEMENT = "STATEMENT"


class Realis(StrEnum):
    """Whether it took place."""

    ASSERTED = "asserted"
    FUTURE = "future"
    INTENDED = "intended"
    HOPED = "hoped"
    DENIED = "denied"
    HYPOTHETICAL = "hypothetical"
    HISTORICAL = "historical"
    PURPOSE = "purpose"


class Stage(StrEnum):
    """Where an instrument stands. The first eleven are an ordered life, the next five are exits.

    Definitions:
        proposed: offered, wanted, intended. negotiating: talks without a text. drafting: a text is drafted,
        or it was agreed to draft one. agreed: reached, concluded or announced, signing not stated.
        to_be_signed: scheduled or expected. initialled, signed, awaiting_ratification, ratified: as said.
        in_force: exists, being applied. extended: renewed, replaced, amended.
        rejected: refused, failed, no deal. suspended. withdrawn: left, denounced, revoked (a threatened exit
        with polarity hypothetical). expired. violated: a breach is reported. unknown: not told.
    """

    PROPOSED = "proposed"
    NEGOTIATING = "negotiating"
    DRAFTING = "drafting"
    AGREED = "agreed"
    TO_BE_SIGNED = "to_be_signed"
    INITIALLED = "initialled"
    SIGNED = "signed"
    AWAITING_RATIFICATION = "awaiting_ratification"
    RATIFIED = "ratified"
    IN_FORCE = "in_force"
    EXTENDED = "extended"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VIOLATED = "violated"
    UNKNOWN = "unknown"


EXITS: Final = frozenset({Stage.REJECTED, Stage.SUSPENDED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.VIOLATED})


class Polarity(StrEnum):
    """Whether the passage says that the step was taken.

    negated: denied or said not to be. hypothetical: if, would, hoped, asked. historical: background of an older step.
    """

    ASSERTED = "asserted"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"
    HISTORICAL = "historical"


class InstrumentType(StrEnum):
    """The sorts of instrument."""

    MOU = "mou"
    MEMORANDUM_OF_AGREEMENT = "memorandum_of_agreement"
    LETTER_OF_INTENT = "letter_of_intent"
    TREATY = "treaty"
    CONVENTION = "convention"
    PROTOCOL = "protocol"
    PACT = "pact"
    AGREEMENT = "agreement"
    ARRANGEMENT = "arrangement"
    CONTRACT = "contract"
    EXCHANGE_OF_LETTERS = "exchange_of_letters"
    PEACE_AGREEMENT = "peace_agreement"
    CEASEFIRE = "ceasefire"
    JOINT_STATEMENT = "joint_statement"
    DECLARATION = "declaration"
    ROADMAP = "roadmap"


class Scope(StrEnum):
    """Between whom. From COMPANY on it is of no concern to the ledger unless a rule asks for it."""

    INTER = "inter"
    MULTI = "multi"
    STATE_ORG = "state_org"
    IGO = "igo"
    INTRA = "intra"
    NONSTATE = "nonstate"
    COMPANY = "company"
    STATE_COMPANY = "state_company"
    PARTY = "party"
    LABOUR = "labour"
    AGENCY = "agency"
    SUBNAT = "subnat"
    INSTITUTION = "institution"
    OTHER = "other"


SECURITY_DOMAINS: Final = frozenset(
    {
        "security", "police", "border", "defence", "intelligence", "cyber", "judicial", "counter_terrorism",
        "organised_crime", "nuclear", "arms_control", "peace",
    }
)  # fmt: skip
"""The subjects that a security desk watches; other domains are free words such as trade, energy, migration."""


class Evidence(Contract):
    """The verbatim words of the original: `text` is `text[start:end]`."""

    text: str = Field(min_length=1)
    start: Offset
    end: Offset
    speaker: str | None = Field(default=None, description="Who said it, if it is not the station")


class ArgumentRole(StrEnum):
    """The slots of an event."""

    ACTOR = "actor"
    RECIPIENT = "recipient"
    PLACE = "place"
    TIME = "time"


class Argument(Contract):
    """Who or what fills a slot, with the words that say so."""

    role: ArgumentRole
    entity_id: str | None = None
    name: str
    code: str | None = Field(
        default=None, description="State or organisation code, with sector where it is known: IRN, IRN:COP"
    )
    text: str
    start: Offset
    end: Offset
    latitude: float | None = Field(default=None, ge=-90, le=90, description="Of a place, where it is known")
    longitude: float | None = Field(default=None, ge=-180, le=180)


class Party(Contract):
    """One party of an instrument."""

    name: str = Field(description="As written")
    code: str = Field(description="ISO3, a known organisation's short name, or ORG, PER, XXX")
    entity_id: str | None = None
    start: Offset | None = None
    end: Offset | None = None

    @property
    def is_named(self) -> bool:
        """Whether its code tells it from others: ORG, PER and XXX do not, but where PER is the state of Peru."""
        return self.code not in {"ORG", "PER", "XXX"} or self.entity_id == f"country:{self.code}"


class AgreementReport(Contract):
    """What one passage says of one instrument."""

    instrument: InstrumentType
    stage: Stage
    next_stage: Stage | None = Field(
        default=None, description="The step that is announced to follow, such as to_be_signed"
    )
    polarity: Polarity = Polarity.ASSERTED
    is_news: bool = Field(default=True, description="The passage reports a step that is new at its date")
    parties: tuple[Party, ...] = ()
    domains: tuple[str, ...] = ()
    scope: Scope = Scope.OTHER
    subject: str | None = Field(default=None, description="What it is about, verbatim")
    name: str | None = Field(default=None, description="Its own name where it has one: Treaty on Open Skies")
    missing: tuple[str, ...] = Field(
        default=(), description="What a clearer report would have said: parties, stage, domain"
    )

    @property
    def party_codes(self) -> tuple[str, ...]:
        """The codes of the parties, sorted, each once; ORG, PER and XXX tell nobody apart and are left out."""
        return tuple(sorted({p.code for p in self.parties if p.is_named}))


class EventContext(Contract):
    """Of which transcript an event comes: what later stages need and would else have to look up."""

    transcript_id: str
    title: str | None = None
    source: Source
    language: str
    event_time: Time
    content_hash: str = Field(description="SHA-256 of the text, for the count of independent origins")
    sketch: tuple[int, ...] = Field(
        default=(), description="MinHash of the text: near-equal texts are copies of one origin"
    )


class Event(Contract):
    """One event with its evidence. An event that speaks of an instrument carries the report in `agreement`."""

    id: str
    type: PloverType
    mode: str | None = None
    contexts: tuple[str, ...] = Field(
        default=(), description="PLOVER contexts, and the domains of the instrument"
    )
    cameo: str | None = Field(default=None, pattern=r"^\d{2,4}$")
    arguments: tuple[Argument, ...] = ()
    realis: Realis = Realis.ASSERTED
    event_date: str | None = Field(default=None, description="ISO 8601 date that the words resolve to")
    confidence: Confidence
    evidence: Evidence
    segment: int = Field(ge=0, description="Index of the segment in the transcript")
    agreement: AgreementReport | None = None
    context: EventContext
    reader_version: str

    def codes(self, role: ArgumentRole) -> tuple[str, ...]:
        """The states and organisations in a slot, without their sectors: IRN:COP counts as IRN."""
        found = (a.code.split(":")[0] for a in self.arguments if a.role is role and a.code)
        return tuple(sorted(set(found)))

    @property
    def actor_codes(self) -> tuple[str, ...]:
        """Whose event it is, for the key of its topic: the parties of its instrument, else all actors and recipients."""
        if self.agreement is not None:
            return self.agreement.party_codes
        return tuple(sorted({*self.codes(ArgumentRole.ACTOR), *self.codes(ArgumentRole.RECIPIENT)}))
