"""Where an instrument stands, read from the clause that speaks of it: act, tense, modality, negation, age."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from schemas.event import Polarity, Stage
from streams.extract.dates import Direction, find_dates

if TYPE_CHECKING:
    from streams.extract.instruments import AgreementLexicon, NounPhrase, Trigger
    from streams.extract.reading import Sentence

REACH: Final = 18
"""So many words from its noun an act is still looked for."""
FRESH_DAYS: Final = 10
"""A step of so many days ago is still news."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a clause says of an instrument. `strength` tells how plainly: 0 where only the noun stands there.

    `start` and `end` are the tokens between which act and instrument lie; `agents` are the tokens where those
    who act can stand, `background` that the step is told as older than the report.
    """

    stage: Stage
    mode: str
    strength: int
    start: int
    end: int
    verb: int | None = None
    background: bool = False
    next_stage: Stage | None = None
    passive: bool = False
    question: bool = False
    quiet: bool = False
    dated: str | None = None
    soft: bool = False
    """Background by its place in the sentence only: no date says so."""
    act: str = ""

    @property
    def polarity(self) -> Polarity:
        """Whether the step was taken, by how it is told."""
        if self.mode in _HYPOTHETICAL:
            return Polarity.HYPOTHETICAL
        if self.background:
            return Polarity.HISTORICAL
        if self.mode in _NEGATIVE or self.stage is Stage.REJECTED:
            return Polarity.NEGATED
        if self.question and self.mode in {"planned", "purpose", "wanted", "tried", "ongoing"}:
            return Polarity.HYPOTHETICAL
        return Polarity.ASSERTED

    @property
    def is_news(self) -> bool:
        """Whether the clause reports the step as new at its date."""
        if self.background or self.question or self.quiet or self.mode in {"hoped", "denied"}:
            return False
        return self.stage not in {Stage.IN_FORCE, Stage.UNKNOWN, Stage.VIOLATED}


_HYPOTHETICAL: Final = frozenset({"hoped", "threatened"})
_NEGATIVE: Final = frozenset({"refused", "failed", "denied"})
_NEGATIONS: Final = frozenset("not never no n't cannot nor neither none hardly without".split())
_ADVERBS: Final = frozenset(
    "also already now just then still yet finally both all jointly recently today yesterday tomorrow soon only even"
    " officially formally later last monday tuesday wednesday thursday friday saturday sunday there here again ever once".split()
)
_FUTURE: Final = frozenset("will shall would 'll going gonna".split())
_MODAL: Final = frozenset("may might could can should must".split())
_BE: Final = frozenset("is are was were be been being am 're 'm it's he's she's that's".split())
_HAVE: Final = frozenset("has have had having 've".split())
_DO: Final = frozenset("do does did".split())
_AUX: Final = _FUTURE | _MODAL | _BE | _HAVE | _DO | {"to", "get", "got"}
_BARRIERS: Final = frozenset(". ; : ? ! — – -- ...".split())
_SUBORDINATE: Final = frozenset(
    "because while although though whereas since after before unless whether if until when".split()
)
_RELATIVE: Final = frozenset("who which that whom".split())
_FINITE: Final = frozenset(
    "is are was were has have had does did will would can could may might must should covers cover provides provide"
    " includes include requires require allows allow calls states stipulates says gives makes marks remains means"
    " represents follows creates boosts helps relates said says told".split()
)
_UNDATED: Final = _RELATIVE | _SUBORDINATE | frozenset("based described where but as ;".split())
_LONG: Final = frozenset("years months decades".split())
_PREDICATES: Final = frozenset(
    "but or said saying says contains contain provides provide covers cover includes include requires require allows allow"
    " stipulates gives makes marks means represents creates relates states bars calls obliges commits".split()
)
"""Verbs after which no passive of the instrument can follow."""
_SHORT: Final = {"'ve": "have", "'ll": "will", "'re": "are", "'m": "am", "'d": "would"}


def split_short(words: tuple[str, ...]) -> tuple[str, ...]:
    """Give each word its plain auxiliary where it is drawn together: we've counts as have, didn't as not."""
    return tuple(_plain(word) for word in words)


def _keep_possessive(words: tuple[str, ...], sentence: Sentence) -> tuple[str, ...]:
    """Mark who owns what follows: in Iran's demand, demand is no verb."""
    owned = zip(words, sentence.tokens, strict=True)
    return tuple(
        f"{word}'s" if token.text[-2:] in {"'s", "’s"} and len(word) > 2 and "'" not in word else word
        for word, token in owned
    )


