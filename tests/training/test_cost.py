"""What trainings cost, added up from logs that real trainings wrote."""

import json
import signal
from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.files import write_json, write_json_lines
from lionrank.paper.tables import efficiency as efficiency_table
from lionrank.training.cost import costs
from lionrank.training.gpu_usage import Usage
from tests.support import tiny_training
from tests.support.papers import tex
from tests.support.published_as_measured import write_best
from tests.support.rankings import run_scripts
from tests.support.results import GRID

COSTS = ("seconds", "device_hours", "step_seconds", "jobs", "repeated_steps", "repeated_seconds")
"""Of a training and of each of its epochs."""
STEPS = ("data", "forward", "backward", "optimizer")
PHASES = (*STEPS, "save")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("efficiency")


@pytest.fixture(scope="module")
def data(place):
    return tiny_training.write_data(place, queries=20)


@pytest.fixture(scope="module")
def start(place):
    return tiny_training.write_start(place / "start", "deberta")


@pytest.fixture(scope="module")
def trained(place, data, start):
    """The checkpoint of a training of two epochs."""
    return tiny_training.chain(start, data, 2, place / "whole")


def epochs_of(last: Path) -> tuple[list[Path], list[Path]]:
    """Return the logs and the checkpoints of a training, by the checkpoint of its last epoch."""
    name, _, number = last.name.rpartition("_e")
    checkpoints = [last.with_name(f"{name}_e{epoch}") for epoch in range(1, int(number) + 1)]
    folder = last.parents[1] / "training"
    return [folder / f"{each.name}.jsonl" for each in checkpoints], checkpoints


def cost_of(last: Path) -> dict:
    logs, checkpoints = epochs_of(last)
    return costs({"tiny": logs}, checkpoints)["trainings"]["tiny"]


def test_a_training_costs_what_the_lines_of_its_logs_add_up_to(trained):
    cost = cost_of(trained)
    every = [line for path in epochs_of(trained)[0] for line in tiny_training.lines(path)]
    lines = [line for line in every if "loss" in line]
    spent = {phase: sum(line[f"seconds_{phase}"] for line in lines) for phase in PHASES}
    steps = sum(spent[phase] for phase in STEPS)
    assert (cost["device"], cost["devices"], cost["examples"]) == ("CPU", 1, 80)
    assert cost["step_seconds"] == pytest.approx(steps + spent["save"])
    assert cost["seconds"] == pytest.approx(sum(line.get("job_seconds", 0) for line in every))
    assert cost["seconds"] > cost["step_seconds"]
    assert cost["device_hours"] == pytest.approx(cost["seconds"] / 3600)
    assert (cost["jobs"], cost["repeated_steps"], cost["repeated_seconds"]) == (2, 0, 0)
    assert cost["examples_per_second"] == pytest.approx(80 / steps)
    tokens = lines[-1]["tokens"]
    assert cost["tokens_per_second"] == pytest.approx(tokens / steps)
    before = [0, *(line["tokens"] for line in lines)]
    slots = sum(
        (line["tokens"] - earlier) / (1 - line["padding"])
        for line, earlier in zip(lines, before, strict=False)
    )
    assert 0 < cost["padding"] < 1
    assert cost["padding"] == pytest.approx(1 - tokens / slots)
    assert cost["peak_memory_bytes"] == max(line["peak_memory_bytes"] for line in lines)
    assert cost["optimizer_state_bytes"] == lines[-1]["optimizer_state_bytes"] > 0
    assert cost["gpu_utilisation"] is cost["energy_joules"] is None
    assert json.loads(json.dumps(cost, allow_nan=False)) == cost


def test_the_epochs_add_up_to_the_training(trained):
    cost = cost_of(trained)
    assert [each["epoch"] for each in cost["by_epoch"]] == [1, 2]
    for key in COSTS:
        if not key.startswith("repeated"):
            assert all(each[key] > 0 for each in cost["by_epoch"])
        assert sum(each[key] for each in cost["by_epoch"]) == pytest.approx(cost[key])


