"""The table of what trainings cost: its columns, units and decimals."""

import re
import shutil

import pytest

from lionrank.grid import Grid
from lionrank.paper.tables import efficiency as efficiency_table
from tests.support.papers import tex
from tests.support.results import GRID
from tests.support.typeset import PAGE, size_of

ON_CPU = {
    "device": "CPU",
    "devices": 1,
    "device_hours": 0.05,
    "examples_per_second": 12.345,
    "tokens_per_second": 1234.5,
    "peak_memory_bytes": 3 * 2**29,
    "optimizer_state_bytes": 8 * 2**20,
    "gpu_utilisation": None,
    "energy_joules": None,
}
ON_GPU = ON_CPU | {
    "device": "NVIDIA A100",
    "device_hours": 6.25,
    "examples_per_second": 2345.6,
    "tokens_per_second": 234567.8,
    "gpu_utilisation": 97.25,
    "energy_joules": 7.2e6,
}


def made_up(**changes: dict) -> dict:
    """Return what trainings cost, all the same but for changes by their names."""
    names = [training.name for training in GRID.trainings()]
    return {"trainings": {name: changes.get(name, ON_CPU) for name in names}}


def test_columns_that_no_training_has_are_left_out():
    heads = tex("efficiency", efficiency_table.table(made_up(), GRID)).split(r"\midrule")[0]
    assert "utilisation" not in heads
    assert "energy" not in heads
    assert "Devices" not in heads
    assert "utilisation" in tex(
        "efficiency", efficiency_table.table(made_up(gte_lion=ON_GPU), GRID)
    )
    rows = efficiency_table.table(made_up(), GRID).rows
    assert "energy_joules" not in rows[0]
    assert [(row["model"], row["optimizer"]) for row in rows] == [
        (each.model.name, each.treatment.name) for each in GRID.trainings()
    ]


def test_a_training_on_another_device_is_told_apart_and_what_it_has_alone_leaves_dashes():
    table = tex("efficiency", efficiency_table.table(made_up(gte_lion=ON_GPU), GRID))
    lines = [line for line in table.splitlines() if "1 $" in line]
    assert sum(r"1 $\times$ CPU" in line for line in lines) == 5
    assert sum(line.count("{--}") for line in lines) == 2 * 5
    (on_gpu,) = [line for line in lines if "NVIDIA A100" in line]
    assert on_gpu.endswith(r"& 97.2 & 2.00 & 6.250 \\")


@pytest.mark.parametrize(
    ("key", "values", "unit", "printed"),
    [
        ("peak_memory_bytes", (3 * 2**29, 2**30), r"\gibi\byte", ("1.50", "1.00")),
        ("peak_memory_bytes", (3 * 2**19, 2**19), r"\mebi\byte", ("1.500", "0.500")),
        ("optimizer_state_bytes", (300, 0), r"\kibi\byte", ("0", "0")),
        ("energy_joules", (7200.0, 3600.0), r"\watt\hour", ("2.00", "1.00")),
        ("energy_joules", (9e6, 3.6e6), r"\kilo\watt\hour", ("2.50", "1.00")),
        ("device_hours", (0.25, 0.2), r"\minute", ("15.0", "12.0")),
        ("device_hours", (0.002, 0.001), r"\second", ("7.20", "3.60")),
        ("examples_per_second", (2345.6, 12.345), r"\per\second", ("2345.6", "12.3")),
    ],
)
def test_units_and_decimals_are_those_of_the_values(key, values, unit, printed):
    grid = Grid.build(
        {"a": {"label": "A", "start": "pretrained"}}, {"x": "X", "y": "Y"}, epochs=(1,)
    )
    trainings = {
        f"a_{name}": ON_GPU | {key: value} for name, value in zip("xy", values, strict=True)
    }
    made = efficiency_table.table({"trainings": trainings}, grid)
    table = tex("efficiency", made)
    (column,) = [each for each in efficiency_table.columns(trainings) if each.key == key]
    assert column.cells == dict(zip(("a_x", "a_y"), printed, strict=True))
    place = made.columns.index(key) - 2
    heads = table.split(r"\midrule")[0].splitlines()[-1].split("&")
    assert heads[place].strip().removesuffix(r" \\") == rf"{{(\unit{{{unit}}})}}"
    rows = [line for line in table.splitlines() if re.match(r".*& [XY] &", line)]
    cells = [line.removesuffix(r" \\").split("&")[place].strip() for line in rows]
    assert cells == list(printed)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_the_widest_table_fits_a_page(tmp_path):
    on_many = ON_GPU | {"devices": 8, "device": "NVIDIA A100-SXM4-80GB and NVIDIA L40S"}
    size = size_of(
        tex("efficiency", efficiency_table.table(made_up(gte_lion=on_many), GRID)), tmp_path
    )
    assert 252 < size.width < PAGE[0]
