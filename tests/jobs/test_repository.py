"""Files of the repository, as a rule names them and as its script finds them, and its place."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from lionrank.errors import UserError
from lionrank.jobs.repository import check_place, located, named, root


def clone_in(folder):
    (folder / "paper").mkdir(parents=True)
    (folder / "paper" / "refs.bib").write_text("@book{a}")
    return folder


def test_a_param_changes_with_the_content_and_not_with_the_place(tmp_path):
    here, there = (named(clone_in(tmp_path / name), "paper/refs.bib") for name in ("a", "b"))
    assert here == there
    (tmp_path / "b" / "paper" / "refs.bib").write_text("@book{b}")
    assert named(tmp_path / "b", "paper/refs.bib") != here


@pytest.mark.parametrize("folder", ["paper", "paper/tables"])
def test_a_script_finds_the_file_in_the_clone_that_it_lies_in(tmp_path, folder):
    clone = clone_in(tmp_path / "my scripts" / "scripts")
    script = SimpleNamespace(scriptdir=str(clone / "workflow" / "scripts" / folder))
    assert root(script) == clone
    assert located(script, named(clone, "paper/refs.bib")) == clone / "paper" / "refs.bib"


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no\.bib: No such file"):
        named(tmp_path, "no.bib")


@pytest.mark.parametrize("name", ["plain", "a#b", "a%b", "a,b", "a~b", "añ", "ж", "a=b", "a@b+c"])
def test_a_clone_with_its_environment_may_lie_here(name):
    check_place(Path("/home", name), f"/home/{name}/.venv/bin/python", in_image=False)


@pytest.mark.parametrize("name", ["a b", "a'b", 'a"b', "a$b", "a`b", "a&b", "a(b)", "a:b"])
def test_a_python_is_refused_that_a_shell_would_take_for_something_else(name):
    python = f"/home/{name}/.venv/bin/python"
    with pytest.raises(UserError) as refused:
        check_place(Path("/home", name), python, in_image=False)
    assert python in str(refused.value) and repr(name[1]) in str(refused.value)
    check_place(Path("/home", name), "/usr/bin/python3", in_image=False)


@pytest.mark.parametrize("name", ["a b", "a,b", "a:b", "a$b"])
def test_an_image_is_refused_that_a_shell_or_apptainer_would_take_for_something_else(name):
    with pytest.raises(UserError, match="Apptainer"):
        check_place(Path("/home", name), "/usr/bin/python3", in_image=True)


@pytest.mark.parametrize("name", ["a{b", "a}b", "a{b}c"])
def test_a_clone_below_braces_is_refused(name):
    with pytest.raises(UserError, match="braces"):
        check_place(Path("/home", name), "/usr/bin/python3", in_image=False)
