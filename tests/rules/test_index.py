from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.enriched import EnrichedTranscript
from schemas.event import Event, EventContext
from schemas.ids import content_hash, derived_id
from schemas.rule import Rule, RuleSource
from schemas.transcript import LanguageTag
from streams.rules.compile import compile_rule
from streams.rules.facts import read_facts
from streams.rules.index import FactIndex
from streams.rules.match import RuleIndex, can_compile, match_rule, near_misses
from streams.rules.needs import Needs, needs_of
from tests.factories import NOON, make_source, make_transcript
from tests.rules.making import make_act, make_rule

WORDS = ("border", "guard", "guards", "talks", "war", "secure", "security", "the")

atoms = st.sampled_from(
    [*WORDS, "border guard", "the border guard", "security talks", "secur*", "=Border", "guard*", "border guard*", "#2 talks", "[border & war]", "[border & !war]", "talks ~2 war", "talks !~2 war"]
)  # fmt: skip
texts = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda a: f"!({a})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: " & ".join(f"({x})" for x in p)),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: " | ".join(f"({x})" for x in p)),
    ),
    max_leaves=4,
)
items: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "text": texts | st.lists(texts, min_size=1, max_size=2),
        "text|all": st.lists(texts, min_size=1, max_size=2),
        "title": atoms | atoms.map(lambda a: f"!({a})"),
        "event.type": st.sampled_from(["CONSULT", "ACCUSE", ["CONSULT", "REJECT"]]),
        "event.actor": st.sampled_from(["IRN", "RUS", "$a"]),
        "event.recipient|neq": st.sampled_from(["CHN", "USA"]),
        "event.parties|all": st.just(["IRN", "CHN"]),
        "event.mode|exists": st.booleans(),
        "event.confidence|gte": st.sampled_from([0.3, 0.7]),
        "event.confidence|lt": st.sampled_from([0.3, 0.7]),
        "source.broadcaster|contains": st.sampled_from(["radio", "tv"]),
        "source.broadcaster": st.sampled_from(["Radio Test", "TV"]),
    },
).filter(bool)
conditions = st.sampled_from(
    ["_a", "not _a", "_a and _b", "_a or _b", "_a and not _b", "not (_a or _b)", "(_a or _b) and _c", "_a and (_b or not _c)", "not _a and not _b", "_a or (_b and _c)"]
)  # fmt: skip


plain = st.one_of(
    st.sampled_from(
        [*WORDS, "border guard", "the border guard", "secur*", "!war", "border & !talks", "war | talks"]
    ).map(lambda t: {"text": t}),
    st.sampled_from([["CONSULT"], ["ACCUSE", "REJECT"]]).map(lambda v: {"event.type": v}),
    st.sampled_from(["CHN", "USA"]).map(lambda v: {"event.recipient|neq": v}),
    st.sampled_from(["gte", "gt", "lt", "lte"]).flatmap(
        lambda c: st.sampled_from([0.3, 0.7]).map(lambda v: {f"event.confidence|{c}": v})
    ),
    st.booleans().map(lambda v: {"event.mode|exists": v}),
)
"""Selections that their needs decide."""


@st.composite
def rules(
    draw: st.DrawFn, source: RuleSource = RuleSource.EVENTS, kind: st.SearchStrategy[dict[str, Any]] = items
) -> dict[str, Rule]:
    found = {}
    selection = (
        kind if kind is plain else st.one_of(kind, plain, st.lists(kind, min_size=1, max_size=2), texts)
    )
    for number in range(draw(st.integers(4, 10))):
        detection = {
            "_a": draw(selection),
            "_b": draw(selection),
            "_c": draw(selection),
            "condition": draw(conditions),
        }
        rule_id = derived_id("test-rule", str(number))
        found[rule_id] = make_rule(detection, source.value, id=rule_id)
    return found


sentences = st.lists(st.sampled_from([*WORDS, "Border", "WAR.", "talks.", "border guard"]), max_size=8).map(
    " ".join
)
events = st.builds(
    lambda text, kind, actor, recipient, mode, confidence, title: make_act(
        kind, actor, recipient, text=text or "x", mode=mode, confidence=confidence, title=title
    ),
    sentences,
    st.sampled_from(["CONSULT", "ACCUSE", "REJECT"]),
    st.sampled_from(["IRN", "RUS"]),
    st.sampled_from(["CHN", "USA"]),
    st.sampled_from([None, "visit"]),
    st.sampled_from([0.1, 0.3, 0.7, 0.9]),
    st.sampled_from([None, "border guard", "talks"]),
)


