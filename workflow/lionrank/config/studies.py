"""The published studies that a config names, as their folders in paper/published/ have them.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lionrank import strict_yaml
from lionrank.config.schema import check_plain, check_schema, meant
from lionrank.errors import UserError
from lionrank.published.study import FOLDER, PER_QUERY, SETTINGS, STUDY, SYSTEMS, Study
from lionrank.wording import shortened

SCHEMA = "schemas/study.schema.yaml"


def read_studies(config: Mapping[str, Any], root: Path) -> dict[str, Study]:
    """Read the studies of a config, in its order, by the names of their folders.

    Args:
        config: a config that its schema has passed.
        root: folder of the workflow's source.

    Raises:
        UserError: there is no such folder, or a study.yaml is wrong; names the key of the config,
            or file, line and key.
    """
    return {name: _read(name, root) for name in config["paper"]["studies"]}


def _read(name: str, root: Path) -> Study:
    path = root / FOLDER / name / STUDY
    if not path.is_file():
        known = sorted(each.parent.name for each in (root / FOLDER).glob(f"*/{STUDY}"))
        raise UserError(f"config: paper.studies: unknown {shortened(name)}{meant(name, known)}")
    content = strict_yaml.read(path)
    place = partial(strict_yaml.place, path)
    check_plain(content, place)
    check_schema(content, (root / SCHEMA).read_bytes(), place)
    study = Study.build(path.parent, content)
    for keys, named in _named(content):
        if named not in study.test_sets:
            hint = meant(named, study.test_sets)
            key = ".".join(keys)
            raise UserError(f"{place(keys)}: {key}: unknown {shortened(named)}{hint}")
    for key, file in (("sources", SETTINGS), ("systems", SYSTEMS), ("per_query", PER_QUERY)):
        if (key in content) != (file in study.has):
            missing, other = (file, "key") if key in content else (f"the key {key}", "file")
            raise UserError(
                f"{place([key])}: {key} says what {file} is about, and {missing} is missing: write "
                f"it, or leave the {other} out"
            )
    return study


def _named(content: Mapping[str, Any]) -> Iterator[tuple[list[str], str]]:
    """Yield the test sets that a study.yaml names, each with the keys where it does."""
    yield from (([key], content[key]) for key in ("systems", "per_query") if key in content)
    for name, shares in content.get("dev_sets", {}).items():
        yield from ((["dev_sets", name], test_set) for test_set in shares)
