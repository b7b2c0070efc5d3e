"""The chain behind a file: whole, or broken at the file that is not as it was made."""

import re
import zipfile
from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.jobs import descent, records

DATA, RUN, TABLE = "data.tsv", "results/bm25.trec", "results/metrics.csv"


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """A table made from a run file, which was made from a file of the user's."""
    monkeypatch.chdir(tmp_path)
    make(DATA, "1\ta query\n")
    make(RUN, "1 Q0 a 1 2.5 bm25\n", DATA)
    make(TABLE, "map\n0.5\n", RUN)
    return tmp_path


def make(path, text, *made_from):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as handle:
        handle.write(text)
    if made_from:
        records.write([path], "rule", records.taken(made_from), {})


def faults(path=TABLE):
    return {link.path for link in descent.faults(descent.trace(path))}


def test_a_chain_goes_back_to_what_no_rule_made(experiment):
    chain = descent.trace(TABLE)
    assert [*chain] == [TABLE, RUN, DATA]
    assert [link.rule for link in chain.values()] == ["rule", "rule", None]
    assert faults() == set()
    assert descent.vouched([TABLE]) == {path: link.sha256 for path, link in chain.items()}


@pytest.mark.parametrize("path", [TABLE, RUN, DATA])
def test_it_breaks_at_the_file_that_changed(experiment, path):
    (experiment / path).write_text("changed")
    assert faults() == {path}
    with pytest.raises(UserError, match=re.escape(path)):
        descent.vouched([TABLE])


def test_it_breaks_where_a_file_was_made_from_another_one(experiment):
    make(RUN, "1 Q0 b 1 2.5 bm25\n", DATA)
    assert faults() == {TABLE}
    assert faults(RUN) == set()


def test_a_decision_to_train_stands_with_other_scores_than_it_was_made_by(experiment):
    make("training/m_o_e2.dev.json", "0.5", DATA)
    make("training/m_o_e3.stop.json", "null", "training/m_o_e2.dev.json")
    make("checkpoints/m_o_e3", "weights", "training/m_o_e3.stop.json")
    make("training/m_o_e2.dev.json", "0.4", DATA)
    assert faults("checkpoints/m_o_e3") == set()
    Path("training/m_o_e3.stop.json").write_text("2")
    assert faults("checkpoints/m_o_e3") == {"training/m_o_e3.stop.json"}


def test_it_breaks_at_a_made_file_without_a_record(experiment):
    records.place(RUN).unlink()
    assert faults() == {RUN}


def test_what_is_not_here_breaks_nothing(experiment):
    (experiment / RUN).unlink()
    (experiment / DATA).unlink()
    chain = descent.trace(TABLE)
    assert [link.here for link in chain.values()] == [True, False, False]
    assert faults() == set()


def test_a_source_is_compared_with_what_its_first_download_recorded(experiment):
    (experiment / "sources" / "minilm").mkdir(parents=True)
    make("sources/minilm/model.safetensors", "weights")
    records.write(["sources/minilm"], "fetch", {}, {})
    file = f'{{"bytes": 7, "sha256": "{"0" * 64}"}}'
    make(
        "sources/minilm.lock.json",
        f'{{"id": "a/b", "revision": null, "files": {{"model.safetensors": {file}}}}}',
    )
    assert faults("sources/minilm") == {"sources/minilm"}


def test_the_tree_opens_each_file_once(experiment):
    make("results/comparisons.json", "{}", RUN, TABLE)
    told = descent.to_text(descent.trace("results/comparisons.json"))
    assert told.splitlines() == [
        "✓ results/comparisons.json [rule]",
        f"├─ ✓ {RUN} [rule]",
        f"│  └─ ✓ {DATA}",
        f"└─ ✓ {TABLE} [rule]",
        f"   └─ ✓ {RUN} [rule] (above)",
    ]


def test_an_experiment_is_found_by_its_folder_its_files_and_its_archive(
    experiment, tmp_path_factory, monkeypatch
):
    archive = tmp_path_factory.mktemp("zips") / "packed.zip"
    make(descent.PAPER, "%PDF", TABLE)
    with zipfile.ZipFile(archive, "w") as packed:
        for path in (descent.PAPER, TABLE, "records"):
            for file in [experiment / path, *(experiment / path).rglob("*")]:
                if file.is_file():
                    packed.write(file, f"packed/{file.relative_to(experiment)}")
    monkeypatch.chdir("/")
    for place in (experiment, experiment / descent.PAPER, archive):
        with descent.opened(place) as path:
            chain = descent.trace(path)
        assert [*chain] == [descent.PAPER, TABLE, RUN, DATA]
        assert not descent.faults(chain)
        assert chain[RUN].here is (place != archive)


@pytest.mark.parametrize("name", ["empty", "damaged.zip", "missing"])
def test_what_is_no_experiment_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(UserError, match=re.escape(name)), descent.opened(tmp_path / name):
        pass
