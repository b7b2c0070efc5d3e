"""Processes without the start of Python and the imports, which take longer than what they do.

They are forked from one that has imported modules and done nothing. A test process has one such
server, hence one list of modules.
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
        *("lionrank.training.launch", "lionrank.training.epoch"),
    ]
)


def run_forked(
    arguments: Sequence[str | os.PathLike],
    directory: Path,
    environment: Mapping[str, str],
    merged: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `snakemake` with these arguments, which ask for no jobs, in a directory to its end.

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

    # Not at the top: the process that waits does without it.
    from snakemake.cli import main

    main(words)
