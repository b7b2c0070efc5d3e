"""Contenders that do the same work in turn, each in a process of its own, and a table of them."""

import argparse
import contextlib
import importlib.metadata
import json
import multiprocessing
import os
import platform
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from types import MappingProxyType, ModuleType
from typing import Any

import psutil

PACKAGES = (
    *("torch", "transformers", "sentence-transformers", "lion-pytorch"),
    *("duckdb", "pyserini", "snakemake"),
)
# Seconds between two looks at a contender's memory: a look takes a core for milliseconds.
LOOK_EVERY = 0.25
# Seconds that a contender has for ending by itself.
GRACE = 3


@dataclass(frozen=True)
class Repetition:
    """One repetition: its time, its peak memory, and the work it did as summed counts."""

    seconds: float
    peak_bytes: int
    facts: dict[str, float]


@dataclass(frozen=True)
class Contender:
    """A way to do the work.

    `prepare(**arguments)`, a function of a module, is called once, in the contender's process. It
    returns what does one repetition and returns its facts: counts such as pairs, tokens, slots.
    """

    name: str
    prepare: Callable[..., Callable[[], dict[str, float]]]
    arguments: dict


Column = Callable[[Repetition], float]


def alternate(
    contenders: Sequence[Contender], repeats: int, warm_up: int = 1
) -> dict[str, list[Repetition]]:
    """Run A, B, C, A, B, C, ... one at a time; the first `warm_up` rounds are not returned.

    Peak memory is that of a GPU's tensors where a contender computes on one, else the resident
    memory of its process and their children.

    Raises:
        SystemExit: a contender failed; has its name and its traceback.
    """
    results: dict[str, list[Repetition]] = {contender.name: [] for contender in contenders}
    running: list[_Running] = []
    try:
        for contender in contenders:
            running.append(_Running(contender))
            running[-1].wait()
        for number in range(1 - warm_up, repeats + 1):
            for each in running:
                repetition = each.repeat()
                progress = f"{number} of {repeats}" if number > 0 else "warm-up"
                print(f"{each.name}, {progress}: {_told(repetition)}", file=sys.stderr, flush=True)
                if number > 0:
                    results[each.name].append(repetition)
    finally:
        for each in running:
            each.end()
    return results


def in_a_new_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function of a module returns, without any memory of a call before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


class _Running:
    """A contender's process, as the one that compares sees it."""

    def __init__(self, contender: Contender) -> None:
        context = multiprocessing.get_context("spawn")
        self.name = contender.name
        self.connection, its_end = context.Pipe()
        # Not a daemon, which could not have workers.
        self.process = context.Process(target=_serve, args=(contender, its_end))
        self.process.start()
        its_end.close()

    def wait(self) -> tuple[Any, int]:
        """Return the process' next answer, and the peak of the family's memory until then."""
        peak = 0
        while not self.connection.poll(LOOK_EVERY):
            peak = max(peak, sum(map(_resident, self._family())))
        try:
            answer = self.connection.recv()
        except EOFError:
            self.process.join()
            sys.exit(f"{self.name} failed: it ended with status {self.process.exitcode}")
        if isinstance(answer, str):
            sys.exit(f"{self.name} failed:\n{answer}")
        return answer, peak

    def repeat(self) -> Repetition:
        self.connection.send(None)
        (seconds, on_gpu, own, facts), seen = self.wait()
        return Repetition(seconds, own if on_gpu else max(own, seen), facts)

    def end(self) -> None:
        """Let the process end by itself, then kill what is left of it and its children."""
        family = self._family()
        self.connection.close()
        self.process.join(GRACE)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.join()

    def _family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.process.pid)
            return [process, *process.children(recursive=True)]
        return []


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.memory_info().rss
    return 0


def _serve(contender: Contender, connection: Connection) -> None:
    """Prepare, say None, then answer each request by a repetition; a failure by its traceback."""
    # Ctrl-C is for the process that compares, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        repeat = contender.prepare(**contender.arguments)
        connection.send(None)
        while _asked(connection):
            connection.send(_measured(repeat))
    except BaseException:
        connection.send(traceback.format_exc())


def _asked(connection: Connection) -> bool:
    try:
        connection.recv()
    except EOFError:
        return False
    return True


def _measured(repeat: Callable[[], dict[str, float]]) -> tuple[float, bool, int, dict[str, float]]:
    """Do a repetition: return seconds, whether on a GPU, peak bytes of this process, and facts."""
    if torch := _torch_on_gpu():
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    told = _reset_peak()
    start = time.perf_counter()
    facts = repeat()
    # The repetition may be what set the GPU up.
    if torch := _torch_on_gpu():
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    if torch:
        return seconds, True, torch.cuda.max_memory_allocated(), facts
    return seconds, False, _peak() if told else 0, facts


def _torch_on_gpu() -> ModuleType | None:
    torch = sys.modules.get("torch")
    return torch if torch and torch.cuda.is_initialized() else None


