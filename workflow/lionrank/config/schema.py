"""What the values of a config may be: those that any file can hold, and of these the schema's.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from lionrank.characters import SETTABLE, described, lacking
from lionrank.config.memo import recall
from lionrank.config.settings import canonical
from lionrank.errors import UserError
from lionrank.strict_yaml import DEPTH, VALUES
from lionrank.wording import did_you_mean, shortened

NULLS = ("None", "none", "null", "Null", "NULL", "~")
"""Texts that mean null, and are not."""
_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "keys with values",
    "string": "text",
}
# Tabs and ends of lines are not among them.
_UNPRINTABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Of the names that are known.
_LISTED = 40
# Of the characters that the paper cannot be set in.
_NAMED = 3
_IN_WORDS_OF_YAML = "YAML reads yes, no, on, off, true, false and null as values"


def values(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (place, value) of a value and of all that is in it, mappings before their entries.

    Raises:
        UserError: it goes on and on, as where aliases of YAML stand within what they stand for.
    """
    waiting = [(place, value, 0)]
    for _ in range(VALUES):
        if not waiting:
            return
        place, value, depth = waiting.pop()
        yield place, value
        if depth == DEPTH:
            break
        if isinstance(value, Mapping):
            within: Iterable[tuple[Any, Any]] = value.items()
        else:
            within = enumerate(value) if isinstance(value, list) else ()
        below = [(f"{place}.{key}" if place else str(key), each) for key, each in within]
        waiting += ((*entry, depth + 1) for entry in reversed(below))
    raise UserError(
        f"config: {place[:60]}: nested deeper than {DEPTH}, or more than {VALUES:,} values"
    )


Place = Callable[[list[str | int]], str]
"""Returns what messages call the place of a value, given by the keys and indices above it."""


def _of_config(keys: list[str | int]) -> str:
    return "config"


def check_plain(content: Any, place: Place = _of_config) -> None:
    """Check that keys are text and values are what a JSON file can hold.

    Args:
        content: a config, or what another file has.
        place: as `Place` says.

    Raises:
        UserError: the first that is not; one line that names the key.
    """
    for dotted, value in values(content):
        problem = _unfit(value)
        if not problem and isinstance(value, Mapping):
            problem = next(filter(None, (_unfit_key(key, dotted) for key in value)), "")
        if problem:
            raise UserError(f"{place([])}: {dotted or 'top level'}: {problem}")


def _unfit(value: Any) -> str:
    match value:
        case str() if found := _UNPRINTABLE.search(value):
            return f"holds the character U+{ord(found[0]):04X}, which is not printable; remove it"
        case float() if not math.isfinite(value):
            return f"{value} is no finite number"
        case int() if value.bit_length() > 63:
            return f"a number of {value.bit_length()} bits is too large"
        case str() | bool() | int() | float() | None | Mapping() | list():
            return ""
    return f"{_found(value)}; put it in quotes if it is text"


def _unfit_key(key: Any, place: str) -> str:
    """Return what is wrong with a key of the mapping at a place, or nothing."""
    if isinstance(key, str) and "\n" in key:
        return f"the key {_shown(key)} has a line end: remove it"
    if isinstance(key, str):
        return (problem := _unfit(key)) and f"the key {_shown(key)} {problem}"
    if isinstance(key, bool) or key is None:
        return f"the key {_shown(key)} is no text ({_IN_WORDS_OF_YAML}); put it in quotes"
    name = _named(place, re.sub("[^0-9]+", "", str(key)))[:20]
    return f"a key is {_found(key)}, not text; take a name such as {name!r}"


def _named(place: str, rest: str) -> str:
    """Return a name for something at a place, such as test2020 for 2020 in test_sets."""
    return place.rpartition(".")[2].partition("_")[0].removesuffix("s") + rest


def check_schema(content: Any, schema: bytes, place: Place = _of_config) -> None:
    """Check a config, or another file in YAML, against its JSON schema.

    Args:
        content: what the file has.
        schema: the schema, in YAML.
        place: as `Place` says.

    Raises:
        UserError: the first violation; one line that names the key.
    """

    def passes() -> str:
        # Imported here: what passed before is recalled, and a dry run should not wait for them.
        import yaml
        from jsonschema import Draft202012Validator, FormatChecker, validators
        from jsonschema.exceptions import best_match

        extend: Callable[..., type[Draft202012Validator]] = validators.extend
        # 3.0 is an integer to JSON schema, and none to range().
        types = Draft202012Validator.TYPE_CHECKER.redefine(
            "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
        )
        validator = extend(Draft202012Validator, type_checker=types)
        formats = FormatChecker(formats=())
        formats.checks("printed", raises=UserError)(_is_printed)
        formats.checks("line", raises=UserError)(_is_line)
        rules = validator(yaml.load(schema, yaml.CSafeLoader), format_checker=formats)
        if error := best_match(rules.iter_errors(content)):
            keys = [*error.absolute_path, *([_unknown(error)] if _is_unknown(error) else [])]
            raise UserError(f"{place(keys)}: {_described(error)}")
        return ""

    recall(passes, schema, canonical(content), "".join(sorted(SETTABLE)).encode())