@pytest.mark.slow
def test_a_training_that_was_killed_counts_each_step_once_and_all_that_its_jobs_took(
    place, data, start, trained
):
    hardware = {"state_every": {"steps": 2}}
    task = tiny_training.request(start, data, 1, place / "killed", **hardware)
    process = tiny_training.start(task, place / "killed.out")
    tiny_training.kill_at(process, task, 3, signal.SIGKILL)
    last = tiny_training.chain(start, data, 2, place / "killed", **hardware)
    whole, killed = cost_of(trained), cost_of(last)
    for key in ("examples", "padding", "optimizer_state_bytes"):
        assert killed[key] == pytest.approx(whole[key])
    assert (killed["jobs"], whole["jobs"]) == (3, 2)
    assert 0 <= killed["repeated_steps"] <= 2
    assert killed["seconds"] > killed["step_seconds"] + killed["repeated_seconds"]
    ratio = killed["tokens_per_second"] / killed["examples_per_second"]
    assert ratio == pytest.approx(whole["tokens_per_second"] / whole["examples_per_second"])


def test_an_epoch_that_was_left_out_by_early_stopping_cost_nothing(place, data, start, trained):
    folder = trained.parents[1]
    stopped = tiny_training.train(trained, data, 3, folder, epochs=3, stopped=True)
    assert epochs_of(stopped)[0][-1].read_text() == ""
    cost = cost_of(stopped)
    assert cost["by_epoch"][2] == {"epoch": 3} | dict.fromkeys(COSTS, 0)
    assert cost["by_epoch"][:2] == cost_of(trained)["by_epoch"]
    assert {**cost, "by_epoch": None} == {**cost_of(trained), "by_epoch": None}


def test_the_rules_scripts_write_what_the_demo_grid_cost(tmp_path, trained):
    logs, checkpoints = epochs_of(trained)
    names = [training.name for training in GRID.trainings()]
    copies: dict[str, list[str]] = {}
    for name in names:
        for number, (log, checkpoint) in enumerate(zip(logs, checkpoints, strict=True), start=1):
            copy = tmp_path / "training" / f"{name}_e{number}.jsonl"
            write_json_lines(copy, tiny_training.lines(log))
            folder = tmp_path / "checkpoints" / copy.stem
            told = json.loads((checkpoint / "environment.json").read_text())
            write_json(folder / "environment.json", told)
            copies.setdefault(name, []).append(str(copy))
    grid = {
        "models": {m.name: {"label": m.label, "start": m.start} for m in GRID.models},
        "optimizers": dict(GRID.optimizers),
        "epochs": [1, 2],
    }
    folders = sorted(map(str, (tmp_path / "checkpoints").iterdir()), reverse=True)
    best = write_best(tmp_path, dict.fromkeys(names, 1), epochs=(1, 2))
    given = {"checkpoints": folders, "best": list(map(str, best))}
    measured = str(tmp_path / "efficiency.json")
    outputs = {ending: str(tmp_path / f"efficiency.{ending}") for ending in ("tex", "csv")}
    run_scripts(
        tmp_path,
        [
            ("efficiency", {**copies, **given}, {"json": measured}, {"grid": grid}),
            ("efficiency_table", {"efficiency": measured}, outputs, {"grid": grid}),
        ],
    )
    found = json.loads(Path(measured).read_text())
    table = efficiency_table.table(found, GRID)
    assert found == {"trainings": {name: cost_of(trained) for name in names}}
    assert Path(outputs["tex"]).read_text() == tex(
        "efficiency", efficiency_table.table(found, GRID)
    )
    assert Path(outputs["csv"]).read_text() == table.csv()


# On GPUs


def gpu_line(step: int, seconds: float, usage: Usage) -> dict:
    """Return a line of 8 examples, with what `usage` says of the GPUs in the log's own words."""
    times = dict.fromkeys(PHASES, 0.0) | {"forward": 0.75 * seconds, "save": 0.25 * seconds}
    return {
        "step": step,
        "loss": 1 / step,
        "examples": 8 * step,
        "tokens": 60 * step,
        "padding": 0.25,
        "peak_memory_bytes": 100 + step,
        "optimizer_state_bytes": 7,
        # The process runs ahead of the GPU.
        **{f"seconds_{phase}": time / 100 for phase, time in times.items()},
        **{f"device_seconds_{phase}": time for phase, time in times.items()},
        **usage.record(),
    }


def jobs_of(jobs: int = 1, seconds: float = 1.0, devices: int = 1) -> dict:
    """Return a log's last line; a job after the first one repeats 5 steps, of 2 seconds each."""
    lost = {"repeated_steps": 5 * (jobs - 1), "repeated_seconds": 10.0 * (jobs - 1)}
    hours = devices * seconds / 3600
    return {"step": 9, "jobs": jobs, "job_seconds": seconds, "device_hours": hours, **lost}


