"""Where an instrument stands, read from the clause that speaks of it: act, tense, modality, negation, age."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from schemas.event import InstrumentType, Polarity, Stage
from streams.extract.dates import Direction, FoundDate, Precision, find_dates
from streams.extract.frames import (
    is_conditioned,
    is_own_text,
    is_presupposed,
    is_question,
    is_refuted,
    is_under_condition,
)
from streams.extract.instruments import WEEKDAYS
from streams.extract.verbs import (
    AUXILIARIES,
    BARRIERS,
    BE,
    FUTURE,
    HAVE,
    MODAL,
    NEGATIONS,
    RELATIVE,
    SUBORDINATE,
    controller_of,
    grammar_words,
    group_start,
    is_conditional,
    read_verb,
)

if TYPE_CHECKING:
    from streams.extract.instruments import AgreementLexicon, NounPhrase, Trigger
    from streams.extract.reading import Sentence
    from streams.extract.verbs import Meaning

REACH: Final = 18
"""So many words from its noun an act is still looked for."""
_OPENING: Final = 4
_OPENING_REACH: Final = 22
FRESH_DAYS: Final = 10
"""A step of so many days ago is still news."""

BARE, FRAMED, HINTED, CLEAR, PLAIN = range(5)
"""How plainly a clause tells the stage: only the noun; `under the pact`; a modifier; a participle or noun; a verb."""

_PRACTICE: Final = frozenset({"apply", "keep"})
_HYPOTHETICAL: Final = frozenset({"hoped", "threatened"})
_NEGATIVE: Final = frozenset({"refused", "failed", "denied"})
_AHEAD: Final = frozenset({"planned", "purpose", "wanted", "tried", "ongoing"})


@dataclass(frozen=True, slots=True)
class Step:
    """What a clause says of an instrument.

    `start` and `end` are the words between which act and instrument lie. A `background` step is told as older
    than the report; it is `soft` where only its place in the sentence says so and no date. A `quiet` one is a
    reaction, which is never news.
    """

    stage: Stage
    mode: str
    strength: int
    start: int
    end: int
    verb: int | None = None
    act: str = ""
    background: bool = False
    soft: bool = False
    quiet: bool = False
    passive: bool = False
    question: bool = False
    next_stage: Stage | None = None
    dated: str | None = None

    @property
    def polarity(self) -> Polarity:
        """Whether the step was taken, by how it is told."""
        if self.mode in _HYPOTHETICAL:
            return Polarity.HYPOTHETICAL
        if self.background and not (self.mode == "denied" and self.soft):
            return Polarity.HISTORICAL
        if self.stage is Stage.VIOLATED and (self.mode != "denied" or self.act == "keep"):
            return Polarity.ASSERTED  # failed to live up to the pact
        if self.mode in _NEGATIVE or self.stage is Stage.REJECTED:
            return Polarity.NEGATED
        return Polarity.HYPOTHETICAL if self.question and self.mode in _AHEAD else Polarity.ASSERTED

    @property
    def is_news(self) -> bool:
        """Whether the clause reports the step as new at its date."""
        if self.background or self.question or self.quiet or self.mode in {"hoped", "denied"}:
            return False
        return self.act == "enter" or self.stage not in {Stage.IN_FORCE, Stage.UNKNOWN, Stage.VIOLATED}


@dataclass(frozen=True, slots=True)
class Clause:
    """A sentence laid out for stages: its words as `grammar_words` gives them, its dates, the day of the report."""

    sentence: Sentence
    words: tuple[str, ...]
    dates: tuple[FoundDate, ...]
    day: date
    names: tuple[bool, ...]
    """Which words have a capital."""
    capitals: bool

    @property
    def opening(self) -> int:
        """Where the first words end; a date among them dates the whole first clause."""
        tokens = self.sentence.tokens
        return tokens[min(_OPENING, len(tokens)) - 1].end if tokens else 0


def capitals(sentence: Sentence) -> tuple[bool, ...]:
    """Say which words have a capital, of a sentence all in capitals none."""
    names = tuple(token.text[:1].isupper() for token in sentence.tokens)
    return names if any(token.text.islower() for token in sentence.tokens) else (False,) * len(names)


def lay_out_clause(sentence: Sentence, day: date) -> Clause:
    """Lay a sentence out once for all instruments in it."""
    names = tuple(token.text[:1].isupper() for token in sentence.tokens)
    shouted = not any(token.text.islower() for token in sentence.tokens)
    return Clause(sentence, grammar_words(sentence), find_dates(sentence, day), day, names, shouted)


@dataclass(frozen=True, slots=True)
class _View:
    """A noun phrase in its sentence. `words` are those of `grammar_words`."""

    phrase: NounPhrase
    words: tuple[str, ...]
    lexicon: AgreementLexicon
    names: tuple[bool, ...]
    capitals: bool
    """Whether all of it is in capitals, so that they name nobody."""


def read_step(phrase: NounPhrase, clause: Clause, lexicon: AgreementLexicon) -> Step:
    """Say what a sentence reports of one instrument in it.

    What governs the noun from the left (signed a treaty; talks on a treaty; under the treaty) goes before what
    follows it (the treaty was signed; the treaty that they signed); where neither stands, its modifiers decide.
    """
    words = clause.words
    view = _View(phrase, words, lexicon, clause.names, clause.capitals)
    left, right = _left(view), _right(view)
    if is_own_text(words):
        return Step(Stage.UNKNOWN, "done", BARE, phrase.start, phrase.end, quiet=True)
    if left and right and left.strength == CLEAR and right.passive and left.act in _NEWS_OF:
        right = None if words[right.verb or 0] in _TOLD_OF else right  # the exit from the pact was announced
    left = _opening(view, left) if left and right is None else left
    step = _without(view) or _follower(view) or _choose(left, right) or _bare(view)
    if left and right and left.act in _PRACTICE | {"react"} and right.passive and right.strength == CLEAR:
        recent = _age(view, replace(right, start=min(left.start, right.start)), clause)
        step = step if recent.background else recent  # monitor the deal clinched on Tuesday
    step = _qualify(view, _frame(view, replace(step, question=is_question(words))))
    return _deny(view, _age(view, step, clause))


_ONCE: Final = frozenset({"once", "when"})


def _opening(view: _View, left: Step) -> Step:
    """Read a participle that opens the sentence: signed in Doha on Monday, the pact; once ratified, the pact will."""
    words, verb = view.words, left.verb
    if verb is None or not left.quiet or left.act in _PRACTICE or words[view.phrase.start - 1] != ",":
        return left
    act = view.lexicon.acts.get(left.act)
    if verb == 1 and words[0] in _ONCE and act is not None:
        return replace(left, mode="planned", stage=act.stages.get("planned", left.stage))
    if verb == 0 and words[0].endswith("ed"):
        return replace(left, strength=CLEAR, quiet=False, background=True, soft=True, passive=True)
    return left


_REAL: Final = frozenset({"done", "ongoing"})
_NEWS_OF: Final = frozenset(
    {"leave", "suspend", "extend", "ratify", "sign", "enter", "violate", "initial", "accede"}
)
_TOLD_OF: Final = frozenset(
    {"announced", "unveiled", "welcomed", "hailed", "criticised", "criticized", "condemned", "praised"}
)


def _frame(view: _View, step: Step) -> Step:
    """Let what stands around the clause decide: explained why they signed; if it wins, it will sign."""
    words = view.words
    if step.verb is None:
        return step
    told = step.mode in _REAL and step.strength == PLAIN and step.act not in _PRACTICE
    if told and is_presupposed(words, step.start):
        return replace(step, background=True, soft=True)
    act = view.lexicon.acts.get(step.act)
    supposed = ("it", "would") in pairwise(words[: step.start])
    open_ended = is_under_condition(words, step.start) or is_conditioned(words, view.phrase.end)
    if step.mode in _AHEAD and (supposed or open_ended):
        if step.act in _EXITS:
            return replace(step, mode="threatened")
        return replace(step, mode="hoped", stage=act.stages.get("wanted", step.stage) if act else step.stage)
    return step


_EXITS: Final = frozenset({"leave", "suspend"})


def read_pronoun(clause: Clause, lexicon: AgreementLexicon) -> int | None:
    """Find the word that stands for an instrument in a sentence: it was signed; Malta suspended it; the talks failed."""
    words = clause.words
    if is_own_text(words):
        return None
    for at in range(len(words)):
        ended = lexicon.subject_verbs.at(words, at)
        if ended and (place := _stand_in(words, at, _STAND_INS | _TALKS)) is not None:
            return place
        for trigger, end in lexicon.triggers_at(words, at):
            sure = trigger.act.name in _CERTAIN or words[at] in _SURE_VERBS
            if trigger.form in {"noun", "prep"} or not sure:
                continue
            if end < len(words) and words[end] in {"it", "them"}:
                return end
            place = _stand_in(words, at, _STAND_INS)
            if place is not None and set(words[place:at]) & BE:
                return place
    return None


_STAND_INS: Final = frozenset({"it", "they", "both", "this"})
_TALKS: Final = frozenset({"talks", "negotiations"})
_SURE_VERBS: Final = frozenset(
    {
        "withdrew", "withdraw", "withdrawn", "denounced", "scrapped", "cancelled", "canceled", "revoked", "terminated", "quit",
        "abrogated", "annulled", "repudiated", "renounced", "rescinded", "extended", "renewed", "prolonged", "suspended",
        "rejected", "violated", "breached", "concluded", "denounce", "terminate", "extend", "renew", "suspend", "reject",
    }
)  # fmt: skip
"""Verbs whose `it` is the instrument of which the text just spoke."""


def _stand_in(words: tuple[str, ...], at: int, wanted: frozenset[str]) -> int | None:
    """Give the place of the word that stands for an instrument as the subject of a verb, at the start of its clause."""
    place = group_start(words, at) - 1
    first = place - 1 if place > 0 and words[place - 1] == "the" else place
    opens = first == 0 or (first > 0 and words[first - 1] in BARRIERS | {",", "and", "but"})
    return place if opens and words[place] in wanted else None


AGREEING: Final = frozenset({"agreed", "agree"})
RESOLVING: Final = AGREEING | {"decided", "undertook", "undertaken", "resolved"}
"""Verbs by which two sides bind themselves with no instrument named."""
_COMMON_ACTS: Final = frozenset(
    {
        "share", "exchange", "set", "establish", "create", "form", "cooperate", "co-operate", "collaborate", "coordinate",
        "strengthen", "step", "boost", "intensify", "swap", "conduct", "launch", "deploy", "extradite", "patrol", "reopen",
        "open", "demarcate", "withdraw", "reduce", "cut", "destroy", "dismantle", "limit", "ban", "halt", "end", "fight",
        "combat", "tackle", "crack", "jointly", "train", "pull", "respect", "refrain", "expand", "deepen", "enhance",
        "increase", "improve", "join", "work", "hand", "free", "release", "repatriate", "build", "develop", "integrate",
        "hold", "mount", "stage", "pool", "post", "station", "carry", "allow", "let", "resume", "restore", "link", "merge",
        "hunt", "guard", "police", "monitor", "clear", "disarm", "pursue", "stop", "curb", "prevent", "secure", "protect",
        "co-ordinate", "appoint", "dispatch", "send", "implement", "harmonise", "harmonize", "upgrade", "renew",
    }
)  # fmt: skip
_COMMON_THINGS: Final = frozenset(
    {"joint", "common", "coordinated", "exchanging", "sharing", "exchange", "closer", "measures", "steps", "cooperation",
    "co-operation", "regular", "stepping", "withdrawal", "information", "intelligence"}
)  # fmt: skip
_PROMISE_GAP: Final = 5
_UNSURE: Final = NEGATIONS | FUTURE | MODAL | BE | {"to", "had"}


def find_promise(words: tuple[str, ...]) -> tuple[int, int] | None:
    """Find `agreed to` and what the agreed are to do together: where it stands, and where its clause ends."""
    for at, word in enumerate(words):
        if word not in RESOLVING or words[at - 1 : at] == ("not",):
            continue
        to = _promised(words, at)
        group = words[group_start(words, at) : at]
        if to is None or _UNSURE & set(group):
            continue
        end = to + 1
        while end < len(words) and words[end] not in BARRIERS and end - to < REACH:
            end += 1
        return (at, end) if not is_conditional(words, at) else None
    return None


def _promised(words: tuple[str, ...], at: int) -> int | None:
    """Give where it begins what was agreed to be done together: agreed in Lima to share, agreed on joint patrols."""
    for place in range(at + 1, min(len(words) - 1, at + 1 + _PROMISE_GAP)):
        word, after = words[place], words[place + 1]
        if word in BARRIERS:
            return None
        if word == "to" and after in _COMMON_ACTS:
            return place
        if (
            word in {"on", "upon"}
            and words[at] in AGREEING
            and _COMMON_THINGS & set(words[place + 1 : place + 3])
        ):
            return place
    return None


_CERTAIN: Final = frozenset({"sign", "initial", "ratify", "submit"})
_EMPTY: Final = frozenset({"conclude", "reach", "bargain"})
"""Acts whose denial means that there is no instrument."""


def _stage(trigger: Trigger, mode: str) -> Stage:
    if mode == "denied" and trigger.act.name in _EMPTY:
        return Stage.REJECTED
    return trigger.act.stages.get(mode, trigger.act.stages["done"])


def _choose(left: Step | None, right: Step | None) -> Step | None:
    """Take the act before the noun or the one behind it, or what the two say together."""
    if left is None or right is None:
        return left or right
    start, end = min(left.start, right.start), max(left.end, right.end)
    if left.quiet and right.soft and right.passive:  # condemned the approval of the pact that was reached
        right = replace(right, quiet=True)
    if left.act == "draft" and right.stage is Stage.NEGOTIATING:  # the draft of the pact is being worked out
        return replace(left, end=end, strength=right.strength)
    if left.strength == FRAMED or _is_lost(left, right):  # efforts to revive the deal collapsed
        framed = left.strength == FRAMED
        return replace(right, background=framed or right.background, soft=framed or right.soft, start=start)
    called_off = left.act in _SIGNING and right.act == "leave" and right.passive
    if called_off:  # the signing of the pact was called off
        right = replace(right, stage=Stage.SUSPENDED, start=start)
    aimed = left.act == "enter" and left.mode != "done"
    if (
        left.strength < right.strength
        or aimed
        or called_off
        or (left.act in _PRACTICE and right.stage is Stage.VIOLATED)
    ):
        return right
    if right.stage in {Stage.TO_BE_SIGNED, Stage.AWAITING_RATIFICATION}:
        going = left.stage is Stage.NEGOTIATING or (
            left.stage in _BEFORE_SIGNING and left.mode == "done" and right.stage is Stage.TO_BE_SIGNED
        )
        last = replace(left, next_stage=right.stage, end=end)
        return replace(right, start=left.start) if going else last
    return left


_BEFORE_SIGNING: Final = frozenset({Stage.AGREED, Stage.RATIFIED})
"""What was finalised, or approved by a cabinet, and is still to be signed."""


def _is_lost(left: Step, right: Step) -> bool:
    aimed = left.mode in {"tried", "purpose", "wanted", "hoped"}
    return aimed and right.stage is Stage.REJECTED and not right.passive


_VOID: Final = frozenset({"void", "dead", "invalid", "null", "nullified", "defunct"})
_VOID_REACH: Final = 6
_ENDED: Final = _VOID | {"terminated", "ended", "over", "finished", "lapsed"}


def _is_ended(view: _View, step: Step) -> bool:
    """Whether an instrument is said to be no more: declared the armistice void, considers the pact terminated."""
    after = view.words[view.phrase.end : view.phrase.end + _VOID_REACH]
    if step.act == "proclaim":
        return step.mode == "done" and bool(_VOID & set(after))
    failed = step.stage is Stage.REJECTED  # talks on it ended without result
    return step.act == "negotiate" and not failed and bool(_ENDED & set(after[:1]))


def _qualify(view: _View, step: Step) -> Step:
    """Let the noun phrase itself correct its act: work on a draft, no deal, a unilateral ceasefire."""
    phrase = view.phrase
    inside = view.words[phrase.start : phrase.head]
    if "draft" in inside and step.act == "negotiate":
        return replace(step, stage=Stage.DRAFTING)
    act = view.lexicon.acts.get(step.act)
    if act is None:
        return step
    if _is_ended(view, step):
        return replace(step, stage=Stage.WITHDRAWN, mode="done", act="leave")
    if step.stage is Stage.AGREED:
        return replace(step, stage=act.by_type.get(phrase.noun.type, step.stage))
    told = step.strength == PLAIN or not step.soft  # a relative clause in a question takes it as known
    told = told and (not step.passive or view.words[0] in _INVERTED)
    if step.question and step.mode == "done" and told:
        asked = _INVERTED & set(view.words[max(0, step.start - _ASKING_REACH) : step.start])
        mode = "planned" if asked & FUTURE else "hoped"
        return replace(step, mode=mode, stage=act.stages.get(mode, step.stage)) if asked else step
    return step


_ASKING_REACH: Final = 6
_INVERTED: Final = FUTURE | MODAL | HAVE | {"do", "does", "did", "is", "are"}


# --- what governs the noun from the left

_DOORS: Final = frozenset(
    {
        "including", "during", "regarding", "concerning", "following", "morning", "evening", "meeting", "beijing", "hearing",
        "gathering", "briefing", "training", "spring", "covering", "nothing", "something", "anything",
    }
)  # fmt: skip
_PREPOSITIONS: Final = frozenset(
    {
        "of", "on", "in", "at", "by", "for", "to", "from", "with", "under", "over", "into", "about", "upon",
        "toward", "towards", "against", "between", "through", "across", "within", "as", "via",
    }
)  # fmt: skip
_ADJECTIVAL: Final = frozenset(
    {
        "of", "in", "on", "at", "by", "for", "to", "from", "with", "under", "the", "a", "an", "its", "his", "her",
        "their", "our", "new", "any", "some",
    }
)  # fmt: skip
_DETERMINERS: Final = frozenset(
    {"the", "a", "an", "this", "its", "their", "his", "her", "of", "our", "no", "any", "my"}
)
_AFTER_HAVE: Final = frozenset({"now", "already", "also", "got", "only", "long"})
_NEAR_REACH: Final = 3
_MAX_COMMAS: Final = 2
_LONG_GERUND: Final = 5


def _left(view: _View) -> Step | None:
    """Find the act that governs the noun from the left, the nearest that grammar lets through."""
    phrase, words = view.phrase, view.words
    door = words[phrase.start - 1] if phrase.start else ""
    if _is_unknown_verb(view, door) or _opens_clause(view, door):
        return None
    links: set[str] = set()
    commas = 0
    for at in range(phrase.start - 1, max(-1, phrase.start - 1 - REACH), -1):
        word = words[at]
        if word in BARRIERS or commas > _MAX_COMMAS:
            return None
        commas += word == ","
        for trigger, end in view.lexicon.triggers_at(words, at):
            step = _govern(view, trigger, at, end, door=door, links=links) if end <= phrase.start else None
            if step is not None:
                cut = commas and not _lists(view, at) and not _is_inserted(words, at, phrase.start)
                return replace(step, strength=HINTED, quiet=True) if cut and step.strength == PLAIN else step
        apart = view.lexicon.split_at(words, at, phrase)
        if apart is not None and not _is_noun_here(view, at, apart[0]):
            return replace(_by_verb(view, apart[0], at), end=apart[1])
        if word in RELATIVE or word in SUBORDINATE or (word == "as" and words[at - 1] != "such"):
            return None
        links.add(word)
    return None


def _opens_clause(view: _View, door: str) -> bool:
    """Whether the noun is the subject of a clause of its own behind a comma: if they leave, a treaty could be had."""
    return door == "," and bool(_FINITE & set(view.words[view.phrase.end : view.phrase.end + 1]))


def _is_unknown_verb(view: _View, door: str) -> bool:
    """Whether a verb that nobody listed stands right before the noun: delaying the deal, to challenge the deal."""
    start = view.phrase.start
    gerund = door.endswith("ing") and len(door) > _LONG_GERUND and door not in _DOORS
    infinitive = (
        start > 1 and view.words[start - 2] == "to" and door.isalpha() and view.phrase.determiner != ""
    )
    if not gerund and not infinitive:
        return False
    handed = infinitive and view.lexicon.triggers_at(view.words, start - 3)  # submitted to parliament a pact
    return not handed and not view.lexicon.triggers_at(view.words, start - 1)


def _govern(view: _View, trigger: Trigger, at: int, end: int, *, door: str, links: set[str]) -> Step | None:
    """Read one trigger before the noun, None where it does not govern it."""
    phrase = view.phrase
    if trigger.form == "prep":
        blocked = end != phrase.start or _belongs_to_verb(view, at)
        return None if blocked else _by_preposition(view, trigger, at)
    if trigger.form == "noun":
        held = view.words[at] != "basis" and {"on", "over"} & set(view.words[max(0, at - 2) : at])
        if trigger.act.name == "apply" and held:
            return None  # agree on the terms of
        if trigger.act.name in _CLOSE:
            near = door in trigger.links and phrase.start - end <= _NEAR_NOUN and "," not in links
            fits = view.words[end] in trigger.links or (near and trigger.act.name != "draft")
        else:
            fits = bool(trigger.links & links) or (not links and "" in trigger.links)
        return _by_noun(view, trigger, at) if fits else None
    blocked = _is_noun_here(view, at, trigger) or not _reaches(view, trigger, (at, end), door)
    return None if blocked else _by_verb(view, trigger, at)


def _by_preposition(view: _View, trigger: Trigger, at: int) -> Step:
    """Read what stands under, close to or on the way to an instrument; not even close is a failure."""
    act, end = trigger.act, view.phrase.end
    if act.name == "apply":
        return Step(Stage.IN_FORCE, "framed", FRAMED, at, end, background=True, soft=True)
    if NEGATIONS & set(view.words[max(0, at - _NEAR_REACH) : at]):
        return Step(Stage.REJECTED, "failed", CLEAR, at, end, verb=at, act="reach")
    return Step(act.stages["done"], "done", CLEAR, at, end, verb=at, act=act.name)


_VERB_REACH: Final = 5


def _belongs_to_verb(view: _View, at: int) -> bool:
    """Whether a preposition is part of a verb before it: abide by the truce."""
    backs = range(1, min(at, _VERB_REACH) + 1)
    found = (hit for back in backs for hit in view.lexicon.triggers_at(view.words, at - back))
    return any(trigger.form not in {"noun", "prep"} and end > at for trigger, end in found)


def _is_near(view: _View, trigger: Trigger, end: int) -> bool:
    """Whether a verb of many uses acts on the noun: made a deal, and not made the deal better."""
    phrase = view.phrase
    return phrase.start - end <= _NEAR_REACH and (
        trigger.act.name == "apply"
        or phrase.determiner in {"a", "an", "any", "no", "some", "two", "several", ""}
    )


_NEEDS_REACH: Final = 14
_LEAVE: Final = frozenset({"leave", "leaves", "left", "leaving"})
_NEAR_NOUN: Final = 5
"""So many words may stand between a noun of an act and the instrument: the signing in Doha of a treaty."""
_CLOSE: Final = frozenset({"draft", "sign", "conclude", "ratify", "initial", "adopt"})
"""Acts whose noun stands right before its preposition: the draft of, not the draft text of."""


def _reaches(view: _View, trigger: Trigger, place: tuple[int, int], door: str) -> bool:
    """Whether a verb governs the noun: directly, by its own preposition, or through `a series of`."""
    (at, end), phrase = place, view.phrase
    if trigger.near and not _is_near(view, trigger, end):
        return False
    if trigger.needs and not trigger.needs & set(view.words[at : phrase.end + _NEEDS_REACH]):
        return False
    if view.words[at] in _LEAVE and phrase.end < len(view.words) and not _is_reduced(view.words, phrase.end):
        return False  # left the treaty without force
    direct = end == phrase.start or door not in _PREPOSITIONS or door in trigger.links
    return direct or view.words[phrase.start - 2] in view.lexicon.transparent


_INSERTING: Final = frozenset(
    {"with", "together", "along", "after", "in", "at", "on", "according", "he", "she", "despite", "as"}
)


def _is_inserted(words: tuple[str, ...], at: int, start: int) -> bool:
    """Whether two commas only enclose something between act and instrument: signed, together with Malta, the pact."""
    commas = [j for j in range(at, start) if words[j] == ","]
    return len(commas) == _PAIR_OF_COMMAS and commas[1] == start - 1 and words[commas[0] + 1] in _INSERTING


_PAIR_OF_COMMAS: Final = 2


def _lists(view: _View, start: int) -> bool:
    """Whether another instrument stands between the act and the comma: signed a letter of intent, a memorandum and a pact."""
    words = view.words
    comma = words.index(",", start)
    return any(view.lexicon.nouns.at(words, at) for at in range(start, comma)) and not (
        (BE | HAVE | FUTURE | MODAL) & set(words[comma : view.phrase.start])
    )


def _is_noun_here(view: _View, at: int, trigger: Trigger) -> bool:
    """Tell a verb form that is no verb here: the offer, Iran's demand, renewed fighting, have met."""
    words = view.words
    before = words[at - 1] if at else ""
    if trigger.form in {"past", "part"}:
        joined = before in {"and", "or"} and at > 1 and words[at - 2].endswith("ed")
        if before in _ADJECTIVAL or joined or before == "-":
            return True
    elif trigger.form in {"base", "s"}:
        owned = before.endswith(("'s", "s'")) and before not in BE
        counted = (
            trigger.form == "base" and at > 1 and words[at - 2] in {"a", "an"} and before not in AUXILIARIES
        )
        if owned or counted or before in _DETERMINERS:  # a prisoner exchange
            return True
    if words[at] == "got":
        return before in HAVE or before == "now"
    return words[at] in HAVE and at + 1 < view.phrase.start and words[at + 1] not in _AFTER_HAVE


