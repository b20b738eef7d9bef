"""Hit a running installation in every way that it promises to bear, and close the books on each.

Writes what came of it to build/bench/chaos.json, and the table to docs/reliability.md. With --only the rows of these scenarios
are renewed, and the others stay as the last run left them.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
import psutil
from pydantic import TypeAdapter
from rich.console import Console

from benchmarks.installation import RESULTS, write_results
from streams.kafka.jars import kafka_version, load_jars
from streams.kafka.local import LocalBroker, free_port
from streams.settings import Settings
from tests.chaos.cluster import LocalCluster
from tests.chaos.installation import ScenarioSkippedError, small_disk
from tests.chaos.run import Result, run_scenario
from tests.chaos.scenarios import SCENARIOS, Kafka, find_scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.scenarios import Scenario

_PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
_BEGIN: Final = "<!-- written by make chaos -->"
_END: Final = "<!-- end -->"
_BROKER_DISK_MIB: Final = 900
_RESULTS: Final = TypeAdapter(list[Result])


def main() -> int:
    """Run scenarios, print, and write; the exit code says whether every promise held."""
    parser = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="a scenario by name; several times")
    parser.add_argument("--minutes", type=float, default=40, help="no scenario begins later than this (40)")
    parser.add_argument("--list", action="store_true", help="say which scenarios there are")
    given = parser.parse_args()
    if given.list:
        for scenario in SCENARIOS:
            sys.stdout.write(f"{scenario.name:24}{scenario.fault} ({scenario.target})\n")
        return 0
    known = {scenario.name for scenario in SCENARIOS}
    if unknown := [name for name in given.only or () if name not in known]:
        parser.error(f"there is no scenario {unknown[0]}: --list says which there are")
    chosen = tuple(find_scenario(name) for name in given.only) if given.only else SCENARIOS
    # Whoever ends the run early leaves nothing behind, neither a broker nor a disk.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results = asyncio.run(run_all(chosen, given.minutes))
    if given.only:
        results = renewed(results)
    text = f"{as_sentence(results)}\n\n{as_table(results)}"
    Console(highlight=False).print(text, soft_wrap=True, markup=False)
    path = write_results("chaos", as_json(results))
    sys.stdout.write(f"written to {path}\n")
    if len(results) == len(SCENARIOS):
        keep(text)
        sys.stdout.write(f"and to {_PAGE}\n")
    return int(any(result.faults for result in results))


async def run_all(chosen: Sequence[Scenario], minutes: float) -> list[Result]:
    """Run scenarios one after the other, with a line of progress for each.

    Those that follow each other on the same kind of Kafka share one. Those for which there is no time left are told as
    not run.
    """
    results: list[Result] = []
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dragoman-chaos-") as temporary:
        for kind, scenarios in groupby(chosen, lambda scenario: scenario.kafka):
            with ExitStack() as stack:
                kafka, disk = _start(kind, Path(temporary) / kind.name.lower(), stack)
                for scenario in scenarios:
                    if time.monotonic() - begin > 60 * minutes:
                        result = Result(scenario, skipped="the time was up")
                    else:
                        folder = Path(temporary) / scenario.name
                        result = await run_scenario(scenario, kafka, Settings(), folder, disk)
                    results.append(result)
                    sys.stdout.write(
                        f"{time.monotonic() - begin:5.0f} s  {len(results):2}/{len(chosen)}  {_line(result)}\n"
                    )
                    for fault in result.faults:
                        sys.stdout.write(f"               {fault}\n")
                    sys.stdout.flush()
                    _revive(kafka)
    return results


def _start(kind: Kafka, folder: Path, stack: ExitStack) -> tuple[LocalBroker | LocalCluster, Path | None]:
    """Start a Kafka, which is stopped with the stack; gives it, and the disk of its own where it has one."""
    cache = Settings().cache_dir / "broker"
    if kind is not Kafka.ONE:
        return stack.enter_context(LocalCluster(folder, cache, apart=kind is Kafka.APART)), None
    disk: Path | None = folder
    try:
        stack.enter_context(small_disk(folder, _BROKER_DISK_MIB))
    except ScenarioSkippedError as reason:
        disk = None
        sys.stdout.write(f"the broker has no disk of its own: {reason}\n")
    return stack.enter_context(LocalBroker(folder / "broker", cache, port=free_port())), disk


def _revive(kafka: LocalBroker | LocalCluster) -> None:
    """Start again what a scenario that broke off has left dead."""
    if isinstance(kafka, LocalCluster):
        kafka.revive()
    elif not kafka.is_alive():
        kafka.stop()
        kafka.start()


def _line(result: Result) -> str:
    if result.skipped is not None:
        return f"{result.scenario.name:24}not run: {result.skipped}"
    figures = result.figures
    return (
        f"{result.scenario.name:24}{result.verdict:8}{figures.get('sent', 0):4} transcripts, "
        f"{figures.get('alerts', 0)} changes, {result.whole_s:.0f} s"
    )


def as_sentence(results: Sequence[Result]) -> str:
    """Say what the results come to."""
    held = sum(r.verdict == "holds" for r in results)
    minutes = sum(r.whole_s for r in results) / 60
    return (
        f"{held} of {len(results)} scenarios hold; {minutes:.0f} minutes on Apache Kafka {kafka_version(load_jars())}, "
        f"{psutil.cpu_count()} cores."
    )


_COLUMNS: Final = (
    "scenario", "what is done, to whom", "transcripts sent / enriched", "poison sent / parked",
    "changes expected / streamed / by webhook", "agreements in order", "told again by webhook, same id",
    "fault s", "settled after s", "verdict",
)  # fmt: skip


def as_table(results: Sequence[Result]) -> str:
    """Give the results as a Markdown table, and beneath it what broke."""
    rows = [
        f"| {' | '.join(_COLUMNS)} |",
        f"|{' --- |' * len(_COLUMNS)}",
        *(f"| {' | '.join(_cells(r))} |" for r in results),
    ]
    broken = [f"- {r.scenario.name}: {fault}" for r in results for fault in r.faults]
    return "\n".join([*rows, *(["", "What broke:", "", *broken] if broken else [])])


def _cells(result: Result) -> list[str]:
    what = f"{result.scenario.fault}: {result.scenario.target}"
    if result.skipped is not None:
        return [result.scenario.name, what, *["-"] * (len(_COLUMNS) - 3), f"not run: {result.skipped}"]
    f = result.figures
    if not f:
        return [result.scenario.name, what, *["-"] * (len(_COLUMNS) - 3), result.verdict]
    return [
        result.scenario.name,
        what,
        f"{f['sent']} / {f['enriched']}",
        f"{f['poison']} / {f['parked']}",
        f"{f['alerts']} / {f['streamed']} / {f['hooked']}",
        f"{f['agreements']}",
        f"{f['webhook again']}",
        f"{result.fault_s:.0f}",
        f"{result.settle_s:.0f}",
        result.verdict,
    ]


def renewed(results: Sequence[Result]) -> list[Result]:
    """Give the results of the last run with these in the place of its own, in the order of the scenarios."""
    path = RESULTS / "chaos.json"
    kept = _RESULTS.validate_python(orjson.loads(path.read_bytes())["results"]) if path.exists() else []
    by_name = {result.scenario.name: result for result in (*kept, *results)}
    return [by_name[scenario.name] for scenario in SCENARIOS if scenario.name in by_name]


def as_json(results: Sequence[Result]) -> dict[str, object]:
    """Give the results with all their figures."""
    return {
        "kafka": kafka_version(load_jars()),
        "cores": psutil.cpu_count(),
        "results": _RESULTS.dump_python(list(results), mode="json"),
    }


def keep(text: str) -> None:
    """Put the results between their marks in docs/reliability.md."""
    before, _, rest = _PAGE.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _PAGE.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