def _plain(word: str) -> str:
    if "'" not in word:
        return word
    if word.endswith("n't"):
        return "not"
    for ending, full in _SHORT.items():
        if word.endswith(ending):
            return full
    return word


def read_pronoun(words: tuple[str, ...], lexicon: AgreementLexicon) -> tuple[int, int] | None:
    """Find the pronoun that stands for an instrument in a sentence: it was signed; parliament has ratified it."""
    plain = split_short(words)
    for at, word in enumerate(plain):
        hit = lexicon.triggers.at(plain, at)
        if not hit or hit[0].form in {"noun", "prep"} or hit[0].act.name not in _CERTAIN:
            continue
        if hit[1] < len(plain) and plain[hit[1]] in {"it", "them"}:
            return hit[1], hit[1] + 1
        group = _group_start(plain, at)
        if group == 1 and plain[0] in {"it", "they", "both", "this"} and set(plain[group:at]) & _BE:
            return 0, 1
        if word == plain[-1]:
            break
    return None


_CERTAIN: Final = frozenset({"sign", "initial", "ratify", "submit"})


def read_step(
    phrase: NounPhrase, sentence: Sentence, words: tuple[str, ...], lexicon: AgreementLexicon, day: date
) -> Step:
    """Say what a sentence reports of one instrument in it.

    What governs the noun from the left (signed a treaty; talks on a treaty; under the treaty) goes before what
    follows it (the treaty was signed; the treaty that they signed); where neither stands, its modifiers decide.
    """
    plain = _keep_possessive(split_short(words), sentence)
    question = words[-1:] == ("?",)
    left = _left_step(phrase, plain, lexicon)
    right = _right_step(phrase, plain, lexicon)
    step = _follower_step(phrase, plain, lexicon) or _choose(phrase, left, right)
    if step is None:
        step = _bare_step(phrase, plain, lexicon)
    step = _age(replace(step, question=question), phrase, sentence, plain, day)
    return _deny(step, phrase, plain, lexicon)


def _choose(phrase: NounPhrase, left: Step | None, right: Step | None) -> Step | None:
    if left is None or right is None:
        return left or right
    if left.mode == "prep" or left.strength < right.strength:
        chosen = right
        if left.mode == "prep":
            chosen = replace(right, background=True, start=min(left.start, right.start))
        return chosen
    if right.stage in {Stage.TO_BE_SIGNED, Stage.AWAITING_RATIFICATION}:
        if left.stage is Stage.NEGOTIATING:
            return replace(right, start=left.start)
        return replace(left, next_stage=right.stage, end=max(left.end, right.end))
    return left


def _left_step(phrase: NounPhrase, words: tuple[str, ...], lexicon: AgreementLexicon) -> Step | None:
    """Find the act that governs the noun from the left."""
    at = phrase.start - 1
    low = max(0, phrase.start - REACH)
    links: set[str] = set()
    commas = 0
    door = words[at] if at >= 0 else ""
    if (
        door.endswith("ing")
        and lexicon.triggers.at(words, at) is None
        and len(door) > 5
        and door not in _DOORS
    ):
        return None
    while at >= low:
        word = words[at]
        if word in _BARRIERS or commas > 2:
            return None
        if word == ",":
            commas += 1
        hit = lexicon.triggers.at(words, at)
        if hit and hit[1] <= phrase.start:
            trigger, end = hit
            if trigger.form == "prep":
                if end == phrase.start:
                    if trigger.act.name != "apply":
                        return Step(
                            trigger.act.stages["done"], "done", 3, at, phrase.end, act=trigger.act.name
                        )
                    return Step(Stage.IN_FORCE, "prep", 1, at, phrase.end, background=True, soft=True)
            elif trigger.form == "noun":
                if trigger.links & links or (not links and "" in trigger.links):
                    return _noun_step(trigger, at, phrase, words, lexicon)
            elif (
                not _is_noun_use(words, at, trigger, phrase)
                and not (trigger.near and phrase.start - end > 3)
                and _reaches(trigger, end, door, phrase, words, lexicon)
            ):
                step = _verb_step(trigger, at, phrase, words, lexicon)
                return (
                    replace(step, strength=2, quiet=True)
                    if commas and not _lists(words, at, phrase.start, lexicon)
                    else step
                )
        if word in _RELATIVE and (word != "that" or phrase.start - at > 1):
            return None
        if word in _SUBORDINATE or (word == "as" and words[at - 1] != "such"):
            return None
        links.add(word)
        at -= 1
    return None


