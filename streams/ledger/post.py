"""Posting: an event moves an agreement by one step, or only joins its reports."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from schemas.agreement import Agreement, Report, Transition, TransitionKind
from schemas.event import EXITS, Scope, Stage
from schemas.ids import derived_id, group_key
from streams.extract.sketch import same_origin
from streams.ledger.book import MAX_TELLERS, Book, Entry, Posting, Seen, Teller, Text, add_report, trim_book
from streams.ledger.identity import field_of, find_entry, lay_out, merge_type, merge_words, names_matter
from streams.ledger.stages import EXTENDED_AGAIN_AFTER, is_contradicted, is_revival, step_kind

if TYPE_CHECKING:
    from schemas.event import Event
    from schemas.transcript import Source
    from streams.ledger.identity import Sighting

CORRECTED_WITHIN: Final = timedelta(hours=48)
"""For so long after a step its only source may take it back without saying that it corrects."""
STILL_AHEAD: Final = frozenset({Stage.DRAFTING, Stage.TO_BE_SIGNED})
"""The stages that cannot be said of what was signed. "Agreed" and "proposed" can: they retell how it came about."""
MARKED_CORRECTION_WITHIN: Final = timedelta(days=7)
OVERTAKEN_WITHIN: Final = timedelta(days=1)
"""A denial that denies nothing known is kept for so long, in case it overtook what it denies."""
RETELLING_WITHIN: Final = timedelta(days=45)
"""A report of the same step that is older than the first one known still tells of it, within this time."""
MAX_DOMAINS: Final = 12
_BETWEEN_STATES: Final = frozenset({Scope.INTER, Scope.MULTI, Scope.STATE_ORG, Scope.IGO})
"""Once an instrument was known to be between states it stays so; any other scope gives way to what is told later."""

_STEPS: Final = frozenset(TransitionKind) - {TransitionKind.DENIAL, TransitionKind.CORROBORATION}
"""The transitions that tell where an instrument stands now."""

_CORRECTION_MARKS: Final = (
    "correction", "corrects", "corrected", "erratum", "rectificatif", "rectificación", "corrección", "berichtigung",
    "düzeltme", "поправка", "исправление", "уточнение", "تصحیح", "اصلاحیه", "تصحيح", "更正", "勘误",
)  # fmt: skip
"""Words that agencies put into the headline of a correction."""


def post_event(book: Book | None, event: Event) -> Posting:
    """Move an agreement by one event. `book` is what the ledger holds under the event's key.

    A stage never goes back but by a correction; a denial marks it and leaves it. A rebroadcast, an anniversary,
    background and a late report change nothing but the reports. An event that comes again changes nothing and makes
    no transition: whoever drives this publishes what is posted before keeping the book, so that an event whose
    transition was lost is posted in the book that does not know it yet, and makes the same one.
    """
    report = event.agreement
    key = "-" if report is None else group_key(report.party_codes)
    if report is None or key == "-":
        return Posting(book, None)
    book = Book(key=key) if book is None else book
    seen = book.find_seen(event.id)
    if seen is not None:
        return Posting(book, book.find_agreement(seen.agreement_id))

    oldest = event.context.event_time - OVERTAKEN_WITHIN
    waiting = tuple(d for d in book.denials if d.context.event_time >= oldest)
    sighting = lay_out(event, report)
    copied = _known_copies(book, event)
    entry = find_entry(book, sighting, copied)
    if entry is not None:
        entry, transition = _report(entry, sighting, copied)
        entries = tuple(entry if e.agreement.id == entry.agreement.id else e for e in book.entries)
        counts = book.counts
    elif sighting.is_step or sighting.is_background:
        field = field_of(report.domains)
        counts = {**book.counts, field: book.counts.get(field, 0) + 1}
        entry, transition = _open(book.key, f"{field} {counts[field]}", sighting)
        entries = (*book.entries, entry)
    else:
        # a denial, a wish or a condition of which nothing is known opens no agreement; told again, it still does not
        update = {
            "seen": (*book.seen, Seen(event_id=event.id, agreement_id=None)),
            "denials": (*waiting, event) if sighting.is_denial else waiting,
        }
        return Posting(trim_book(book.model_copy(update=update)), None)

    known = any(text.content_hash == event.context.content_hash for text in book.texts)
    text = Text(content_hash=event.context.content_hash, sketch=event.context.sketch)
    book = book.model_copy(
        update={
            "entries": entries,
            "counts": counts,
            "texts": book.texts if known else (*book.texts, text),
            "seen": (*book.seen, Seen(event_id=event.id, agreement_id=entry.agreement.id)),
            "denials": (*waiting, event) if sighting.is_denial and transition is None else waiting,
        }
    )
    denial = None
    if transition is not None and transition.kind in _STEPS:
        book, denial = _deny(book, transition)
    book = trim_book(book)
    transitions = tuple(t for t in (transition, denial) if t is not None)
    return Posting(book, book.find_agreement(entry.agreement.id), transitions)


def _deny(book: Book, transition: Transition) -> tuple[Book, Transition | None]:
    """Post again the denials that came before what they deny, now that it has come: the first that denies it counts."""
    told = sorted(book.denials, key=lambda d: (d.context.event_time, d.id))
    for event in told:
        report = event.agreement
        # strictly: of two reports of one day without an hour it is not known which came first
        if report is None or event.context.event_time <= transition.event_time:
            continue
        sighting, copied = lay_out(event, report), _known_copies(book, event)
        entry = find_entry(book, sighting, copied)
        if entry is None or entry.agreement.id != transition.agreement.id:
            continue
        denied, denial = _report(entry, sighting, copied)
        if denial is not None:
            update = {
                "entries": tuple(denied if e is entry else e for e in book.entries),
                "denials": tuple(d for d in book.denials if d.id != event.id),
            }
            return book.model_copy(update=update), denial
    return book, None


def _known_copies(book: Book, event: Event) -> frozenset[str]:
    """Give the hashes of the known texts of which the event's text is a copy, itself among them."""
    context = event.context
    return frozenset(
        text.content_hash
        for text in book.texts
        if text.content_hash == context.content_hash or same_origin(text.sketch, context.sketch)
    )


