"""The file of scores from which a scoring goes on that was stopped."""

import multiprocessing

import pytest
import torch

from lionrank.errors import UserError
from lionrank.reranking import journal

BELONGS = {"checkpoint": "a", "precision": "fp32"}


def begun(path, belongs_to=BELONGS, pairs=4):
    """Return the scores that a journal begins with, which stays as where a process was killed."""
    with open(path, "a+b") as handle:
        found = journal.Journal(path, handle)
        found.begin(belongs_to, pairs)
        return found.scores


@pytest.fixture
def stopped(tmp_path):
    """Return the path of a journal with three of four scores, in two writings."""
    path = tmp_path / "out.partial"
    with open(path, "a+b") as handle:
        made = journal.Journal(path, handle)
        made.begin(BELONGS, 4)
        made.add(torch.tensor([3, 0]), torch.tensor([0.1, -7.25]))
        made.add(torch.tensor([1]), torch.tensor([1e-30]))
    return path


def test_scores_are_taken_over_bit_for_bit(stopped, capsys):
    scores = begun(stopped)
    assert scores.dtype == torch.float32
    assert torch.equal(scores[[0, 1, 3]], torch.tensor([-7.25, 1e-30, 0.1]))
    assert scores.isnan().tolist() == [False, False, True, False]
    assert "3 of 4 pairs are scored" in capsys.readouterr().err


def test_half_a_line_is_left_out_and_written_over(stopped):
    content = stopped.read_bytes()
    for cut in range(1, len(content.splitlines(True)[-1])):
        stopped.write_bytes(content[:-cut])
        assert begun(stopped).isnan().tolist() == [False, True, True, False]
        assert stopped.read_bytes().endswith(b"\n")


def test_scores_of_something_else_are_dropped_and_it_is_told_of_what(stopped, capsys):
    assert begun(stopped, {"checkpoint": "b", "precision": "bf16"}).isnan().all()
    assert "are of another checkpoint and precision: begun anew" in capsys.readouterr().err
    # And so are they the next time.
    assert begun(stopped, {"checkpoint": "b", "precision": "bf16"}).isnan().all()


@pytest.mark.parametrize("content", ["not ours\n", "{}\n", "[1]\n", '{"checkpoint": "a"}\n', "x"])
def test_a_file_of_another_kind_is_left_alone(tmp_path, content):
    (tmp_path / "out.partial").write_text(content)
    with pytest.raises(UserError, match=r"out\.partial is no file of scores"):
        begun(tmp_path / "out.partial")
    assert (tmp_path / "out.partial").read_text() == content


def _hold(path, ready, done):
    with journal.opened(path):
        ready.set()
        done.wait()


def test_two_processes_do_not_make_one_file(tmp_path):
    path = tmp_path / "folder" / "out.partial"
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(path, ready, done))
    process.start()
    assert ready.wait(60)
    with pytest.raises(UserError, match="by another process"), journal.opened(path):
        pass
    done.set()
    process.join()
    assert process.exitcode == 0
    with journal.opened(path):
        assert path.exists()
    assert not path.exists()


def test_it_stays_where_there_are_scores_and_only_then(tmp_path):
    path = tmp_path / "out.partial"
    with pytest.raises(UserError), journal.opened(path):
        raise UserError("before the first score")
    assert not path.exists()
    with pytest.raises(UserError), journal.opened(path) as made:
        made.begin(BELONGS, 2)
        made.add(torch.tensor([1]), torch.tensor([0.5]))
        raise UserError("after it")
    assert begun(path, pairs=2).isnan().tolist() == [True, False]
