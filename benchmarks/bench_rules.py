"""How fast very many rules are matched: `make bench-rules` prints the table and writes build/bench/rules.json.

Rules and documents are drawn from a seed: documents of about 360 words whose frequencies fall as those of a language
do, with states, event types and a number beside them; rules of the kinds that people write (words and alternatives,
phrases, state and event, broad ones, one in eight with a `not`; a fifth of their words occurs nowhere, as most
watch-lists are silent). Everything is CPU time on one core, to which the run is pinned. The floor is to split a document
and look each word up once; it is taken anew beside each row, and ratios to it can be compared between machines, times
cannot.

Measured are the plain index, the compiled one (the extra `fast`) and, as the peer, Lucene's Monitor on the same rules and
documents, with its best presearcher, real frequencies as weights, and its collector on the same core. Answers are
compared: with asking every rule on a sample of documents, and between all three on every document. A run of all of it
also puts what it printed into docs/rules.md.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import platform
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import click

from benchmarks.lucene import PeerMissingError, PeerResult, lucene_version, run_monitor
from benchmarks.page import keep_on_page
from schemas.rule import RuleSource
from streams.rules.condition import parse_condition
from streams.rules.detection import compile_selection
from streams.rules.index import FactIndex
from streams.rules.match import can_compile
from streams.rules.needs import Needs, needs_of, number_atom, value_atom
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

OUT: Final = Path("build/bench/rules.json")
SEED: Final = 7
VOCABULARY: Final = 30_000
DOCUMENTS: Final = 600
REPEATS: Final = 9
"""Of as many passes the quickest counts: what else runs on the machine only ever adds."""
SAMPLE: Final = 300
"""Documents from which frequencies are taken, as a running installation takes them from its stream."""
TYPES: Final = (
    "CONSULT",
    "AGREE",
    "ACCUSE",
    "REJECT",
    "THREATEN",
    "PROTEST",
    "SANCTION",
    "MOBILIZE",
    "COERCE",
    "ASSAULT",
)
COUNTS: Final = (1_000, 10_000, 100_000)
_NAMES: Final = {"plain": "plain Python", "compiled": "compiled (extra `fast`)"}
_HEAD: Final = (
    "| rules | index | load s | documents/s | p50 us | p99 us | floor us | p50, x floor | documents/s, x Lucene | "
    "rules that hold | add us | remove us |\n|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)
LEVELS: Final = (0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True)
class Document:
    """A document ready for matching: its words, and its fields as atoms."""

    text: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU microseconds."""

    p50_us: float
    p99_us: float
    total_s: float


def _zipf(count: int, exponent: float) -> list[float]:
    return list(itertools.accumulate(1 / (i + 1) ** exponent for i in range(count)))