_THREATS: Final = frozenset("threatened threatens threatening threat threaten".split())
_REACTIONS: Final = frozenset(
    "satisfaction welcomed welcome hailed congratulated praised regret anniversary importance since".split()
)
_DOORS: Final = frozenset("including during regarding concerning following".split())
_PREPOSITIONS: Final = frozenset(
    "of on in at by for to from with under over into about upon toward towards against between through across within as via".split()
)


def _reaches(
    trigger: Trigger,
    end: int,
    door: str,
    phrase: NounPhrase,
    words: tuple[str, ...],
    lexicon: AgreementLexicon,
) -> bool:
    """Whether a verb governs the noun: directly, by its own preposition, or through `a series of`."""
    if end == phrase.start or door not in _PREPOSITIONS:
        return True
    if door in trigger.links:
        return True
    return words[phrase.start - 2] in lexicon.transparent or words[phrase.start - 2] in {
        "signing",
        "signature",
    }


_ADJECTIVAL: Final = frozenset(
    "of in on at by for to from with under the a an its his her their our new any some".split()
)


def _lists(words: tuple[str, ...], start: int, end: int, lexicon: AgreementLexicon) -> bool:
    """Whether another instrument stands between the act and the comma: signed a letter of intent, a memorandum and a pact."""
    comma = words.index(",", start)
    return (
        any(lexicon.nouns.at(words, at) for at in range(start, comma)) and not set(words[comma:end]) & _FINITE
    )


def _is_noun_use(words: tuple[str, ...], at: int, trigger: Trigger, phrase: NounPhrase) -> bool:
    """Tell a verb form that is a noun here: the offer, a need, his work."""
    before = words[at - 1] if at else ""
    if trigger.form in {"past", "part"} and (
        before in _ADJECTIVAL or (before in {"and", "or"} and at > 1 and words[at - 2].endswith("ed"))
    ):
        return True
    if trigger.form in {"base", "s"} and before.endswith(("'s", "s'")) and before not in _BE:
        return True
    if trigger.form in {"base", "s"} and before in {
        "the",
        "a",
        "an",
        "this",
        "its",
        "their",
        "his",
        "of",
        "our",
        "no",
        "any",
    }:
        return True
    return (
        words[at] in {"have", "has", "had", "having"}
        and at + 1 < phrase.start
        and words[at + 1] not in {"now", "already", "also", "got", "only", "long"}
    )


def _noun_step(
    trigger: Trigger, at: int, phrase: NounPhrase, words: tuple[str, ...], lexicon: AgreementLexicon
) -> Step:
    """Read a noun of an act: the signing of, talks on, violations of."""
    mode = "done"
    before = words[max(0, at - 5) : at]
    control = _controller(words, at, lexicon, 4)
    if set(before) & {
        "forthcoming",
        "upcoming",
        "imminent",
        "planned",
        "expected",
        "awaiting",
        "await",
        "awaits",
        "pending",
    }:
        mode = "planned"
    elif set(words[max(0, at - 14) : at]) & _THREATS and trigger.act.name in {"leave", "suspend"}:
        mode = "threatened"
    elif control in {
        "planned",
        "wanted",
        "hoped",
        "refused",
        "failed",
        "threatened",
    } and trigger.act.name in {"sign", "conclude", "reach", "ratify", "negotiate", "leave", "suspend", "extend"}:
        mode = control
        if trigger.act.name == "negotiate" and mode == "planned":
            mode = "done"
    elif set(before[-3:]) & {"no", "not", "without"}:
        mode = "denied" if trigger.act.name == "belong" else "failed"
    elif set(words[:at]) & {"will", "coincide"} and trigger.act.name == "sign":
        mode = "planned"
    quiet = trigger.act.name == "react" or words[at] == "differences" or bool(set(before) & _REACTIONS)
    if set(before) & {
        "call",
        "called",
        "calling",
        "urged",
        "suspend",
        "halt",
        "cancel",
        "scrap",
    } and trigger.act.name in {"propose", "negotiate"}:
        quiet = True
    if set(before) & {"stalled", "delayed", "blocked"} and trigger.act.name == "ratify":
        mode = "planned"
    stage = trigger.act.stages.get(mode, trigger.act.stages["done"])
    if _conditional(words, at):
        mode = "hoped"
    if trigger.act.name == "call":
        mode = "hoped"
    return Step(stage, mode, 3, at, phrase.end, verb=at, act=trigger.act.name, quiet=quiet)


