"""The tables of the set-up: trainings, optimizers and the collection."""

import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from lionrank.config.downloads import Download, DownloadedFile
from lionrank.errors import UserError
from lionrank.files import write_json
from lionrank.grid import Grid
from lionrank.paper.tables import collection, optimizers, training
from tests.support.papers import SETTINGS, STATISTICS, settings_of, tex
from tests.support.rankings import run_scripts
from tests.support.results import GRID, RANDOM, TUNED
from tests.support.searches import choice_file
from tests.support.typeset import overfull

ADAMW = {
    "class": "torch.optim.AdamW",
    "arguments": {"betas": [0.9, 0.999], "eps": 1e-8, "fused": True},
}
LION = {"class": "lion_pytorch.Lion", "arguments": {"betas": [0.9, 0.99]}}
SIZE = {
    "layers": 12,
    "hidden_size": 768,
    "heads": 12,
    "vocabulary": 250048,
    "parameters": 305959681,
    "context": 8192,
}
SIZES = {model.name: SIZE for model in GRID.models}
REVISION = "0123456789abcdef" * 2 + "01234567"
ORIGINS = {
    "minilm": {
        "source": "some_weights",
        "repository": "some_owner/a-very-long_name.of-weights",
        "revision": REVISION,
        "licence": "MIT",
    },
    "gte": "a random start",
    "modernbert": "package:gt_all/model",
}


@pytest.fixture
def settings():
    """The settings of every training of `GRID`, as the config resolves them."""
    own = {"adamw": ADAMW, "lion": LION}
    return {
        name: each | {"optimizer": own[name.split("_")[1]]}
        for name, each in settings_of(GRID).items()
    }


def cells_of(table, label):
    """Return the cells of the row that begins with a label."""
    (line,) = [line for line in table.splitlines() if line.startswith(f"{label} & ")]
    return [cell.strip() for cell in line.removesuffix(r"\\").split("&")][1:]


def test_a_training_is_told_by_weights_size_and_settings(settings):
    table = tex("training", training.table(settings, SIZES, ORIGINS, GRID))
    assert table.splitlines()[0] == "% template: tables/training.tex.j2"
    assert table.count(f"({RANDOM})") == 2
    weights = [cell.replace(r"\allowbreak{}", "") for cell in cells_of(table, "Weights")]
    assert weights == [r"some\_owner/a-very-long\_name.of-weights", "a random start", r"gt\_all"]
    assert cells_of(table, "Revision") == [REVISION[:12], "--", "--"]
    assert cells_of(table, "Parameters") == [r"\num{305959681}"] * 3
    assert cells_of(table, "Warm-up") == [r"\qty{10}{\percent}"] * 3
    assert cells_of(table, "Loss") == ["binary cross-entropy"] * 3
    assert "early stopping" not in table and "Learning rate" not in table


def test_a_setting_that_optimizers_differ_in_is_shown_for_each(settings):
    settings["gte_lion"] |= {"warmup": 1000, "early_stopping": 2}
    table = tex("training", training.table(settings, SIZES, ORIGINS, GRID))
    ten = r"\qty{10}{\percent}"
    assert cells_of(table, "Warm-up") == [
        ten,
        rf"AdamW: {ten}\newline Lion: \num{{1000}} steps",
        ten,
    ]
    assert cells_of(table, "Epochs at most")
    assert cells_of(table, "Epochs to early stopping") == [
        "--",
        r"AdamW: --\newline Lion: \num{2}",
        "--",
    ]


def test_all_seeds_are_told(settings):
    assert (
        cells_of(tex("training", training.table(settings, SIZES, ORIGINS, GRID)), "Seed")
        == [r"\num{12}"] * 3
    )
    table = training.table(settings, SIZES, ORIGINS, replace(GRID, seeds=(12, 13, 7)))
    assert cells_of(tex("training", table), "Seeds") == ["12, 13, 7"] * 3


def test_restarts_are_shown_where_there_are_any(settings):
    assert "Restarts" not in tex("training", training.table(settings, SIZES, ORIGINS, GRID))
    settings["gte_lion"]["restarts"] = "each_epoch"
    table = tex("training", training.table(settings, SIZES, ORIGINS, GRID))
    assert cells_of(table, "Restarts") == [
        "--",
        r"AdamW: --\newline Lion: each epoch",
        "--",
    ]


def test_optimizers_that_agree_are_named_together_wherever_they_stand():
    grid = Grid.build(
        {"gte": {"label": "GTE", "start": "pretrained"}},
        {"adamw": "AdamW", "lion": "Lion", "sgd": "SGD"},
        (1,),
    )
    settings = settings_of(grid)
    settings["gte_lion"]["schedule"] = "cosine"
    table = tex("training", training.table(settings, SIZES, ORIGINS, grid))
    assert cells_of(table, "Schedule") == [r"AdamW, SGD: linear\newline Lion: cosine"]


MANY = Grid.build(
    {f"m{place}": {"label": f"Model {place}", "start": "pretrained"} for place in range(9)},
    {f"o{place}": f"Optimizer {place}" for place in range(10)},
    (1,),
)


