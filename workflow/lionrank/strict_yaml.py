"""YAML read strictly: what PyYAML reads as something else, or reads for ever, is refused.

PyYAML keeps the last of two equal keys, reads 010 as 8 and 12:30 as 750, and follows aliases of
aliases until memory ends.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lionrank.errors import UserError

DEPTH = 50
"""Lists and mappings within one another that a file may have."""
VALUES = 100_000
"""Values that a file may have, those that aliases repeat included."""

_OCTAL = re.compile("[-+]?0[0-9_]+")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_MERGE = "<<"


class _Refused(Exception):
    """A line that is refused; its message says why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"{line}: {why}")


def read(path: str | os.PathLike) -> Any:
    """Return what is in a YAML file.

    Raises:
        UserError: it is no YAML, or `complaint` refuses it; names file and line.
    """
    # Imported here: modules that a parse of the workflow imports need it only at times.
    import yaml

    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        if wrong := complaint(text):
            raise UserError(f"{path}:{wrong}")
        return yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        line = mark.line + 1 if mark else 1
        raise UserError(f"{path}:{line}: this is no YAML: {problem}") from None
    # No UTF-8, a date that the calendar lacks, an integer of thousands of digits.
    except ValueError as error:
        raise UserError(f"{path}: this is no YAML: {error}; correct the file") from None


def place(path: str | os.PathLike, keys: Iterable[str | int]) -> str:
    """Return FILE:LINE of a value that `read` has read, given by the keys and indices above it.

    Of a key that is absent it is the line of what should have it.
    """
    import yaml

    node: Any = yaml.compose(Path(path).read_bytes().decode("utf-8-sig"), yaml.CSafeLoader)
    line = node.start_mark.line if node else 0
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = [pair for pair in node.value if pair[0].value == str(key)]
            if not found:
                break
            name, node = found[0]
            line = name.start_mark.line
        else:
            node = node.value[key]
            line = node.start_mark.line
    return f"{path}:{line + 1}"


def complaint(text: str) -> str:
    """Return why YAML is refused, as "LINE: why", or nothing.

    Raises:
        yaml.YAMLError: it is none.
    """
    try:
        _check(text)
    except _Refused as refused:
        return str(refused)
    return ""


@dataclass
class _Open:
    """A list or mapping whose end is yet to come."""

    anchor: str | None
    is_mapping: bool
    values: int = 1
    """Itself and all that is in it so far."""
    children: int = 0
    """Entries so far; in a mapping, keys and values take turns."""
    keys: dict[str, int] = field(default_factory=dict)
    """The line of every key so far."""


def _check(text: str) -> None:
    import yaml

    whole = _Open(None, is_mapping=False)
    nested = [whole]
    values: dict[Any, int] = {}
    events: Iterator[Any] = yaml.parse(text, yaml.CSafeLoader)
    for event in events:
        line = event.start_mark.line + 1
        anchor, size = getattr(event, "anchor", None), 1
        # PyYAML fails at an empty !!int; other tags make what no JSON file can hold.
        if tag := getattr(event, "tag", None):
            raise _Refused(line, f"the tag {tag[:40]!r}: write the value without it")
        match event:
            case yaml.CollectionStartEvent():
                if len(nested) > DEPTH:
                    raise _Refused(line, f"lists and mappings are nested deeper than {DEPTH}")
                nested.append(_Open(anchor, isinstance(event, yaml.MappingStartEvent)))
                continue
            case yaml.CollectionEndEvent():
                done = nested.pop()
                anchor, size = done.anchor, done.values
            case yaml.ScalarEvent():
                _check_scalar(event, nested[-1], line)
            case yaml.AliasEvent():
                if anchor in {parent.anchor for parent in nested}:
                    raise _Refused(line, f"*{anchor} stands within what it stands for")
                size = values.get(anchor, 1)
            case _:
                continue
        if anchor is not None:
            values[anchor] = size
        nested[-1].children += 1
        nested[-1].values += size
        if nested[-1].values > VALUES:
            raise _Refused(line, f"more than {VALUES:,} values, counting those of aliases")


def _check_scalar(event: Any, parent: _Open, line: int) -> None:
    text = event.value
    is_plain = event.implicit[0] and not event.style
    if is_plain and _SEXAGESIMAL.fullmatch(text):
        raise _Refused(line, f"{text} is a number to base 60: put it in quotes if it is text")
    if is_plain and _OCTAL.fullmatch(text):
        raise _Refused(
            line,
            f"{text} is a number to base 8: write it without the 0, or in quotes if it is text",
        )
    if parent.is_mapping and parent.children % 2 == 0 and text != _MERGE:
        if text in parent.keys:
            first = parent.keys[text]
            raise _Refused(line, f"the key {text[:40]!r} is in line {first} too: rename one")
        parent.keys[text] = line