def _open(key: str, number: str, sighting: Sighting) -> tuple[Entry, Transition | None]:
    """Enter an instrument that was not known.

    From background only it stands where it is said to stand, without a transition: so that what is told of it
    later is known to be a step, and the old instrument is not taken for a new one.
    """
    event, report = sighting.event, sighting.report
    context = event.context
    agreement = Agreement(
        id=derived_id("agreement", key, number),
        key=key,
        instrument=report.instrument,
        parties=report.parties,
        scope=report.scope,
        domains=report.domains[:MAX_DOMAINS],
        subject=report.subject,
        name=report.name,
        stage=report.stage,
        next_stage=report.next_stage,
        since=context.event_time,
        first_time=context.event_time,
        last_time=context.event_time,
        sequence=1 if sighting.is_step else 0,
        origins=1,
        reports=(_make_report(sighting, 0),),
    )
    entry = Entry(
        agreement=agreement,
        words=merge_words({}, sighting.language, sighting.words),
        names=merge_words({}, sighting.language, sighting.names),
        others=tuple(sorted(sighting.others)),
        tellers=(_make_teller(sighting, 0),),
        told=(0,),
        step_broadcaster=context.source.broadcaster,
        step_transcript_id=context.transcript_id,
    )
    if not sighting.is_step:
        return entry, None
    return entry, _make_transition(agreement, TransitionKind.FIRST, None, event)


