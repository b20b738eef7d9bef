"""`make fuzz`: a million inputs over all targets, guided by what they reach (atheris, which drives libFuzzer).

Each target runs in a process of its own, whose address space is bounded, in a folder of inputs that is kept
(build/fuzz/<target>) and begins with its seeds. A crash does not end a run: it is counted once for each place in the
code, and the input that led to it is kept beside its words. An input that takes more than a second of the processor
is a hang. The table is printed and written to build/bench/fuzz.json, that of a whole run into docs/reliability.md too.
"""

from __future__ import annotations

import os
import platform
import random
import re
import resource
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import orjson

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

ROOT: Final = Path(__file__).parents[2]
OUT: Final = ROOT / "build/bench/fuzz.json"
KEPT: Final = ROOT / "build/fuzz"
PAGE: Final = ROOT / "docs/reliability.md"
BEGIN: Final = "<!-- written by make fuzz -->"
END: Final = "<!-- end of what make fuzz wrote -->"

HANG_S: Final = 1.0
DEAD_S: Final = 60
"""An input that has not come back after so long ends its target."""
SPACE_BYTES: Final = 6 * 2**30
"""Address space of a target's process: what grows without bound ends in a MemoryError, which is a crash."""
GROWTH_BYTES: Final = 512 * 2**20
"""By how much a process may have grown at most over what it held before the first input."""
FULL: Final = 1_000_000
"""Of as many inputs the docs tell; a shorter run leaves them as they are."""
NOTED_EVERY: Final = 2000
SEED: Final = 20260301
STRUCTURED: Final = 0.5
"""Share of the changes that keep an input well formed, where its target has a form."""


@dataclass(slots=True)
class Tally:
    """What came of a target's inputs."""

    target: str
    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest_ms: float = 0.0
    peak_mib: float = 0.0
    grown_mib: float = 0.0
    hangs: int = 0
    crashes: dict[str, str] = field(default_factory=dict)
    """Where in the code, and the file with the input."""
    ended: str = ""
    """Why the process ended before its time; empty if it did not."""

    @property
    def failed(self) -> bool:
        """Whether something is to be mended."""
        return bool(self.crashes or self.hangs or self.ended) or self.grown_mib * 2**20 > GROWTH_BYTES


def share_out(inputs: int, shares: list[int]) -> list[int]:
    """Give each target its part of the inputs, at least one."""
    return [max(1, round(inputs * share / sum(shares))) for share in shares]


# --- one target, in a process of its own -----------------------------------------------------------------------------


class Watch:
    """One target under way: it counts, times, and keeps what is found."""

    def __init__(self, target: Target, inputs: int, folder: Path) -> None:
        self._target = target
        self._inputs = inputs
        self._folder = folder
        self._before_mib = _peak_mib()
        self._begun = time.perf_counter()
        self.tally = Tally(target.name)

    def take(self, data: bytes) -> None:
        """Give the target an input. After the last one the process ends."""
        tally = self.tally
        started = time.process_time()
        try:
            taken = self._target.call(data)
        except self._target.refusals:
            taken = False
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            taken = True
            place = _place(error)
            if place not in tally.crashes:
                tally.crashes[place] = self._keep(data, "".join(traceback.format_exception(error)))
        took = time.process_time() - started
        tally.inputs += 1
        tally.refused += not taken
        tally.slowest_ms = max(tally.slowest_ms, took * 1000)
        if took > HANG_S:
            tally.hangs += 1
            self._keep(data, f"took {took:.2f} s of the processor")
        if tally.inputs >= self._inputs:
            self._note()
            os._exit(0)  # libFuzzer would go on, and its exit code says nothing
        if tally.inputs % NOTED_EVERY == 0:
            self._note()

    def _keep(self, data: bytes, words: str) -> str:
        path = self._folder / f"found-{sha256(data).hexdigest()[:16]}"
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(words, "utf-8")
        return path.name

    def _note(self) -> None:
        self.tally.seconds = time.perf_counter() - self._begun
        self.tally.peak_mib = _peak_mib()
        self.tally.grown_mib = self.tally.peak_mib - self._before_mib
        fresh = self._folder / "tally.new"
        fresh.write_bytes(orjson.dumps(asdict(self.tally)))
        fresh.replace(self._folder / "tally.json")


def _fuzz(name: str, inputs: int, folder: Path) -> None:
    """Fuzz one target until it has had its inputs; the process ends within."""
    import atheris  # noqa: PLC0415 - only where it is installed

    with atheris.instrument_imports(include=["schemas", "streams"]):
        from tests.fuzz.targets import TARGETS, Shape  # noqa: PLC0415 - instrumented
    from tests.fuzz.values import change_value  # noqa: PLC0415 - it imports the targets

    target = next(t for t in TARGETS if t.name == name)
    seeds = folder / "inputs"
    seeds.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (seeds / sha256(seed).hexdigest()[:16]).write_bytes(seed[: target.max_bytes])
    words = folder / "words.txt"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words or ("\0",)), "ascii")
    for seed in target.seeds():
        with suppress(*target.refusals):
            target.call(seed)  # what is loaded once is no growth
    resource.setrlimit(resource.RLIMIT_AS, (SPACE_BYTES, SPACE_BYTES))

    def change(data: bytes, limit: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311 - a fuzzer draws, it guesses no secrets
        if target.shape is not Shape.ANY and chance.random() < STRUCTURED:
            changed = change_value(data, target.shape, chance)
            if changed is None:  # it is broken already: begin with a seed again
                changed = change_value(chance.choice(target.seeds()), target.shape, chance)
            if changed is not None and len(changed) <= limit:
                return changed
        return bytes(atheris.Mutate(data, limit))

    options = (
        f"-max_len={target.max_bytes}",
        f"-timeout={DEAD_S}",
        f"-seed={SEED}",
        f"-dict={words}",
        f"-artifact_prefix={folder}/",
        "-rss_limit_mb=0",
        "-verbosity=0",
        str(seeds),
    )
    atheris.Setup([sys.argv[0], *options], Watch(target, inputs, folder).take, custom_mutator=change)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass"))


def _place(error: BaseException) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(str(ROOT))]
    ours = [f for f in frames if "/tests/" not in f.filename and "/.venv/" not in f.filename] or frames
    where = f"{Path(ours[-1].filename).relative_to(ROOT)}:{ours[-1].name}" if ours else "?"
    return f"{type(error).__name__} in {where}"


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- all of them -----------------------------------------------------------------------------------------------------


