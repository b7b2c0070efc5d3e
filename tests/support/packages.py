"""Installed packages that know files to download: ones of a test, before the real ones."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

HUB = "https://huggingface.co/datasets/castorini/prebuilt-indexes-beir/resolve/main"


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def catalogue_entry(url: str, content: bytes) -> dict[str, Any]:
    """Return what ir_datasets knows of a file that is to have this content."""
    return {"url": url, "expected_md5": md5(content), "size_hint": len(content)}


def index_entry(name: str, url: str, content: bytes) -> dict[str, Any]:
    """Return what Anserini knows of an index whose archive is to have this content."""
    sizes = {"compressed_size": len(content), "documents": 3}
    return {"name": name, "urls": [url], "md5": md5(content), **sizes}


def install(folder: Path, catalogue: dict[str, Any], indexes: list[dict[str, Any]]) -> None:
    """Write packages that know these files of ir_datasets, and these indexes of Anserini.

    They are found before the real ones where PYTHONPATH names the folder.
    """
    downloads = folder / "ir_datasets" / "etc" / "downloads.json"
    jar = folder / "pyserini" / "resources" / "jars" / "anserini-0-fatjar.jar"
    for path in (downloads, jar):
        path.parent.mkdir(parents=True)
        (folder / path.relative_to(folder).parts[0] / "__init__.py").touch()
    downloads.write_text(json.dumps(catalogue))
    with zipfile.ZipFile(jar, "w") as members:
        members.writestr("io/anserini/Other.json", "{}")
        members.writestr("prebuilt-indexes/beir.json", json.dumps(indexes))
