"""A file is believed if it is what its record says, however it was copied; else it is refused."""

import json
import os
import re
import shutil
import subprocess

import pytest

from lionrank.errors import UserError
from lionrank.jobs import records
from tests.support.running import ROOT

RUN = "results/bm25.trec"
CHECKPOINT = "checkpoints/minilm_lion_e1"


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """A run file and a checkpoint with their records, in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("config.json", "model.safetensors", "1_Pooling/config.json"):
        file = tmp_path / CHECKPOINT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (tmp_path / CHECKPOINT / ".snakemake_timestamp").touch()
    (tmp_path / "results").mkdir()
    (tmp_path / RUN).write_text("1 Q0 a 1 2.5 bm25\n")
    (tmp_path / "own.tsv").write_text("1\ta query\n")
    taken = records.taken(["own.tsv"])
    records.write([RUN, CHECKPOINT], "rerank", taken, {"precision": "fp32"})
    return tmp_path


def test_a_record_tells_what_was_made_from_what(experiment):
    record = records.read(RUN)
    assert record["rule"] == "rerank"
    assert record["params"] == {"precision": "fp32"}
    assert record["made_from"] == records.taken(["own.tsv"])
    assert records.taken([RUN]) == {RUN: records.digest(record["files"])}


def test_a_checkpoint_taken_elsewhere_can_be_checked(experiment, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "model"
    shutil.copytree(experiment / CHECKPOINT, elsewhere)
    check = ["sha256sum", "-c", "--strict", "--quiet", records.SUMS]
    assert subprocess.run(check, cwd=elsewhere).returncode == 0
    (elsewhere / "1_Pooling/config.json").write_text("cut")
    assert subprocess.run(check, cwd=elsewhere).returncode == 1


def test_what_no_rule_makes_needs_no_record(experiment):
    assert records.read("own.tsv") is None
    assert [*records.taken(["own.tsv"])] == ["own.tsv"]


def damage_file(root):
    (root / CHECKPOINT / "config.json").write_text("config.jsom")


def lose_file(root):
    (root / CHECKPOINT / "config.json").unlink()


def add_file(root):
    (root / CHECKPOINT / "added.json").touch()


def change_inner_file(root):
    (root / CHECKPOINT / "1_Pooling" / "config.json").write_text("{}")


@pytest.mark.parametrize("harm", [damage_file, lose_file, add_file, change_inner_file])
def test_a_folder_of_other_files_is_refused(experiment, harm):
    harm(experiment)
    with pytest.raises(UserError, match=CHECKPOINT):
        records.taken([CHECKPOINT])
    assert records.taken([RUN])


def test_a_file_of_the_same_size_and_date_is_read_all_the_same(experiment):
    before = os.stat(RUN)
    (experiment / RUN).write_text("1 Q0 b 1 2.5 bm25\n")
    os.utime(RUN, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(UserError, match=RUN):
        records.taken([RUN])


def test_what_lies_among_made_files_without_a_record_is_refused(experiment):
    (experiment / "results" / "other.trec").write_text("1 Q0 a 1 2.5 other\n")
    with pytest.raises(UserError, match=r"results/other\.trec"):
        records.taken(["results/other.trec"])


def test_a_missing_input_is_refused(experiment):
    shutil.rmtree(experiment / CHECKPOINT)
    with pytest.raises(UserError, match=CHECKPOINT):
        records.taken([CHECKPOINT])


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", '{"rule": 1}', '{"rule": "a", "files": []}'),
        '{"rule": "a", "files": {"": 1}, "made_from": {}, "params": {}}',
    ],
)
def test_a_damaged_record_is_refused(experiment, content):
    records.place(RUN).write_text(content)
    with pytest.raises(UserError, match=r"records/results/bm25\.trec\.json"):
        records.taken([RUN])


def test_copies_of_an_experiment_are_believed(experiment, monkeypatch):
    copy = experiment / "copy"
    shutil.copytree(experiment, copy, copy_function=shutil.copyfile)
    before = records.taken([RUN, CHECKPOINT])
    monkeypatch.chdir(copy)
    assert records.taken([RUN, CHECKPOINT]) == before


def test_files_of_another_experiment_have_their_records_there(experiment, monkeypatch):
    (experiment / "here").mkdir()
    monkeypatch.chdir(experiment / "here")
    [[named, _]] = records.taken([f"../{RUN}"]).items()
    assert named == f"../{RUN}"
    (experiment / RUN).write_text("changed")
    with pytest.raises(UserError, match=RUN):
        records.taken([f"../{RUN}"])
    with pytest.raises(UserError, match=RUN):
        records.taken([experiment / RUN])


def test_what_has_not_changed_is_not_read_again(experiment):
    seen = records.SEEN / f"{CHECKPOINT}.json"
    remembered = json.loads(seen.read_text())
    remembered["config.json"]["sha256"] = "0" * 64
    seen.write_text(json.dumps(remembered))
    assert records.measured(CHECKPOINT)["config.json"] == "0" * 64
    os.utime(f"{CHECKPOINT}/config.json")
    assert records.measured(CHECKPOINT)["config.json"] != "0" * 64


def test_no_path_of_this_computer_is_in_a_record(experiment):
    outside = experiment / "elsewhere" / "corpus.jsonl"
    outside.parent.mkdir()
    outside.write_text("{}\n")
    params = {"folders": {"minilm": outside.parent}, "files": [str(outside)], "depth": 10}
    records.write([RUN], "rule", records.taken([outside]), params)
    assert str(experiment) not in records.place(RUN).read_text()
    assert records.read(RUN)["params"]["depth"] == 10


def test_a_source_whose_local_copy_changed_is_refused(experiment, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy") / "model.safetensors"
    copy.write_text("weights")
    (experiment / "sources" / "minilm").mkdir(parents=True)
    (experiment / "sources" / "minilm" / copy.name).symlink_to(copy)
    records.write(["sources/minilm"], "fetch", {}, {})
    assert records.taken(["sources/minilm"])
    copy.write_text("changed")
    with pytest.raises(UserError, match="sources/minilm"):
        records.taken(["sources/minilm"])


def test_inputs_of_one_name_are_all_in_the_record(experiment):
    for folder in ("topics", "qrels"):
        (experiment / folder).mkdir()
        (experiment / folder / "test.tsv").write_text(folder)
    paths = [experiment / folder / "test.tsv" for folder in ("topics", "qrels")]
    taken = records.taken(paths)
    assert [*taken.values()] == [records.digest(records.measured(path)) for path in paths]
    assert len({*taken.values()}) == 2


@pytest.mark.parametrize("content", ["", "[]", '{"": 1}', '{"": {"state": [1]}}', '{"": null}'])
def test_digests_that_are_damaged_are_taken_again(experiment, content):
    before = records.measured(RUN)
    (records.SEEN / f"{RUN}.json").write_text(content)
    assert records.measured(RUN) == before


def test_every_folder_that_rules_write_into_is_known():
    rules = "".join(path.read_text() for path in ROOT.glob("rules/**/*.smk"))
    outputs = re.findall(r"^    output:\n((?: {8}.*\n)+)", rules, re.MULTILINE)
    written = {folder for block in outputs for folder in re.findall(r'"([a-z]+)/', block)}
    assert written == records.MADE
