"""Files of the repository, as a rule names them and as its script finds them."""

from types import SimpleNamespace

import pytest

from lionrank.errors import UserError
from lionrank.jobs.repository import located, named, root


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
