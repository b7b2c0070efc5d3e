"""The claims file of a study: each of its findings as data, checked to the last key."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from lionrank import strict_yaml
from lionrank.claims.confounds import FACTS
from lionrank.claims.evidence import Published
from lionrank.claims.kind import Test
from lionrank.claims.kinds import KINDS
from lionrank.errors import UserError
from lionrank.evaluation.per_query import System
from lionrank.measures import Measure
from lionrank.wording import did_you_mean, shortened

# Instead of a list of systems: all trainings, or all checkpoints, of the published table.
ALL_TRAININGS, ALL_CHECKPOINTS = "trainings", "checkpoints"
# Fewer systems or more make no sense of a key.
_LENGTHS = {
    ("equal", "systems"): 2,
    ("same_settings", "trainings"): 2,
    ("greater_by_epoch", "left"): 1,
    ("greater_by_epoch", "right"): 1,
    **{(kind, "optimizers"): 2 for kind in ("log_greater", "log_smoother", "log_ratio")},
    **{(kind, "treatments"): 2 for kind in ("not_below", "trend", "same_sign")},
}
# What may be listed twice: a treatment with one size and with the next.
_REPEATED = {("not_below", "treatments")}
# What is on one of these sides cannot be on the other.
_SIDES = (("left", "right"), ("treatments", "others"))
# Fewer make no sense.
_FEWEST = {
    ("monotonic", "systems"): 2,
    ("same_data", "treatments"): 2,
    **{(kind, "models"): 2 for kind in ("not_below", "trend", "same_sign")},
}


@dataclass(frozen=True)
class Claim:
    """A finding of the published work in our words, where it is made, and what decides it.

    `written` are the tests as they stand in the file, in the order of `tests`.
    """

    id: str
    text: str
    where: tuple[str, ...]
    tests: tuple[Test, ...]
    written: tuple[Mapping[str, Any], ...]


def read(path: str | os.PathLike, published: Published) -> list[Claim]:
    """Read the claims; models, optimizers, epochs and settings are those that were published.

    Raises:
        UserError: as `strict_yaml.read`, or a key or value is absent or unknown; names file, claim
            and key.
    """
    content = strict_yaml.read(path)
    if not isinstance(content, dict) or list(content) != ["claims"]:
        raise UserError(f"{path}: expected the key claims and no other at the top")
    place = f"{path}: claims"
    claims: list[Claim] = []
    for number, entry in enumerate(_listed(content["claims"], place), start=1):
        claim = _claim(entry, f"{path}: claim {number}", str(path), published)
        if claim.id in {other.id for other in claims}:
            raise UserError(f"{path}: {claim.id}: id: two claims have it; rename one")
        claims.append(claim)
    return claims


def _claim(entry: Any, place: str, path: str, published: Published) -> Claim:
    keys = ("id", "text", "where", "tests")
    _check_keys(entry, place, keys, keys)
    if not (isinstance(entry["id"], str) and entry["id"]):
        raise UserError(f"{place}: id: expected text, found {shortened(entry['id'])}")
    place = f"{path}: {entry['id']}"
    if not (isinstance(entry["text"], str) and entry["text"].strip()):
        raise UserError(f"{place}: text: expected a sentence, found {shortened(entry['text'])}")
    for where in _listed(entry["where"], f"{place}: where"):
        _known(where, published.study.where, f"{place}: where")
    written = _listed(entry["tests"], f"{place}: tests")
    tests = [
        _test(test, f"{place}: test {number}", published)
        for number, test in enumerate(written, start=1)
    ]
    return Claim(
        entry["id"], entry["text"].strip(), tuple(entry["where"]), tuple(tests), tuple(written)
    )


def _test(entry: Any, place: str, published: Published) -> Test:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind is None:
        raise UserError(f"{place}: kind: the key is missing")
    _known(kind, KINDS, f"{place}: kind")
    known = fields(KINDS[kind])
    required = [field.name for field in known if field.default is MISSING]
    _check_keys(entry, place, ["kind", *required], ["kind", *(field.name for field in known)])
    values = {
        key: _PARSERS[key](value, f"{place}: {key}", published)
        for key, value in entry.items()
        if key != "kind"
    }
    _check_lists(kind, values, place)
    return KINDS[kind](**values)


def _check_lists(kind: str, values: Mapping[str, Any], place: str) -> None:
    """Check that lists have as much in them as makes sense, and nothing twice."""
    for key, value in values.items():
        if (length := _LENGTHS.get((kind, key))) and len(value) != length:
            raise UserError(f"{place}: {key}: {kind} takes {length}, found {len(value)}")
        if (fewest := _FEWEST.get((kind, key))) and len(value) < fewest:
            raise UserError(f"{place}: {key}: {kind} takes {fewest} or more, found {len(value)}")
        if not isinstance(value, tuple) or (kind, key) in _REPEATED:
            continue
        if twice := [each for each in value if value.count(each) > 1]:
            raise UserError(f"{place}: {key}: has {_named(twice[0])} twice; remove one")
    if "over" in values and not {*values["over"]} - {*values["systems"]}:
        raise UserError(f"{place}: over: has nothing beside systems; name another system")
    for left, right in _SIDES:
        if both := [each for each in values.get(left, ()) if each in values.get(right, ())]:
            raise UserError(f"{place}: {left}, {right}: {_named(both[0])} is in both; remove one")


def _check_keys(entry: Any, place: str, required: Iterable[str], known: Iterable[str]) -> None:
    if not isinstance(entry, dict):
        raise UserError(f"{place}: expected a mapping, found {shortened(entry)}")
    for key in required:
        if key not in entry:
            raise UserError(f"{place}: {key}: the key is missing")
    for key in entry:
        _known(key, list(known), place)


def _known(name: Any, known: Iterable[str], place: str) -> None:
    names = list(known)
    if name not in names:
        hint = did_you_mean(name, names) or f"known: {', '.join(names)}"
        raise UserError(f"{place}: unknown {shortened(name)}; {hint}")


def _listed(value: Any, place: str) -> list:
    if not (isinstance(value, list) and value):
        raise UserError(f"{place}: expected a list, found {shortened(value)}")
    return value


def _named(each: Any) -> str:
    """Return what a list has as it is named there: a name, or a system's or a measure's."""
    if isinstance(each, Measure):
        return f"{each.metric} on {each.test_set}"
    return _name(each) if isinstance(each, System) else str(each)


def _metrics(value: Any, place: str, published: Published) -> tuple[Measure, ...]:
    """Return what is listed as measures that were published.

    The name of a metric stands for it on all test sets, that of a test set for all metrics on it.
    """
    names = [name for measure in published.measures for name in (measure.metric, measure.test_set)]
    found: list[Measure] = []
    for name in _listed(value, place):
        _known(name, dict.fromkeys(names), place)
        found += [each for each in published.measures if name in (each.metric, each.test_set)]
    return tuple(found)


def _systems(value: Any, place: str, published: Published) -> tuple[System, ...]:
    if value == ALL_TRAININGS:
        return tuple(published.trainings)
    if value == ALL_CHECKPOINTS:
        return tuple(published.checkpoints)
    known = {_name(each): each for each in (*published.trainings, *published.checkpoints)}
    for name in _listed(value, place):
        _known(name, known, place)
    return tuple(known[name] for name in value)


def _name(system: System) -> str:
    return system.training if system.epoch is None else f"{system.training}_e{system.epoch}"


def _names(known: Callable[[Published], Iterable[Any]]) -> Callable[..., tuple]:
    """Return a parser of lists of what `known` takes from the published tables."""

    def parse(value: Any, place: str, published: Published) -> tuple:
        for name in _listed(value, place):
            _known(name, known(published), place)
        return tuple(value)

    return parse


def _number(value: Any, place: str, published: Published) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= sys.float_info.max:
        raise UserError(f"{place}: expected a number of at least 0, found {shortened(value)}")
    return float(value)


def _text(value: Any, place: str, published: Published) -> str:
    if not (isinstance(value, str) and value):
        raise UserError(f"{place}: expected text, found {shortened(value)}")
    return value


def _flag(value: Any, place: str, published: Published) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"{place}: expected true or false, found {shortened(value)}")
    return value


_PARSERS: dict[str, Callable[[Any, str, Published], Any]] = {
    "metrics": _metrics,
    **dict.fromkeys(("systems", "over", "left", "right"), _systems),
    "epochs": _names(lambda published: published.epochs),
    "models": _names(lambda published: published.study.models),
    **dict.fromkeys(
        ("optimizers", "treatments", "others"), _names(lambda published: published.study.treatments)
    ),
    "test_sets": _names(lambda published: published.study.test_sets),
    "facts": _names(lambda published: FACTS),
    "trainings": _names(lambda published: [each.training for each in published.trainings]),
    "settings": _names(lambda published: dict.fromkeys(row.setting for row in published.settings)),
    "sources": _names(lambda published: published.study.sources),
    **dict.fromkeys(("margin", "ratio"), _number),
    **dict.fromkeys(("quantity", "reason"), _text),
    **dict.fromkeys(("most", "level"), _flag),
}
