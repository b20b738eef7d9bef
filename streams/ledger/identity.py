"""Which agreement a report speaks of: one instrument between the same parties on the same matter, in whatever words.

How identity is decided, with its error cases: docs/ledger.md.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from schemas.event import EXITS, SECURITY_DOMAINS, InstrumentType, Polarity, Stage
from streams.ledger.stages import RANK, RETOLD_FOR, is_concluded, step_kind
from streams.ledger.words import CONCEPTS, EMPTY_WORDS, MANNER_WORDS, MATTER_STEMS, MATTER_WORDS, WEAK_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from schemas.event import AgreementReport, Event
    from streams.ledger.book import Book, Entry

SAME: Final = 1.5
"""The least score at which a report speaks of a known agreement."""

AGREED_FOR: Final = timedelta(days=365)
"""What was agreed and is not signed is retold as news for so long; the same told later is another instrument."""
TALKS_LAST: Final = timedelta(days=3 * 365)
"""Talks of which nothing was heard for so long are new talks; and an exit is revived within this time or not at all."""
SOON: Final = timedelta(days=30)
YEAR: Final = timedelta(days=365)

_GENERIC: Final = frozenset({InstrumentType.AGREEMENT, InstrumentType.PACT, InstrumentType.ARRANGEMENT})
_FAMILY: Final[Mapping[InstrumentType, str]] = {
    InstrumentType.MOU: "memorandum",
    InstrumentType.MEMORANDUM_OF_AGREEMENT: "memorandum",
    InstrumentType.EXCHANGE_OF_LETTERS: "memorandum",
    InstrumentType.LETTER_OF_INTENT: "intent",
    InstrumentType.TREATY: "treaty",
    InstrumentType.CONVENTION: "treaty",
    InstrumentType.PROTOCOL: "protocol",
    InstrumentType.CONTRACT: "contract",
    InstrumentType.PEACE_AGREEMENT: "peace",
    InstrumentType.CEASEFIRE: "ceasefire",
    InstrumentType.JOINT_STATEMENT: "statement",
    InstrumentType.DECLARATION: "statement",
    InstrumentType.ROADMAP: "roadmap",
}
_NO_AGREEMENT: Final = frozenset({"intent", "statement", "roadmap"})
"""Families that nobody calls an agreement: a joint statement and an agreement of one day are two."""
_ALSO_CALLED: Final = frozenset({frozenset({"peace", "treaty"}), frozenset({"peace", "ceasefire"})})

_GENERAL_DOMAINS: Final = frozenset({"security", "political", "economy"})
"""Subjects that hold others: security of a border, economy of trade. They say little of which instrument it is."""
_HELD_BY_ECONOMY: Final = frozenset({"trade", "energy", "finance", "transport", "investment", "economy"})

_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+|[^\W\d_]+")
_WIDE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A report laid out for comparing."""

    event: Event
    report: AgreementReport
    language: str
    words: frozenset[str]
    names: frozenset[str]
    others: frozenset[str]

    @property
    def time(self) -> datetime:
        """When it was said."""
        return self.event.context.event_time

    @property
    def is_step(self) -> bool:
        """Whether it says that a step was taken now. A refusal is a step although it is worded as a negation."""
        refused = self.report.stage is Stage.REJECTED and self.report.polarity is Polarity.NEGATED
        told = self.report.polarity is Polarity.ASSERTED or refused
        return self.report.is_news and told and self.report.stage is not Stage.UNKNOWN

    @property
    def is_denial(self) -> bool:
        """Whether it says of a stage that it was not reached."""
        return self.report.polarity is Polarity.NEGATED and self.report.stage is not Stage.REJECTED

    @property
    def is_background(self) -> bool:
        """Whether it recalls where an instrument stands or stood."""
        if self.report.stage is Stage.UNKNOWN or self.report.polarity in {
            Polarity.NEGATED,
            Polarity.HYPOTHETICAL,
        }:
            return False
        return not self.is_step


def lay_out(event: Event, report: AgreementReport) -> Sighting:
    """Give what a report is compared by: the words of its subject, its name and its parties, without empty ones."""
    parties = {word for party in report.parties for word in _fold(party.name)}
    unknown = (p.name for p in report.parties if not p.is_named)
    names = _content_words(report.name, parties)
    words = _content_words(report.subject, parties) | names
    return Sighting(
        event=event,
        report=report,
        language=event.context.language.split("-")[0].casefold(),
        words=words - _FOLDED_WEAK,
        names=names,
        others=frozenset(word for name in unknown for word in _fold(name) if word not in EMPTY_WORDS),
    )


