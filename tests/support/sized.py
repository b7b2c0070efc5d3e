"""Made-up grids of models of several sizes, with the parameters of their encoders."""

from collections.abc import Mapping, Sequence

from lionrank.config.treatments import BCE
from lionrank.grid import Grid
from tests.support.results import RANKED

PARAMETERS = {
    "ettin17m": 3_940_000,
    "minilml6": 10_600_000,
    "ettin32m": 12_600_000,
    "minilm": 21_300_000,
    "ettin68m": 42_000_000,
    "bert": 85_600_000,
    "roberta": 85_600_000,
    "electra": 85_600_000,
    "deberta": 85_700_000,
    "ettin150m": 110_000_000,
    "ettin400m": 343_000_000,
    "ettin1b": 937_000_000,
}
BESIDE = {"minilm": 21_000_000, "modernbert": 110_000_000, "l6": 11_000_000, "authors": 113_000_000}
"""Those of what has any in `tests.support.results.BESIDE_OTHERS`."""
ETTIN = [name for name in PARAMETERS if name.startswith("ettin")]
OPTIMIZERS = {"adamw": "AdamW", "lion": "Lion"}


def sized(models: Sequence[str], treatments: Mapping[str, str]) -> Grid:
    """Return a grid of these models and of OPTIMIZERS or of OBJECTIVES, or of some of them."""
    return Grid.build(
        {name: {"label": name.capitalize(), "start": "pretrained"} for name in models},
        treatments,
        (1, 2),
        recipes={
            name: {"optimizer": name, "objective": BCE, "data": "pairs"}
            if name in OPTIMIZERS
            else {"optimizer": "adamw", "objective": name, "data": "pairs"}
            for name in treatments
        },
        first_stages=RANKED,
    )


def parameters_of(grid: Grid) -> dict[str, int]:
    return {model.name: PARAMETERS[model.name] for model in grid.models}