def _report(entry: Entry, sighting: Sighting, copied: frozenset[str]) -> tuple[Entry, Transition | None]:
    """Add a report to an agreement that is known, and move it if the report is a step."""
    is_copy = bool(entry.find_copied(sighting.event.context.transcript_id, copied))
    origin, tellers = _count_origin(entry, sighting, copied)
    kind = _decide(entry, sighting, origin=origin, is_copy=is_copy)
    before = entry.agreement.stage
    agreement = add_report(_learn(entry, sighting), _make_report(sighting, origin))
    entry = entry.model_copy(
        update={
            "words": merge_words(entry.words, sighting.language, sighting.words),
            "names": merge_words(entry.names, sighting.language, sighting.names),
            "others": entry.others or tuple(sorted(sighting.others)),
            "tellers": tellers[-MAX_TELLERS:],
        }
    )
    if kind is None:
        return entry.model_copy(update={"agreement": agreement}), None

    update: dict[str, object] = {"sequence": agreement.sequence + 1}
    kept: dict[str, object] = {}
    match kind:
        case TransitionKind.DENIAL:
            update["denied"] = True
            kept["denied_time"] = sighting.time
        case TransitionKind.CORROBORATION:
            told = (*entry.told, origin) if origin not in entry.told else entry.told
            update |= {"denied": False, "since": min(agreement.since, sighting.time), "origins": len(told)}
            kept |= {"denied_time": None, "told": told[-MAX_TELLERS:]}
        case (
            TransitionKind.FIRST | TransitionKind.STEP | TransitionKind.EXIT
            | TransitionKind.REVIVAL | TransitionKind.CORRECTION
        ):  # fmt: skip
            update |= {
                "stage": sighting.report.stage,
                "next_stage": sighting.report.next_stage,
                "denied": False,
                "since": sighting.time,
                "origins": 1,
            }
            kept |= {
                "denied_time": None,
                "told": (origin,),
                "step_broadcaster": sighting.event.context.source.broadcaster,
                "step_transcript_id": sighting.event.context.transcript_id,
            }
            if kind is TransitionKind.EXIT:
                kept["before_exit"] = entry.before_exit if before in EXITS else before
    agreement = agreement.model_copy(update=update)
    transition = _make_transition(
        agreement, kind, None if kind is TransitionKind.FIRST else before, sighting.event
    )
    return entry.model_copy(update={"agreement": agreement, **kept}), transition


def _decide(entry: Entry, sighting: Sighting, *, origin: int, is_copy: bool) -> TransitionKind | None:
    """Say which transition a report is to an agreement that is known; None: it only joins the reports."""
    agreement, told, time = entry.agreement, sighting.report.stage, sighting.time
    if sighting.is_denial:
        return TransitionKind.DENIAL if _denies(entry, sighting) else None
    if not sighting.is_step:
        return None
    if told is agreement.stage:
        return _tell_again(entry, sighting, origin=origin, is_copy=is_copy)
    kind = step_kind(agreement.stage, told)
    if kind is TransitionKind.REVIVAL and not is_revival(
        entry.before_exit, agreement.stage, told, time - agreement.since
    ):
        kind = None
    if kind is TransitionKind.EXIT and time < agreement.since:
        return None
    if kind in {TransitionKind.STEP, TransitionKind.EXIT} or (kind is not None and not is_copy):
        # a later stage counts although its report comes late: else a signature overtaken on the way were lost
        return kind
    return TransitionKind.CORRECTION if not is_copy and _corrects(entry, sighting) else None


def _denies(entry: Entry, sighting: Sighting) -> bool:
    agreement = entry.agreement
    return (
        agreement.sequence > 0
        and not agreement.denied
        and sighting.time >= agreement.since
        and sighting.event.context.transcript_id != entry.step_transcript_id
        and is_contradicted(agreement.stage, sighting.report.stage)
    )


def _tell_again(entry: Entry, sighting: Sighting, *, origin: int, is_copy: bool) -> TransitionKind | None:
    """Judge a report of the step that the agreement stands at."""
    agreement, passed = entry.agreement, sighting.time - entry.agreement.since
    if agreement.stage is Stage.EXTENDED and passed >= EXTENDED_AGAIN_AFTER and not is_copy:
        return TransitionKind.STEP
    if is_copy or passed < -RETELLING_WITHIN:
        return None
    if agreement.sequence == 0:
        # background told where it stands before anybody told the step
        return TransitionKind.FIRST
    if entry.denied_time is not None:
        return TransitionKind.CORROBORATION if sighting.time > entry.denied_time else None
    return None if origin in entry.told else TransitionKind.CORROBORATION


