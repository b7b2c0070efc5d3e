"""`lionrank rerank`: the workflow's scores, of whatever files, from where it was stopped."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from lionrank import trec
from lionrank.cross_encoder.model import load
from lionrank.errors import UserError
from lionrank.files import read_json, sha256, write_json_lines
from lionrank.jobs.records import SUMS
from lionrank.reranking import journal
from lionrank.reranking.command import digest, rerank
from lionrank.reranking.score import scores
from lionrank.retrieval.candidates import join_candidates
from lionrank.systems.checkpoint import import_checkpoint
from tests.support import tiny_training as tiny
from tests.support.public_rerankers import change_json, write_classifier
from tests.support.rerankers import CPU
from tests.support.rule_scripts import run_script

NAME = "tiny_lion_e1"
TOPICS = {f"q{number}": f"who is number {number}" for number in range(12)}
PASSAGES = {f"d{number}": f"it is {number}" + " more" * (number * 7 % 23) for number in range(90)}
RUN = {
    qid: {f"d{(place * 13 + rank * 7) % 90}": 40.0 - rank for rank in range(40)}
    for place, qid in enumerate(TOPICS)
}
BATCH = 64
GIVEN = {
    "checkpoint": Path(NAME),
    "run": "run.trec",
    "topics": Path("topics.tsv"),
    "corpus": Path("corpus"),
    "output": Path("out.trec"),
    "depth": None,
    "device": "cpu",
    "precision": "fp32",
    "tokens_at_once": BATCH,
    "remove_query": False,
    "skip_missing": False,
}
LINE = (
    f"rerank {NAME} --run {{}} --topics topics.tsv --corpus corpus -o out.trec --device cpu "
    f"--precision fp32 --tokens-at-once {BATCH}"
)
COMMAND = [
    sys.executable,
    "-c",
    "from lionrank.cli import main; from lionrank.reranking import journal; journal.SECONDS = -1; "
    "main()",
]
"""The command, which writes down the scores of every batch."""
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> Path:
    """A folder with a checkpoint, a run file and its texts, and the run file that is expected."""
    folder = tmp_path_factory.mktemp("given")
    tiny.write_start(folder / NAME, "bert")
    # As its rule does, which lists the files.
    (folder / NAME / SUMS).touch()
    trec.write_run(folder / "run.trec", RUN, "bm25")
    trec.write_topics(folder / "topics.tsv", TOPICS)
    documents = [{"id": docid, "contents": text} for docid, text in PASSAGES.items()]
    write_json_lines(folder / "corpus" / "documents.jsonl", documents)
    write_json_lines(
        folder / "beir" / "corpus.jsonl",
        [{"_id": docid, "title": "", "text": text} for docid, text in PASSAGES.items()],
    )
    write_json_lines(
        folder / "beir" / "queries.jsonl",
        [{"_id": qid, "text": text} for qid, text in TOPICS.items()],
    )
    candidates = folder / "candidates.parquet"
    files = (folder / name for name in ("run.trec", "topics.tsv", "corpus"))
    join_candidates(*files, candidates, threads=1)
    hardware = {"gpus": 0, "workers": 0, "tokens_at_once": BATCH}
    job = {
        "input": {"checkpoint": NAME, "candidates": candidates.name},
        "output": ["expected.trec"],
        "params": {"precision": "fp32", "scoring": None, "tag": NAME},
        "config": {"hardware": hardware},
        "resources": {"gpu": 0},
        "threads": 1,
    }
    done = run_script("reranking/rerank.py", job, folder, ENVIRONMENT)
    assert done.status == 0, done.log
    return folder


@pytest.fixture
def folder(given, tmp_path, monkeypatch) -> Path:
    """A copy of the folder, of the test's own, which is the current one."""
    monkeypatch.chdir(shutil.copytree(given, tmp_path / "copy"))
    return tmp_path / "copy"


def refusal(**changes) -> str:
    """Return what ended the command, which left nothing."""
    before = sorted(Path().rglob("*"))
    with pytest.raises(UserError) as told:
        rerank(**GIVEN | changes)
    assert sorted(Path().rglob("*")) == before
    return str(told.value)


def test_the_run_file_has_the_bytes_that_rule_rerank_writes(folder):
    rerank(**GIVEN)
    expected = (folder / "expected.trec").read_bytes()
    assert len(expected.splitlines()) == 12 * 40
    assert (folder / "out.trec").read_bytes() == expected
    assert not (folder / "out.trec.partial").exists()
    beir = {"topics": folder / "beir" / "queries.jsonl", "corpus": folder / "beir"}
    rerank(**GIVEN | beir | {"checkpoint": folder / NAME, "output": folder / "new" / "x.trec"})
    assert (folder / "new" / "x.trec").read_bytes() == expected


