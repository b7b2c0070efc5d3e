"""The model card: what it says, its metadata, and that the lines it gives for loading are true."""

import copy
import os
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard

from lionrank.errors import UserError
from lionrank.release import model_card
from lionrank.search.choice import Choice
from tests.support import tiny_training as tiny
from tests.support.model_card_facts import FACTS, REVISION
from tests.support.searches import choice_file


@pytest.fixture
def card(tmp_path):
    """Write a card whose facts differ from the usual ones, and read it again."""

    def write(**changes) -> ModelCard:
        model_card.write(tmp_path, copy.deepcopy(FACTS | changes))
        return ModelCard.load(tmp_path / "README.md")

    return write


def rows(card: ModelCard) -> list[list[str]]:
    """Return the cells of all rows of the tables, as Markdown separates them."""
    lines = [line for line in card.text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_metadata_name_library_task_base_model_and_licence(card):
    assert card().data.to_dict() == {
        "library_name": "sentence-transformers",
        "pipeline_tag": "text-ranking",
        "tags": ["cross-encoder", "reranker", "lion-rerank"],
        "base_model": "microsoft/MiniLM-L12-H384-uncased",
        "license": "mit",
    }


def test_a_licence_that_the_hub_does_not_know_is_named_in_the_text_alone(card):
    terms = {"repository": "a/b", "revision": None, "licence": "Terms of our own"}
    written = card(pretrained=terms)
    assert "license" not in written.data.to_dict()
    assert (
        "began from `a/b`, a copy of no known revision, whose licence is Terms of our own."
        in written.text
    )


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("package:gt_all/model", "from the weights in `package:gt_all/model`."),
        ("a random start", "from a random start: this is no pretrained model"),
    ],
)
def test_a_start_from_elsewhere_has_neither_base_model_nor_licence(card, start, words):
    written = card(pretrained=start)
    assert not {"base_model", "license"} & written.data.to_dict().keys()
    assert f"The training began {words}" in written.text


def test_every_setting_is_in_the_table_and_every_row_has_two_cells(card):
    written = card()
    table = rows(written)
    table = dict(table[: table.index(["lion-pytorch", "0.2.5"]) + 1])
    named = {f"`{name}`" for name in FACTS["settings"]}
    assert named <= table.keys()
    assert table["`learning_rate`"] == "0.001"
    assert table["`warmup`"] == "0.25 of the schedule's steps"
    assert table["`schedule_steps`"] == "all steps of the training"
    assert table["`decay_biases_and_norms`"] == "yes"
    assert table["`optimizer`"] == "`lionrank.training.optimizers.ForeachLion`"
    assert table["`optimizer.betas`"] == "[0.9, 0.99]"
    assert (table["devices"], table["computed in"]) == ("2 x NVIDIA A100", "bf16")
    assert table["torch"] == "2.13.0"
    assert "1,990,000 training pairs of the collection `msmarco`" in written.text
    assert FACTS["data"]["sha256"] in written.text and REVISION in written.text


@pytest.mark.parametrize(("given", "printed"), [(1000, "1000 steps"), (0.0, "0 steps")])
def test_a_warm_up_of_steps_is_one(card, given, printed):
    written = card(settings=FACTS["settings"] | {"warmup": given})
    assert ["`warmup`", printed] in rows(written)


def test_the_scores_of_every_epoch_so_far_are_shown_and_this_one_is_marked(card):
    written = card()
    assert rows(written)[-4:] == [
        ["epoch", "loss", r"Nano\|NQ", "NanoNFCorpus", "mean"],
        ["---"] * 5,
        ["1", "0.2512", "0.5000", "0.2500", "0.3750"],
        ["2 (this one)", "none", "0.7500", "0.3125", "0.5312"],
    ]
    assert "after epoch 2 of a training" in written.text


def test_the_chosen_epoch_says_which_one_it_is(card):
    written = card(name="minilm_lion_best")
    assert (
        "It is the best of its training on development data: `minilm_lion_e2` holds" in written.text
    )
    assert "copy" not in written.text


