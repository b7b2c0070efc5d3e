"""Where a clone and its Python may lie, and what is said where they may not."""

from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.jobs import location


@pytest.mark.parametrize("name", ["plain", "a#b", "a%b", "a,b", "a~b", "añ", "ж", "a=b", "a@b+c"])
def test_a_clone_with_its_environment_may_lie_here(name):
    location.check(Path("/home", name), f"/home/{name}/.venv/bin/python", in_image=False)


@pytest.mark.parametrize("name", ["a b", "a'b", 'a"b', "a$b", "a`b", "a&b", "a(b)", "a:b"])
def test_a_python_is_refused_that_a_shell_would_take_for_something_else(name):
    python = f"/home/{name}/.venv/bin/python"
    with pytest.raises(UserError) as refused:
        location.check(Path("/home", name), python, in_image=False)
    assert python in str(refused.value) and repr(name[1]) in str(refused.value)
    location.check(Path("/home", name), "/usr/bin/python3", in_image=False)


@pytest.mark.parametrize("name", ["a b", "a,b", "a:b", "a$b"])
def test_an_image_is_refused_that_a_shell_or_apptainer_would_take_for_something_else(name):
    with pytest.raises(UserError, match="Apptainer"):
        location.check(Path("/home", name), "/usr/bin/python3", in_image=True)


@pytest.mark.parametrize("name", ["a{b", "a}b", "a{b}c"])
def test_a_clone_below_braces_is_refused(name):
    with pytest.raises(UserError, match="braces"):
        location.check(Path("/home", name), "/usr/bin/python3", in_image=False)