def test_a_public_cross_encoder_is_scored_as_where_it_is_imported(folder):
    write_classifier(folder / "theirs", "electra")
    rerank(**GIVEN | {"checkpoint": Path("theirs")})
    found = (folder / "out.trec").read_bytes()
    import_checkpoint("theirs", "imported/theirs", 64)
    Path("imported/theirs", SUMS).touch()
    rerank(**GIVEN | {"checkpoint": Path("imported/theirs")})
    assert (folder / "out.trec").read_bytes() == found


def test_a_public_cross_encoder_that_cannot_be_taken_over_is_refused(folder):
    theirs = write_classifier(folder / "theirs", "bert")
    change_json(theirs / "config.json", id2label={0: "a", 1: "b"})
    assert "it gives 2 labels" in refusal(checkpoint=Path("theirs"))


def test_a_checkpoint_without_a_file_is_refused(folder):
    Path(NAME, "tokenizer_config.json").unlink()
    assert "tokenizer_config.json is missing" in refusal()


def start(folder: Path, run: str = "run.trec", **how) -> subprocess.Popen:
    """Start the command as from a shell."""
    arguments = [*COMMAND, *LINE.format(run).split()]
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, cwd=folder, env=ENVIRONMENT, stdout=pipe, stderr=pipe, **how)


def stop(folder: Path, number: int) -> tuple[int, str]:
    """Send a signal to a command once it has scored more; return its exit status and its words."""
    partial = folder / "out.trec.partial"
    before = len(partial.read_bytes().splitlines()) if partial.exists() else 1
    process = start(folder)
    while not partial.exists() or len(partial.read_bytes().splitlines()) < before + 3:
        assert process.poll() is None, process.communicate()[1].decode()
        time.sleep(0.001)
    process.send_signal(number)
    told = process.communicate()[1].decode()
    assert not (folder / "out.trec").exists()
    return process.returncode, told


def scored_before(told: str) -> int:
    """Return how many pairs a command says it found scored when it began."""
    [line] = [line for line in told.splitlines() if "out.trec.partial: " in line]
    return int(line.split("partial: ")[1].split()[0].replace(",", ""))


@pytest.mark.slow
def test_a_command_that_was_stopped_goes_on_and_gives_the_same_bytes(folder):
    status, first = stop(folder, signal.SIGINT)
    assert status == 128 + signal.SIGINT
    assert first.splitlines()[-1] == "lionrank: interrupted"
    assert "Traceback" not in first
    assert 0 < scored_before(first) < 12 * 40
    status, _ = stop(folder, signal.SIGKILL)
    assert status == -signal.SIGKILL
    process = start(folder, run="-", stdin=subprocess.PIPE)
    packed = gzip.compress((folder / "run.trec").read_bytes())
    told = process.communicate(packed)[1].decode()
    assert process.returncode == 0, told
    assert scored_before(first) < scored_before(told) < 12 * 40
    assert (folder / "out.trec").read_bytes() == (folder / "expected.trec").read_bytes()
    # Also the scratch folder of the process that was killed is gone.
    assert [path.name for path in folder.iterdir() if "partial" in path.name] == []


def belongs_to() -> dict:
    """Return what scores belong to that are made as `GIVEN` says."""
    return {
        "checkpoint": digest(Path(NAME)),
        "ranking or text": sha256("candidates.parquet"),
        "device": "cpu",
        "precision": "fp32",
        "number of tokens at once": BATCH,
        "scoring": "null",
    }


def test_only_what_is_not_scored_is_scored(folder, monkeypatch, capsys):
    monkeypatch.setattr(journal, "SECONDS", -1)
    partial = Path("out.trec.partial")
    hardware = {"workers": 0, "tokens_at_once": BATCH}
    with open(partial, "a+b") as handle:
        made = journal.Journal(partial, handle)
        made.begin(belongs_to(), 480)
        scores(load(NAME, CPU), "candidates.parquet", "fp32", hardware, journal=made)
    header, *batches = partial.read_text().splitlines(True)
    # Every second one, with scores that show where they come from.
    there = [{**json.loads(batch), "scores": None} for batch in batches[1::2]]
    for batch in there:
        batch["scores"] = [float(1000 + row) for row in batch["rows"]]
    lines = [header, *(json.dumps(batch) + "\n" for batch in there)]
    partial.write_text("".join(lines))
    rerank(**GIVEN)
    rows = {row for batch in there for row in batch["rows"]}
    assert 100 < len(rows) < 380
    assert f"{len(rows)} of 480 pairs are scored" in capsys.readouterr().err
    candidates = [(qid, docid) for qid, ranking in RUN.items() for docid in ranking]
    found, expected = (trec.read_run(name)[0] for name in ("out.trec", "expected.trec"))
    for row, (qid, docid) in enumerate(candidates):
        assert found[qid][docid] == (1000 + row if row in rows else expected[qid][docid])


