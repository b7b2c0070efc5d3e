"""What Snakemake was given as config: files, and values of `--config`.

Snakemake has read them before anything of this project runs. Runs at every parse of the workflow,
so it imports nothing heavy.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lionrank import strict_yaml
from lionrank.config.memo import recall
from lionrank.errors import UserError

_KINDS = ("bool", "float", "int", "null")


def check_files(paths: Iterable[str | os.PathLike]) -> None:
    """Check in config files what is gone once they have been read, such as the first of equal keys.

    Raises:
        UserError: `lionrank.strict_yaml` refuses one; names file and line.
    """
    for path in paths:
        _check_file(path, Path(path).read_bytes())


def _check_file(path: str | os.PathLike, content: bytes) -> None:
    def passes() -> str:
        import yaml

        # Snakemake also takes JSON, of which a little is no YAML.
        with suppress(yaml.YAMLError):
            if problem := strict_yaml.complaint(content.decode("utf-8-sig")):
                raise UserError(f"{path}:{problem}")
        return ""

    recall(passes, Path(strict_yaml.__file__).read_bytes(), content)


def typed(value: Any) -> Any:
    """Return a value of `--config` as it would be read in a config file.

    Within braces and brackets Snakemake makes all of them text, and to its jobs null is "None".
    """
    match value:
        case Mapping():
            return {key: typed(each) for key, each in value.items()}
        case list():
            return [typed(each) for each in value]
        case "None":
            return None
        case str():
            return _scalar(value)
    return value


def _scalar(text: str) -> Any:
    """Return text as YAML reads it where that is a number, true, false or null."""
    import yaml

    resolver: Any = yaml.SafeLoader("")
    kind = resolver.resolve(yaml.ScalarNode, text, (True, False)).rpartition(":")[2]
    if kind in _KINDS and not strict_yaml.complaint(text):
        # Not an integer of thousands of digits.
        with suppress(ValueError):
            return yaml.load(text, yaml.CSafeLoader)
    return text