_COMING: Final = frozenset(
    {
        "forward",
        "postponed",
        "postpones",
        "postpone",
        "postponing",
        "delayed",
        "delays",
        "deferred",
        "forthcoming",
        "upcoming",
        "imminent",
        "planned",
        "expected",
        "awaiting",
        "await",
        "awaits",
        "pending",
        "authorised",
        "authorized",
        "authorising",
        "authorizing",
    }
)
_CONTROLLED: Final = frozenset(
    {"sign", "conclude", "reach", "ratify", "negotiate", "leave", "suspend", "extend"}
)
_GIVEN: Final = frozenset({"gave", "given", "gives", "granted", "voted", "giving"})
_STALLED: Final = frozenset({"stalled", "delayed", "blocked"})
_THREATS: Final = frozenset({"threatened", "threatens", "threatening", "threat", "threaten"})
_REACTIONS: Final = frozenset(
    {
        "satisfaction", "welcomed", "welcome", "hailed", "congratulated", "praised", "regret", "anniversary",
        "importance", "since", "appreciation", "thanked", "thanks", "condemned", "condemn", "condemns", "criticised", "criticized", "deplored", "credit", "leadership",
    }
)  # fmt: skip
_WEIGHED: Final = frozenset(
    {
        "accept",
        "prevent",
        "avoid",
        "justify",
        "oppose",
        "reverse",
        "forestall",
        "accepting",
        "preventing",
        "avoiding",
    }
)
_HEADS: Final = frozenset(
    {"leaders", "ministers", "presidents", "sides", "secretaries", "countries", "chiefs"}
)
"""Who as several welcome a signing have a part in it."""
_OBJECTIONS: Final = frozenset({"call", "called", "calling", "urged", "suspend", "halt", "cancel", "scrap"})