def test_what_was_changed_is_scored_anew_and_told(folder, capsys):
    tiny.write_start(folder / "other", "electra")
    for change, told in [
        ({}, "480 of 480 pairs are scored"),
        ({"checkpoint": folder / "other"}, "another checkpoint: begun anew"),
        ({"depth": 39}, "another ranking or text: begun anew"),
        ({"tokens_at_once": 65}, "another number of tokens at once: begun anew"),
    ]:
        lines = [belongs_to(), {"rows": [*range(480)], "scores": [9.0] * 480}]
        write_json_lines("out.trec.partial", lines)
        rerank(**GIVEN | change)
        assert told in capsys.readouterr().err
        assert (" 9.0 " in Path("out.trec").read_text()) == (not change)


def test_depth_keeps_the_highest_scores_of_each_topic_whatever_their_order(folder):
    lines = Path("run.trec").read_text().splitlines(True)
    Path("run.trec").write_text("".join(sorted(lines)))
    rerank(**GIVEN | {"depth": 5})
    found = {qid: set(ranking) for qid, ranking in trec.read_run("out.trec")[0].items()}
    assert found == {qid: set(list(ranking)[:5]) for qid, ranking in RUN.items()}


def test_the_query_itself_is_left_out_before_the_depth_is_cut_or_counted(folder, capsys):
    documents = [{"id": qid, "contents": text} for qid, text in TOPICS.items()]
    write_json_lines("corpus/queries.jsonl", documents)
    itself = {qid: 1 + max(ranking.values()) for qid, ranking in RUN.items()}
    run = {qid: {qid: itself[qid], **ranking} for qid, ranking in RUN.items()}
    trec.write_run("run.trec", run, "bm25")
    rerank(**GIVEN | {"remove_query": True, "depth": 5})
    found = {qid: set(ranking) for qid, ranking in trec.read_run("out.trec")[0].items()}
    assert found == {qid: set(list(ranking)[:5]) for qid, ranking in RUN.items()}
    told = f"run.trec: {len(TOPICS)} documents have the id of their topic"
    assert f"{told}; left out as the query itself\n" in capsys.readouterr().err
    rerank(**GIVEN | {"depth": 5})
    assert all(qid in ranking for qid, ranking in trec.read_run("out.trec")[0].items())
    assert f"{told}: if they are the query itself, --remove-query " in capsys.readouterr().err
    trec.write_run("run.trec", {qid: {qid: 1.0} for qid in TOPICS}, "bm25")
    assert "nothing is left to rerank without --remove-query" in refusal(remove_query=True)


def test_what_topics_or_corpus_lack_is_refused_or_left_out_and_counted(folder, capsys):
    trec.write_topics("topics.tsv", {**dict(list(TOPICS.items())[2:]), "q99": "unasked"})
    assert "topics.tsv lacks 2 of the topics of run.trec: q0 q1: " in refusal()
    texts = Path("corpus/documents.jsonl").read_text().splitlines(True)
    Path("corpus/documents.jsonl").write_text("".join(texts[1:]))
    capsys.readouterr()
    rerank(**GIVEN | {"skip_missing": True})
    told = capsys.readouterr().err
    assert "run.trec lacks 1 of the topics of topics.tsv: q99\n" in told
    assert "run.trec: q0 q1; left out with 80 of 480 lines" in told
    ranked = sum("d0" in ranking for qid, ranking in RUN.items() if qid not in ("q0", "q1"))
    assert f"documents of run.trec: d0; left out with {ranked} of 400 lines" in told
    run, _ = trec.read_run("out.trec")
    assert list(run) == list(TOPICS)[2:]
    assert {docid for ranking in run.values() for docid in ranking} <= PASSAGES.keys() - {"d0"}