def transcript_of(events: list[Event]) -> EnrichedTranscript:
    text = " ".join(e.evidence.text for e in events)
    return EnrichedTranscript(
        transcript=make_transcript(text),
        language=LanguageTag(language="en", confidence=1.0),
        reader_version="test",
        events=tuple(e.model_copy(update={"evidence": e.evidence.model_copy(update={"start": 0, "end": 1})}) for e in events),
        context=EventContext(transcript_id="t-1", source=make_source(), language="en", event_time=NOON, content_hash=content_hash(text)),
    )  # fmt: skip


def told_by_all(rules: dict[str, Rule], record: EnrichedTranscript | Event) -> list[str]:
    """Ask every rule, with no index between."""
    return [
        m.id for f in read_facts(record) for i in sorted(rules) for m in match_rule(compile_rule(rules[i]), f)
    ]


def indexed(rules: dict[str, Rule], *, compiled: bool = False) -> RuleIndex:
    index = RuleIndex(compiled=compiled)
    for rule in rules.values():
        index.add(rule)
    return index


@given(rules(), st.lists(events, min_size=1, max_size=3), st.data())
@settings(deadline=None, max_examples=25)
def test_the_index_finds_what_asking_every_rule_finds(
    drawn: dict[str, Rule], records: list[Event], data: st.DataObject
) -> None:
    index = indexed(drawn)
    for record in records:
        assert [m.id for m in index.match(record).matches] == told_by_all(drawn, record)
    gone = data.draw(st.sets(st.sampled_from(sorted(drawn))))
    for rule_id in sorted(gone):
        index.remove(rule_id)
    left = {i: r for i, r in drawn.items() if i not in gone}
    for record in records:
        assert [m.id for m in index.match(record).matches] == told_by_all(left, record)


@given(rules(RuleSource.TRANSCRIPTS), st.lists(events, min_size=1, max_size=3))
@settings(deadline=None, max_examples=25)
def test_it_does_so_for_transcripts_with_several_events(drawn: dict[str, Rule], parts: list[Event]) -> None:
    record = transcript_of(parts)
    assert [m.id for m in indexed(drawn).match(record).matches] == told_by_all(drawn, record)


@given(rules(), rules(RuleSource.TRANSCRIPTS), st.lists(events, min_size=1, max_size=3), st.booleans())
@settings(deadline=None, max_examples=12)
def test_it_finds_the_near_misses_that_asking_every_rule_finds(
    of_events: dict[str, Rule], of_transcripts: dict[str, Rule], parts: list[Event], fast: bool
) -> None:
    records: list[tuple[dict[str, Rule], Event | EnrichedTranscript]] = [(of_events, e) for e in parts]
    records.append((of_transcripts, transcript_of(parts)))
    for drawn, record in records:
        index = indexed(drawn, compiled=fast and can_compile())
        (facts,) = read_facts(record)
        asked = [
            miss
            for i in sorted(drawn)
            if not match_rule(compile_rule(drawn[i]), facts)
            for miss in near_misses(compile_rule(drawn[i]), facts)
        ]
        assert list(index.match(record).near_misses) == asked


@given(rules(kind=plain), st.lists(events, min_size=3, max_size=6))
@settings(deadline=None, max_examples=25)
def test_where_the_needs_are_exact_the_index_alone_decides(
    drawn: dict[str, Rule], records: list[Event]
) -> None:
    index = indexed(drawn)
    for record in records:
        (facts,) = read_facts(record)
        candidates = index.candidates(facts)
        for rule_id, rule in drawn.items():
            compiled = compile_rule(rule)
            needs = needs_of(compiled.steps[0].condition, compiled.selections, rule.source, {})
            if needs.exact:
                assert (rule_id in candidates) is bool(match_rule(compiled, facts))


@given(rules(), events)
@settings(deadline=None, max_examples=25)
def test_an_index_that_was_emptied_holds_nothing(drawn: dict[str, Rule], record: Event) -> None:
    index = indexed(drawn)
    for rule_id in drawn:
        index.remove(rule_id)
    (facts,) = read_facts(record)
    assert not index.candidates(facts)


