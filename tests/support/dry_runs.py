"""Dry runs without the start of Python and the imports, which are more than half of their time.

Each runs in a process of its own, forked from one that has imported modules and done nothing.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("snakemake.cli", "snakemake.profiles", "snakemake.report.html_reporter"),
        *("snakemake_logger_plugin_rich", "jinja2", "jsonschema", "lionrank.config.plan"),
    ]
)


def dry_run(
    arguments: Sequence[str | os.PathLike],
    directory: Path,
    environment: Mapping[str, str],
    merged: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `snakemake` with these arguments in a directory, to its end.

    Where the streams are `merged`, what it tells on both is in `stdout`, in its order.
    """
    words = [os.fspath(argument) for argument in arguments]
    with TemporaryDirectory() as folder:
        out, err = Path(folder) / "stdout", Path(folder) / "stderr"
        streams = [out, out if merged else err]
        process = FORKS.Process(target=_run, args=(words, directory, dict(environment), streams))
        process.start()
        process.join()
        told = [path.read_text() if path.exists() else "" for path in (out, err)]
    return subprocess.CompletedProcess(words, process.exitcode, *told)


def _run(
    words: list[str], directory: Path, environment: dict[str, str], streams: Sequence[Path]
) -> None:
    for number, path in enumerate(streams, start=1):
        with open(path, "a") as file:
            os.dup2(file.fileno(), number)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["snakemake", *words]

    from snakemake.cli import main

    main(words)