def _corrects(entry: Entry, sighting: Sighting) -> bool:
    """Say whether a report of an earlier stage takes a step back.

    After a denial, what is told next is where it stands. Else only the source of the step takes it back: within a
    week if it says so; within two days if nobody else told the step, what it tells now cannot be said of it any more,
    and it does not merely repeat what it told before.
    """
    agreement, context = entry.agreement, sighting.event.context
    passed = sighting.time - agreement.since
    if agreement.sequence == 0 or passed <= timedelta(0) or context.transcript_id == entry.step_transcript_id:
        return False
    if sighting.report.stage in EXITS:
        return False
    if entry.denied_time is not None:
        return sighting.time > entry.denied_time
    if not _is_same_source(entry.step_broadcaster, context.source):
        return False
    if passed <= MARKED_CORRECTION_WITHIN and _is_marked(sighting):
        return True
    told_before = any(
        r.stage is sighting.report.stage and r.source.broadcaster == context.source.broadcaster
        for r in agreement.reports
    )
    alone = len(entry.told) == 1 and sighting.report.stage in STILL_AHEAD
    return alone and passed <= CORRECTED_WITHIN and not told_before


def _is_marked(sighting: Sighting) -> bool:
    text = f"{sighting.event.context.title or ''}\n{sighting.event.evidence.text}".casefold()
    return any(mark in text for mark in _CORRECTION_MARKS)


def _is_same_source(broadcaster: str, source: Source) -> bool:
    return broadcaster == source.broadcaster and broadcaster != "unknown"


def _count_origin(entry: Entry, sighting: Sighting, copied: frozenset[str]) -> tuple[int, tuple[Teller, ...]]:
    """Number the independent origin of a report, and note who told.

    A copy counts as the text it copies; a broadcaster that tells again, in whatever words, counts as itself.
    """
    context = sighting.event.context
    copy = next((t for t in entry.tellers if t.content_hash in copied), None)
    same = next((t for t in entry.tellers if t.broadcaster == context.source.broadcaster), None)
    known = copy or same
    origin = known.origin if known is not None else max((t.origin for t in entry.tellers), default=-1) + 1
    teller = _make_teller(sighting, origin)
    return origin, entry.tellers if teller in entry.tellers else (*entry.tellers, teller)


def _make_teller(sighting: Sighting, origin: int) -> Teller:
    context = sighting.event.context
    return Teller(
        origin=origin,
        broadcaster=context.source.broadcaster,
        transcript_id=context.transcript_id,
        stage=sighting.report.stage,
        content_hash=context.content_hash,
    )


def _learn(entry: Entry, sighting: Sighting) -> Agreement:
    """Fill in what earlier reports left open; what is only denied or wished teaches nothing."""
    agreement, report = entry.agreement, sighting.report
    if not sighting.is_step and not sighting.is_background:
        return agreement
    domains = tuple(dict.fromkeys((*agreement.domains, *report.domains)))[:MAX_DOMAINS]
    named = any(names_matter(words) for words in entry.words.values())
    clearer = report.subject is not None and not named and names_matter(sighting.words)
    subject = report.subject if clearer or agreement.subject is None else agreement.subject
    following = agreement.next_stage
    if sighting.is_step and report.next_stage is not None and report.stage is agreement.stage:
        following = report.next_stage
    return agreement.model_copy(
        update={
            "instrument": merge_type(agreement.instrument, report.instrument),
            "domains": domains,
            "subject": subject,
            "name": agreement.name or report.name,
            "scope": agreement.scope if agreement.scope in _BETWEEN_STATES else report.scope,
            "next_stage": following,
        }
    )


def _make_report(sighting: Sighting, origin: int) -> Report:
    event, report = sighting.event, sighting.report
    context = event.context
    return Report(
        transcript_id=context.transcript_id,
        event_id=event.id,
        title=context.title,
        source=context.source,
        event_time=context.event_time,
        language=context.language,
        stage=report.stage,
        polarity=report.polarity,
        is_news=report.is_news,
        evidence=event.evidence,
        origin=origin,
    )


def _make_transition(
    agreement: Agreement, kind: TransitionKind, before: Stage | None, event: Event
) -> Transition:
    context = event.context
    return Transition(
        id=derived_id("transition", agreement.id, kind, event.id),
        kind=kind,
        before=before,
        stage=agreement.stage,
        agreement=agreement,
        event_id=event.id,
        transcript_id=context.transcript_id,
        title=context.title,
        source=context.source,
        language=context.language,
        event_time=context.event_time,
        confidence=event.confidence,
        evidence=event.evidence,
    )