def _by_noun(view: _View, trigger: Trigger, at: int) -> Step:
    """Read a noun of an act: the signing of, talks on, violations of."""
    words, act = view.words, trigger.act.name
    before = set(words[max(0, at - 5) : at])
    if ("put", "off") in pairwise(words[max(0, at - 5) : at]):
        before.add("postponed")
    mode = _noun_mode(view, trigger, at, before)
    asked = "consent" in words[max(0, at - 3) : at] and not _GIVEN & set(words[max(0, at - 10) : at])
    if act == "ratify" and (before & _STALLED or asked):
        mode = "planned"
    if act == "negotiate" and mode == "done" and _INTENT & set(words[max(0, at - _INTENT_REACH) : at]):
        mode = "planned"
    stage = _stage(trigger, mode)
    off = ("called", "off") in pairwise(words[max(0, at - 4) : at])
    outcome = _outcome(view, at) if act == "negotiate" and (mode == "done" or off) else None
    if outcome is not None:
        stage, mode = outcome
    if act == "call" or is_conditional(words, at):
        mode = "hoped"
    if act == "conclude" and mode == "planned" and _EARLY & set(words[max(0, at - 2) : at]):
        mode = "hoped"
        stage = _stage(trigger, mode)
    if act == "violate" and mode == "done" and _is_charged(view, at):
        act = "accuse"
    refusal = _refusal(view, at) if act in {"propose", "call"} else None
    if refusal is not None:
        return refusal
    reacted = bool(before & _REACTIONS) and not (act in _DATED_ACTS and _HEADS & set(words[:at]))
    reacted = reacted or bool(_WEIGHED & set(words[max(0, at - 4) : at]))
    quiet = act == "react" or words[at] == "differences" or reacted
    quiet = quiet or (act in {"propose", "negotiate"} and bool(before & _OBJECTIONS) and outcome is None)
    return Step(stage, mode, CLEAR, at, view.phrase.end, verb=at, act=act, quiet=quiet)


