"""Code as an input: the digest follows what a script imports, and nothing that it does not."""

import shutil

import pytest

from lionrank import fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of a small package: a script imports a, a imports b, and c stands apart."""
    folder = tmp_path / "lionrank"
    folder.mkdir()
    (folder / "a.py").write_text(
        '"""A."""\nfrom lionrank.b import f\n\n\ndef g():\n    return f()\n'
    )
    (folder / "b.py").write_text("def f():\n    return 1\n")
    (folder / "c.py").write_text("x = 1\n")
    (tmp_path / "script.py").write_text("if True:\n    from lionrank import a\n    a.g()\n")
    monkeypatch.setattr(fingerprint, "PACKAGE", folder)
    yield tmp_path
    shutil.rmtree(folder)


def digest(package):
    for cached in ("_tree", "_direct_imports", "_normalised"):
        getattr(fingerprint, cached).cache_clear()
    return fingerprint.of_script(package / "script.py")


@pytest.mark.parametrize("file", ["script.py", "lionrank/a.py", "lionrank/b.py"])
def test_a_change_of_code_that_is_reached_changes_it(package, file):
    before = digest(package)
    with (package / file).open("a") as handle:
        handle.write("y = 2\n")
    assert digest(package) != before


def test_a_comment_or_a_docstring_does_not(package):
    before = digest(package)
    (package / "lionrank" / "b.py").write_text(
        '"""New."""\ndef f():\n    """One."""\n    return 1  # x\n'
    )
    assert digest(package) == before


def test_code_that_is_not_reached_does_not(package):
    before = digest(package)
    (package / "lionrank" / "c.py").write_text("x = 2\n")
    assert digest(package) == before