def _verb_step(
    trigger: Trigger, at: int, phrase: NounPhrase, words: tuple[str, ...], lexicon: AgreementLexicon
) -> Step:
    mode, background, start = _verb_mode(words, at, trigger.form, lexicon)
    if words[phrase.start : phrase.head] and "no" in words[phrase.start : phrase.head]:
        mode = "failed" if trigger.act.name in {"conclude", "reach", "negotiate"} else "denied"
    stage = trigger.act.stages.get(mode, trigger.act.stages["done"])
    if mode == "denied" and trigger.act.name in {"conclude", "reach"}:
        stage = Stage.REJECTED
    quiet = trigger.act.name == "react"
    if trigger.act.name == "call":
        mode = "hoped"
    had = "had" in words[max(0, start - 12) : at]
    return Step(
        stage,
        mode,
        4,
        start,
        phrase.end,
        verb=at,
        act=trigger.act.name,
        background=background,
        soft=not had,
        quiet=quiet,
    )


def _verb_mode(
    words: tuple[str, ...], at: int, form: str, lexicon: AgreementLexicon
) -> tuple[str, bool, int]:
    """Tell how a verb is meant: its mode, whether it lies before the time of the report, and where its group begins."""
    aux: list[str] = []
    negated = False
    j = at - 1
    while j >= 0 and at - j < 9:
        word = words[j]
        if word in _NEGATIONS:
            negated = True
        elif word in _AUX:
            aux.append(word)
        elif not (word in _ADVERBS or (word.endswith("ly") and len(word) > 4)):
            break
        j -= 1
    start = j + 1
    kinds = set(aux)
    if form == "base" and not kinds and j >= 0 and words[j] in {"and", ","} and {"must", "should"} & set(words[max(0, j - 8) : j]):
        kinds = {"must"}
    relative = j >= 0 and (
        words[j] in _RELATIVE
        or (j >= 1 and words[j] in {"refused", "failed", "declined"} and words[j - 1] in _RELATIVE)
    )
    background = "had" in kinds
    if "to" in kinds or (form == "base" and at and words[at - 1] == "to"):
        mode = _infinitive_mode(words, start, kinds, lexicon)
        background = background or (relative and mode in {"refused", "failed"})
    elif form == "ing" and not kinds & _BE:
        mode = _gerund_mode(words, at, lexicon)
        background = background or (mode == "done" and "had" in words[max(0, at - 12) : at])
    elif kinds & _FUTURE:
        mode = "planned"
    elif kinds & _MODAL:
        mode = "wanted" if kinds & {"must"} else "hoped"
    elif form == "ing":
        mode = "ongoing"
    elif "being" in kinds:
        mode = "ongoing"
    else:
        mode = (
            "planned"
            if form == "base"
            and not kinds
            and j >= 0
            and words[j] in {"and", ","}
            and set(words[:j]) & {"will", "would", "to"}
            else "done"
        )
        background = background or (relative and "has" not in kinds and "have" not in kinds)
    if mode == "done" and kinds & {"is", "are"} and set(words[max(0, start - 9) : start]) & {"once", "until"}:
        mode = "hoped" if "until" in words[max(0, start - 9) : start] else "planned"
    if mode == "done" and set(words[max(0, start - 6) : start]) & {"before"} and "to" in kinds:
        background = True
    if _conditional(words, start) or (
        mode in {"planned", "purpose"}
        and "question" in words[:start]
        and set(words[:start]) & {"when", "if", "whether"}
    ):
        mode = "hoped"
    if negated and mode == "hoped" and kinds & {"should", "may", "might", "must"}:
        negated = False  # should not be signed is an opinion, no refusal
    if negated:
        mode = {
            "done": "denied",
            "ongoing": "denied",
            "planned": "refused",
            "purpose": "refused",
            "wanted": "refused",
            "hoped": "failed",
        }.get(mode, mode)
        if "yet" in words[start:at] and "to" in kinds:
            mode = "planned"
    return mode, background, start