def _reset_peak() -> bool:
    """Let Linux count this process' peak of resident memory anew; return whether it does."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def _told(repetition: Repetition) -> str:
    return f"{repetition.seconds:.3f} s, {repetition.peak_bytes / 2**30:.2f} GiB"


def command_line(description: str, repeats: int, **sizes: tuple[int, str]) -> argparse.Namespace:
    """Read `--repeats`, `--folder`, where the data lie, and sizes: defaults, and what they are."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    folder = Path(__file__).parent / ".data"
    parser.add_argument("--folder", type=Path, default=folder, help="where the data lie")
    for name, (default, told) in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=told)
    parser.add_argument("--repeats", type=int, default=repeats, help="runs of each way")
    return parser.parse_args()


def generated(folder: Path, last: str, generate: Callable[..., None], *sizes: int) -> Path:
    """Return a folder of data, which are generated unless what is written last is there."""
    if not (folder / last).exists():
        start = time.monotonic()
        generate(folder, *sizes)
        print(f"generated in {time.monotonic() - start:.0f} s in {folder}")
    return folder


def report(
    title: str,
    results: Mapping[str, Sequence[Repetition]],
    ours: str,
    unit: str,
    columns: Mapping[str, Column] = MappingProxyType({}),
) -> None:
    """Print a Markdown table, and below it the ratio of our rate to each of the others'.

    The rate is in `unit`, a fact, a second. The facts tokens and slots have columns of their own
    where all contenders tell them; more are what `columns` makes of a repetition. The main peer,
    which the last line is about, is the last one of `results`. Where the environment variable
    BENCHMARK_RECORDS names a file, all repetitions are appended to it, as a line of JSON.
    """
    if path := os.environ.get("BENCHMARK_RECORDS"):
        told = {name: [asdict(each) for each in own] for name, own in results.items()}
        with open(path, "a", encoding="utf-8") as handle:
            handle.write(json.dumps({"title": title, "machine": machine(), "results": told}) + "\n")
    print(f"\n## {title}\n\n{machine()}\n")
    print_table(results, unit, columns)
    print()
    for peer in results:
        if peer != ours:
            print(f"ratio to {peer}: {ratio(results[ours], results[peer], rate_of(unit))}")


def print_table(
    results: Mapping[str, Sequence[Repetition]], unit: str, columns: Mapping[str, Column]
) -> None:
    """Print a row a contender: the median of its repetitions, and the range."""
    facts = set.intersection(*(set(each.facts) for own in results.values() for each in own))
    shown: dict[str, Column] = {f"{unit}/s": rate_of(unit)}
    if "tokens" in facts - {unit}:
        shown["tokens/s"] = rate_of("tokens")
    if {"tokens", "slots"} <= facts:
        shown["padding, %"] = lambda each: 100 * (1 - each.facts["tokens"] / each.facts["slots"])
    shown |= columns
    shown["seconds"] = lambda each: each.seconds
    shown["peak GiB"] = lambda each: each.peak_bytes / 2**30
    repeats = len(next(iter(results.values())))
    print(f"| median of {repeats} (range) | {' | '.join(shown)} |\n|{'---|' * (len(shown) + 1)}")
    for name, repetitions in results.items():
        cells = [spread([value(each) for each in repetitions]) for value in shown.values()]
        print(f"| {name} | {' | '.join(cells)} |")


def rate_of(fact: str) -> Column:
    """Return what computes a fact a second."""
    return lambda each: each.facts[fact] / each.seconds


def ratio(ours: Sequence[Repetition], theirs: Sequence[Repetition], value: Column) -> str:
    """Return median and range, over the rounds, of a value of ours to that of theirs."""
    rounds = [value(own) / value(other) for own, other in zip(ours, theirs, strict=True)]
    return f"{median(rounds):.2f} ({min(rounds):.2f} to {max(rounds):.2f})"


def spread(values: Sequence[float]) -> str:
    """Return median and range; the median alone where all are the same."""
    low, middle, high = map(_number, (min(values), median(values), max(values)))
    return middle if low == high else f"{middle} ({low} to {high})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """Return a line with the machine, the versions of `PACKAGES` and the date."""
    parts = [
        f"{_cpu()}, {len(os.sched_getaffinity(0))} cores",
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        *_as_torch_says(),
        f"Python {platform.python_version()}",
        *_versions(),
        date.today().strftime("%-d %B %Y"),
    ]
    return "; ".join(parts)


def _versions() -> Iterator[str]:
    """Yield what is installed of `PACKAGES`, some of which only some benchmarks need."""
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield f"{name} {importlib.metadata.version(name)}"


def _cpu() -> str:
    name = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return name[1] if name else platform.machine()


def _as_torch_says() -> list[str]:
    """Return what torch knows of the machine, where this process has imported it."""
    torch = sys.modules.get("torch")
    if not torch:
        return []
    has = {
        "AMX": torch.cpu._is_amx_tile_supported(),
        "AVX512-BF16": torch.cpu._is_avx512_bf16_supported(),
    }
    parts = [name if supported else f"no {name}" for name, supported in has.items()]
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return [", ".join(parts), gpu]
