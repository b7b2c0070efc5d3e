"""The published studies that a config names, as their folders in paper/published/ have them.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lionrank import strict_yaml
from lionrank.config.schema import check_plain, check_schema, meant
from lionrank.errors import UserError
from lionrank.published.study import FOLDER, PER_QUERY, STUDY, SYSTEMS, Study
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
    for key, file in (("systems", SYSTEMS), ("per_query", PER_QUERY)):
        if (named := content.get(key)) not in (None, *study.test_sets):
            hint = meant(named, study.test_sets)
            raise UserError(f"{place([key])}: {key}: unknown {shortened(named)}{hint}")
        if (key in content) != (file in study.has):
            remedy = f"write {file}, or leave the key out" if key in content else "name it"
            raise UserError(
                f"{place([key])}: {key} is the test set that {file} is on, and one of them is "
                f"missing: {remedy}"
            )
    return study