needs_numba = pytest.mark.skipif(
    not can_compile(), reason="numba is not installed: the extra `fast` compiles the index"
)


@pytest.mark.slow
@needs_numba
@given(
    rules(),
    rules(RuleSource.TRANSCRIPTS),
    st.lists(events, min_size=1, max_size=3),
    st.data(),
)
@settings(deadline=None, max_examples=25)
def test_the_compiled_index_gives_what_the_plain_one_gives(
    of_events: dict[str, Rule], of_transcripts: dict[str, Rule], records: list[Event], data: st.DataObject
) -> None:
    both = {**of_events, **{derived_id("other", i): r for i, r in of_transcripts.items()}}
    both = {i: r.model_copy(update={"id": i}) for i, r in both.items()}
    plain, compiled = indexed(both), indexed(both, compiled=True)
    layouts = [*(f for r in records for f in read_facts(r)), *read_facts(transcript_of(records))]
    for facts in layouts:
        assert compiled.candidates(facts) == plain.candidates(facts)
    gone = data.draw(st.sets(st.sampled_from(sorted(both))))
    for rule_id in sorted(gone):
        plain.remove(rule_id)
        compiled.remove(rule_id)
    for facts in layouts:
        assert compiled.candidates(facts) == plain.candidates(facts)
    for rule_id in sorted(gone):
        plain.add(both[rule_id])
        compiled.add(both[rule_id])
    for facts in layouts:
        assert compiled.candidates(facts) == plain.candidates(facts)


@needs_numba
def test_what_is_dead_in_the_compiled_index_is_swept_and_changes_no_answer() -> None:
    from streams.rules.compiled import MIN_SWEPT, CompiledIndex  # noqa: PLC0415 - needs the extra

    index = CompiledIndex()
    need = Needs((frozenset({"border guard"}), frozenset({"talks", "secur*"})))
    index.add("stays", [need])
    for number in range(MIN_SWEPT):
        index.add(f"goes-{number}", [need])
        index.remove(f"goes-{number}")
    assert index.entry_count < 2 * MIN_SWEPT
    assert index.match({"": ["border", "guard", "security"]}, ()) == {"stays"}
    assert index.match({"": ["border"], "title=": ["guard", "talks"]}, ()) == set()


@needs_numba
@pytest.mark.parametrize("seed", range(3))
def test_entries_that_are_brought_together_change_no_answer(seed: int) -> None:
    from streams.rules.compiled import MIN_LOOSE, CompiledIndex  # noqa: PLC0415 - needs the extra

    draw = random.Random(seed)  # noqa: S311 - a draw, no secret
    words = [f"word{number}" for number in range(200)]

    def need() -> Needs:
        clauses = [
            frozenset(draw.sample(words, draw.randint(1, 2))) for _ in range(draw.choice((0, 1, 2, 2, 3)))
        ]
        if draw.random() < 0.1:
            clauses.append(frozenset({" ".join(draw.sample(words[:20], 2))}))
        never = frozenset(draw.sample(words, 1)) if not clauses or draw.random() < 0.3 else frozenset()
        return Needs(tuple(clauses), never)

    plain, compiled = FactIndex(), CompiledIndex()
    at_work: list[str] = []
    for turn in range(3):
        for number in range(MIN_LOOSE):
            rule_id = f"{turn}-{number}"
            needs = [need() for _ in range(draw.choice((1, 1, 2)))]
            plain.add(rule_id, needs)
            compiled.add(rule_id, needs)
            at_work.append(rule_id)
        for _ in range(20):
            texts = {"": draw.choices(words[:40], k=30) + draw.choices(words, k=30)}
            assert compiled.match(texts, ()) == plain.match(texts, ())
        draw.shuffle(at_work)
        for rule_id in [at_work.pop() for _ in range(MIN_LOOSE // 2)]:
            plain.remove(rule_id)
            compiled.remove(rule_id)


@given(rules(), events, st.dictionaries(st.sampled_from(WORDS), st.floats(0, 1000)))
@settings(deadline=None, max_examples=25)
def test_frequencies_change_no_answer(
    drawn: dict[str, Rule], record: Event, frequency: dict[str, float]
) -> None:
    plain = indexed(drawn)
    weighed = RuleIndex(frequency=frequency)
    for rule in drawn.values():
        weighed.add(rule)
    assert weighed.match(record).matches == plain.match(record).matches