def write_epochs(folder: Path, epochs: list[tuple[str, list[dict]]]) -> tuple[list, list]:
    """Write the log and the environment of each epoch, given its devices and lines."""
    logs, checkpoints = [], []
    for number, (devices, lines) in enumerate(epochs, start=1):
        logs.append(folder / "training" / f"tiny_e{number}.jsonl")
        checkpoints.append(folder / "checkpoints" / f"tiny_e{number}")
        write_json_lines(logs[-1], lines)
        write_json(checkpoints[-1] / "environment.json", {"devices": devices})
    return logs, checkpoints


def cost_on_gpus(folder: Path, epochs: list[tuple[str, list[dict]]]) -> dict:
    logs, checkpoints = write_epochs(folder, epochs)
    return costs({"tiny": logs}, checkpoints)["trainings"]["tiny"]


def test_on_gpus_their_own_clock_counts_and_energy_is_of_all_of_them(tmp_path):
    first = gpu_line(1, 30.0, Usage(seconds=30, busy_seconds=27, joules=9000))
    second = gpu_line(2, 10.0, Usage(seconds=10, busy_seconds=5, joules=2000))
    third = gpu_line(3, 40.0, Usage(seconds=40, busy_seconds=40, joules=15000))
    epochs = [
        ("3 x NVIDIA L40S", [first, second, jobs_of(3, 100.0, devices=3)]),
        ("2 x NVIDIA A100", [third, jobs_of(1, 50.0, devices=2)]),
    ]
    cost = cost_on_gpus(tmp_path, epochs)
    assert (cost["devices"], cost["device"]) == (3, "NVIDIA L40S and NVIDIA A100")
    assert cost["step_seconds"] == pytest.approx(80)
    assert cost["seconds"] == pytest.approx(150)
    assert cost["device_hours"] == pytest.approx((3 * 100 + 2 * 50) / 3600)
    assert cost["by_epoch"][1]["device_hours"] == pytest.approx(100 / 3600)
    assert (cost["jobs"], cost["repeated_steps"], cost["repeated_seconds"]) == (4, 10, 20)
    assert [each["jobs"] for each in cost["by_epoch"]] == [3, 1]
    assert cost["examples_per_second"] == pytest.approx(24 / 60)
    assert cost["gpu_utilisation"] == pytest.approx(100 * 72 / 80)
    assert cost["energy_joules"] == pytest.approx(26000)
    assert cost["peak_memory_bytes"] == 103


def test_what_was_measured_for_a_part_only_is_not_told_of_the_whole(tmp_path):
    lines = [gpu_line(1, 30.0, Usage(30, 27, 9000)), gpu_line(2, 10.0, Usage()), jobs_of()]
    cost = cost_on_gpus(tmp_path, [("1 x NVIDIA A100", lines)])
    assert cost["gpu_utilisation"] is cost["energy_joules"] is None


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("device_seconds_forward", ..., "no number for device_seconds_forward"),
        ("optimizer_state_bytes", ..., "no number for optimizer_state_bytes"),
        ("tokens", "many", "no number for tokens"),
    ],
)
def test_a_log_without_what_is_needed_is_named_with_the_remedy(tmp_path, field, value, message):
    lines = [gpu_line(step, 1.0, Usage()) for step in (1, 2)]
    lines[1][field] = value
    if value is ...:
        del lines[1][field]
    with pytest.raises(UserError, match=rf"tiny_e1\.jsonl:2: {message}; delete .* train this"):
        cost_on_gpus(tmp_path, [("1 x NVIDIA A100", lines)])


def test_a_training_without_a_step_is_named(tmp_path):
    with pytest.raises(UserError, match=r"tiny_e1\.jsonl: no line tells of a step; delete"):
        cost_on_gpus(tmp_path, [("1 x CPU", [{"eval_loss": 0.5, "step": 3}, jobs_of()])])


def test_a_log_that_does_not_tell_what_its_jobs_took_is_named_with_the_remedy(tmp_path):
    lines = [gpu_line(1, 1.0, Usage()), {"eval_loss": 0.5, "step": 1}]
    with pytest.raises(
        UserError, match=r"tiny_e1\.jsonl: no line tells what its jobs cost; delete"
    ):
        cost_on_gpus(tmp_path, [("1 x NVIDIA A100", lines)])


@pytest.mark.parametrize("devices", [None, 3, "CPU", "x CPU"])
def test_a_checkpoint_that_does_not_tell_its_devices_is_named(tmp_path, devices):
    with pytest.raises(UserError, match=r"tiny_e1/environment\.json: no devices such as '1 x CPU'"):
        cost_on_gpus(tmp_path, [(devices, [gpu_line(1, 1.0, Usage())])])
