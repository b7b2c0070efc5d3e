"""The embedded collection: what is taken from a docstring, who is relevant, and what is split."""

import pytest

from lionrank.collections import pydocs
from lionrank.errors import UserError

BODY = "The lion is a large cat of the genus Panthera, native to Sub-Saharan Africa and India. "
SOURCE = f'''
"""Module docstrings are not used."""

def roar(volume):
    """Roar at the
    given volume.

    {BODY * 2}

    See Also
    --------
    purr : The quiet way.
    numpy.absent, Cub.play
        Both on one line.

    Notes
    -----
    Kept as part of the body.
    """

def _hidden():
    """Private functions are not used.

    {BODY * 2}
    """

class Cub:
    """A young lion of the pride.

    {BODY * 3}

    .. seealso::
        :func:`~savanna.lion.roar` - what it will do one day

        :meth:`purr`

    The end of the body.
    """

    def play(self):
        """Too short a body to be a passage.

        No.
        """

try:
    def purr():
        """Purr at the lowest volume.

        {BODY * 4}

        See Also
        ========

        savanna.lion.Cub
        """
except ImportError:
    pass
'''
SHARES = {"dev": 0.2, "test": 0.3}


@pytest.fixture
def savanna(tmp_path, monkeypatch):
    """An importable package of one module, with tests and a file that does not parse."""
    folder = tmp_path / "savanna"
    (folder / "tests").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('never imported')\n")
    (folder / "lion.py").write_text(SOURCE)
    (folder / "tests" / "test_lion.py").write_text(SOURCE)
    (folder / "template.py").write_text("def {{ name }}(:\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return pydocs.extract("savanna", (20, 160), (150, 10_000))


def test_public_docstrings_of_length_are_taken_and_nothing_is_imported(savanna):
    assert [document.docid for document in savanna] == [
        "savanna.lion.roar",
        "savanna.lion.Cub",
        "savanna.lion.purr",
    ]
    assert savanna[0].summary == "Roar at the given volume."


def test_see_also_is_cut_from_the_passage_and_kept_as_names(savanna):
    roar = savanna[0]
    assert "quiet way" not in roar.body
    assert roar.body.endswith("Notes ----- Kept as part of the body.")
    assert roar.see_also == ["purr", "numpy.absent", "Cub.play"]
    assert savanna[1].body.endswith("India. The end of the body.")
    assert savanna[1].see_also == ["savanna.lion.roar", "purr"]


def test_own_body_is_grade_two_and_see_also_grade_one(savanna):
    topics = pydocs.build_topics(savanna, SHARES, dict.fromkeys(pydocs.SPLITS, 10))
    judged = {topic.query: topic.judgements for topic in topics}
    assert judged["Roar at the given volume."] == {"savanna.lion.roar": 2, "savanna.lion.purr": 1}
    assert judged["A young lion of the pride."] == {
        "savanna.lion.Cub": 2,
        "savanna.lion.roar": 1,
        "savanna.lion.purr": 1,
    }
    assert judged["Purr at the lowest volume."] == {"savanna.lion.purr": 2, "savanna.lion.Cub": 1}


def document(module, name, summary, body):
    return pydocs.Docstring(f"{module}.{name}", module.split(".")[0], module, summary, body)


def test_a_shared_summary_makes_all_its_bodies_relevant_unless_it_spans_splits():
    by_split = {}
    for number in range(100):
        module = f"p.m{number}"
        by_split.setdefault(pydocs.split_of(module, SHARES), module)
    train, test = by_split["train"], by_split["test"]
    documents = [
        document(train, "a", "Shared within a module.", "one"),
        document(train, "b", "Shared within a module.", "two"),
        document(train, "c", "Shared across splits.", "three"),
        document(test, "d", "Shared across splits.", "four"),
    ]
    topics = pydocs.build_topics(documents, SHARES, dict.fromkeys(pydocs.SPLITS, 10))
    assert [topic.judgements for topic in topics] == [{f"{train}.a": 2, f"{train}.b": 2}]


def test_every_module_falls_to_one_split_in_the_asked_shares():
    splits = [pydocs.split_of(f"package.module{number}", SHARES) for number in range(2000)]
    assert splits.count("dev") == pytest.approx(400, abs=60)
    assert splits.count("test") == pytest.approx(600, abs=60)


def test_equal_bodies_are_kept_once():
    documents = [document("p.m", name, "A summary of it.", "same") for name in "ab"]
    assert [kept.docid for kept in pydocs.deduplicate(documents)] == ["p.m.a"]


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(UserError, match=r"collections.pydocs.packages: 'no_such_package'"):
        pydocs.package_folder("no_such_package")