_CHARGE_REACH: Final = 3
_ACTING_REACH: Final = 30
_PRESENT: Final = frozenset({"has", "have", "is", "are"})


def _is_charged(view: _View, at: int) -> bool:
    """Whether what is done now is said to break the instrument: have moved tanks there in open breach of the pact."""
    words = view.words
    place = next((k for k in range(at - 1, max(0, at - 1 - _CHARGE_REACH), -1) if words[k] == "in"), None)
    if (
        place is None
        or view.phrase.noun.type is InstrumentType.CONVENTION
        or words[place - 1] in BE | NEGATIONS
    ):
        return False
    return bool(_PRESENT & set(words[max(0, place - _ACTING_REACH) : place])) and not NEGATIONS & set(
        words[place:at]
    )


_EARLY: Final = frozenset({"early", "speedy", "swift", "prompt", "expeditious", "timely", "rapid", "quick"})
"""Before a conclusion these make it a wish: looked forward to the early conclusion of."""
_INTENT: Final = frozenset({"intention", "intent", "intends", "intend", "intended"})
_INTENT_REACH: Final = 6
_REFUSAL_REACH: Final = 5


def _refusal(view: _View, at: int) -> Step | None:
    """Read the verb that turns an offer of an instrument down: rejected an offer of a pact, calls for a truce."""
    words = view.words
    for back in range(at - 1, max(-1, at - 1 - _REFUSAL_REACH), -1):
        if words[back] in BARRIERS or words[back] == ",":
            return None
        if words[back] in {"dismissed", "dismisses"}:
            return Step(Stage.REJECTED, "done", PLAIN, back, view.phrase.end, verb=back, act="reject")
        for trigger, _ in view.lexicon.triggers_at(words, back):
            if trigger.act.name == "reject" and trigger.form not in {"noun", "prep"}:
                meaning = read_verb(words, back, trigger.form, view.lexicon.controllers)
                if meaning.mode not in {"done", "ongoing"} or _is_noun_here(view, back, trigger):
                    return None
                return Step(
                    Stage.REJECTED,
                    "done",
                    PLAIN,
                    meaning.start,
                    view.phrase.end,
                    verb=back,
                    act="reject",
                    background=meaning.background,
                )
    return None


_COMPLETED: Final = frozenset(
    {
        "completed",
        "concluded",
        "finished",
        "finalised",
        "finalized",
        "complete",
        "conclude",
        "wrapped",
        "closed",
    }
)
_BROKEN: Final = frozenset(
    {
        "collapse", "collapsed", "collapses", "collapsing", "failed", "fail", "foundered", "fell", "abandoned",
        "failure", "breakdown", "abandon", "scrapped",
    }
)  # fmt: skip
_BREAKING: Final = frozenset({("broke", "off"), ("broken", "off"), ("broke", "down"), ("broken", "down"), ("break", "off"),
    ("called", "off"), ("walked", "out"), ("breaks", "down"), ("breaks", "off"), ("broke", "up")})  # fmt: skip


def _outcome(view: _View, at: int) -> tuple[Stage, str] | None:
    """Tell how talks on an instrument ended, None where they go on or nothing is said."""
    words, end = view.words, view.phrase.end
    before = words[max(0, at - 4) : at]
    if _COMPLETED & set(before) and not (FUTURE | MODAL | NEGATIONS | {"to"}) & set(
        words[max(0, at - 8) : at]
    ):
        return Stage.AGREED, "done"
    after: list[str] = []
    for word in words[end : end + 12]:
        if word in BARRIERS or word in SUBORDINATE or word in {",", "but"} or word in RELATIVE:
            break
        after.append(word)
    if (FUTURE | MODAL | NEGATIONS | {"to", "if"}) & {*before, *after} - {"without"}:
        return None
    pairs = {*pairwise(before), *pairwise(after)}
    empty = "without" in after and bool({"agreement", "result", "success", "deal", "accord"} & set(after))
    if _BROKEN & set(before[-3:]) or _BROKEN & set(after) or _BREAKING & pairs or empty:
        return Stage.REJECTED, "failed"
    return None


