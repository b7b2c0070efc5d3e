"""What is taken from a docstring, of which sources."""

import pytest

from lionrank.collections.docstrings import Docstring, deduplicate, extract, package_folder
from lionrank.errors import UserError
from tests.support.savanna import write_savanna


@pytest.fixture
def savanna(tmp_path):
    return extract(write_savanna(tmp_path), (20, 160), (150, 10_000))


def test_public_docstrings_of_length_are_taken_and_nothing_is_imported(savanna):
    assert [docstring.name for docstring in savanna] == [
        "savanna.lion.roar",
        "savanna.lion.Cub",
        "savanna.lion.purr",
    ]
    assert savanna[0].summary == "Roar at the given volume."


def test_see_also_is_cut_from_the_body_and_kept_as_names(savanna):
    roar = savanna[0]
    assert "quiet way" not in roar.body
    assert roar.body.endswith("Notes ----- Kept as part of the body.")
    assert roar.see_also == ["purr", "numpy.absent", "Cub.play"]
    assert savanna[1].body.endswith("India. The end of the body.")
    assert savanna[1].see_also == ["savanna.lion.roar", "purr"]


def test_equal_bodies_are_kept_once():
    docstrings = [Docstring(f"p.m.{name}", "p", "p.m", "A summary.", "same") for name in "ab"]
    assert [kept.name for kept in deduplicate(docstrings)] == ["p.m.a"]


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(UserError, match=r"mine.packages: 'no_such_package' is not an installed"):
        package_folder("no_such_package", "collections.mine.packages")