class Draw:
    """Documents and rules of a seed."""

    def __init__(self) -> None:
        self.random = random.Random(SEED)  # noqa: S311 - a benchmark is drawn, not guessed
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = [
            "".join(self.random.choices(letters, k=self.random.randint(3, 9))) + str(i)
            for i in range(VOCABULARY)
        ]
        self.weights = _zipf(VOCABULARY, 1.0)
        self.states = [f"C{i:02d}" for i in range(100)]
        self.state_weights = _zipf(len(self.states), 0.8)
        self.documents = [self._document() for _ in range(DOCUMENTS)]
        counted = Counter(w for d in self.documents for w in set(d.text.split()))
        self.topical = [w for w, n in sorted(counted.items()) if 1 < n <= DOCUMENTS // 5]
        self.rare = [w for w in self.topical if counted[w] <= max(2, DOCUMENTS // 200)]
        self.common = [w for w in self.topical if counted[w] >= DOCUMENTS // 33]
        self.phrases = self._phrases()

    def _document(self) -> Document:
        pick = self.random
        words = pick.choices(self.words, cum_weights=self.weights, k=pick.randint(320, 400))
        parties = sorted(set(pick.choices(self.states, cum_weights=self.state_weights, k=pick.randint(1, 4))))
        kinds = sorted(set(pick.choices(TYPES, k=pick.randint(1, 3))))
        sure = round(pick.random(), 2)
        fields = [value_atom("event.parties", p) for p in parties] + [
            value_atom("event.type", k) for k in kinds
        ]
        fields += [number_atom("event.confidence", "gte", n) for n in LEVELS if sure >= n]
        return Document(" ".join(words), tuple(fields))

    def _phrases(self) -> list[str]:
        found = set()
        for document in self.documents:
            words = document.text.split()
            for at in self.random.sample(range(len(words) - 3), 40):
                found.add(" ".join(words[at : at + (2 if self.random.random() < 0.7 else 3)]))  # noqa: PLR2004
        return sorted(found)

    def word(self) -> str:
        """Draw a word that rules ask for."""
        kind = self.random.random()
        if kind < 0.2:  # noqa: PLR2004 - the shares of the mix
            return f"unheard{self.random.randrange(40_000)}"
        return self.random.choice(self.rare if kind < 0.5 else self.topical)  # noqa: PLR2004

    def phrase(self) -> str:
        """Draw a phrase that some document holds."""
        return f'"{self.random.choice(self.phrases)}"'

    def rule(self) -> dict[str, Any]:
        """Draw a detection: selections and a condition, as a rule file has them."""
        pick = self.random
        kind = pick.random()
        word = self.word
        detection: dict[str, Any]
        if kind < 0.6:  # noqa: PLR2004
            shape = pick.choice(
                (
                    "{a} & {b}",
                    "{a} & {b} & {c}",
                    "{a} & ({b} | {c})",
                    "({a} | {b}) & ({c} | {d})",
                    "{a} & ({b} | {c} | {d})",
                )
            )
            detection = {"a": {"text": shape.format(a=word(), b=word(), c=word(), d=word())}}
        elif kind < 0.85:  # noqa: PLR2004
            shape = pick.choice(("{p}", "{p} & {a}", "{p} | {q}", "({p} | {a}) & ({b} | {c})"))
            detection = {
                "a": {"text": shape.format(p=self.phrase(), q=self.phrase(), a=word(), b=word(), c=word())}
            }
        elif kind < 0.95:  # noqa: PLR2004
            detection = {"a": {"event.parties": pick.choice(self.states), "event.type": pick.choice(TYPES)}}
            if pick.random() < 0.7:  # noqa: PLR2004
                detection["a"]["text"] = word()
        else:
            detection = {
                "a": {
                    "text": f"{pick.choice(self.common)} & {pick.choice(self.common)}",
                    "event.confidence|gte": pick.choice(LEVELS),
                }
            }
        if pick.random() < 0.12:  # noqa: PLR2004
            detection["no"] = {"text": word()}
        return detection


def _needs(detection: dict[str, Any], frequency: dict[str, float]) -> Needs:
    source = RuleSource.EVENTS
    selections = {
        name: compile_selection(name, value, source, ("detection", name)) for name, value in detection.items()
    }
    condition = parse_condition("a and not no" if "no" in detection else "a", selections)
    return needs_of(condition, selections, source, frequency)


def _time(step: Callable[[Any], object], items: Sequence[Any]) -> Timing:
    best: list[float] = []
    for _ in range(REPEATS):
        times = []
        for item in items:
            start = time.process_time_ns()
            step(item)
            times.append((time.process_time_ns() - start) / 1000)
        if not best or sum(times) < sum(best):
            best = times
    best.sort()
    return Timing(best[len(best) // 2], best[len(best) * 99 // 100], sum(best) / 1e6)


def _asked_one_by_one(needs: dict[str, Needs], atoms: set[str]) -> set[str]:
    return {i for i, n in needs.items() if not atoms & n.never and all(atoms & c for c in n.clauses)}


class Index(Protocol):
    """What is measured."""

    def add(self, rule_id: str, needs: Sequence[Needs], /) -> None:
        """Put a rule in."""

    def remove(self, rule_id: str, /) -> None:
        """Take a rule out."""

    def match(self, texts: Mapping[str, list[str]], fields: Iterable[str], /) -> set[str]:
        """Give the rules that hold."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. CPU times; the ratio to the floor is to the floor taken just before."""

    engine: str
    rules: int
    load_s: float
    docs_per_s: float
    p50_us: float
    p99_us: float
    floor_us: float
    times_floor: float
    times_lucene: float | None
    """Documents per second, as a multiple of the peer's at as many rules."""
    held_per_document: float
    add_us: float | None = None
    remove_us: float | None = None


@click.command()
@click.option(
    "--rules",
    "counts",
    multiple=True,
    type=click.IntRange(min=100),
    default=COUNTS,
    show_default=True,
)
@click.option(
    "--check", "checked", default=5, show_default=True, help="Documents on which every rule is asked."
)
@click.option("--peer/--no-peer", default=True, show_default=True, help="Measure Lucene's Monitor too.")
@click.option(
    "--warm-up", "warm_up_s", default=6.0, show_default=True, help="Seconds in which Java may warm up."
)
def main(counts: tuple[int, ...], checked: int, warm_up_s: float, *, peer: bool) -> None:
    """Print how fast so many rules are matched, as ratios to splitting a text and looking its words up."""
    if sys.platform == "linux":  # others cannot be told
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    draw = Draw()
    frequency: dict[str, float] = {}
    for document in draw.documents[:SAMPLE]:
        for atom in {*document.text.split(), *document.fields}:
            frequency[atom] = frequency.get(atom, 0.0) + 1000 / SAMPLE
    mean = sum(len(d.text.split()) for d in draw.documents) / DOCUMENTS
    told = (
        f"{DOCUMENTS} documents of {mean:.0f} words, drawn, as the rules are; Lucene Monitor {lucene_version()}, Python "
        f"{platform.python_version()}; CPU time on one core of {os.cpu_count()}."
    )
    printed = [told, "", _HEAD]
    click.echo("\n".join(printed))
    rows: list[Row] = []
    for count in counts:
        needs = {f"r{i}": _needs(draw.rule(), frequency) for i in range(count)}
        if not all(n.exact for n in needs.values()):
            raise click.ClickException("a rule of the benchmark is not decided by its needs")
        for row in _bench(draw, frequency, needs, checked, warm_up_s if peer else None):
            rows.append(row)
            printed.append(_line(row))
            click.echo(printed[-1])
    compiled_us = _time_once(
        lambda detection: _needs(detection, frequency), [draw.rule() for _ in range(500)]
    )
    printed += [
        "",
        f"Before it is added a rule is read and compiled, which takes {compiled_us:.0f} us (p50).",
    ]
    click.echo("\n".join(printed[-2:]))
    if not can_compile():
        click.echo("the compiled index was not measured: numba is not installed (the extra `fast`)")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps([asdict(r) for r in rows], indent=2) + "\n", "utf-8")
    if counts == COUNTS and {r.engine for r in rows} == {"lucene", *_NAMES}:
        keep_on_page("rules.md", "make bench-rules", "\n".join(printed))


def _line(row: Row) -> str:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.1f}"

    cells = (
        f"{row.rules:,}", _NAMES.get(row.engine, "Lucene Monitor"), f"{row.load_s:.2f}", f"{row.docs_per_s:,.0f}", f"{row.p50_us:,.0f}",
        f"{row.p99_us:,.0f}", f"{row.floor_us:.0f}", f"{row.times_floor:.1f}", number(row.times_lucene),
        f"{row.held_per_document:.0f}", number(row.add_us), number(row.remove_us),
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _bench(
    draw: Draw, frequency: dict[str, float], needs: dict[str, Needs], checked: int, warm_up_s: float | None
) -> Iterator[Row]:
    lucene: PeerResult | None = None
    if warm_up_s is not None:
        try:
            lucene = run_monitor(
                Settings().cache_dir / "lucene",
                needs,
                [(d.text, d.fields) for d in draw.documents],
                warm_up_s,
            )
        except PeerMissingError as error:
            click.echo(f"Lucene was not measured: {error}")
    answers: dict[str, list[frozenset[str]]] = {}
    engines: list[tuple[str, Callable[[], Index]]] = [("plain", lambda: FactIndex(frequency))]
    if can_compile():
        from streams.rules.compiled import CompiledIndex  # noqa: PLC0415 - needs the extra

        engines.append(("compiled", lambda: CompiledIndex(frequency)))
    floor = _floor(draw)
    if lucene is not None:
        answers["lucene"] = list(lucene.matches)
        held = sum(map(len, lucene.matches)) / DOCUMENTS
        yield Row(
            "lucene", len(needs), lucene.load_s, DOCUMENTS / lucene.total_s, lucene.p50_us, lucene.p99_us,
            floor.p50_us, lucene.p50_us / floor.p50_us, 1.0, held,
        )  # fmt: skip
    new = [(f"n{i}", [_needs(draw.rule(), frequency)]) for i in range(500)]
    for name, make in engines:
        row, answers[name] = _measure(name, make(), draw, needs, new, lucene)
        yield row
    known = _phrases_known(needs, frequency)
    for number, document in enumerate(draw.documents[:checked]):
        atoms = known.atoms(document.text.split(), document.fields)
        if answers["plain"][number] != _asked_one_by_one(needs, atoms):
            sys.exit("the index and asking every rule disagree")
    for name, own in answers.items():
        if own != answers["plain"]:
            sys.exit(f"the plain index and {name} disagree")


def _phrases_known(needs: dict[str, Needs], frequency: dict[str, float]) -> FactIndex:
    index = FactIndex(frequency)
    for rule_id, need in needs.items():
        index.add(rule_id, [need])
    return index


def _floor(draw: Draw) -> Timing:
    look = dict.fromkeys(draw.words, 1).get
    return _time(lambda d: [look(w) for w in d.text.split()], draw.documents)


def _measure(  # noqa: PLR0917 - one caller, and each is needed
    name: str,
    index: Index,
    draw: Draw,
    needs: dict[str, Needs],
    new: list[tuple[str, list[Needs]]],
    lucene: PeerResult | None,
) -> tuple[Row, list[frozenset[str]]]:
    start = time.process_time()
    for rule_id, need in needs.items():
        index.add(rule_id, [need])
    load_s = time.process_time() - start
    gc.collect()
    gc.freeze()

    def match(document: Document) -> set[str]:
        return index.match({"": document.text.split()}, document.fields)

    found = [frozenset(match(d)) for d in draw.documents]
    floor = _floor(draw)
    timing = _time(match, draw.documents)
    added = _time_once(lambda item: index.add(*item), new)
    removed = _time_once(lambda item: index.remove(item[0]), new)
    row = Row(
        name,
        len(needs),
        load_s,
        DOCUMENTS / timing.total_s,
        timing.p50_us,
        timing.p99_us,
        floor.p50_us,
        timing.p50_us / floor.p50_us,
        None if lucene is None else lucene.total_s / timing.total_s,
        sum(map(len, found)) / DOCUMENTS,
        added,
        removed,
    )
    return row, found


def _time_once(step: Callable[[Any], object], items: Sequence[Any]) -> float:
    times = []
    for item in items:
        start = time.process_time_ns()
        step(item)
        times.append((time.process_time_ns() - start) / 1000)
    return sorted(times)[len(times) // 2]


if __name__ == "__main__":
    main()