def _noun_mode(view: _View, trigger: Trigger, at: int, before: set[str]) -> str:
    words, act = view.words, trigger.act.name
    if before & _COMING:
        return "planned"
    if act in {"leave", "suspend"} and _THREATS & set(words[max(0, at - 14) : at]):
        return "threatened"
    control = controller_of(words, at, view.lexicon.controllers, 6 if act == "ratify" else 4)
    if control == "denied":
        return control
    if act in _SIGNING and control == "planned" and _is_announced(words, at):
        control = None
    if act in _CONTROLLED and control in {"planned", "wanted", "hoped", "refused", "failed", "threatened"}:
        return "done" if act == "negotiate" and control == "planned" else control
    if {"no", "not", "without"} & set(words[max(0, at - 3) : at]):
        return "denied" if act == "belong" else "failed"
    return "planned" if act in _SIGNING and _is_ahead(view, at) else "done"


def _is_announced(words: tuple[str, ...], at: int) -> bool:
    """Whether it is announced as done: announced the conclusion of."""
    return bool(_ANNOUNCED & set(words[max(0, at - 4) : at])) and not FUTURE & set(words[max(0, at - 6) : at])


_ANNOUNCED: Final = frozenset({"announced", "announce", "announces", "announcing"})
_SIGNING: Final = frozenset({"sign", "initial", "conclude"})
_TO_COME: Final = frozenset(
    {"expected", "due", "scheduled", "arrive", "arrives", "travels", "flies", "heads", "next"}
)
_SCHEDULED: Final = frozenset({"planned", "scheduled", "slated", "due", "expected", "will"})
_OCCASION: Final = frozenset({"for", "at", "to", "attend", "witness", "before", "ahead", "until", "pending"})


def _is_ahead(view: _View, at: int) -> bool:
    """Whether a signing is still to come: expected on Friday for the signing of, the signing of X is planned."""
    words, end = view.words, view.phrase.end
    low = max((k + 1 for k in range(at) if words[k] in BARRIERS or words[k] in {",", '"', "”"}), default=0)
    if {"will", "coincide"} & set(words[low:at]):
        return True
    if _OCCASION & set(words[max(0, at - 3) : at]) and _TO_COME & set(words[max(0, at - 14) : at]):
        return True
    for word in words[end : end + 8]:
        if word in BARRIERS or word in SUBORDINATE or word in RELATIVE or word == ",":
            return False
        if word in _SCHEDULED:
            return True
    return False


def _by_verb(view: _View, trigger: Trigger, at: int) -> Step:
    phrase, words, act = view.phrase, view.words, trigger.act.name
    meaning = read_verb(words, at, trigger.form, view.lexicon.controllers)
    mode = _verb_mode(view, trigger, at, meaning)
    stage, act = _verb_stage(view, trigger, at, meaning, mode)
    asked_of = mode == "wanted" and _is_asked_of(words, meaning.start)
    urged = asked_of and bool(_URGING & set(words[max(0, meaning.start - _VERB_REACH) : meaning.start]))
    if urged and act in _EXITS:  # who urges others to leave it says that it stands
        return Step(Stage.IN_FORCE, "ongoing", PLAIN, meaning.start, phrase.end, verb=at, act="apply")
    if act == "call" or (asked_of and (act in _EXITS or _are_others(words, meaning.start))):
        mode = "hoped"
    if (
        act == "call"
        and words[at] in _FORESEEING
        and NEGATIONS & {*words[meaning.start : at], *words[max(0, meaning.start - 2) : meaning.start]}
    ):
        return Step(Stage.NEGOTIATING, "denied", PLAIN, meaning.start, phrase.end, verb=at, act=act)
    if mode == "wanted" and act in _EXITS:
        mode = "threatened"  # who wants to leave has not left
    if mode == "done" and act in {"leave", "violate"} and _is_accused(words, at):
        stage, act = Stage.VIOLATED, "accuse"
    before = set(words[max(0, meaning.start - 8) : meaning.start])
    praised = trigger.form == "ing" and bool(_REACTIONS & before)
    stopped = mode == "tried" and bool(_OBJECTIONS & before)
    reported = meaning.background and mode in _REAL and _is_reported(words, meaning.start, at)
    reported = reported or "just" in words[meaning.start : at]
    recent = (
        mode == "done"
        and "recently" in words[max(0, meaning.start - 4) : at]
        and not HAVE & set(words[meaning.start : at])
    )
    return Step(
        stage,
        mode,
        PLAIN,
        meaning.start,
        phrase.end,
        verb=at,
        act=act,
        background=(meaning.background and not reported) or recent,
        soft="had" not in words[max(0, meaning.start - 12) : at],
        quiet=act == "react" or stopped or praised,
    )


_FORESEEING: Final = frozenset(
    {"expect", "expects", "expected", "expecting", "foresee", "foresees", "foresaw", "anticipate"}
)
"""Who does not expect an agreement says that there is none yet."""
_ACCUSED: Final = frozenset({"accused", "accuses", "accusing", "accuse"})
_ACCUSED_REACH: Final = 12


def _is_accused(words: tuple[str, ...], at: int) -> bool:
    """Whether somebody now says of another that he broke it: accused Chad of tearing up the pact."""
    if words[at - 1] not in {"of", "and"}:
        return False
    for back in range(at - 1, max(-1, at - _ACCUSED_REACH), -1):
        if words[back] in BARRIERS:
            return False
        if words[back] in _ACCUSED:
            return not ({"had", "been", "not", "never"} & set(words[max(0, back - 2) : back]))
    return False


def _verb_mode(view: _View, trigger: Trigger, at: int, meaning: Meaning) -> str:
    """Say how an act on an instrument is meant, by its verb, its object and what stands over it."""
    words, phrase, act = view.words, view.phrase, trigger.act.name
    pending = {"yet", "to"} <= set(words[meaning.start : at])  # have yet to sign
    if "no" in words[phrase.start : phrase.head] or (pending and act in _EMPTY):
        return "failed" if act in _EMPTY or act == "negotiate" else "denied"
    undated = meaning.mode == "planned" and ("no", "date") in pairwise(words[max(0, at - 10) : at])
    if pending or undated:
        return "denied"
    wished = meaning.mode == "done" and _is_wished(words, meaning.start, trigger.form)
    return "hoped" if wished else meaning.mode


_TEXTS: Final = frozenset({"text", "texts", "wording", "terms"})


def _verb_stage(view: _View, trigger: Trigger, at: int, meaning: Meaning, mode: str) -> tuple[Stage, str]:
    """Give the stage that a verb leads to, and the act that it is: to have a deal is to have reached it."""
    words, phrase, act = view.words, view.phrase, trigger.act.name
    group = set(words[meaning.start : at])
    stage = _stage(trigger, mode)
    if (
        mode == "hoped"
        and trigger.form in {"past", "part"}
        and group & HAVE
        and not group & (FUTURE | MODAL | {"to"})
    ):
        stage = _stage(trigger, "done")  # would not say whether they had signed
    if act == "apply" and "no" in words[phrase.start : phrase.head]:
        stage = Stage.UNKNOWN
    elif (
        act == "apply"
        and words[at] in HAVE
        and words[phrase.head] == "deal"
        and phrase.determiner in {"a", ""}
    ):
        stage, act = Stage.AGREED, "reach"
    elif act == "apply" and words[at] in HAVE and mode in {"hoped", "wanted", "purpose", "planned"}:
        stage, act = Stage.PROPOSED, "call"  # they ought to have a treaty
    elif act == "ratify" and mode == "done" and _TEXTS & set(words[at : phrase.start]):
        stage = Stage.AGREED  # the delegations approved the text of the treaty
    elif act == "react" and (FUTURE | MODAL) & group:
        stage, act = Stage.PROPOSED, "call"
    elif act in _EMPTY and {"yet", "to"} <= group:
        stage = Stage.NEGOTIATING
    elif act in {"bargain", "conclude"} and mode == "planned":
        agreed = AGREEING & set(words[max(0, meaning.start - 3) : at])
        stage = Stage.NEGOTIATING if agreed else stage
    return stage, act


