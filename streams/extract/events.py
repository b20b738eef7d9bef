"""Events: who did what to whom, where and when, and whether it took place, each with the words that say so.

An instrument that is spoken of is an event with its agreement report. All others come from the trigger
lexicon. Who acts and who is acted on is told by the clause of the trigger alone: an act, its actor and its place
are never put together from sentences that have nothing to do with each other. There are two exceptions that
language itself makes: "In this meeting it was stressed" takes its parties from the meeting last told, and a report
without a place took place where its dateline or sign-off says.

A retelling within one transcript is left out where type, mode, realis, actors and recipients agree and it has no
matter, place or day of its own; else both stay. Of a headline and the report below it the report stays.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from schemas.event import Argument, ArgumentRole, Event, Evidence, PloverType, Polarity, Realis, Stage
from schemas.ids import derived_id
from schemas.transcript import SegmentKind
from streams.extract.agreements import find_agreements
from streams.extract.occurrences import read_sentence
from streams.extract.realis import name_context, name_event
from streams.extract.scene import Draft, Scene, Slot, open_scene
from streams.extract.triggers import Roles
from streams.extract.version import READER_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemas.event import AgreementReport, EventContext, Party
    from streams.extract.agreements import FoundAgreement
    from streams.extract.entities import Resolved
    from streams.extract.models import Models
    from streams.extract.reading import Reading
    from streams.extract.triggers import EventLexicon

_SPOKEN: Final = frozenset({SegmentKind.HEADLINE, SegmentKind.NOTE, SegmentKind.NARRATION, SegmentKind.QUOTE})
_ABOVE: Final = frozenset({SegmentKind.HEADLINE, SegmentKind.NOTE})
AGREEMENTS_NEAR: Final = 8
"""So many of the agreements told before a trigger can be the one it tells too."""
RETELLINGS_SEEN: Final = 20
"""Against so many earlier events of the same kind and parties a retelling is held."""

_PLAIN_WORDS: Final = "010"
_SIGNATURE: Final = "057"
_LEGAL: Final = "0313"
_SIGNATURE_REACH: Final = 40
"""So many signs at most between an instrument and the announcement of its signature."""
_STEP_CODES: Final = frozenset({"057", "0871", "128"})
_STEPS: Final = frozenset(
    {PloverType.AGREE, PloverType.SUPPORT, PloverType.CONCEDE, PloverType.RETREAT, PloverType.COOPERATE}
)


def extract_events(
    reading: Reading,
    resolved: Resolved,
    context: EventContext,
    models: Models,
    agreements_done: Callable[[], None] = lambda: None,
) -> tuple[Event, ...]:
    """Find the events of a transcript in the order of their evidence. The same text gives the same events and ids.

    Texts in other languages than English give only the events that carry an agreement report. `agreements_done` is
    called when those have been read.
    """
    agreements = find_agreements(reading, resolved, context, models)
    agreements_done()
    scene = open_scene(reading, resolved, models.events, context.source.broadcaster)
    drafts = [
        draft
        for sentence in reading.sentences
        if reading.segments[sentence.segment].kind in _SPOKEN and _is_english(reading, sentence.start)
        for draft in read_sentence(scene, sentence)
    ]
    drafts, told = _without_agreements(drafts, agreements, models.events)
    events = [
        _agreement_event(found, told.get(number), scene, context) for number, found in enumerate(agreements)
    ]
    events.extend(_event(draft, scene, context) for draft in _without_retellings(drafts, reading))
    events.sort(key=lambda e: (e.evidence.start, e.evidence.end, e.type, e.agreement is None))
    return _with_ids(events, context)


def _is_english(reading: Reading, at: int) -> bool:
    for part in reading.language.parts:
        if part.start <= at < part.end:
            return part.language.split("-")[0] == "en"
    return reading.language.language.split("-")[0] == "en"


# --- weighing drafts against agreements and each other


def _without_agreements(
    drafts: Sequence[Draft], agreements: Sequence[FoundAgreement], lexicon: EventLexicon
) -> tuple[list[Draft], dict[int, Draft]]:
    """Part the drafts that only tell what an agreement report tells; those say who acted in it."""
    kept: list[Draft] = []
    told: dict[int, Draft] = {}
    order = sorted(range(len(agreements)), key=lambda n: agreements[n].evidence.start)
    for draft in drafts:
        behind = bisect_right(order, draft.trigger[0], key=lambda n: agreements[n].evidence.start)
        near = order[max(0, behind - AGREEMENTS_NEAR) : behind]
        number = next((n for n in near if _tells_the_same(draft, agreements[n])), None)
        if number is None:
            kept.append(_with_matter(draft, [agreements[n] for n in near], lexicon))
        elif draft.type is agreements[number].plover:
            told.setdefault(number, draft)
    return kept, told


def _with_matter(draft: Draft, agreements: Sequence[FoundAgreement], lexicon: EventLexicon) -> Draft:
    """Give an announced signature the matter of its instrument: a memorandum on borders, to be signed by officials."""
    if draft.meaning.cameo != _SIGNATURE:
        return draft
    for found in agreements:
        if found.segment == draft.segment and draft.trigger[0] - found.evidence.end <= _SIGNATURE_REACH:
            contexts = tuple(sorted({*draft.contexts, *found.report.domains}))
            aimed = bool(draft.recipients)
            kind, mode, cameo = name_event(draft.meaning, draft.realis, contexts, lexicon, aimed=aimed)
            return replace(draft, contexts=contexts, type=kind, mode=mode, cameo=cameo)
    return draft


def _tells_the_same(draft: Draft, found: FoundAgreement) -> bool:
    if not found.evidence.start <= draft.trigger[0] < found.evidence.end:
        return False
    if (
        draft.realis is Realis.FUTURE
        and found.report.next_stage is Stage.TO_BE_SIGNED
        and draft.meaning.cameo == "057"
    ):
        return False
    step = draft.type is PloverType.AGREE or draft.meaning.cameo in _STEP_CODES
    return (step and found.plover in _STEPS) or (draft.type is found.plover and draft.type not in _STEPS)


def _without_retellings(drafts: Sequence[Draft], reading: Reading) -> list[Draft]:
    kept: list[Draft] = []
    told: dict[tuple[object, ...], list[int]] = {}
    for draft in drafts:
        if kept and _is_refused(kept[-1], draft):
            continue
        if kept and _same_clause(kept[-1], draft):
            if kept[-1].cameo == _PLAIN_WORDS and draft.cameo != _PLAIN_WORDS:
                kept[-1] = draft  # noted that relations are growing: the better told of the two
            continue
        key = (draft.type, draft.mode, draft.cameo, draft.realis, draft.parties)
        alike = told.get(key, [])[-RETELLINGS_SEEN:]
        earlier = next((n for n in alike if _adds_nothing(draft, kept[n], reading)), None)
        if earlier is None:
            told.setdefault(key, []).append(len(kept))
            kept.append(draft)
        elif _is_above(kept[earlier], reading) and not _is_above(draft, reading):
            kept[earlier] = draft
    return kept


def _is_refused(earlier: Draft, draft: Draft) -> bool:
    """Refused to extradite: the refusal is the event."""
    beside = 0 <= draft.trigger[0] - earlier.trigger[1] <= len(" to ")
    return beside and draft.realis is Realis.DENIED and earlier.type is PloverType.REJECT


def _same_clause(earlier: Draft, draft: Draft) -> bool:
    """Met and talked; met to discuss."""
    return (
        draft.type is earlier.type
        and draft.trigger[0] < earlier.end
        and draft.realis in {earlier.realis, Realis.PURPOSE, Realis.INTENDED}
        and (
            draft.type is PloverType.STATEMENT or draft.meaning.roles in {earlier.meaning.roles, Roles.PLAIN}
        )
        and (draft.parties[0] <= earlier.parties[0] | earlier.parties[1] or _goes_there(draft, earlier))
    )


def _goes_there(draft: Draft, earlier: Draft) -> bool:
    """Held talks with X during a visit to Y: the visit is told with the talks."""
    return draft.mode == earlier.mode == "visit" and {s.key for s in draft.actors} <= {
        s.key for s in earlier.actors
    }


def _is_above(draft: Draft, reading: Reading) -> bool:
    return reading.segments[draft.segment].kind in _ABOVE


def _adds_nothing(draft: Draft, earlier: Draft, reading: Reading) -> bool:
    if _is_above(earlier, reading) and not _is_above(draft, reading):
        return True
    return (
        set(draft.contexts) <= set(earlier.contexts)
        and (draft.date is None or (earlier.date is not None and earlier.date.value == draft.date.value))
        and (draft.place is None or (earlier.place is not None and earlier.place.key == draft.place.key))
    )


# --- events of drafts


def _event(draft: Draft, scene: Scene, context: EventContext) -> Event:
    text = scene.reading.text
    arguments = [_argument(ArgumentRole.ACTOR, s) for s in draft.actors]
    arguments.extend(_argument(ArgumentRole.RECIPIENT, s) for s in draft.recipients)
    if draft.place is not None:
        arguments.append(_argument(ArgumentRole.PLACE, draft.place))
    if draft.date is not None:
        start, end = draft.date.start, draft.date.end
        words = text[start:end]
        arguments.append(
            Argument(role=ArgumentRole.TIME, name=draft.date.value or words, text=words, start=start, end=end)
        )
    return Event(
        id="",
        type=draft.type,
        mode=draft.mode,
        contexts=draft.contexts,
        cameo=draft.cameo,
        arguments=tuple(arguments),
        realis=draft.realis,
        event_date=draft.date.value if draft.date else None,
        confidence=draft.confidence,
        evidence=Evidence(
            text=text[draft.start : draft.end], start=draft.start, end=draft.end, speaker=draft.speaker
        ),
        segment=draft.segment,
        context=context,
        reader_version=READER_VERSION,
    )


def _argument(role: ArgumentRole, slot: Slot) -> Argument:
    return Argument(
        role=role,
        entity_id=slot.entity.id if slot.entity else None,
        name=slot.name,
        code=slot.code,
        text=slot.text,
        start=slot.start,
        end=slot.end,
    )


# --- events of agreements


def _agreement_event(
    found: FoundAgreement, draft: Draft | None, scene: Scene, context: EventContext
) -> Event:
    """Make the event that carries an agreement report: as its clause says who acted, else the first party acts."""
    report = found.report
    cameo = found.cameo
    if found.plover is PloverType.AGREE and cameo == _LEGAL:
        told = set(report.domains)
        cameo = next((code for matter, code, _ in scene.lexicon.promises if matter & told), cameo)
    place = (
        draft.place if draft is not None else scene.places.get(scene.reading.segments[found.segment].story)
    )
    arguments = _sides_told(report, draft, scene.reading.text) or _sides_listed(report, scene.reading.text)
    if place is not None:
        arguments.append(_argument(ArgumentRole.PLACE, place))
    return Event(
        id="",
        type=found.plover,
        mode=None,
        contexts=name_context(found.plover, cameo, report.domains, scene.lexicon),
        cameo=cameo,
        arguments=tuple(arguments),
        realis=_agreement_realis(report),
        event_date=found.event_date,
        confidence=found.confidence,
        evidence=found.evidence,
        segment=found.segment,
        agreement=report,
        context=context,
        reader_version=READER_VERSION,
    )


def _sides_told(report: AgreementReport, draft: Draft | None, text: str) -> list[Argument]:
    """Give who acted by the clause, where all of them act for parties of the instrument; the other parties follow."""
    if draft is None or not draft.actors:
        return []
    actors, recipients = draft.actors, draft.recipients
    states = [(slot.code or "").split(":")[0] for slot in (*actors, *recipients)]
    parties = {party.code for party in report.parties}
    if not set(states) <= (parties or set(states) - {""}):
        return []  # whom the report does not name as a party did not act in it; where it names nobody, the clause does
    if len(actors) > 1 and set(states[len(actors) :]) <= set(states[: len(actors)]):
        actors, recipients = actors[:1], actors[1:]  # they agreed ... between the two countries
    others = [p for p in report.parties if p.code not in states and p.start is not None and p.end is not None]
    return [
        *(_argument(ArgumentRole.ACTOR, slot) for slot in actors),
        *(_argument(ArgumentRole.RECIPIENT, slot) for slot in recipients),
        *(_party_argument(party, ArgumentRole.RECIPIENT, text) for party in others),
    ]


def _sides_listed(report: AgreementReport, text: str) -> list[Argument]:
    placed = [party for party in report.parties if party.start is not None and party.end is not None]
    return [
        _party_argument(party, ArgumentRole.RECIPIENT if number else ArgumentRole.ACTOR, text)
        for number, party in enumerate(placed)
    ]


def _party_argument(party: Party, role: ArgumentRole, text: str) -> Argument:
    start, end = party.start or 0, party.end or 0
    return Argument(
        role=role,
        entity_id=party.entity_id,
        name=party.name,
        code=party.code,
        text=text[start:end],
        start=start,
        end=end,
    )


def _agreement_realis(report: AgreementReport) -> Realis:
    if report.polarity is not Polarity.ASSERTED:
        return {
            Polarity.NEGATED: Realis.DENIED,
            Polarity.HYPOTHETICAL: Realis.HYPOTHETICAL,
            Polarity.HISTORICAL: Realis.HISTORICAL,
        }[report.polarity]
    return {Stage.TO_BE_SIGNED: Realis.FUTURE, Stage.PROPOSED: Realis.INTENDED}.get(
        report.stage, Realis.ASSERTED
    )


# --- identity


def _with_ids(events: Sequence[Event], context: EventContext) -> tuple[Event, ...]:
    """Give each event an id of transcript, reader and words; the same words told twice are told apart by their order."""
    seen: dict[tuple[str, ...], int] = {}
    out = []
    for event in events:
        kind = "agreement" if event.agreement is not None else "event"
        key = (event.type, event.mode or "", kind, str(event.evidence.start), str(event.evidence.end))
        seen[key] = seen.get(key, 0) + 1
        identity = derived_id("event", context.transcript_id, READER_VERSION, *key, str(seen[key]))
        out.append(event.model_copy(update={"id": identity}))
    return tuple(out)
