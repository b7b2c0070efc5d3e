"""How a rule's script runs: it prints into the rule's log, and ends it with what went wrong."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lionrank.errors import UserError


@contextmanager
def job_log(log: str | os.PathLike) -> Iterator[None]:
    """Send all that this process and its children print to the file `log`.

    A `UserError` ends the log with its message, any other exception with its traceback; the
    process then exits with status 1, and Snakemake shows the log.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    sys.stdout.reconfigure(line_buffering=True)
    # A log grows with every redrawing, and is shown if the job fails. Read when tqdm is imported.
    os.environ.setdefault("TQDM_MININTERVAL", "60")
    try:
        yield
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    except Exception:
        traceback.print_exc()
    else:
        return
    sys.exit(1)