_SAID: Final = frozenset(
    {
        "said",
        "told",
        "announced",
        "reported",
        "confirmed",
        "declared",
        "disclosed",
        "revealed",
        "stated",
        "added",
        "informed",
    }
)
_SAID_REACH: Final = 16


def _is_reported(words: tuple[str, ...], start: int, at: int) -> bool:
    """Whether a past perfect only shifts what was said back: said that they had signed."""
    if "had" not in words[start:at]:
        return False
    for back in range(start - 1, max(-1, start - _SAID_REACH), -1):
        word = words[back]
        if word in BARRIERS or word in SUBORDINATE or word in {"which", "who", "where", "as"}:
            return False
        if word in _SAID:
            return words[back - 1 : back] not in {("had",), ("was",), ("as",)}
    return False


_OWN_WILL: Final = frozenset(
    {"want", "wants", "wanted", "wish", "wishes", "wished", "ready", "prepared", "willing", "like", "keen", "threatens", "threatened",
    "considering", "consider", "considers", "proposed", "propose", "proposes", "proposal", "offer", "offered", "offers", "desire"}
)  # fmt: skip


def _is_asked_of(words: tuple[str, ...], start: int) -> bool:
    """Whether somebody else is to do it: wants the cabinet to leave the pact, urged Malta to leave it."""
    return not _OWN_WILL & set(words[max(0, start - 2) : start])


_URGING: Final = frozenset(
    {
        "urge",
        "urges",
        "urged",
        "urging",
        "call",
        "calls",
        "called",
        "calling",
        "appealed",
        "asked",
        "pressed",
        "encouraged",
        "encourages",
        "invited",
    }
)
_BOTH_SIDES: Final = frozenset({"both", "two", "parties", "sides"})


def _are_others(words: tuple[str, ...], start: int) -> bool:
    """Whether both sides are asked, so that who asks is neither: urged Chad and Sudan to sign."""
    for at in range(start - 1, max(-1, start - _SAID_REACH), -1):
        if words[at] in BARRIERS:
            return False
        if words[at] in _URGING:
            between = set(words[at:start])
            return "and" in between or bool(_BOTH_SIDES & between)
    return False


_WISHES: Final = frozenset(
    {
        "demand", "demanded", "demands", "demanding", "urge", "urged", "urges", "insist", "insisted", "insists", "ask",
        "asked", "recommend", "recommended", "suggest", "suggested", "call", "called", "propose", "proposed", "requested",
    }
)  # fmt: skip


def _is_wished(words: tuple[str, ...], start: int, form: str) -> bool:
    """Whether the clause only says what somebody wants: demanded that Kenya cancel its pact."""
    if form != "base":
        return False
    opening = words[max(0, start - 10) : start]
    return "that" in opening and bool(_WISHES & set(opening[: opening.index("that")]))


# --- what follows the noun

_AFTER_PARTICIPLE: Final = frozenset(
    {
        "by", "in", "on", "at", "between", "with", "last", "this", "earlier", "after", "under", "during", "from",
        "here", "today", "yesterday", "to", "and", "among", "before", "through", "two", "three", "monday", "tuesday",
        "wednesday", "thursday", "friday", "saturday", "sunday", "early", "late", "recently", "as", "for", "upon",
        "out", "over", "up", "since", "when", "but", "jointly", "only",
    }
)  # fmt: skip
_PREDICATES: Final = frozenset(
    {
        "but", "or", "said", "saying", "says", "contains", "contain", "provides", "provide", "covers", "cover",
        "includes", "include", "requires", "require", "allows", "allow", "stipulates", "gives", "makes", "marks",
        "means", "represents", "creates", "relates", "states", "bars", "calls", "obliges", "commits",
    }
)  # fmt: skip
"""After these no passive of the instrument can follow."""
_UNITED: Final = frozenset({"united", "member", "gulf", "arab", "baltic", "two", "both"})
"""Before `states` these make it a noun."""
_SUBJECTS: Final = frozenset(
    {
        "have",
        "the",
        "we",
        "they",
        "he",
        "she",
        "it",
        "i",
        "you",
        "both",
        "president",
        "his",
        "her",
        "their",
        "its",
        "our",
        "two",
    }
)
_NEAR_PARTICIPLE: Final = 2
_RELATIVE_REACH: Final = 14


def _right(view: _View) -> Step | None:
    """Find the act that follows the noun: a participle, a passive, a relative clause, a verb of which it is the subject."""
    words, end = view.words, view.phrase.end
    aside: Step | None = None
    for at in range(end, min(len(words), end + REACH + 12)):
        word = words[at]
        if word in BARRIERS:
            return aside
        subject = view.lexicon.subject_verbs.at(words, at)
        if subject and words[at - 1] not in {"the", "a"}:
            return _by_subject(view, subject[0], at, subject[1])
        for trigger, after in view.lexicon.triggers_at(words, at):
            step = _follow(view, trigger, at, after)
            if step is None:
                continue
            if not _is_aside(words, step, end):
                unbroken = step.act == "violate" and step.mode != "done"
                weak = step.strength < PLAIN or step.act == "react" or unbroken
                return aside if aside is not None and weak else step
            aside = aside or step
        predicate = word in _PREDICATES and words[at - 1] not in _UNITED
        if word in SUBORDINATE or predicate or (word == "that" and at > end):
            return aside
        if word in _FINITE and not _leads_to_act(view, at):
            return aside
    return aside


def _is_aside(words: tuple[str, ...], step: Step, end: int) -> bool:
    """Whether an act stands in a relative clause or is a participle: the main clause may still follow."""
    if step.strength < PLAIN or step.verb is None:
        return True
    group = group_start(words, step.verb)
    return group > end and words[group - 1] in RELATIVE


_FINITE: Final = BE | HAVE | FUTURE | MODAL


def _leads_to_act(view: _View, at: int) -> bool:
    """Whether a finite verb opens the group of an act; else the instrument has another predicate: the pact is old."""
    ahead = range(at + 1, min(len(view.words), at + 6))
    return any(
        view.lexicon.triggers_at(view.words, j) or view.lexicon.subject_verbs.at(view.words, j) for j in ahead
    )


def _follow(view: _View, trigger: Trigger, at: int, after: int) -> Step | None:
    """Read one trigger behind the noun, None where the noun is not what it acts on."""
    phrase, words, act = view.phrase, view.words, trigger.act.name
    if trigger.near or trigger.form not in {"past", "part", "base"}:
        return None
    if trigger.needs and not trigger.needs & set(words[after : after + _NEEDS_REACH]):
        return None
    if trigger.form != "base":
        group = group_start(words, at)
        auxiliaries = set(words[group:at])
        if auxiliaries & (BE | {"to"}):
            meaning = read_verb(words, at, trigger.form, view.lexicon.controllers)
            relative = group > 0 and words[group - 1] in RELATIVE
            shifted = meaning.background and meaning.mode in _REAL and _is_reported(words, group, at)
            background = (meaning.background and not shifted) or (relative and meaning.mode == "done")
            mode = meaning.mode
            if "no" in words[phrase.start : phrase.head] and mode == "done":
                mode = "failed" if act in _EMPTY else "denied"
                background = False
            pending = mode == "failed" and "yet" in words[phrase.end : at + 4]
            return Step(
                Stage.NEGOTIATING if pending else _stage(trigger, mode),
                mode,
                PLAIN,
                phrase.start,
                after,
                verb=at,
                act=act,
                background=background,
                soft="had" not in auxiliaries,
                passive=True,
            )
        close = at - phrase.end <= _NEAR_PARTICIPLE or words[at - 1] in {",", ")"}
        if close and not auxiliaries & (HAVE | FUTURE) and _is_reduced(words, after):
            return _reduced(view, trigger, at, after)
    if not _in_relative(view, phrase.end, at):
        return None
    meaning = read_verb(words, at, trigger.form, view.lexicon.controllers)
    return Step(
        _stage(trigger, meaning.mode),
        meaning.mode,
        CLEAR,
        phrase.start,
        after,
        verb=at,
        act=act,
        background=meaning.mode == "done",
        soft=True,
    )


