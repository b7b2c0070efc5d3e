"""Code as an input: the digest follows what a script imports, and nothing that it does not."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from lionrank.config import fingerprint
from lionrank.errors import UserError
from tests.support.running import ROOT

PRINT_DIGEST = (
    "import sys; from pathlib import Path; from lionrank.config.fingerprint import of_script; "
    "print(of_script(Path(sys.argv[1])))"
)
# What computes a digest, of which each test has a copy beside the package that it looks at.
OF_DIGESTS = ("__init__", "errors", "files", "config/__init__", "config/fingerprint", "config/memo")


@pytest.fixture
def package(tmp_path):
    """A small package: a script imports a, a imports door.b, and c stands apart."""
    folder = tmp_path / "lionrank"
    for name in OF_DIGESTS:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(fingerprint.PACKAGE / f"{name}.py", folder / f"{name}.py")
    (folder / "door").mkdir()
    (folder / "a.py").write_text(
        '"""A."""\nfrom lionrank.door.b import f\n\n\ndef g():\n    return f()\n'
    )
    (folder / "door" / "b.py").write_text("def f():\n    return 1\n")
    (folder / "c.py").write_text("x = 1\n")
    (tmp_path / "script.py").write_text("if True:\n    from lionrank import a\n    a.g()\n")
    return tmp_path


def run(package, python=sys.executable):
    """Let a Python print the digest of script.py by the code that lies beside it."""
    return subprocess.run(
        [python, "-c", PRINT_DIGEST, package / "script.py"],
        env=os.environ | {"PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
    )


def digest(package, python=sys.executable):
    told = run(package, python)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


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
    store = package / "lionrank" / "config" / "__pycache__" / "memo.json"
    known = store.read_text()
    assert "digest" in known
    assert digest(package) == first
    store.write_text(known.replace(r"\"digest\": \"", r"\"digest\": \"0"))
    assert digest(package) != first
    store.write_text(known[:20])
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
    told = run(package)
    assert told.returncode == 1
    assert re.search(r"UserError: \S*script\.py: lionrank\.\S+ is in no file", told.stderr)


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
def test_the_digest_of_code_is_the_same_in_every_python(package, python):
    (package / "script.py").write_text(SYNTAX, encoding="utf-8")
    name = sys.executable if sys.version.startswith(f"{python}.") else f"python{python}"
    # A manager of Pythons has commands that only say which one they would need.
    if not shutil.which(name) or subprocess.run([name, "-V"], capture_output=True).returncode:
        pytest.skip(f"there is no Python {python} here")
    assert digest(package, name) == "dbd0c73a34716fdb"


def test_the_code_that_runs_is_that_of_the_clone_whose_rules_are_read(tmp_path):
    fingerprint.check_package(ROOT)
    (tmp_path / "link").symlink_to(ROOT)
    fingerprint.check_package(tmp_path / "link")
    shutil.copytree(ROOT / "workflow" / "lionrank" / "config", tmp_path / "workflow" / "lionrank")
    with pytest.raises(UserError, match=re.escape(str(tmp_path))):
        fingerprint.check_package(tmp_path)