def test_many_models_and_optimizers_stand_in_panels_of_which_each_has_all_settings():
    settings = {
        training.name: SETTINGS
        | {"optimizer": LION, "warmup": place, "learning_rate": (place + 1) * 1e-6}
        for place, training in enumerate(MANY.trainings())
    }
    sizes, origins = ({model.name: of for model in MANY.models} for of in (SIZE, "a random start"))
    made = [
        (training.table(settings, sizes, origins, MANY), "training", "Weights", 9),
        (optimizers.table(settings, MANY), "optimizers", "Class", 10),
    ]
    for table, name, label, columns in made:
        panels = tex(name, table).split(r"\end{tabular}")[:-1]
        widths = [len(cells_of(panel, label)) for panel in panels]
        assert sum(widths) == columns and max(widths) <= 4
        labels = [[line.partition(" & ")[0] for line in each.splitlines()[3:]] for each in panels]
        assert all(each[-5:] == labels[0][-5:] for each in labels)


def test_a_setting_that_is_absent_is_named(settings):
    del settings["gte_lion"]["seed"]
    with pytest.raises(UserError, match="gte_lion: no key 'seed'"):
        tex("training", training.table(settings, SIZES, ORIGINS, GRID))
    del settings["minilm_lion"]["learning_rate"]
    with pytest.raises(UserError, match="minilm_lion: no key 'learning_rate'"):
        tex("optimizers", optimizers.table(settings, GRID))


def test_an_optimizer_is_a_column_with_a_row_an_argument(settings):
    table = tex("optimizers", optimizers.table(settings, GRID))
    assert cells_of(table, "Learning rate") == [r"\num{2e-5}"] * 2
    assert cells_of(table, r"$\beta_2$") == [r"\num{0.999}", r"\num{0.99}"]
    assert cells_of(table, r"$\epsilon$") == [r"\num{1e-8}", "--"]
    assert cells_of(table, r"\texttt{fused}") == ["yes", "--"]
    assert cells_of(table, "Biases and norms") == ["decayed"] * 2
    classes = [cell.replace(r"\allowbreak{}", "") for cell in cells_of(table, "Class")]
    assert classes == ["torch.optim.AdamW", r"lion\_pytorch.Lion"]


def test_without_weight_decay_nothing_is_called_decayed(settings):
    for model in GRID.models:
        settings[f"{model.name}_lion"]["weight_decay"] = 0
    table = tex("optimizers", optimizers.table(settings, GRID))
    assert cells_of(table, "Weight decay") == [r"\num{0.01}", r"\num{0}"]
    assert cells_of(table, "Biases and norms") == ["decayed", "--"]


def test_a_setting_that_models_differ_in_has_a_row_a_model(settings):
    settings["gte_lion"]["learning_rate"] = 3e-6
    table = tex("optimizers", optimizers.table(settings, GRID))
    assert cells_of(table, "Learning rate") == ["", ""]
    assert cells_of(table, r"\quad GTE") == [r"\num{2e-5}", r"\num{3e-6}"]
    assert cells_of(table, r"\quad MiniLM") == [r"\num{2e-5}"] * 2
    assert table.count(r"\quad") == 3


def test_an_argument_that_models_differ_in_has_a_row_a_model(settings):
    settings["gte_lion"]["optimizer"] = LION | {"arguments": {"betas": [0.95, 0.99]}}
    table = tex("optimizers", optimizers.table(settings, GRID))
    assert cells_of(table, r"$\beta_1$") == ["", ""]
    assert cells_of(table, r"\quad GTE") == [r"\num{0.9}", r"\num{0.95}"]
    assert cells_of(table, r"$\beta_2$") == [r"\num{0.999}", r"\num{0.99}"]
    assert table.count(r"\quad") == 3


def test_the_csv_has_a_training_a_row(settings):
    settings["gte_lion"]["learning_rate"] = 3e-6
    trainings = training.table(settings, SIZES, ORIGINS, GRID).csv()
    trainings = pd.read_csv(io.StringIO(trainings))
    parameters = pd.read_csv(io.StringIO(optimizers.table(settings, GRID).csv()))
    for table in (trainings, parameters):
        assert list(zip(table.model, table.optimizer, strict=True)) == [
            each.labels for each in GRID.trainings()
        ]
    assert trainings.revision[0] == REVISION and trainings.revision[2:].isna().all()
    assert (trainings.parameters == SIZE["parameters"]).all()
    assert (trainings.warmup == SETTINGS["warmup"]).all()
    assert parameters.learning_rate.tolist() == [2e-5, 2e-5, 2e-5, 3e-6, 2e-5, 2e-5]
    assert parameters.betas.tolist() == ["0.9;0.999", "0.9;0.99"] * 3
    assert parameters["eps"].isna().tolist() == [False, True] * 3


def test_collection_table_leaves_out_what_is_absent():
    table = tex("collection", collection.table(STATISTICS))
    assert "Judgements of grade 2 & 4100 & 203 & 508" in table
    assert "Words in a query, mean &  &  & 9.7" in table
    assert "percentile" not in table
    bare = tex("collection", collection.table({"documents": 3, "topics": {"test": 2}}))
    assert "Passages & 3" in bare
    with pytest.raises(UserError, match="topics"):
        tex("collection", collection.table({"documents": 3}))