def _reduced(view: _View, trigger: Trigger, at: int, after: int) -> Step:
    """Read a participle behind the noun: the pact signed in May; no pact signed with Moscow is a denial."""
    phrase = view.phrase
    denied = "no" in view.words[phrase.start : phrase.head]
    mode = "denied" if denied else "done"
    return Step(
        _stage(trigger, mode),
        mode,
        CLEAR,
        phrase.start,
        after,
        verb=at,
        act=trigger.act.name,
        background=not denied,
        soft=not denied,
        passive=True,
    )


def _is_reduced(words: tuple[str, ...], end: int) -> bool:
    """Whether a past form after the noun is a participle (the pact signed in May) and no verb with an object (the pact ended a war)."""
    after = words[end] if end < len(words) else "."
    return after in _AFTER_PARTICIPLE or not after[0].isalpha()


_SIDES: Final = 7
_SIDE_WORDS: Final = frozenset({"with", "between", "and", "the"})


def _in_relative(view: _View, start: int, at: int) -> bool:
    """Whether a relative clause with a subject of its own opens right after the noun: the pact (that) we, Malta signed."""
    words = view.words
    first = start
    if words[start : start + 1] in {("with",), ("between",)}:  # the pact with Malta, which Tunis signed
        while first < min(at, start + _SIDES) and (view.names[first] or words[first] in _SIDE_WORDS):
            first += 1
        first = first if words[first : first + 2] == (",", "which") else start
    first += words[first : first + 2] == (",", "which")
    between = words[first:at]
    if not between or len(between) > _RELATIVE_REACH or "," in between:
        return False
    if between[0] in {"that", "which"}:
        return len(between) > 1 and between[1] not in (BE | HAVE | FUTURE | MODAL)
    named = view.names[first] and view.words[first].isalpha() and between[0] not in WEEKDAYS
    return between[0] in _SUBJECTS or (named and not view.capitals and not _FINITE & set(between[1:-1]))


_ENTERED: Final = frozenset(
    {
        "entered",
        "came",
        "took",
        "went",
        "enters",
        "comes",
        "takes",
        "goes",
        "becomes",
        "became",
        "come",
        "taken",
        "gone",
    }
)


_CONSENT: Final = frozenset({"ratified", "ratify", "ratification", "approved", "approve", "approval"})


_POSSIBLE: Final = frozenset(
    {"likely", "unlikely", "possibility", "possible", "conceivable", "desirable", "option", "needed", "necessary",
    "essential", "overdue", "unthinkable", "prospect"}
)  # fmt: skip


_FAR: Final = frozenset({"off", "away", "elusive", "eludes", "eluded"})
"""A treaty that is far off is not there."""


def _by_subject(view: _View, stage: Stage, at: int, end: int) -> Step:
    words, start = view.words, view.phrase.start
    group = set(words[group_start(words, at) : at])
    mode = "done"
    if group & NEGATIONS or (NEGATIONS | _FAR) & set(words[at:end]):
        mode = "denied"
    elif group & FUTURE or "to" in group:
        mode = "planned"
    elif group & MODAL or (
        words[at].endswith("s") and {"when", "before", "until"} & set(words[max(0, start - 2) : start])
    ):
        mode = "hoped"
    if _POSSIBLE & set(words[at:end]):
        mode = "hoped"
    entered = words[at] in _ENTERED and not SUBORDINATE & set(words[max(0, start - 2) : start])
    if stage is Stage.IN_FORCE and mode == "planned" and _CONSENT & set(words[end : end + REACH]):
        stage = Stage.AWAITING_RATIFICATION  # will take effect once the parliaments have ratified it
    act = "enter" if stage is Stage.IN_FORCE and mode == "done" and entered else ""
    return Step(stage, mode, CLEAR, start, end, verb=at, act=act, background="had" in group)


# --- the noun phrase alone


def _follower(view: _View) -> Step | None:
    """Read the noun that the instrument only qualifies: ceasefire talks, a truce offer, treaty violations."""
    phrase, words = view.phrase, view.words
    if phrase.end != phrase.tail or phrase.end >= len(words):
        return None
    hit = view.lexicon.followers.at(words, phrase.end)
    return Step(hit[0], "done", CLEAR, phrase.start, hit[1]) if hit else None


_PARTING: Final = frozenset(
    {
        "end", "ended", "ends", "ending", "concluded", "conclude", "closed", "closing", "finished", "adjourned", "broke",
        "up", "off", "parted", "left", "dispersed", "returned", "wound", "separated", "departed", "home", "failed",
    }
)  # fmt: skip


def _without(view: _View) -> Step | None:
    """Read talks that brought none: ended without agreement, adjourned without having reached a deal."""
    phrase, words = view.phrase, view.words
    low = max(0, phrase.start - 5)
    near = words[low : phrase.start]
    if "without" not in near or phrase.determiner not in {"", "a", "an", "any"}:
        return None
    place = low + near.index("without")
    if not _PARTING & set(words[max(0, place - _NEEDS_REACH) : place]) or BARRIERS & set(
        words[place : phrase.start]
    ):
        return None
    return Step(Stage.REJECTED, "failed", CLEAR, place, phrase.end, verb=place, act="reach")


_NO_REACH: Final = 3


def _bare(view: _View) -> Step:
    """Read an instrument with which nothing is done: draft, proposed, no deal; else it is there already."""
    phrase, words = view.phrase, view.words
    span = (phrase.start, phrase.end)
    for at in range(phrase.start, phrase.head):
        hit = view.lexicon.modifiers.at(words, at)
        if hit:
            mode = "hoped" if hit[0] is Stage.PROPOSED else "done"  # a possible accord is nobody's step
            return Step(hit[0], mode, HINTED, *span)
    if words[phrase.start] == "no" and phrase.head - phrase.start <= _NO_REACH:
        stage = Stage.NEGOTIATING if "yet" in words[phrase.end : phrase.end + 3] else Stage.REJECTED
        mode = "denied" if "such" in words[span[0] : phrase.head] else "failed"
        if stage is Stage.REJECTED and _is_there_none(view):
            return Step(Stage.SIGNED, "denied", CLEAR, *span)
        return Step(stage, mode, CLEAR, *span)
    if _is_denied_tale(view):
        return Step(Stage.SIGNED, "denied", CLEAR, *span)
    after = words[phrase.end : phrase.end + 2]
    would = after[:1] in {("that",), ("which",)} and after[1:] in {("would",), ("could",), ("might",)}
    would = would or _is_imagined(words, phrase.end) or words[phrase.start - 1 : phrase.start] == ("without",)
    before = set(words[max(0, phrase.start - 5) : phrase.start])
    if phrase.determiner in {"a", "an", "any", ""} and (
        would or ("there" in before and before & (FUTURE | MODAL))
    ):
        return Step(Stage.PROPOSED, "hoped", HINTED, *span)
    return Step(Stage.IN_FORCE, "hoped" if is_conditional(words, phrase.start) else "done", BARE, *span)


_HIDDEN: Final = frozenset({"secret", "hidden", "unwritten", "clandestine", "undisclosed"})
_PAPERS: Final = frozenset(
    {
        InstrumentType.MOU,
        InstrumentType.TREATY,
        InstrumentType.PROTOCOL,
        InstrumentType.PACT,
        InstrumentType.CONVENTION,
    }
)


_TALE_REACH: Final = 3
_RUMOURS: Final = frozenset(
    {"report", "reports", "rumour", "rumours", "rumor", "rumors", "claims", "allegations", "suggestions"}
)


def _is_denied_tale(view: _View) -> bool:
    """Whether only tales of the instrument are denied: denied reports of a secret pact."""
    words, start = view.words, view.phrase.start
    tale = next((k for k in range(start - 1, max(0, start - _TALE_REACH), -1) if words[k] in _RUMOURS), None)
    if tale is None or view.phrase.determiner not in {"a", "an", "any", ""}:
        return False
    return any(view.lexicon.denials.at(words, k) for k in range(max(0, tale - _TALE_REACH), tale + 1))


def _is_there_none(view: _View) -> bool:
    """Whether it is denied that there is an instrument at all, where `there is no deal` says that talks brought none."""
    phrase, words = view.phrase, view.words
    exists = "there" in words[max(0, phrase.start - 3) : phrase.start]
    return exists and (phrase.noun.type in _PAPERS or bool(_HIDDEN & set(words[phrase.start : phrase.head])))


