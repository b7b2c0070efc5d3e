"""The state of an epoch: whole or not there, one job's at a time, and of one training alone."""

import subprocess
import sys
import textwrap

import pytest

from lionrank.errors import UserError
from lionrank.training import state as training_state
from lionrank.training.state import EpochState

STAMP = {"settings": {"learning_rate": 2e-5, "seed": 12}, "pairs": "abc"}


def written(state, step, content=b"weights"):
    """Write and keep a state whose files tell its step."""
    folder = state.partial / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(content * step)
    (folder / "trainer_state.json").write_text(str(step))
    state.keep(folder, step)


@pytest.fixture
def state(tmp_path):
    state = EpochState(tmp_path / "minilm_lion_e2.state")
    with state.locked():
        state.claim(STAMP)
        yield state


def test_the_newest_state_and_the_one_before_are_kept(state):
    assert state.newest() is None
    for step in (5, 10, 15):
        written(state, step)
    assert state.newest() == state.folder / "step-15"
    assert sorted(path.name for path in state.folder.glob("step-*")) == ["step-10", "step-15"]


@pytest.mark.parametrize(
    "damage",
    ["truncated", "changed", "missing", "no manifest", "{}", '{"model.safetensors": 3}', "[]"],
)
def test_a_damaged_state_falls_back_to_the_one_before_and_says_so(state, damage, capsys):
    for step in (5, 10):
        written(state, step)
    file = state.folder / "step-10" / "model.safetensors"
    match damage:
        case "truncated":
            file.write_bytes(file.read_bytes()[:-1])
        case "changed":
            file.write_bytes(file.read_bytes()[:-1] + b"?")
        case "missing":
            file.unlink()
        case "no manifest":
            (file.parent / "manifest.json").unlink()
        case other:
            (file.parent / "manifest.json").write_text(other)
    assert state.newest() == state.folder / "step-5"
    assert not file.parent.exists()
    assert "step-10 is damaged" in capsys.readouterr().out


def test_what_a_killed_job_was_writing_is_no_state(state):
    written(state, 5)
    half = state.partial / "checkpoint-10"
    half.mkdir(parents=True)
    (half / "model.safetensors").write_bytes(b"wei")
    assert state.newest() == state.folder / "step-5"
    assert not half.exists()


def test_a_state_of_other_settings_is_refused_and_kept(state):
    written(state, 5)
    state.claim(STAMP)
    other = {"settings": {"learning_rate": 1e-5, "seed": 12}, "pairs": "abd"}
    with pytest.raises(UserError) as refusal:
        state.claim(other)
    assert "settings.learning_rate: 2e-05, now 1e-05" in str(refusal.value)
    assert "pairs: abc, now abd" in str(refusal.value)
    assert "seed" not in str(refusal.value)
    assert "resume from step 5, or delete the folder" in str(refusal.value)
    assert state.newest() == state.folder / "step-5"


def test_a_setting_that_only_one_of_them_has_is_a_difference(state):
    written(state, 5)
    with pytest.raises(UserError, match=r"code: absent, now 1f"):
        state.claim(STAMP | {"code": "1f"})


def test_where_nothing_was_kept_another_training_may_begin(state):
    state.claim({"settings": {}, "pairs": "other"})
    written(state, 5)
    with pytest.raises(UserError, match="holds the state of another training"):
        state.claim(STAMP)


HOLD = """
    import sys, time
    from lionrank.training.state import EpochState
    with EpochState(sys.argv[1]).locked():
        print("locked", flush=True)
        time.sleep(60)
"""


def test_a_second_job_is_refused_until_the_first_one_ends_or_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(training_state, "PATIENCE", 0.1)
    folder = tmp_path / "minilm_lion_e2.state"
    first = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), folder], stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout.readline() == "locked\n"
        with (
            pytest.raises(UserError, match=f"in use by process {first.pid} on .*: another job"),
            EpochState(folder).locked(),
        ):
            pass
    finally:
        first.kill()
        first.wait()
    with EpochState(folder).locked():
        assert folder.exists()


def test_the_folder_goes_when_the_checkpoint_is_complete(state):
    written(state, 5)
    state.remove()
    assert not state.folder.exists()