def find_entry(book: Book, sighting: Sighting, copied: frozenset[str]) -> Entry | None:
    """Give the agreement that a report speaks of, or None if it is one the book does not know.

    `copied` are the hashes of the known texts of which the report's text is a copy. Of two agreements that fit
    equally well it is the one with steps of its own, then the one told of last, then the one known first.
    """
    best: tuple[float, bool, datetime] | None = None
    found: Entry | None = None
    for entry in book.entries:
        known = entry.find_copied(sighting.event.context.transcript_id, copied)
        score = _score(entry, sighting, is_copy=any(t.stage is sighting.report.stage for t in known))
        if score is None or score < SAME:
            continue
        rank = (score, entry.agreement.sequence > 0, entry.agreement.last_time)
        if best is None or rank > best:
            best, found = rank, entry
    return found


def field_of(domains: Iterable[str]) -> str:
    """Give the field under which agreements are numbered: those of security by themselves."""
    return "security" if SECURITY_DOMAINS.intersection(domains) else "civil"


def merge_type(known: InstrumentType, told: InstrumentType) -> InstrumentType:
    """Give the closer of two names for one instrument: a memorandum that was called an agreement is a memorandum."""
    return told if known in _GENERIC and told not in _GENERIC else known


def merge_words(
    known: dict[str, tuple[str, ...]], language: str, words: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """Keep the words of the first report in each language that names a matter: later ones add nothing that drifts."""
    if (
        not words
        or names_matter(known.get(language, ()))
        or (known.get(language) and not names_matter(words))
    ):
        return known
    return {**known, language: tuple(sorted(words))}


def names_matter(words: Iterable[str]) -> bool:
    """Tell whether the words of a subject say what it is about, and are not a slip of the reader."""
    return bool(_matter(frozenset(words)))


def _score(entry: Entry, sighting: Sighting, *, is_copy: bool) -> float | None:
    """Say how well a report fits an agreement; None: it cannot speak of it."""
    named = _compare_names(entry, sighting)
    instrument = _compare_types(entry.agreement.instrument, sighting.report.instrument)
    if named is None or (instrument is None and named <= 0):
        return None
    if not is_copy and not _fits_life(entry, sighting):
        return None
    return (
        named
        + (instrument or 0.0)
        + _compare_domains(frozenset(entry.agreement.domains), frozenset(sighting.report.domains))
        + _compare_words(entry, sighting)
        + _compare_others(entry, sighting)
        + _nearness(entry, sighting.time)
        + (1.0 if is_copy else 0.0)
    )


def _compare_types(known: InstrumentType, told: InstrumentType) -> float | None:
    if known is told:
        return 1.0
    families = {_FAMILY.get(known), _FAMILY.get(told)} - {None}
    if known in _GENERIC or told in _GENERIC:
        return None if families & _NO_AGREEMENT else 0.5
    if len(families) == 1:
        return 0.8
    return 0.5 if frozenset(families) in _ALSO_CALLED else None


def _compare_names(entry: Entry, sighting: Sighting) -> float | None:
    """Compare own names within one language. Two names that share no word are two instruments."""
    known = frozenset(entry.names.get(sighting.language, ()))
    if not known or not sighting.names:
        return 0.0
    share = len(known & sighting.names) / len(known | sighting.names)
    if share == 0:
        return None
    return 4.0 if share >= 0.5 else 0.0  # noqa: PLR2004 - half the words of both


def _compare_domains(known: frozenset[str], told: frozenset[str]) -> float:
    if not known or not told:
        return 0.0
    close_known, close_told = known - _GENERAL_DOMAINS, told - _GENERAL_DOMAINS
    if close_known and close_told:
        shared = len(close_known & close_told)
        if shared:
            return 1.0 + shared / min(len(close_known), len(close_told))
        return 0.0 if known & told else -2.0
    if known & told:
        return 2.0 if not close_known and not close_told else 1.0
    return 1.0 if _holds(known, told) or _holds(told, known) else -2.0


def _holds(general: frozenset[str], close: frozenset[str]) -> bool:
    security = "security" in general and bool(close & SECURITY_DOMAINS)
    economy = "economy" in general and bool(close & _HELD_BY_ECONOMY)
    return security or economy


def _compare_words(entry: Entry, sighting: Sighting) -> float:
    """Compare subjects within one language. Matters without a word in common speak strongly for two instruments.

    Most of all where one text names both: who writes of two memoranda in one report means two. Words that name no
    matter can speak for one instrument only: often enough the reader took the wrong words for the subject.
    """
    known, told = frozenset(entry.words.get(sighting.language, ())), sighting.words
    if not known or not told or sighting.language in {"und", "mul"}:
        return 0.0
    known_matter, told_matter = _matter(known), _matter(told)
    if not known_matter or not told_matter:
        return 1.0 if known & told else 0.0
    share = len(known_matter & told_matter) / min(len(known_matter), len(told_matter))
    if share > 0:
        return 1.0 + share
    if known_matter <= MANNER_WORDS or told_matter <= MANNER_WORDS:
        return 1.0 if known & told else -3.0
    return -4.0 if _is_told_in(entry, sighting.event.context.transcript_id) else -3.0


def _matter(words: frozenset[str]) -> frozenset[str]:
    """Give the words that name a matter: those for what, or if there are none, those for how."""
    exact = MATTER_WORDS | MANNER_WORDS
    named = frozenset(word for word in words if word in exact or word.startswith(MATTER_STEMS))
    return named - MANNER_WORDS or named


def _compare_others(entry: Entry, sighting: Sighting) -> float:
    """Compare the parties that have no code, companies above all: where they differ it is another instrument."""
    known = frozenset(entry.others)
    if not known or not sighting.others:
        return 0.0
    return 1.0 if known & sighting.others else -3.0


def _nearness(entry: Entry, time: datetime) -> float:
    agreement = entry.agreement
    distance = max(agreement.first_time - time, time - agreement.last_time, timedelta(0))
    if distance <= SOON:
        return 1.0
    return 0.5 if distance <= YEAR else 0.0


def _is_told_in(entry: Entry, transcript_id: str) -> bool:
    return any(report.transcript_id == transcript_id for report in entry.agreement.reports)


def _fits_life(entry: Entry, sighting: Sighting) -> bool:
    """Say whether the stage told can be one of this instrument at that time."""
    if sighting.is_step:
        return not _comes_too_late(entry, sighting) and not _comes_too_early(entry, sighting)
    if sighting.is_background and entry.agreement.sequence > 0 and entry.agreement.stage in RANK:
        # "the border agreement in force since 2012" is not the one that is being drafted
        told = sighting.report.stage
        return is_concluded(entry.agreement.stage) or not (is_concluded(told) or told in EXITS)
    return True


def _comes_too_late(entry: Entry, sighting: Sighting) -> bool:
    agreement, told = entry.agreement, sighting.report.stage
    standing = agreement.stage
    after_step, after_last = sighting.time - agreement.since, sighting.time - agreement.last_time
    if told in EXITS:
        return standing not in EXITS and step_kind(standing, told) is None
    if standing in EXITS:
        return after_step > TALKS_LAST
    if agreement.sequence == 0 and is_concluded(standing):
        # known from background only: what is signed today is not what was in force all the time
        return RANK[told] <= RANK[Stage.SIGNED]
    if is_concluded(standing):
        return RANK[told] <= RANK[Stage.SIGNED] and after_step > RETOLD_FOR
    if RANK[standing] >= RANK[Stage.AGREED]:
        return RANK[told] <= RANK[standing] and after_step > AGREED_FOR
    return after_last > TALKS_LAST


def _comes_too_early(entry: Entry, sighting: Sighting) -> bool:
    """Say whether a report is older than the instrument can be: it was signed long before the talks began."""
    agreement, told = entry.agreement, sighting.report.stage
    before = agreement.first_time - sighting.time
    if before > TALKS_LAST:
        return True
    first = agreement.reports[0].stage
    return before > RETOLD_FOR and told in RANK and first in RANK and RANK[told] >= RANK[first]


def _fold(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall(
        unicodedata.normalize("NFKC", "".join(sign for sign in decomposed if not unicodedata.combining(sign)))
    )


def _content_words(text: str | None, parties: set[str]) -> frozenset[str]:
    """Give the words that tell an instrument from another, in one form each; wide scripts by pairs of signs."""
    if text is None:
        return frozenset()
    starts = {word[:4] for word in parties if len(word) >= 4}  # noqa: PLR2004 - Iran, Iranian; China, Chinese
    found: set[str] = set()
    for word in _fold(text):
        if _WIDE.match(word):
            found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif len(word) > 2 and word not in _FOLDED_EMPTY and word[:4] not in starts:  # noqa: PLR2004 - of, in, la
            single = _single(word)
            if single not in _FOLDED_EMPTY:
                found.add(CONCEPTS.get(single, single))
    return frozenset(found)


def _single(word: str) -> str:
    """Take the plural off an English word; other languages keep their forms."""
    if not word.isascii() or len(word) < 5 or word.endswith(("ss", "us", "is")):  # noqa: PLR2004 - gas, ties
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")


_FOLDED_WEAK: Final = frozenset(folded for word in WEAK_WORDS for folded in _fold(word))
_FOLDED_EMPTY: Final = frozenset(folded for word in EMPTY_WORDS for folded in _fold(word))