def _is_imagined(words: tuple[str, ...], end: int) -> bool:
    """Whether the verb of which an instrument is the subject is a mere may-be: a pact with Malta would alarm them."""
    for word in words[end : end + _RELATIVE_REACH]:
        if word in {"would", "could", "might"}:
            return True
        if word in BARRIERS or word in _FINITE or word in RELATIVE or word in SUBORDINATE or word == ",":
            return False
    return False


# --- when

_UNDATED: Final = (
    RELATIVE | SUBORDINATE | {"based", "described", "where", "but", "as", ";", "replacing", "superseding", "updating",
    "succeeding", "amending", "reviving"}
)  # fmt: skip
"""A date behind these dates something else."""
_ERAS: Final = frozenset({"tenure", "term", "presidency", "career", "reign", "rule"})
_SEASONS: Final = frozenset({"spring", "summer", "autumn", "winter", "fall"})
_SPANS: Final = frozenset({"years", "months", "decades"})
_FUTURE_STAGES: Final = frozenset(
    {Stage.PROPOSED, Stage.TO_BE_SIGNED, Stage.AWAITING_RATIFICATION, Stage.UNKNOWN}
)


_MEANT: Final = frozenset({"done", "ongoing", "planned", "denied", "refused", "failed"})
_DATED_ACTS: Final = frozenset({"sign", "conclude", "enter", "ratify", "initial"})


def _age(view: _View, step: Step, clause: Clause) -> Step:
    """Mark a step as background where the words date it weeks before the report, and as fresh where they date it now."""
    sentence, day = clause.sentence, clause.day
    low, high = _dated_words(view, step)
    first, last = sentence.tokens[low].start, sentence.tokens[high - 1].end
    inside = (sentence.tokens[view.phrase.start].start, sentence.tokens[view.phrase.end - 1].end)
    old, fresh, dated, since = _is_recalled(view, step), False, None, None
    for found in clause.dates:
        opening = found.start < clause.opening and step.start < _OPENING_REACH
        if not (first <= found.start < last or opening):
            continue
        if since is not None and since > inside[1] and not fresh:
            break  # signed last year, opened a bridge on Monday
        if _is_old(found, day) and _is_in_aside(view, step, clause, found.start):
            continue
        if _is_old(found, day):
            plain = step.strength == PLAIN or step.act == "accuse"
            names = inside[0] <= found.start < inside[1] and plain and step.mode in _MEANT
            old = old or not (names and not step.passive)  # denounced the 2003 treaty
            since = found.start
        elif _is_fresh(found, step) and not inside[0] <= found.start < inside[1]:
            fresh, dated = True, dated or found.value
    words = view.words[low:high]
    old = old or any(
        (word in {"last", "past", "recent"} and _SPANS & set(words[at + 1 : at + 3]))
        or (word == "last" and _SEASONS & set(words[at + 1 : at + 2]))
        for at, word in enumerate(words)
    )
    ago = _is_ago(view.words, min(step.start, view.phrase.start), high)
    if not fresh and _is_carried_out(view, step, clause):
        return replace(step, stage=Stage.SIGNED, mode="done", background=True, soft=False)
    if (ago or (old and not fresh)) and step.stage not in _FUTURE_STAGES:
        return replace(step, background=True, soft=False)
    return _refresh(step, dated) if fresh else replace(step, dated=dated)


def _refresh(step: Step, dated: str | None) -> Step:
    """Take a step as new that words date now: welcomed the entry into force today, the pact signed on Monday."""
    quiet = step.quiet and step.act not in _DATED_ACTS
    background = step.background and (step.strength < CLEAR or step.stage is Stage.EXPIRED)
    return replace(step, quiet=quiet, background=background, dated=dated)


def _is_in_aside(view: _View, step: Step, clause: Clause, start: int) -> bool:
    """Whether a date stands in a relative clause between an instrument and its verb: which replaces one of 1995."""
    end = view.phrase.end
    if step.verb is None or step.verb <= end or not start < clause.sentence.tokens[step.verb].start:
        return False
    opened = view.words[end : end + 1] == (",",) and view.words[end + 1 : end + 2] in {("which",), ("that",)}
    return opened and start > clause.sentence.tokens[end].start


def _is_carried_out(view: _View, step: Step, clause: Clause) -> bool:
    """Whether a purpose lies in the past and was met: in 1984 she flew there to sign the pact."""
    start = clause.sentence.tokens[step.start].start
    dated = any(_is_old(found, clause.day) and found.start < start for found in clause.dates)
    ahead = ((FUTURE | MODAL | HAVE | {"is", "are"}) - {"may"}) & set(view.words[: step.start])
    return step.act == "sign" and step.mode == "purpose" and dated and not ahead


_LONG_AGO: Final = frozenset(
    {"weeks", "months", "years", "decades", "month", "year", "decade", "century", "centuries"}
)
_BACK: Final = 14


def _is_ago(words: tuple[str, ...], start: int, end: int) -> bool:
    """Whether words put a step weeks back: three years ago, two months after they signed, since they signed."""
    for at in range(max(0, start - _BACK), min(len(words), end)):
        word = words[at]
        span = bool(_LONG_AGO & set(words[max(0, at - 1) : at]))
        if word in {"ago", "earlier"} and span:
            return True
        if word == "after" and span and at < start:
            return True
        if (
            word == "since"
            and start - at <= _SINCE
            and at < start
            and words[at + 1] not in {"monday", "tuesday"}
        ):
            return True
    return False


_SINCE: Final = 5


def _dated_words(view: _View, step: Step) -> tuple[int, int]:
    words, phrase = view.words, view.phrase
    end = max(step.end, phrase.end)
    last = end
    while last < min(len(words), end + 14) and words[last] not in _UNDATED:
        if last > end and view.lexicon.nouns.at(words, last):
            break  # what follows dates another instrument
        if words[last] == "and" and last > phrase.end + 1 and view.names[last + 1 : last + 2] != (True,):
            break
        last += 1
    return max(0, min(step.start, phrase.start) - 6), last


def _is_old(found: FoundDate, day: date) -> bool:
    if found.direction is not Direction.PAST:
        return False
    age = _days_ago(found, day)
    return age is None or age > FRESH_DAYS


def _is_fresh(found: FoundDate, step: Step) -> bool:
    if found.precision is Precision.DAY and step.passive and step.mode == "done":
        return True  # what was signed on Monday was so last Monday, whatever tense stands near
    if found.precision not in {Precision.DAY, Precision.WEEK, Precision.MONTH, Precision.VAGUE}:
        return False
    return found.direction is not Direction.FUTURE or step.mode in {"planned", "purpose"}


def _days_ago(found: FoundDate, day: date) -> int | None:
    """Give the days since the end of a date's span, None where it is a year or vaguer."""
    value = found.value
    if value is None or found.precision not in {Precision.DAY, Precision.WEEK, Precision.MONTH}:
        return None
    if found.precision is Precision.WEEK:
        year, week = value.split("-W")
        return (day - date.fromisocalendar(int(year), int(week), 7)) // timedelta(days=1)
    if found.precision is Precision.MONTH:
        year, month = value.split("-")
        return (day - date(int(year), int(month), 1)) // timedelta(days=1)
    return (day - date.fromisoformat(value)) // timedelta(days=1)


def _is_recalled(view: _View, step: Step) -> bool:
    """Whether a step is told as what has long been so: currently, every time, during his tenure."""
    if step.mode not in {"done", "refused", "failed"}:
        return False
    words, phrase = view.words, view.phrase
    if {"currently", "previously"} & set(words[: phrase.end]) or "already" in words[step.start : phrase.end]:
        return True
    if "every" in words[max(0, phrase.start - 4) : phrase.head]:
        return True
    opening = words[: step.start]
    then = step.strength == PLAIN and ("when", "was") in zip(opening, opening[2:], strict=False)
    return then or any(
        word in {"during", "throughout"} and _ERAS & set(opening[at + 1 : at + 4])
        for at, word in enumerate(opening)
    )


def _deny(view: _View, step: Step) -> Step:
    """Turn a step round where the sentence denies it: denied that they would sign."""
    if step.verb is None or step.stage is Stage.REJECTED:
        return step
    words = view.words
    if is_refuted(words, step.start, step.end):
        return replace(step, mode="denied", background=False)
    for at in range(step.start - 1, max(-1, step.start - 9), -1):
        if words[at] in BARRIERS or words[at] in {"but", ","}:
            return step
        if view.lexicon.denials.at(words, at):
            return replace(step, mode="denied", background=False)
    return step