def _conditional(words: tuple[str, ...], start: int) -> bool:
    for j in range(start - 1, max(-1, start - 9), -1):
        if words[j] in _BARRIERS or words[j] == ",":
            return False
        if words[j] in {"if", "unless", "whether"}:
            return True
    return False


def _infinitive_mode(words: tuple[str, ...], start: int, kinds: set[str], lexicon: AgreementLexicon) -> str:
    """Tell what an infinitive hangs on: plans to, refused to, hopes to; where nothing tells, it is planned."""
    if kinds & {"going"}:
        return "planned"
    if kinds & _HAVE and "yet" not in words[start : start + 4]:
        return "done"  # had to sign
    control = _controller(words, start, lexicon, 9)
    if control is None:
        return (
            "done"
            if set(words[max(0, start - 6) : start]) & {"first", "last", "only", "latest", "countries"}
            else "purpose"
        )
    return control


def _controller(words: tuple[str, ...], before: int, lexicon: AgreementLexicon, reach: int) -> str | None:
    for j in range(before - 1, max(-1, before - 1 - reach), -1):
        if words[j] in _BARRIERS:
            return None
        hit = lexicon.controllers.at(words, j)
        if hit and hit[1] <= before:
            mode = hit[0]
            near = words[max(0, j - 3) : j]
            if mode in {"planned", "wanted", "hoped", "tried"} and set(near) & _NEGATIONS:
                return "refused"
            if mode in {"planned", "wanted"} and set(near) & {"if", "whether"}:
                return "hoped"
            return mode
    return None


def _gerund_mode(words: tuple[str, ...], at: int, lexicon: AgreementLexicon) -> str:
    before = words[at - 1] if at else ""
    if words[max(0, at - 2) : at] == ("such", "as"):
        return "hoped"
    if before == "without":
        return "denied"
    control = _controller(words, at - 1 if before in {"about", "on", "of", "for"} else at, lexicon, 6)
    if before in {"by", "after", "in", "upon"} and control not in {"failed", "refused"}:
        return "done"
    if control:
        return control
    return "hoped" if before in _TOWARDS else "done"


_TOWARDS: Final = frozenset("about of for at towards toward to from before".split())


def _right_step(phrase: NounPhrase, words: tuple[str, ...], lexicon: AgreementLexicon) -> Step | None:
    """Find the act that follows the noun: a participle, a passive, a relative clause, a verb of which it is the subject."""
    at = phrase.end
    high = min(len(words), phrase.end + REACH + 12)
    first = at
    while at < high:
        word = words[at]
        if word in _BARRIERS:
            return None
        subject = lexicon.subject_verbs.at(words, at)
        if subject and not (at and words[at - 1] in {"the", "a"}):
            return _subject_step(subject[0], at, subject[1], phrase, words, lexicon)
        hit = lexicon.triggers.at(words, at)
        if hit:
            trigger, end = hit
            if trigger.form in {"past", "part"} and not trigger.near:
                near = at - first <= 2 or words[at - 1] in {",", ")"}
                group = _group_start(words, at)
                has_aux = bool(set(words[group:at]) & (_BE | _HAVE | _FUTURE | {"to"}))
                relative = group > 0 and words[group - 1] in _RELATIVE
                passive = bool(set(words[group:at]) & (_BE - {"being"})) or "to" in words[group:at]
                if passive:
                    mode, background, start = _verb_mode(words, at, trigger.form, lexicon)
                    background = background or (relative and mode == "done")
                    stage = trigger.act.stages.get(mode, trigger.act.stages["done"])
                    if mode == "denied" and trigger.act.name in {"conclude", "reach"}:
                        stage = Stage.REJECTED
                    return Step(
                        stage,
                        mode,
                        4,
                        phrase.start,
                        end,
                        verb=at,
                        act=trigger.act.name,
                        background=background,
                        soft="had" not in words[group:at],
                        passive=True,
                    )
                if near and not has_aux and _is_reduced(words, end):
                    stage = trigger.act.stages["done"]
                    return Step(
                        stage,
                        "done",
                        3,
                        phrase.start,
                        end,
                        verb=at,
                        act=trigger.act.name,
                        background=True,
                        soft=True,
                        passive=True,
                    )
                if not trigger.near and _in_relative(words, phrase.end, at):
                    mode, background, start = _verb_mode(words, at, trigger.form, lexicon)
                    stage = trigger.act.stages.get(mode, trigger.act.stages["done"])
                    return Step(
                        stage,
                        mode,
                        3,
                        phrase.start,
                        end,
                        verb=at,
                        act=trigger.act.name,
                        background=mode == "done",
                        soft=True,
                    )
            elif trigger.form == "base" and _in_relative(words, phrase.end, at):
                mode, background, start = _verb_mode(words, at, trigger.form, lexicon)
                stage = trigger.act.stages.get(mode, trigger.act.stages["done"])
                return Step(
                    stage,
                    mode,
                    3,
                    phrase.start,
                    end,
                    verb=at,
                    act=trigger.act.name,
                    background=mode == "done",
                    soft=True,
                )
        if word in _SUBORDINATE or word in _PREDICATES or (word == "that" and at > phrase.end):
            return None
        at += 1
    return None