def _is_printed(text: Any) -> bool:
    """Return whether the paper can be set in a text; what is no text is for others to refuse.

    Raises:
        UserError: it cannot; names the characters.
    """
    if isinstance(text, str) and (absent := lacking(text)):
        named = ", ".join(map(described, absent[:_NAMED]))
        raise UserError(
            f"{_shown(text)} has {named}{' and others' if len(absent) > _NAMED else ''}, which the "
            "paper's LaTeX cannot set: write it in Latin letters, or leave it out"
        )
    # Snakemake's report has params within a script of the page.
    if isinstance(text, str) and (found := re.search("<[/!]", text)):
        raise UserError(
            f"{_shown(text)} has {found[0]}, which in a page begins a tag: put a space between"
        )
    return True


def _is_line(text: Any) -> bool:
    """Return whether a text can be printed, in one line.

    Raises:
        UserError: it cannot; names what is in the way.
    """
    if isinstance(text, str) and not text.strip():
        raise UserError(f"{_shown(text)} is blank: write what is to be printed")
    if isinstance(text, str) and len(text.splitlines()) > 1:
        raise UserError(f"{_shown(text)} has a line end: write it in one line (in YAML after `>-`)")
    return _is_printed(text)


def _described(error: Any) -> str:
    """Return in words what a `jsonschema.ValidationError` of a validator says.

    Its own types allow for attributes that are not set, as none is that a validator yields.
    """
    place = ".".join(str(step) for step in error.absolute_path)
    return f"{place or 'top level'}: {_said(error, place)}"


def _said(error: Any, place: str) -> str:
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            name = _unknown(error)
            return f"unknown key {shortened(name)}{meant(name, error.schema.get('properties', {}))}"
        case "required":
            return f"the key {next(key for key in rule if key not in value)!r} is missing"
        case "enum" if None in rule and value in NULLS:
            return _null(value)
        case "enum":
            known = ["null" if each is None else each for each in rule]
            return f"unknown value {_shown(value)}{meant(str(value), known)}"
        case "type":
            return _of_another_type(value, [rule] if isinstance(rule, str) else rule)
        case "not":
            return _null(value)
        case "format":
            return str(error.cause)
        case "pattern":
            words = error.schema["description"].removesuffix(".")
            hint = _instead(value, rule, place) if words.startswith("a name") else ""
            return f"{_shown(value)} is not {words}{hint}"
    return error.message.replace(repr(value), _shown(value))


def _is_unknown(error: Any) -> bool:
    return error.validator == "additionalProperties"


def _unknown(error: Any) -> str:
    """Return the first key that the schema does not have."""
    return next(key for key in error.instance if key not in error.schema.get("properties", {}))


def _null(value: str) -> str:
    return f"{value!r} is text: write null, without quotes"


def _of_another_type(value: Any, types: list[str]) -> str:
    hint = ""
    if isinstance(value, str):
        if "null" in types and value in NULLS:
            return _null(value)
        if {"integer", "number"} & {*types} and is_number(value):
            hint = (
                "; YAML reads it as text: write it without quotes, and a power of ten as in 2.0e-5"
            )
    elif "string" in types and (isinstance(value, bool) or value is None):
        hint = f"; {_IN_WORDS_OF_YAML}: put text in quotes"
    elif "string" in types and isinstance(value, int | float):
        hint = "; put text in quotes"
    expected = " or ".join(_TYPES[each] for each in types)
    return f"expected {expected}, found {_found(value)}{hint}"


def _instead(value: str, pattern: str, place: str) -> str:
    """Return a name like a value that a pattern refuses, as a hint, or nothing."""
    ascii_ = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    for between in ("_", ""):
        name = re.sub("[^a-z0-9]+", between, ascii_).strip("_")
        for candidate in (name, _named(place, name)):
            if re.search(pattern, candidate):
                return f"; for example {candidate!r}"
    return ""


def is_number(text: str) -> bool:
    """Return whether text looks like a number to anybody but YAML."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def meant(name: str, known: Iterable[str]) -> str:
    """Return, after a semicolon, the known name that was probably meant, or the known ones."""
    known = list(known)
    told = ", ".join(known[:_LISTED])
    if len(known) > _LISTED:
        told += f" and {len(known) - _LISTED} more"
    return "; " + (did_you_mean(name, known) or f"known: {told}")


def _found(value: Any) -> str:
    """Return what a value is, in words."""
    match value:
        case bool() | None:
            return _shown(value)
        case str():
            return f"the text {_shown(value)}"
        case int() | float():
            return f"the number {_shown(value)}"
        case list():
            return "a list"
        case Mapping():
            return "keys with values"
        case date():
            return f"the date {value}"
    return f"a value of the type {type(value).__name__}"


def _shown(value: Any) -> str:
    """Return a value as YAML has it, or its beginning."""
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else shortened(value)
