"""How a rule's script runs: what it says is in the rule's log, and what it made has a record."""

import atexit
import gc
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from lionrank.errors import UserError
from lionrank.files import remove_scratch
from lionrank.jobs import records

_taken: dict[str, str] = {}
_terminal = 2
"""Where a job's errors go before they go to its log."""


def begin(snakemake: Any) -> None:
    """Send all that this process and its children print to the rule's log, and check its inputs.

    A `UserError` then ends the log with its message, any other exception with its traceback; the
    process exits with status 1, and Snakemake shows the log. So it does where a library calls
    `exit()`, before `end`. What an earlier job of the same outputs left of
    its scratch files when it was killed is removed. Called before a script imports anything else,
    so that imports that warn or fail do so in the log, too.

    Args:
        snakemake: the object of this name that Snakemake gives a script.

    Raises:
        UserError: an input is not what was recorded when it was made.
    """
    _log_to(Path(snakemake.log[0]))
    # Else the collector would walk what libraries are made of, which stays, again and again: a
    # quarter of the time of importing torch and transformers.
    gc.set_threshold(100_000, 50, 50)
    atexit.register(_fail_if_ended_early)
    for output in snakemake.output:
        remove_scratch(output)
    _taken.clear()
    _taken.update(records.taken(snakemake.input))


def announce(text: str) -> None:
    """Say a line in the log and on the terminal, or where Slurm puts what its jobs say."""
    print(text)
    os.write(_terminal, f"{text}\n".encode())


def end(snakemake: Any, counted: Mapping[str, int] | None = None) -> None:
    """Record what the script made, from what, and what it counted: its last line.

    Raises:
        UserError: an input has changed since the script began.
    """
    if records.taken(snakemake.input) != _taken:
        raise UserError(
            f"an input of {snakemake.rule} was changed while it was read: run the same command "
            "again."
        )
    records.write(snakemake.output, snakemake.rule, _taken, dict(snakemake.params.items()), counted)
    atexit.unregister(_fail_if_ended_early)


def _log_to(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    global _terminal
    _terminal = os.dup(2)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    # What a job printed before it was killed is in its log.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    # A log grows with every redrawing, and is shown if the job fails. Read when tqdm is imported.
    os.environ.setdefault("TQDM_MININTERVAL", "60")
    sys.excepthook = _say_what_went_wrong


def _say_what_went_wrong(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, UserError):
        print(f"error: {error}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def _fail_if_ended_early() -> None:
    if hasattr(sys, "last_value"):  # an exception, of which the log tells
        return
    print(
        "error: a library has ended the job by exit() before it was done; what it said stands "
        "above.",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)