def _is_reduced(words: tuple[str, ...], end: int) -> bool:
    """Whether a past form after the noun is a participle (the pact signed in May) and no verb with an object (the pact ended a war)."""
    after = words[end] if end < len(words) else "."
    return after in _AFTER_PARTICIPLE or after.isdigit() or not after[0].isalpha()


_AFTER_PARTICIPLE: Final = frozenset(
    "by in on at between with last this earlier after under during from here today yesterday to and among before through two three"
    " monday tuesday wednesday thursday friday saturday sunday early late recently between as for upon out over up since when but jointly only".split()
)


def _in_relative(words: tuple[str, ...], start: int, at: int) -> bool:
    """Whether a relative clause with a subject of its own opens right after the noun: the pact (that) we signed."""
    if at - start > 8:
        return False
    between = words[start:at]
    return (
        bool(between)
        and (
            (between[0] in {"that", "which"} and len(between) > 1 and between[1] not in _FINITE)
            or between[0] in {"have", "the", "we", "they", "he", "it", "i", "you", "both", "president", "his"}
        )
        and "," not in between
    )


def _group_start(words: tuple[str, ...], at: int) -> int:
    j = at - 1
    while j >= 0 and at - j < 7:
        word = words[j]
        if not (
            word in _AUX
            or word in _ADVERBS
            or word in _NEGATIONS
            or word in {"expected", "due", "set", "scheduled", "likely", "about"}
            or (word.endswith("ly") and len(word) > 4)
        ):
            break
        j -= 1
    return j + 1


def _subject_step(
    stage: Stage, at: int, end: int, phrase: NounPhrase, words: tuple[str, ...], lexicon: AgreementLexicon
) -> Step:
    group = set(words[_group_start(words, at) : at])
    mode = "done"
    if group & _FUTURE or "to" in group:
        mode = "planned"
    elif group & _MODAL:
        mode = "hoped"
    if group & _NEGATIONS:
        mode = "denied"
    if (
        mode == "done"
        and words[at].endswith("s")
        and set(words[max(0, phrase.start - 2) : phrase.start]) & {"when", "before", "until"}
    ):
        mode = "hoped"
    return Step(stage, mode, 3, phrase.start, end, verb=at, background="had" in group)


def _follower_step(phrase: NounPhrase, words: tuple[str, ...], lexicon: AgreementLexicon) -> Step | None:
    """Read the noun that the instrument only qualifies: ceasefire talks, a truce offer, treaty violations."""
    hit = (
        lexicon.followers.at(words, phrase.end)
        if phrase.end < len(words) and phrase.end == phrase.tail
        else None
    )
    return Step(hit[0], "done", 3, phrase.start, hit[1]) if hit else None


def _bare_step(phrase: NounPhrase, words: tuple[str, ...], lexicon: AgreementLexicon) -> Step:
    """Read an instrument with which nothing is done: draft, proposed, no deal; else it is there already."""
    for at in range(phrase.start, phrase.head):
        hit = lexicon.modifiers.at(words, at)
        if hit:
            return Step(hit[0], "done", 2, phrase.start, phrase.end)
    after = words[phrase.end : phrase.end + 2]
    if (
        phrase.determiner in {"a", "an", "any", ""}
        and len(after) > 1
        and after[0] in {"that", "which"}
        and after[1] in {"would", "could", "might"}
    ):
        return Step(Stage.PROPOSED, "hoped", 2, phrase.start, phrase.end)
    if words[phrase.start] == "no" and phrase.head - phrase.start <= 3:
        return Step(Stage.REJECTED, "failed", 2, phrase.start, phrase.end)
    return Step(
        Stage.IN_FORCE, "hoped" if _conditional(words, phrase.start) else "done", 0, phrase.start, phrase.end
    )


