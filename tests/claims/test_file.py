"""The claims file and the published tables: each mistake is named with its file, claim and key."""

import re
from pathlib import Path

import pytest
import yaml

from lionrank.claims import file as claim_file
from lionrank.errors import UserError
from tests.support.published_as_measured import PRINTED

TREND = {
    "kind": "trend",
    "metrics": ["map"],
    "treatments": ["lion", "adamw"],
    "models": ["minilm", "gte"],
    "level": True,
    "margin": 0.01,
}
BEST = {"kind": "best", "metrics": ["map"], "systems": ["gte_lion"], "over": "trainings"}


def written(folder: Path, content: object) -> Path:
    path = folder / "claims.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ({"kind": "bset"}, "c1: test 1: kind: unknown 'bset'; did you mean 'best'?"),
        ({"metrics": ["ap"]}, "c1: test 1: metrics: unknown 'ap'; did you mean 'map'?"),
        ({"metrics": []}, "c1: test 1: metrics: expected a list, found []"),
        ({"metrics": ["dl20"]}, "c1: test 1: metrics: unknown 'dl20'; known: ndcg_cut_10, "),
        ({"systems": ["gte_sgd"]}, "c1: test 1: systems: unknown 'gte_sgd'; did you mean"),
        ({"systems": ["gte_lion_e4"]}, "c1: test 1: systems: unknown 'gte_lion_e4'"),
        ({"over": None}, "c1: test 1: over: expected a list, found None"),
        ({"mots": True}, "c1: test 1: unknown 'mots'; did you mean 'most'?"),
        ({"most": "yes"}, "c1: test 1: most: expected true or false, found 'yes'"),
        ({"kind": "equal"}, "c1: test 1: margin: the key is missing"),
        ({"kind": None}, "c1: test 1: kind: the key is missing"),
    ],
)
def test_a_wrong_test_is_named_with_file_claim_and_key(tmp_path, test, message):
    claim = {"id": "c1", "text": "It is so.", "where": ["P"], "tests": [BEST | test]}
    path = written(tmp_path, {"claims": [claim]})
    with pytest.raises(UserError) as caught:
        claim_file.read(path, PRINTED)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            {"kind": "equal", "metrics": ["map"], "systems": ["gte_lion"], "margin": 0.1},
            "systems: equal takes 2, found 1",
        ),
        (
            {"kind": "equal", "metrics": ["map"], "systems": ["gte_lion"] * 2, "margin": -1},
            "margin: expected a number of at least 0, found -1",
        ),
        (
            {
                "kind": "equal",
                "metrics": ["map"],
                "systems": ["gte_lion"] * 2,
                "margin": float("nan"),
            },
            "margin: expected a number of at least 0, found nan",
        ),
        (
            {"kind": "equal", "metrics": ["map"], "systems": ["gte_lion"] * 2, "margin": 0.1},
            "systems: has gte_lion twice; remove one",
        ),
        (BEST | {"over": ["gte_lion"]}, "over: has nothing beside systems; name another"),
        (
            {"kind": "monotonic", "metrics": ["map"], "systems": ["gte_lion_e1"]},
            "systems: monotonic takes 2 or more, found 1",
        ),
        (BEST | {"metrics": ["dl19", "map"]}, "metrics: has map on dl19 twice; remove one"),
        (TREND | {"models": ["gte", "gte"]}, "models: has gte twice; remove one"),
        (
            {
                "kind": "greater",
                "metrics": ["map"],
                "left": ["gte_lion"],
                "right": ["gte_adamw", "gte_lion"],
            },
            "left, right: gte_lion is in both; remove one",
        ),
        (
            {
                "kind": "above_all",
                "metrics": ["map"],
                "treatments": ["lion"],
                "others": ["lion"],
            },
            "treatments, others: lion is in both; remove one",
        ),
        (
            {
                "kind": "same_settings",
                "trainings": ["gte_lion", "gte_adamw"],
                "settings": ["learning_rates"],
                "sources": ["paper"],
            },
            "settings: unknown 'learning_rates'; did you mean 'learning_rate'?",
        ),
        (
            {
                "kind": "log_greater",
                "quantity": "gpu_utilisation",
                "optimizers": ["lion", "sgd"],
                "models": ["gte"],
            },
            "optimizers: unknown 'sgd'; known: adamw, lion",
        ),
        ({"kind": "cannot_be_tested", "reason": ""}, "reason: expected text, found ''"),
        (TREND | {"treatments": ["lion"]}, "treatments: trend takes 2, found 1"),
        (TREND | {"models": ["gte"]}, "models: trend takes 2 or more, found 1"),
        (TREND | {"models": ["gte", "gtr"]}, "models: unknown 'gtr'; did you mean 'gte'?"),
        (TREND | {"level": "yes"}, "level: expected true or false, found 'yes'"),
        (
            {"kind": "same_data", "treatments": ["lion", "adamw"], "facts": ["passage"]},
            "facts: unknown 'passage'; did you mean 'passages'?",
        ),
        (
            {"kind": "same_data", "treatments": ["lion"], "facts": ["passes"]},
            "treatments: same_data takes 2 or more, found 1",
        ),
        (
            {"kind": "disjoint", "test_sets": ["dl20"]},
            "test_sets: unknown 'dl20'; known: dl19, marco_qa_dev",
        ),
    ],
)
def test_wrong_values_of_other_kinds_are_named(tmp_path, test, message):
    claim = {"id": "c1", "text": "It is so.", "where": ["P"], "tests": [test]}
    path = written(tmp_path, {"claims": [claim]})
    with pytest.raises(UserError, match=re.escape(f"{path}: c1: test 1: {message}")):
        claim_file.read(path, PRINTED)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("claims: [}", r"claims\.yaml:1: this is no YAML"),
        ("claims:\n- id: x\n  text: 'it\n", r"claims\.yaml:4: this is no YAML"),
        ("[]", "expected the key claims and no other"),
        ({"claims": []}, "claims: expected a list"),
        ({"claims": ["c1"]}, "claim 1: expected a mapping, found 'c1'"),
        ({"claims": [{"id": "c1"}]}, "claim 1: text: the key is missing"),
        (
            {"claims": [{"id": "c1", "text": "So.", "where": ["B"], "tests": [BEST]}]},
            "c1: where: unknown 'B'; known: P, T, A",
        ),
        (
            {"claims": [{"id": "c1", "text": "So.", "where": ["P"], "tests": [BEST]}] * 2},
            "c1: id: two claims have it",
        ),
    ],
)
def test_a_wrong_file_is_named(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        claim_file.read(written(tmp_path, content), PRINTED)


def test_one_treatment_may_be_compared_from_size_to_size(tmp_path):
    test = TREND | {"kind": "not_below", "treatments": ["lion", "lion"]}
    del test["level"]
    claim = {"id": "c1", "text": "It is so.", "where": ["P"], "tests": [test]}
    ((read,),) = (
        each.tests for each in claim_file.read(written(tmp_path, {"claims": [claim]}), PRINTED)
    )
    assert read.treatments == ("lion", "lion")
