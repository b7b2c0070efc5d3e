"""Mistakes about systems of others: each stops with one line that names the key."""

import pytest
import yaml
from snakemake.utils import update_config

from lionrank.config.check import check
from lionrank.config.plan import Plan
from lionrank.errors import UserError
from tests.support.configs import ROOT, SCHEMA, SOURCES, changed, overlaid

SYSTEMS = """
grid: {systems: [theirs, given]}
systems:
  theirs: {label: Theirs, checkpoint: minilm, model: electra, optimizer: lion, epoch: 2}
  given: {label: Given, run_files: {dl19: runs/given.trec.gz}}
models: {electra: {label: ELECTRA, pretrained: gte, architecture: null, tokenizer: null}}
"""
TREATMENT = {"label": "Distilled", "optimizer": "adamw", "objective": "bce", "data": "pairs"}


def with_systems(overlay: str) -> dict:
    config = overlaid(SYSTEMS)
    update_config(config, yaml.safe_load(overlay))
    return config


def test_systems_of_others_pass():
    check(overlaid(SYSTEMS), SCHEMA, SOURCES)
    check(with_systems("systems: {theirs: {checkpoint: ../runs/demo/hub/x}}"), SCHEMA, SOURCES)
    check(with_systems("grid: {models: [], dev_sets: []}"), SCHEMA, SOURCES)
    config = with_systems("systems: {given: {model: gte, optimizer: distilled}}")
    config["treatments"] = {"distilled": TREATMENT}
    check(config, SCHEMA, SOURCES)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("grid: {systems: [thiers]}", "grid.systems: unknown 'thiers'; did you mean 'theirs'?"),
        ("systems: {theirs: {checkpoint: minilmm}}", "did you mean 'minilm'?"),
        (
            "systems: {theirs: {checkpoint: msmarco_corpus}}",
            "unknown 'msmarco_corpus'; known",
        ),
        ("systems: {theirs: {model: electro}}", "theirs.model: unknown 'electro'; did you mean"),
        ("systems: {theirs: {optimizer: loin}}", "theirs.optimizer: unknown 'loin'; did you mean"),
        ("systems: {given: {run_files: {dl91: x}}}", "given.run_files: unknown 'dl91'; did you"),
        ("systems: {given: {checkpoint: minilm}}", "given: set either checkpoint or run_files"),
        ("systems: {a: {label: A}}", "systems.a: set either checkpoint or run_files"),
        ("systems: {given: {max_length: 128}}", "given.max_length: nothing is scored where run"),
        ("systems: {given: {epoch: 1}}", "given.epoch: of which training?"),
        ("grid: {test_sets: [dl20]}", "given.run_files: none is on a test set of the grid (dl20)"),
        ("systems: {theirs: {model: gte}}", "the training gte_lion is this experiment's own"),
        (
            "systems: {given: {model: electra, optimizer: lion, epoch: 2}}",
            "given: model, optimizer and epoch are those of systems.theirs",
        ),
        ("systems: {given: {label: Theirs}}", "given.label: 'Theirs' is the label of systems.the"),
        ("systems: {given: {label: GTE}}", "given.label: 'GTE' is the label of models.gte as well"),
        ("systems: {given: {label: BM25}}", "given.label: 'BM25' is the label of the first stage"),
        ("grid: {models: [], systems: []}", "grid.models: there is nothing to train"),
    ],
)
def test_a_mistake_about_systems_of_others_is_named(overlay, message):
    with pytest.raises(UserError) as error:
        check(with_systems(overlay), SCHEMA, SOURCES)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        "bm25",
        "gte",
        "lion",
        "distilled",
        "dl19",
        "gte_lion",
        "gte_lion_best",
        "gte_lion_e2",
        "gte_lion_e17",
        "x_e2",
    ],
)
def test_no_system_has_a_name_that_something_else_has_or_that_reads_as_a_checkpoints(name):
    config = changed(f"systems.{name}", {"label": "X", "checkpoint": "minilm"})
    config["treatments"] = {"distilled": TREATMENT}
    with pytest.raises(UserError, match=rf"systems\.{name}: '{name}' is .*: name the system"):
        check(config, SCHEMA, SOURCES)


def test_entries_of_one_training_may_be_of_several_epochs():
    check(with_systems("systems: {given: {model: electra, optimizer: lion}}"), SCHEMA, SOURCES)


PUBLISHED = "systems: {theirs: {published: lion, model: gte, optimizer: adamw, epoch: 2}}\n"
PUBLISHED += "grid: {models: [minilm]}"


def test_checkpoints_of_others_may_be_published_ones():
    Plan.read(with_systems(PUBLISHED), ROOT)
    Plan.read(with_systems("systems: {theirs: {published: null}}"), ROOT)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("systems: {theirs: {model: electra}}", "theirs.published: the published values are of"),
        ("systems: {theirs: {model: null, optimizer: null, epoch: null}}", "are of minilm, gte,"),
        ("systems: {given: {published: lion}}", "given.published: values were published of check"),
        (
            "grid: {test_sets: [dl20, marco_dev], systems: [theirs]}",
            "theirs.published: the values are on dl19, marco_qa_dev, of which the grid has none",
        ),
        (
            "{grid: {test_sets: [dl19], systems: [theirs]}, test_sets: {dl19: {scoring: whole}},"
            " scorings: {whole: {label: Whole, aggregation: full}}}",
            "dl19 have a scoring, with which none was published: add a test set without one",
        ),
        ("systems: {theirs: {published: lions}}", "'lions' is not in paper.studies; did you mean"),
        (
            "{paper: {studies: [lion, sizes]}, systems: {theirs: {published: sizes}}}",
            "theirs.published: paper/published/sizes/replication.tex.j2 is missing",
        ),
        ("paper: {studies: []}", "theirs.published: 'lion' is not in paper.studies; it is empty"),
    ],
)
def test_a_mistake_about_published_checkpoints_is_named(overlay, message):
    config = with_systems(PUBLISHED)
    update_config(config, yaml.safe_load(overlay))
    with pytest.raises(UserError) as error:
        Plan.read(config, ROOT)
    assert message in str(error.value)
