"""Code as an input: the digest follows what a script imports, and nothing that it does not."""

import os
import shutil
import subprocess
import sys

import pytest

from lionrank.config import fingerprint, memo
from lionrank.errors import UserError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of a small package: a script imports a, a imports door.b, and c stands apart."""
    folder = tmp_path / "lionrank"
    (folder / "door").mkdir(parents=True)
    (folder / "a.py").write_text(
        '"""A."""\nfrom lionrank.door.b import f\n\n\ndef g():\n    return f()\n'
    )
    (folder / "door" / "b.py").write_text("def f():\n    return 1\n")
    (folder / "c.py").write_text("x = 1\n")
    (tmp_path / "script.py").write_text("if True:\n    from lionrank import a\n    a.g()\n")
    monkeypatch.setattr(fingerprint, "PACKAGE", folder)
    monkeypatch.setattr(memo, "STORE", tmp_path / "memo.json")
    memo._known.cache_clear()
    yield tmp_path
    memo._known.cache_clear()
    shutil.rmtree(folder)


def digest(package):
    fingerprint._summary.cache_clear()
    fingerprint._direct_imports.cache_clear()
    return fingerprint.of_script(package / "script.py")


@pytest.mark.parametrize("file", ["script.py", "lionrank/a.py", "lionrank/door/b.py"])
def test_a_change_of_code_that_is_reached_changes_it(package, file):
    before = digest(package)
    with (package / file).open("a") as handle:
        handle.write("y = 2\n")
    assert digest(package) != before


def test_a_comment_or_a_docstring_does_not(package):
    before = digest(package)
    (package / "lionrank" / "door" / "b.py").write_text(
        '"""New."""\ndef f():\n    """One."""\n    return 1  # x\n'
    )
    assert digest(package) == before


def test_code_that_is_not_reached_does_not(package):
    before = digest(package)
    (package / "lionrank" / "c.py").write_text("x = 2\n")
    assert digest(package) == before


def test_what_was_computed_is_recalled_and_a_damaged_store_is_not_trusted(package):
    first = digest(package)
    stored = memo.STORE.read_text()
    assert "digest" in stored
    assert digest(package) == first
    memo.STORE.write_text(stored[:20])
    memo._known.cache_clear()
    assert digest(package) == first


@pytest.mark.parametrize(
    "imports",
    [
        "from lionrank.door import b",
        "from lionrank.door.b import f",
        "import lionrank.door.b",
        "def g():\n    from lionrank.door import b as c",
    ],
)
def test_every_way_to_import_a_module_of_a_folder_is_followed(package, imports):
    (package / "script.py").write_text(f"{imports}\n")
    before = digest(package)
    (package / "lionrank" / "door" / "b.py").write_text("def f():\n    return 2\n")
    assert digest(package) != before


@pytest.mark.parametrize(
    "imports", ["from lionrank import d", "from lionrank.door.d import f", "import lionrank.d"]
)
def test_an_import_that_names_no_file_is_an_error(package, imports):
    (package / "script.py").write_text(f"{imports}\n")
    with pytest.raises(UserError, match=r"script\.py: lionrank\..* is in no file"):
        digest(package)


SYNTAX = """
import os
@staticmethod
async def f(a: int, /, *b, c=1.5, **d) -> "T":
    async with a as x:
        yield [await y async for y in x if (z := y) is not None]
def g(width, text=b"x", *, deep=-1e-3):
    match text:
        case {"a": [1, *rest], **others} | str(real=2):
            raise ValueError(f"{text!r:>{width}} {width:05.1f}" "end") from None
    try:
        return lambda: {**{"a": ..., "b": u"ü"}, "c": {1, 2j}}
    except* OSError:
        del width; x: int = 3
"""


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_digest_of_code_is_the_same_in_every_python(tmp_path, python):
    script = tmp_path / "script.py"
    script.write_text(SYNTAX, encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from lionrank.config.fingerprint import of_script; "
        "print(of_script(Path(sys.argv[1])))"
    )
    name = sys.executable if sys.version.startswith(f"{python}.") else f"python{python}"
    # A manager of Pythons has commands that only say which one they would need.
    if not shutil.which(name) or subprocess.run([name, "-V"], capture_output=True).returncode:
        pytest.skip(f"there is no Python {python} here")
    told = subprocess.run(
        [name, "-c", code, script],
        env=os.environ | {"PYTHONPATH": str(fingerprint.PACKAGE.parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "dbd0c73a34716fdb"
