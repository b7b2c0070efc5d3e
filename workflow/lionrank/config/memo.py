"""Short answers that are kept between runs, so that a parse of the workflow does not repeat itself.

Every dry run and every job parses the workflow. What it computes from the bytes of the project's
own files is the same each time, and is kept beside Python's own compiled modules.
"""

import functools
import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lionrank.errors import UserError
from lionrank.files import read_json

# Of the newest answers; a checkout asks for some sixty.
KEPT = 1000
STORE = Path(__file__).parent / "__pycache__" / "memo.json"


def recall(compute: Callable[[], str], *inputs: bytes) -> str:
    """Return `compute()`, or what it returned before for the same function and input bytes.

    The function's own source file and the version of Python count as inputs. What it raises is not
    kept. A store that cannot be read or written only costs time.
    """
    own = _content(compute.__code__.co_filename)
    parts = (compute.__qualname__.encode(), sys.version.encode(), own, *inputs)
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
    known = _known()
    if key not in known:
        known[key] = compute()
        _keep(known)
    return known[key]


@functools.cache
def _content(file: str) -> bytes:
    return Path(file).read_bytes()


@functools.cache
def _known() -> dict[str, str]:
    try:
        stored = read_json(STORE)
    except UserError:
        return {}
    return {key: answer for key, answer in stored.items() if isinstance(answer, str)}


def _keep(known: dict[str, str]) -> None:
    partial = STORE.with_name(f".{STORE.name}.{os.getpid()}")
    try:
        STORE.parent.mkdir(exist_ok=True)
        newest = dict(list(known.items())[-KEPT:])
        partial.write_text(json.dumps(newest), encoding="utf-8")
        os.replace(partial, STORE)
        # Of parses that were killed, or have yet to write, which then only costs them time.
        for left in STORE.parent.glob(f".{STORE.name}.*"):
            left.unlink(missing_ok=True)
    except OSError:  # a read-only checkout has no memory
        with suppress(OSError):
            partial.unlink()