def test_a_copy_says_so_and_names_what_it_copies(card):
    assert "copy" not in card().text
    written = card(name="minilm_lion_e3")
    assert "**This is a copy.** The training stopped early, after epoch 2" in written.text
    assert "`minilm_lion_e2` holds the same weights" in written.text


def test_what_found_the_development_candidates_is_named(card):
    said = r"the candidates of BM25 (Nano\|NQ) and of SPLADE\|++ (NanoNFCorpus), where"
    assert said in card().text


def test_settings_that_a_search_chose_are_told_with_its_budget_and_what_it_was_worth(
    card, tmp_path
):
    assert "search" not in card().text
    told = " ".join(card(choice=Choice.read(choice_file(tmp_path))).text.split())
    assert "A search chose `learning_rate` by development data: the best of 2 trials of 2" in told
    assert "epochs on 50% of the examples, all with the first seed. It reached a mean" in told
    assert r"of 0.4000 on Nano\|NQ; a trial of the settings that the experiment has" in told
    assert "without a search reached 0.2000." in told
    assert "beyond it" not in told


def test_of_trials_that_were_halved_it_is_said_that_not_all_had_all_epochs(card, tmp_path):
    budget = {"trials": 2, "epochs": 2, "share": 1.0, "keep": 0.5}
    halved, whole = (
        " ".join(card(choice=Choice.read(choice_file(tmp_path, **changes))).text.split())
        for changes in ({"budget": budget}, {})
    )
    assert "trials of 2 epochs, after each of which the best 50% of them went on, all" in halved
    assert "went on" not in whole


def test_a_choice_at_the_end_of_its_range_is_said_to_be_one(card, tmp_path):
    choice = Choice.read(choice_file(tmp_path, edges={"learning_rate": "low"}))
    diverged = replace(choice, untuned="t00000002")
    told = card(choice=diverged).text
    assert "The chosen `learning_rate` is the lowest that was tried" in told
    assert "without a search diverged." in told


def test_a_training_without_development_data_says_so(card):
    written = card(development=[], dev_labels={})
    assert "neither development sets nor held-out pairs" in written.text
    assert "(this one)" not in written.text


def test_held_out_pairs_alone_give_a_table_of_losses(card):
    lone = {"epoch": 2, "eval_loss": 0.5, "ndcg_cut_10": {}, "mean_ndcg_cut_10": None}
    written = card(development=[lone], dev_labels={})
    assert rows(written)[-3:] == [["epoch", "loss"], ["---"] * 2, ["2 (this one)", "0.5000"]]
    assert "nDCG" not in written.text


def test_a_fact_that_is_missing_leaves_the_card_before_as_it_was(card, tmp_path):
    before = card().content
    with pytest.raises(UserError, match=r"model_card\.md\.j2, line \d+: .*devices"):
        model_card.write(tmp_path, {k: v for k, v in FACTS.items() if k != "devices"})
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == before


def test_a_card_replaces_the_one_that_another_checkpoint_has_too(card, tmp_path):
    """A checkpoint's files may be links to those of the one before."""
    (tmp_path / "other.md").write_text("of another checkpoint")
    os.link(tmp_path / "other.md", tmp_path / "README.md")
    assert "minilm_lion_e2" in card().text
    assert (tmp_path / "other.md").read_text() == "of another checkpoint"


def test_the_three_lines_load_the_checkpoint_and_score(tmp_path, monkeypatch):
    checkpoint = tiny.write_start(tmp_path / "hub" / "minilm_lion_e2", "bert")
    model_card.write(checkpoint, FACTS)
    text = ModelCard.load(checkpoint / "README.md").text
    (lines,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(lines.splitlines()) == 3
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(lines, names)
    assert np.isfinite(names["scores"]).all() and names["scores"].shape == (2,)
    assert ((names["scores"] > 0) & (names["scores"] < 1)).all()
    logits = names["model"].predict([("a", "b")], activation_fn=torch.nn.Identity())
    assert names["model"].predict([("a", "b")]) == pytest.approx(1 / (1 + np.exp(-logits)))
