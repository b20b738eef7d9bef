"""Whether an act took place: negation, modals, plans, hopes, conditions and old dates around its trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.event import PloverType, Realis
from streams.extract.clauses import verb_start
from streams.extract.dates import Direction, FoundDate, Precision
from streams.extract.triggers import phrase_ends_at

if TYPE_CHECKING:
    from datetime import date

    from streams.extract.clauses import Layout, Parties
    from streams.extract.triggers import EventLexicon, Meaning, Trigger

OLD_DAYS: Final = 180
"""A past date further back than this makes an act history."""

_OLD_NOUN_DAYS: Final = 45
_JOURNEYS: Final = frozenset({"visit", "trip", "tour", "meeting"})
"""Nouns with a date go back less far: following the trip in March, said in June."""
_ASKING: Final = frozenset(
    {"did", "does", "do", "has", "have", "is", "are", "was", "were", "will", "would", "can", "could"}
)
_QUESTION_OPENS: Final = 3
"""A question that asks whether begins with an auxiliary within so many words: But did Chad."""
_MODALS: Final = frozenset({"will", "would", "shall", "to", "can", "could", "may", "might", "should", "must"})
_LINKS: Final = frozenset({"be", "have", "not", "never", "also", "get"})
_WINDOW: Final = 14
_CONDITION_WINDOW: Final = 24
_BEHIND_WINDOW: Final = 10
_CONDITIONS: Final = frozenset({"if", "unless", "whether"})
_FRAMES: Final = {
    "after": None, "following": None, "during": None, "in": None, "at": None, "despite": None, "amid": None,
    "for": Realis.PURPOSE, "before": Realis.FUTURE, "ahead": Realis.FUTURE,
}  # fmt: skip
"""Prepositions over a noun: what stands further left says nothing of whether it took place."""
_OPEN: Final = frozenset({None, Realis.FUTURE, Realis.INTENDED})
"""What gives way to a word over the clause: I hope that we will."""
_GOVERNING: Final = frozenset({Realis.DENIED, Realis.HOPED})
_UNREAL: Final = frozenset({Realis.FUTURE, Realis.INTENDED, Realis.HOPED})
_OPEN_PROMISES: Final = frozenset({"030", "031"})


def find_realis(
    layout: Layout,
    trigger: Trigger,
    subject: Parties,
    found: FoundDate | None,
    today: date,
    *,
    headline: bool,
) -> Realis:
    """Say whether what the trigger tells took place; the nearest word that denies it wins over its own meaning."""
    meaning = trigger.meaning
    cue = _cue_before(layout, trigger, subject) or _infinitive(layout, trigger, headline=headline)
    if cue is None and layout.words[:3] == ("there", "will", "be"):
        cue = Realis.FUTURE
    if cue is None and trigger.pattern.verb and layout.words[max(0, trigger.first - 1)] == "can":
        cue = Realis.HYPOTHETICAL
    if cue is None and (_is_inverted(layout.words) or _is_question(layout.words, trigger)):
        cue = Realis.HYPOTHETICAL
    if cue is None and not trigger.pattern.verb:
        since = "since" in layout.words[max(0, trigger.first - 4) : trigger.first]
        cue = Realis.HISTORICAL if since else _cue_behind(layout, trigger)
    if cue is None or (cue is Realis.PURPOSE and meaning.realis is not None):
        cue = meaning.realis or _by_date(layout.words[trigger.first], layout, found, today)
    return cue


def _by_date(word: str, layout: Layout, found: FoundDate | None, today: date) -> Realis:
    """Say by its date whether it is over long ago, or yet to come: they meet next week."""
    if found is None:
        return Realis.ASSERTED
    if found.direction is Direction.FUTURE and word not in layout.lexicon.past:
        return Realis.FUTURE
    noun = word not in layout.lexicon.verbs or word in _JOURNEYS
    return (
        Realis.HISTORICAL if is_old(found, today, _OLD_NOUN_DAYS if noun else OLD_DAYS) else Realis.ASSERTED
    )


def _is_inverted(words: tuple[str, ...]) -> bool:
    """Whether a sentence opens by supposing: Had Sweden expelled the envoy; Were Iran to attack."""
    return words[:1] in {("had",), ("were",)} and "," in words[:_CONDITION_WINDOW] and words[-1:] != ("?",)


def _is_question(words: tuple[str, ...], trigger: Trigger) -> bool:
    """Whether the verb of a trigger is asked about: Did Chad expel him? Not so what a question takes for granted."""
    return trigger.pattern.verb and words[-1:] == ("?",) and bool(_ASKING & set(words[:_QUESTION_OPENS]))


def _cue_before(layout: Layout, trigger: Trigger, subject: Parties) -> Realis | None:
    """Find what says it has not taken place: between subject and trigger, over the whole clause, or as a condition."""
    if trigger.meaning.actor != "subject" or _is_reduced(layout, trigger):
        return None
    words = layout.words
    low = max([0, trigger.first - _WINDOW, *(g.last for g in subject.groups if g.last <= trigger.first)])
    if low and words[low - 1].endswith("'ll"):
        return Realis.FUTURE  # he'll meet
    frame = _frame(words, trigger, low)
    cue = _nearest_cue(layout, trigger.first, low if frame is None else frame)
    if cue is Realis.DENIED and trigger.meaning.type is PloverType.REJECT:
        return None  # never accepted, could not agree: the refusal itself is told
    if cue is None and frame is not None:
        return _FRAMES[words[frame - 1]]
    if cue in _OPEN and subject.groups:
        cue = _governing_cue(layout, subject.groups[0].np) or cue
    if cue is None and _CONDITIONS & set(words[max(0, trigger.first - _CONDITION_WINDOW) : trigger.first]):
        cue = Realis.HYPOTHETICAL
    return cue


def _is_reduced(layout: Layout, trigger: Trigger) -> bool:
    """Whether it is a bare participle: "after talks brokered by China" hangs on no verb before it."""
    words = layout.words
    if not trigger.pattern.verb or words[trigger.first] not in layout.lexicon.past:
        return False
    return (
        "by" in words[trigger.last - 1 : trigger.last + 1]
        and verb_start(layout, trigger.first) == trigger.first
    )


def _frame(words: tuple[str, ...], trigger: Trigger, low: int) -> int | None:
    """Give where the phrase of a noun begins: what stands left of its preposition does not say whether it took place."""
    if trigger.pattern.verb:
        return None
    return next((end for end in range(trigger.first, low, -1) if words[end - 1] in _FRAMES), None)


def _nearest_cue(layout: Layout, first: int, low: int) -> Realis | None:
    for end in range(first, low, -1):
        if layout.words[end - 1] in {";", ":"}:
            break
        cue = _phrase_before(layout.words, end, max(0, low - 1), layout.lexicon)
        if cue is not None and not _is_of_another_verb(layout, end, first):
            return cue
    return None


def _is_of_another_verb(layout: Layout, end: int, first: int) -> bool:
    """Whether a modal governs a verb before and not this past one: would veto the plan and accused Brussels."""
    words = layout.words
    if words[end - 1] not in _MODALS or words[first] not in layout.lexicon.past:
        return False
    return words[end] not in _LINKS and words[first - 1] in {"and", ",", "but"}


def _governing_cue(layout: Layout, np: int) -> Realis | None:
    """Read what stands over the clause: denied that X did, hope that X will."""
    end = np - (np > 0 and layout.words[np - 1] == "that")
    cue = _phrase_before(layout.words, end, 0, layout.lexicon) if end > 0 else None
    return cue if cue in _GOVERNING else None


def _phrase_before(words: tuple[str, ...], end: int, low: int, lexicon: EventLexicon) -> Realis | None:
    if words[end - 1].endswith("n't"):
        return Realis.DENIED
    for phrase, realis in lexicon.realis.get(words[end - 1], ()):
        if phrase_ends_at(words, end, phrase) and end - len(phrase) >= low and not _is_month(words, end):
            return realis
    return None


def _is_month(words: tuple[str, ...], end: int) -> bool:
    """May 27, and in May, are no modals."""
    return words[end - 1] == "may" and (
        (words[end : end + 1] != () and words[end][0].isdigit())
        or (end > 1 and words[end - 2] in {"in", "of", "since", "last"})
    )


def _infinitive(layout: Layout, trigger: Trigger, *, headline: bool) -> Realis | None:
    """Read a bare `to`: in a headline it is the future, after somebody who is asked it is meant, else it is a purpose."""
    words, first = layout.words, trigger.first
    if not trigger.pattern.verb or first == 0:
        return None
    if words[first - 1] == "for" and words[first].endswith("ing"):
        return Realis.PURPOSE
    if words[first - 1] != "to":
        return None
    return Realis.FUTURE if headline and (first - 2) in layout.at else Realis.PURPOSE


def _cue_behind(layout: Layout, trigger: Trigger) -> Realis | None:
    """Read on behind a noun: the talks will be held, the visit is scheduled."""
    words = layout.words
    for at in range(trigger.last, min(len(words), trigger.last + _BEHIND_WINDOW)):
        if words[at] in {",", ";", "that", "which"}:
            return None
        if _phrase_before(words, at + 1, trigger.last, layout.lexicon) is Realis.FUTURE:
            return Realis.FUTURE
    return None


def is_old(found: FoundDate, today: date, days: int = OLD_DAYS) -> bool:
    """Say whether a date makes what is told with it history."""
    if found.direction is not Direction.PAST:
        return False
    if found.value is None or found.precision is Precision.DECADE:
        return True
    years = today.year - int(found.value[:4])
    if found.precision is Precision.YEAR:
        return years > 0
    if found.precision is Precision.WEEK:
        return years > 1
    return years * 365 + (today.month - int(found.value[5:7])) * 30 > days


def name_event(
    meaning: Meaning, realis: Realis, contexts: tuple[str, ...], lexicon: EventLexicon, *, aimed: bool
) -> tuple[PloverType, str | None, str]:
    """Give type, mode and code: what is only announced is a promise or a threat; a promise has its code by its matter.

    A threat is `aimed` at somebody; troops that will be moved against nobody are only moved later.
    """
    kind, mode, cameo = meaning.type, meaning.mode, meaning.cameo
    announced = lexicon.announced.get(kind) if realis in _UNREAL else None
    if announced is not None and (aimed or announced.type is not PloverType.THREATEN):
        kind, mode, cameo = announced.type, announced.mode, announced.cameo
    if kind is PloverType.AGREE and cameo in _OPEN_PROMISES:
        told = set(contexts) - ({"legal"} if meaning.type is PloverType.SUPPORT else set())
        cameo = next((code for matter, code, _ in lexicon.promises if matter & told), cameo)
    return kind, mode, cameo


def name_matter(
    kind: PloverType, mode: str | None, cameo: str, words: tuple[str, ...], lexicon: EventLexicon
) -> tuple[str | None, str]:
    """Give mode and code by what is asked, refused, threatened or used: the first of the `words` that says so."""
    matter = lexicon.matters.get(kind)
    if matter is None or mode not in matter.open:
        return mode, cameo
    return next((matter.modes[word] for word in words if word in matter.modes), (mode, cameo))


def name_context(
    kind: PloverType, cameo: str | None, contexts: tuple[str, ...], lexicon: EventLexicon
) -> tuple[str, ...]:
    """Add to a promise the context that its code stands for: 0313 is of law."""
    if kind is not PloverType.AGREE:
        return contexts
    named = {context for _, code, context in lexicon.promises if code == cameo}
    return tuple(sorted({*contexts, *named}))