def test_nothing_left_is_refused_also_where_what_lacks_is_left_out(folder):
    write_json_lines("corpus/documents.jsonl", [{"id": "other", "contents": "text"}])
    assert "nothing is left to rerank" in refusal(skip_missing=True)
    trec.write_topics("topics.tsv", {"q99": "unasked"})
    assert "share no topic" in refusal(skip_missing=True)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"checkpoint": "absent"}, "absent is no folder here"),
        ({"checkpoint": "corpus"}, "checkpoint: 'corpus': it has no config.json"),
        ({"run": "absent"}, "absent does not exist"),
        ({"topics": "absent"}, "absent does not exist"),
        ({"corpus": "absent"}, "absent does not exist"),
        ({"topics": "run.trec"}, "run.trec:1: expected 2 columns"),
        ({"run": "topics.tsv"}, "topics.tsv:1: expected 6 columns"),
        ({"output": "run.trec"}, "run.trec is an input, which would be overwritten"),
        ({"output": "corpus"}, "corpus is no file"),
        ({"output": "out.trec.gz"}, "out.trec.gz: what is written is not packed"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(folder, changes, complaint):
    paths = {key: name if key == "run" else Path(name) for key, name in changes.items()}
    assert complaint in refusal(**paths)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_in_words(folder):
    told = refusal(device="cuda")
    assert told == "--device cuda: torch sees no GPU; --device cpu computes without"


def test_a_checkpoint_is_another_with_any_of_its_files_but_those_of_its_training(folder):
    before = digest(folder / NAME)
    (folder / NAME / "optimizer.pt").write_bytes(b"of the training")
    assert digest(folder / NAME) == before
    config = json.loads((folder / NAME / "config.json").read_text())
    (folder / NAME / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 1e-6}))
    assert digest(folder / NAME) != before


@pytest.fixture(scope="module")
def of_windows(given):
    """The run file that the rules make of windows, with what they recorded."""
    hardware = {"gpus": 0, "workers": 0, "tokens_at_once": BATCH}
    job = {
        "input": {"checkpoint": NAME, "candidates": "candidates.parquet"},
        "output": ["windows.parquet"],
        "params": {"precision": "fp32", "division": {"window": 6, "stride": 3}},
        "config": {"hardware": hardware},
        "resources": {"gpu": 0},
        "threads": 1,
    }
    done = run_script("reranking/score_windows.py", job, given, ENVIRONMENT)
    assert done.status == 0, done.log
    job = {
        "input": {"windows": "windows.parquet"},
        "output": ["aggregated.trec"],
        "params": {"scoring": {"window": 6, "stride": 3, **TOP_2}, "tag": NAME},
    }
    done = run_script("reranking/aggregate.py", job, given, ENVIRONMENT)
    assert done.status == 0, done.log
    assert "0 of 480 pairs were cut" in done.log
    assert read_json(given / "records/aggregated.trec.json")["counted"]["pairs"] == 480
    return (given / "aggregated.trec").read_bytes()


TOP_2 = {"aggregation": "top_k", "k": 2}


def test_windows_have_the_scores_of_the_rules_also_where_it_was_stopped(
    of_windows, folder, monkeypatch, capsys
):
    asked = GIVEN | TOP_2 | {"window": 6, "stride": 3}
    rerank(**asked)
    assert Path("out.trec").read_bytes() == of_windows != Path("expected.trec").read_bytes()
    assert "Of those scored now, 0 of 480 pairs were cut" in capsys.readouterr().out
    monkeypatch.setattr(journal, "SECONDS", -1)
    with monkeypatch.context() as before_it_ends, pytest.raises(InterruptedError):
        before_it_ends.setattr("lionrank.reranking.command.check_finite", _interrupt)
        rerank(**asked)
    partial = Path("out.trec.partial")
    header, *batches = partial.read_text().splitlines(True)
    partial.write_text("".join([header, *batches[: len(batches) // 2]]))
    Path("out.trec").unlink()
    capsys.readouterr()
    rerank(**asked)
    told = capsys.readouterr()
    done = int(re.search(r"(\d+) of 480 pairs are scored", told.err)[1])
    assert 100 < done < 400
    # Whole batches are scored again, with some that were there.
    now = int(re.search(r"Of those scored now, 0 of (\d+) pairs were cut", told.out)[1])
    assert 480 - done <= now < 480
    assert Path("out.trec").read_bytes() == of_windows


def _interrupt(*_):
    raise InterruptedError


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"window": 6}, "--window: of what? Name an --aggregation as well"),
        ({"aggregation": "max_p", "window": 6}, "--aggregation max_p needs --stride"),
        (TOP_2, "--aggregation top_k needs --window"),
        ({"aggregation": "full", "window": 6}, "--aggregation full takes no --window"),
        (
            {"aggregation": "max_p", "window": 6, "stride": 7},
            "--stride 7 is more than --window 6",
        ),
        (
            {"aggregation": "first_p", "window": 509},
            "window is 509, and of the 512 positions of this model (bert) it leaves none for a "
            "query: set at most 508",
        ),
    ],
)
def test_options_that_make_no_scoring_are_refused(folder, options, complaint):
    assert complaint in refusal(**options)