def _run_target(name: str, inputs: int, number: str, *, resume: bool) -> Tally:
    folder = KEPT / name.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / "tally.json"
    if resume and (done := _read(told, name)).inputs >= inputs and not done.failed:
        return done
    told.unlink(missing_ok=True)
    words = [
        sys.executable,
        "-m",
        "tests.fuzz.run",
        "--inputs",
        str(inputs),
        "--only",
        name,
        "--within",
        str(folder),
    ]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=ROOT)
        while process.poll() is None:
            time.sleep(0.5)
            _show(f"{number} {name}: {_read(told, name).inputs} of {inputs} inputs")
    tally = _read(told, name)
    if process.returncode != 0:
        tally.ended = f"exit code {process.returncode}: see {folder.relative_to(ROOT)}/log.txt"
    _show("")
    return tally


def _read(path: Path, name: str) -> Tally:
    try:
        return Tally(**orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return Tally(name)


def _show(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()


def render(tallies: list[Tally]) -> str:
    """Lay out the table, as Markdown that reads as text too."""
    head = (
        "target",
        "inputs",
        "seconds",
        "slowest ms",
        "peak MiB",
        "grown MiB",
        "refused",
        "hangs",
        "crashes",
    )
    rows = [
        (
            t.target, f"{t.inputs:,}", f"{t.seconds:,.0f}", f"{t.slowest_ms:,.0f}", f"{t.peak_mib:,.0f}", f"{t.grown_mib:,.0f}",
            f"{t.refused / max(t.inputs, 1):.0%}", str(t.hangs), str(len(t.crashes) + bool(t.ended)),
        )
        for t in tallies
    ]  # fmt: skip
    rows.append(
        (
            "all", f"{sum(t.inputs for t in tallies):,}", f"{sum(t.seconds for t in tallies):,.0f}",
            f"{max(t.slowest_ms for t in tallies):,.0f}", f"{max(t.peak_mib for t in tallies):,.0f}",
            f"{max(t.grown_mib for t in tallies):,.0f}", f"{sum(t.refused for t in tallies) / sum(max(t.inputs, 1) for t in tallies):.0%}",
            str(sum(t.hangs for t in tallies)), str(sum(len(t.crashes) + bool(t.ended) for t in tallies)),
        )
    )  # fmt: skip
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]

    def line(row: tuple[str, ...]) -> str:
        cells = (
            c.ljust(w) if not at else c.rjust(w) for at, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        return "| " + " | ".join(cells) + " |"

    rule = "|" + "|".join(f"{'-' * (w + 1)}{':' if at else '-'}" for at, w in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def write_page(table: str, page: Path = PAGE) -> bool:
    """Put the table between its marks in the page; give whether there was a place for it."""
    if not page.is_file() or BEGIN not in (text := page.read_text("utf-8")):
        return False
    block = f"{BEGIN}\n\n{table}\n\n{END}"
    pattern = re.escape(BEGIN) + r".*?" + re.escape(END)
    page.write_text(re.sub(pattern, lambda _: block, text, flags=re.DOTALL), "utf-8")
    return True


@click.command()
@click.option(
    "--inputs", default=FULL, show_default=True, type=click.IntRange(min=1), help="Over all targets."
)
@click.option("--only", help="One target, by its name.")
@click.option(
    "--resume", is_flag=True, help="Targets that a run before was through with, and well, are not run again."
)
@click.option("--within", type=click.Path(path_type=Path), hidden=True)
def main(*, inputs: int, only: str | None, resume: bool, within: Path | None) -> None:
    """Fuzz every target and print what came of it; exit code 1 if something is to be mended."""
    if within is not None and only is not None:
        _fuzz(only, inputs, within)
        return
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - the processes of targets import it in another way

    chosen = [t for t in TARGETS if only in {None, t.name}]
    if not chosen:
        raise click.BadParameter(
            f"there is no target {only!r}; there are {', '.join(t.name for t in TARGETS)}"
        )
    parts = share_out(inputs, [t.share for t in chosen])
    tallies = [
        _run_target(t.name, part, f"[{at}/{len(chosen)}]", resume=resume)
        for at, (t, part) in enumerate(zip(chosen, parts, strict=True), start=1)
    ]
    table = render(tallies)
    click.echo(table)
    for tally in tallies:
        for place, kept in tally.crashes.items():
            click.echo(f"{tally.target}: {place}, input kept as {kept}", err=True)
        if tally.ended:
            click.echo(f"{tally.target}: {tally.ended}", err=True)
    if only is None:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        machine = {"python": platform.python_version(), "system": platform.platform(terse=True)}
        OUT.write_bytes(
            orjson.dumps(
                {"machine": machine, "targets": [asdict(t) for t in tallies]}, option=orjson.OPT_INDENT_2
            )
        )
        if inputs >= FULL:
            write_page(table)
    sys.exit(any(t.failed for t in tallies))


if __name__ == "__main__":
    main()
