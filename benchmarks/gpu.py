"""All that a GPU is to tell, within nine minutes: whether it computes right, and how fast.

Each part is a process with a time limit of its own, and what it has measured is written as it ends:
its output to results.md, its numbers to results.jsonl. A part that fails or takes too long is said,
and the next one begins. It needs no network and no installation: `--wheels` is a folder that `make
gpu-wheels` has filled with what the machine lacks. Run with `make bench-gpu`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
# Of all parts together, in seconds.
BUDGET = 530
MODELS = ("minilm", "gte", "modernbert")
# Of each repetition: seconds for the fastest, and not minutes for the slowest contender.
PAIRS = {
    "cuda": {"score": 8192, "train": 40 * 64, "length": 16, "scaling": 4096},
    "cpu": {"score": 128, "train": 128, "length": 1, "scaling": 32},
}


TESTS = (
    *("-q", "-k", "gpu", "--noconftest", "-p", "no:cacheprovider", "-c", os.devnull),
    *(f"--rootdir={ROOT}", str(ROOT / "tests/cross_encoder/test_unpadded.py")),
    str(ROOT / "tests/training/test_meter.py"),
)
DONE = "done"


@dataclass(frozen=True)
class Part:
    """A script of this folder, or a module, with its options, and the seconds it may take."""

    name: str
    command: tuple[str, ...]
    limit: int


@dataclass(frozen=True)
class Outcome:
    """How a part ended, after how many seconds, and its results, a Markdown text."""

    part: str
    ended: str
    seconds: float
    printed: str


def parts(device: str, models: Sequence[str]) -> Iterator[Part]:
    """Yield all parts, what matters most first."""
    where, sizes = ("--device", device), PAIRS[device]

    def script(name: str, *options: str) -> tuple[str, ...]:
        return (str(HERE / f"{name}.py"), *options)

    def each(kind: str, limit: int) -> Iterator[Part]:
        for model in models:
            options = ("--model", model, "--pairs", str(sizes[kind]), "--repeats", "1", *where)
            yield Part(f"{kind} {model}", script(kind, *options), limit)

    yield Part("tests of a GPU", ("-m", "pytest", *TESTS), 60)
    yield Part("attention", script("attention", *where), 60)
    yield Part("resume", script("resume", *where), 60)
    yield from each("score", 75)
    yield from each("train", 60)
    for model in models:
        options = ("--model", model, "--repeats", "3", *where)
        yield Part(f"optimizer {model}", script("optimizer", *options), 45)
    options = ("--model", models[-1], "--pairs", str(sizes["length"]), "--repeats", "1", *where)
    yield Part("length", script("length", *options), 100)
    options = ("--model", models[0], "--pairs", str(sizes["scaling"]), "--repeats", "1", *where)
    yield Part("scaling", script("scaling", *options), 60)
    yield Part("usage", script("usage", "--model", models[-1], *where), 60)


def run(part: Part, environment: Mapping[str, str], seconds: float, log: Path) -> Outcome:
    """Run a part for at most so many seconds; what it says beside its results is in `log`."""
    if seconds <= 0:
        return Outcome(part.name, "not begun, as no time was left", 0.0, "")
    begun = time.monotonic()
    with log.open("w", encoding="utf-8") as handle:
        process = subprocess.Popen(
            [sys.executable, *part.command],
            stdout=subprocess.PIPE,
            stderr=handle,
            text=True,
            cwd=ROOT,
            env=environment,
            # With the processes that it starts, it is ended as one.
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=seconds)
            ended = f"failed with status {process.returncode}" if process.returncode else DONE
        except subprocess.TimeoutExpired:
            printed, ended = _end(process), f"stopped after {seconds:.0f} s"
        except BaseException:
            _end(process)
            raise
    return Outcome(part.name, ended, round(time.monotonic() - begun, 1), printed)


def _end(process: subprocess.Popen) -> str:
    """Kill a part with the processes that it has started, and return what it has printed."""
    os.killpg(process.pid, signal.SIGKILL)
    printed, _ = process.communicate()
    return str(printed)


def unpacked(wheels: Path, folder: Path) -> str:
    """Unpack wheels, and return the path that Python finds them by."""
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(folder)
    return str(folder)


def environment(folder: Path, wheels: Path | None, records: Path) -> dict[str, str]:
    """Return the environment of a part, in which Python finds the package and the wheels."""
    found = [str(ROOT / "workflow"), str(ROOT)]
    if wheels:
        found += [str(wheels.absolute()), unpacked(wheels, folder)]
    own = {
        "PYTHONPATH": os.pathsep.join([*found, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": "1",
        "BENCHMARK_RECORDS": str(records),
    }
    return {**os.environ, **own}


def write(told: Outcome, table: Path, records: Path) -> None:
    """Append how a part ended to both files, and say so."""
    heading = f"{told.part}: {told.ended}, {told.seconds} s"
    print(heading, flush=True)
    with table.open("a", encoding="utf-8") as handle:
        handle.write(f"# {heading}\n\n{told.printed}\n")
    with records.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(asdict(told)) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=PAIRS, default="cuda", help="cuda if not given")
    parser.add_argument("--models", nargs="+", default=MODELS, help="of the benchmarks; all three")
    parser.add_argument("--wheels", type=Path, help="folder of wheels that the machine lacks")
    parser.add_argument("--only", default="", help="parts whose name has this in it")
    parser.add_argument("--out", type=Path, default=HERE / ".data" / "gpu", help="for the results")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    table, records = chosen.out / "results.md", chosen.out / "results.jsonl"
    for each in (table, records):
        each.write_text("")
    end, lacking = time.monotonic() + BUDGET, []
    with tempfile.TemporaryDirectory() as folder:
        where = environment(Path(folder), chosen.wheels, records)
        for part in parts(chosen.device, chosen.models):
            if chosen.only in part.name:
                log = chosen.out / f"{part.name.replace(' ', '_')}.log"
                told = run(part, where, min(part.limit, end - time.monotonic()), log)
                write(told, table, records)
                if told.ended != DONE:
                    lacking.append(f"{part.name} ({log})")
    print(f"{table}\n{records}")
    if lacking:
        sys.exit(f"not done: {', '.join(lacking)}")


if __name__ == "__main__":
    main()