def _age(step: Step, phrase: NounPhrase, sentence: Sentence, words: tuple[str, ...], day: date) -> Step:
    """Mark a step as background where the words date it weeks before the report, and as fresh where they date it now."""
    low = sentence.tokens[max(0, min(step.start, phrase.start) - 6)].start
    last = max(step.end, phrase.end)
    while (
        last < min(len(words), max(step.end, phrase.end) + 14)
        and words[last] not in _UNDATED
        and not (words[last] == "and" and last > phrase.end + 1)
    ):
        last += 1
    high = sentence.tokens[last - 1].end
    old, fresh, dated = False, False, None
    for found in find_dates(sentence, day):
        if not low <= found.start < high:
            continue
        inside = sentence.tokens[phrase.start].start <= found.start < sentence.tokens[phrase.end - 1].end
        age = _days_ago(found.value, day)
        if found.direction is Direction.PAST and (age is None or age > FRESH_DAYS):
            old = True
        elif not inside and (found.direction is not Direction.FUTURE or step.mode in {"planned", "purpose"}):
            fresh = True
            dated = dated or found.value
    for at in range(len(words) - 3):  # in the last few years, over the past decades
        if (
            words[at] in {"last", "past", "recent"}
            and words[at + 1 : at + 3][-1] in _LONG | {words[at + 1]}
            and set(words[at + 1 : at + 3]) & _LONG
            and low <= sentence.tokens[at].start < high
        ):
            old = True
    old = old or _is_recalled(step, words, phrase)
    past = step.stage in {
        Stage.SIGNED,
        Stage.AGREED,
        Stage.RATIFIED,
        Stage.INITIALLED,
        Stage.IN_FORCE,
        Stage.WITHDRAWN,
        Stage.SUSPENDED,
        Stage.EXPIRED,
        Stage.EXTENDED,
        Stage.REJECTED,
        Stage.VIOLATED,
        Stage.DRAFTING,
        Stage.NEGOTIATING,
    }
    if old and not fresh and past:
        return replace(step, background=True, soft=False)
    if fresh and step.background and step.mode not in {"prep"} and step.strength >= 3:
        return replace(step, background=False, dated=dated)
    return replace(step, dated=dated)


_ERAS: Final = frozenset({"tenure", "term", "presidency", "career", "reign", "rule"})


def _is_recalled(step: Step, words: tuple[str, ...], phrase: NounPhrase) -> bool:
    """Whether a step is told as what has long been so: currently, so far, every time, during his tenure."""
    if step.mode not in {"done", "refused", "failed"}:
        return False
    near = words[max(0, step.start - 4) : phrase.end]
    if set(words[: phrase.end]) & {"currently", "previously"} or "every" in words[max(0, phrase.start - 4) : phrase.head]:
        return True
    opening = words[: max(0, step.start)]
    return any(opening[at] in {"during", "throughout"} and set(opening[at + 1 : at + 4]) & _ERAS for at in range(len(opening)))


def _days_ago(value: str | None, day: date) -> int | None:
    if value is None or len(value) != 10:
        if value is not None and len(value) == 8 and "W" in value:
            year, week = value.split("-W")
            return (day - date.fromisocalendar(int(year), int(week), 7)) // timedelta(days=1)
        if value is not None and len(value) == 7:
            year, month = value.split("-")
            return (
                (day - date(int(year), int(month), 1)) // timedelta(days=1)
                if (int(year), int(month)) != (day.year, day.month)
                else 0
            )
        return None
    return (day - date.fromisoformat(value)) // timedelta(days=1)


def _deny(step: Step, phrase: NounPhrase, words: tuple[str, ...], lexicon: AgreementLexicon) -> Step:
    """Turn a step round where the sentence denies it: denied that they would sign."""
    if step.verb is None or step.stage is Stage.REJECTED:
        return step
    for at in range(step.start - 1, max(-1, step.start - 9), -1):
        if words[at] in _BARRIERS or words[at] in {"but", ","}:
            return step
        if lexicon.denials.at(words, at):
            return replace(step, mode="denied")
    return step