def test_the_csv_of_a_collection_has_the_rows_of_its_table():
    table = pd.read_csv(io.StringIO(collection.table(STATISTICS).csv()), index_col="quantity")
    assert table.columns.tolist() == ["train", "dev", "test", "whole"]
    assert table.loc["Judgements of grade 1"].tolist()[:3] == [210, 14, 31]
    assert table.whole["Passages"] == STATISTICS["documents"]
    assert table.whole["Words in a query, mean"] == STATISTICS["lengths"]["query_words_mean"]


def test_grades_of_a_collection_are_sorted_as_numbers_and_may_be_negative():
    judgements = {"a_b": {"10": 1, "2": 4, "-1": 3}, "other": {"0": 7}}
    statistics = {"documents": 9, "topics": {"a_b": 1, "other": 2}, "judgements": judgements}
    rows = collection.table(statistics).rows
    assert [each["quantity"].split()[-1] for each in rows[1:-1]] == ["10", "2", "0", "-1"]
    assert [each["other"] for each in rows[1:-1]] == [0, 0, 7, 0]
    assert r"{a\_b} & {other}" in tex("collection", collection.table(statistics))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_the_tables_fit_into_a_column(tmp_path, settings):
    settings["gte_lion"] |= {"warmup": 1000, "early_stopping": 2, "learning_rate": 1.25e-6}
    whole = STATISTICS | {"documents": 8841823}
    whole["lengths"] = dict.fromkeys(
        ("query_words_mean", "passage_words_mean", "passage_words_median", "passage_words_p95"),
        12345.6,
    )
    tables = [
        tex("training", training.table(settings, SIZES, ORIGINS, GRID)),
        tex("optimizers", optimizers.table(settings, GRID)),
        tex("collection", collection.table(whole)),
    ]
    assert overfull(tmp_path, tables) == []


def test_the_settings_that_searches_chose_fit_beside_those_that_were_given(tmp_path):
    settings = settings_of(TUNED)
    own = {"adamw": ADAMW, "lion": LION | {"class": "lionrank.training.optimizers.ForeachLion"}}
    for place, each in enumerate(TUNED.trainings(), start=1):
        rate = 1.23e-7 * place
        optimizer = own[each.treatment.optimizer]
        settings[each.name] |= {"learning_rate": rate, "warmup": place, "optimizer": optimizer}
    tables = [
        tex("training", training.table(settings, SIZES, ORIGINS, TUNED)),
        tex("optimizers", optimizers.table(settings, TUNED)),
    ]
    assert overfull(tmp_path, tables) == []


def test_the_rules_write_each_table_and_its_csv(tmp_path, settings):
    checkpoints = []
    for model in GRID.models:
        checkpoints.append(tmp_path / f"{model.name}_adamw_e0")
        checkpoints[-1].mkdir()
        (checkpoints[-1] / "config.json").write_text(json.dumps({"num_hidden_layers": 2}))
        save_file({"w": np.zeros((4, 3))}, checkpoints[-1] / "model.safetensors")
    (tmp_path / "statistics.json").write_text(json.dumps(STATISTICS))
    file = DownloadedFile(bytes=1, sha256="0" * 64)
    record = Download(ORIGINS["minilm"]["repository"], REVISION, {"model.safetensors": file})
    write_json(tmp_path / "sources" / "some_weights.lock.json", record.as_json())
    grid = {
        "models": {m.name: {"label": m.label, "start": m.start} for m in GRID.models},
        "optimizers": dict(GRID.optimizers),
        "epochs": list(GRID.epochs),
    }
    given = {"grid": grid, "settings": settings}
    choices = {"choices": [str(choice_file(tmp_path, optimizer="lion"))]}

    def outputs(name):
        return {kind: str(tmp_path / f"{name}.{kind}") for kind in ("tex", "csv")}

    jobs = [
        (
            "training_table",
            {"checkpoints": [str(folder) for folder in checkpoints]} | choices,
            outputs("training"),
            given | {"origins": ORIGINS},
        ),
        ("optimizers_table", choices, outputs("optimizers"), given),
        (
            "collection_table",
            {"statistics": str(tmp_path / "statistics.json")},
            outputs("collection"),
            {},
        ),
    ]
    run_scripts(tmp_path, jobs)
    settings["minilm_lion"]["learning_rate"] = 1e-6
    size = dict.fromkeys(SIZE) | {"layers": 2, "parameters": 12}
    facts = (settings, {model.name: size for model in GRID.models}, ORIGINS, GRID)
    expected = {
        "training.tex": tex("training", training.table(*facts)),
        "training.csv": training.table(*facts).csv(),
        "optimizers.tex": tex("optimizers", optimizers.table(settings, GRID)),
        "optimizers.csv": optimizers.table(settings, GRID).csv(),
        "collection.tex": tex("collection", collection.table(STATISTICS)),
        "collection.csv": collection.table(STATISTICS).csv(),
    }
    assert {name: (tmp_path / name).read_text() for name in expected} == expected
