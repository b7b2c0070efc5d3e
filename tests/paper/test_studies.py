"""What the paper says of published studies: what each one's folder has, and nothing of others."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from lionrank.claims import decide as claims_
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Published
from lionrank.config.plan import Plan
from lionrank.config.studies import read_studies
from lionrank.files import write_json
from lionrank.paper.render import render
from lionrank.paper.standing import stand
from lionrank.paper.studies import read_study
from lionrank.paper.tables import published_settings, published_values, systems
from lionrank.published.agreement import Agreements
from lionrank.published.scores import read_scores
from lionrank.published.settings import read as read_settings
from lionrank.published.study import Study
from lionrank.published.systems import read_systems
from tests.support.configs import ROOT, overlaid
from tests.support.papers import (
    CLAIMS,
    NOTE,
    PAPER,
    facts_of,
    findings_of,
    lion,
    params_of,
    prose,
    tex,
)
from tests.support.published_as_measured import DRAWS, ours
from tests.support.rankings import draw, write_paper
from tests.support.results import BESIDE_OTHERS, GRID, NOTHING_TRAINED, experiment, made_up_scores

TRACES = re.compile(
    r"kumar2025|skfrost2025|modal2024|[Pp]ublished (stud|find|claim|val|compar|checkp|system)"
    r"|thesis|trec\\_eval files|published_|tab:claims|tab:systems"
)
"""Of the study of Lion and AdamW, or of any."""


def plain_of(made, **changes) -> str:
    return prose(facts_of(made, studies=[], **changes))


@pytest.mark.parametrize("note", [NOTE, None], ids=["demo", "whole"])
@pytest.mark.parametrize(
    "grid", [GRID, BESIDE_OTHERS, NOTHING_TRAINED], ids=["trained", "beside others", "others"]
)
def test_without_a_study_the_paper_says_nothing_of_any(tmp_path, grid, note):
    made = experiment(tmp_path, made_up_scores(1, grid), grid)
    text = plain_of(made, note=note)
    assert not TRACES.search(text), TRACES.search(text)
    assert TRACES.search(prose(facts_of(made, note=note)))
    assert {*re.findall(r"\\ref\{(\S+?)\}", text)} <= {*re.findall(r"\\label\{(\S+?)\}", text)}


def test_without_lion_in_the_grid_or_in_a_study_nothing_is_said_of_it(tmp_path):
    grid = replace(GRID, optimizers={"adamw": "AdamW"})
    made = experiment(tmp_path, made_up_scores(1, grid), grid)
    body = plain_of(made).partition("\\maketitle")[2]
    assert "Lion" not in body
    assert "Lion" in plain_of(experiment(tmp_path / "both", made_up_scores(1))).partition("make")[2]


def test_the_tables_of_a_paper_are_those_that_its_studies_have():
    parts = {
        name: {*Plan.read(overlaid(f"paper: {{studies: {name}}}"), ROOT).paper.parts()}
        for name in ("[]", "[lion]", "[sizes]")
    }
    claims, *others = sorted(parts["[lion]"] - parts["[]"])
    assert claims == "tables/claims_lion.tex"
    assert others == [
        *("tables/published_comparisons_lion.tex", "tables/published_settings_lion.tex"),
        *("tables/published_values_lion.tex", "tables/systems_lion.tex"),
    ]
    assert "tables/claims_sizes.tex" in parts["[sizes]"]
    assert not [each for each in parts["[sizes]"] if "lion" in each]


def test_nothing_is_made_of_a_study_that_the_config_does_not_name():
    plan = Plan.read(overlaid("paper: {studies: []}"), ROOT)
    assert (plan.published.claims(), plan.published.tested()) == ([], [])
    assert plan.published.templates(ROOT) == []


def test_where_published_values_stand_beside_ours_the_paper_says_which_do_not(tmp_path):
    made = experiment(tmp_path, made_up_scores(1))
    findings = findings_of(made)
    why = "MAP on TREC DL 2019 reranks bm25 there, and naver/splade here"
    compared = {"models": ["gte"], "measures": [{"metric": "map"}], "apart": [why]}
    study = replace(lion(findings), compared=compared)
    paper = params_of(GRID)["paper"]
    beside = paper | {"beside_published": {"study": "lion", "account": "files"}}
    told = prose(facts_of(made, studies=[study], paper=beside)).replace(r"\allowbreak{}", "")
    assert why in told.replace(r"\slash ", "/")
    assert why[:20] not in prose(facts_of(made, studies=[study], paper=paper))


@pytest.mark.parametrize(
    ("overlay", "models", "apart"),
    [
        ("{}", ["minilm", "gte", "modernbert"], []),
        ("models: {gte: {pretrained: null}}", ["minilm", "modernbert"], ["GTE is Alibaba-NLP/"]),
        (
            "evaluation: {relevance_level: 2}",
            ["minilm", "gte", "modernbert"],
            [f"{name} on TREC DL 2019 counts" for name in ("MAP", "Recall@10", "R-Prec", "P@10")],
        ),
        (
            "first_stages: {splade: {label: S, run_files: {dl19: a.trec}}}\n"
            "test_sets: {dl19: {first_stage: splade}}",
            ["minilm", "gte", "modernbert"],
            [
                f"{name} on TREC DL 2019 reranks bm25 there, and splade here"
                for name in ("nDCG@10", "MAP", "Recall@10", "R-Prec", "P@10")
            ],
        ),
    ],
    ids=["as published", "backbone", "threshold", "first stage"],
)
def test_published_values_are_ours_where_backbone_threshold_and_first_stage_are(
    overlay, models, apart
):
    architecture = "models: {gte: {architecture: {model_type: bert}, tokenizer: 'package:a/b'}}"
    config = overlaid(overlay, architecture) if "null" in overlay else overlaid(overlay)
    compared = Plan.read(config, ROOT).published.compared()["lion"]
    assert compared["models"] == models
    assert len(compared["measures"]) == 6 - len([each for each in apart if " on " in each])
    assert [
        each[: len(start)] for each, start in zip(compared["apart"], apart, strict=True)
    ] == apart


@pytest.mark.parametrize("name", ["objectives", "sizes"])
def test_a_paper_about_another_study_has_no_trace_of_that_of_lion(tmp_path, name):
    folder = PAPER / "published" / name
    account = Study.read(folder).primary
    claims = [
        {**claim, "published": {account: claim["published"]["printed"]}}
        for claim in CLAIMS["claims"]
    ]
    write_json(tmp_path / "claims.json", {**CLAIMS, "stand_ins": {}, "claims": claims})
    made = experiment(tmp_path, made_up_scores(1))
    findings = findings_of(made)
    compared = {"models": [], "measures": [], "apart": []}
    study = read_study(folder, tmp_path / "claims.json", None, compared, findings)
    text = prose(facts_of(made, studies=[study], note=None))
    assert f"tab:claims_{name}" in text
    assert not re.search(r"kumar2025|skfrost2025|modal2024|thesis|_lion\\.tex|claims_lion", text)


MINE = {
    "label": "Mine & ours",
    "cite": "morand2026reproducing",
    "where": {"B": "Blog"},
    "accounts": {"blog": "in a blog"},
    "models": {"minilm": {"label": "Mini", "backbone": "a/b"}},
    "treatments": {
        "adamw": {"label": "A", "optimizer": "adamw", "objective": "bce"},
        "lion": {"label": "L", "optimizer": "lion", "objective": "bce"},
    },
    "test_sets": {
        "dl19": {"label": "DL", "first_stage": "bm25", "level": 1, "metrics": ["ndcg_cut_10"]}
    },
}
TABLE = """model,treatment,epoch,test_set,metric,value,source
minilm,adamw,,dl19,ndcg_cut_10,0.7,blog
minilm,lion,,dl19,ndcg_cut_10,0.6,blog
"""
CLAIM = {
    "id": "b1",
    "text": "A is better.",
    "where": ["B"],
    "tests": [
        {
            "kind": "greater",
            "metrics": ["dl19"],
            "left": ["minilm_adamw"],
            "right": ["minilm_lion"],
        }
    ],
}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A study with the four files that it needs, its section that of the page on adding one."""
    shutil.copytree(PAPER, tmp_path / "paper")
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    made = tmp_path / "paper" / "published" / "my_own"
    made.mkdir()
    (made / "study.yaml").write_text(yaml.safe_dump(MINE, sort_keys=False))
    (made / "table.csv").write_text(TABLE)
    (made / "claims.yaml").write_text(yaml.safe_dump({"claims": [CLAIM]}))
    (section,) = re.findall("```tex\n(.*?)```", (PAPER / "published/README.md").read_text(), re.S)
    (made / "section.tex.j2").write_text(section)
    return made


def test_a_study_is_a_folder(folder, tmp_path):
    config = {"paper": {"studies": ["my_own"]}}
    (study,) = read_studies(config, tmp_path).values()
    published = Published.read(folder, study)
    read = claim_file.read(folder / "claims.yaml", published["blog"])
    decided = claims_.decide(read, published, ours(tmp_path / "ours"), DRAWS)
    assert decided["claims"][0]["published"]["blog"]["verdict"] == "holds"
    assert decided["claims"][0]["ours"]["verdict"] == "replicated"
    claims_file = tmp_path / "my_own.json"
    write_json(claims_file, decided)

    made = experiment(tmp_path / "made", made_up_scores(1))
    findings = findings_of(made)
    nothing = {"models": [], "measures": [], "apart": []}
    facts = read_study(folder, claims_file, None, nothing, findings)
    text = render(tmp_path / "paper", facts_of(made, studies=[lion(findings), facts])).text
    alone = render(tmp_path / "paper", facts_of(made, studies=[facts], note=None)).text
    assert "\\input{tables/claims_my_own.tex}" in text and "\\label{tab:claims_my_own}" in text
    assert "Table~\\ref{tab:claims_lion}, Table~\\ref{tab:claims_my_own}" in text
    assert "of Mine \\& ours, one is replicated here" in " ".join(text.split())
    assert "(B: Blog), by What Was Published," in alone
    assert not re.search("kumar2025|skfrost2025|lion.tex", alone)


def test_a_study_that_says_no_epochs_may_have_all_that_others_have(folder, tmp_path):
    two = {"blog": "in a blog", "code": "in the code"}
    content = MINE | {"accounts": two, "systems": "dl19", "sources": {"blog": "its address"}}
    (folder / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    second = TABLE.replace(",blog", ",code").replace("0.7,", "0.72,").partition("\n")[2]
    (folder / "table.csv").write_text(TABLE + second)
    (folder / "systems.csv").write_text("group,system,ndcg_cut_10,reference\nsparse,S,0.65,\n")
    rows = "learning_rate,*_lion,1e-3,\nlearning_rate,*_adamw,1e-2,\n"
    (folder / "settings.csv").write_text(f"setting,training,blog,note\n{rows}")
    (study,) = read_studies({"paper": {"studies": ["my_own"]}}, tmp_path).values()
    scores = read_scores(folder / "table.csv", study)

    different = Agreements.of(scores, study).that_are("different")
    assert [(each.training, each.epoch) for each in different] == [("Mini with A", None)]
    made = published_values.table(Agreements.of(scores, study), study)
    assert [(row["blog"], row["code"]) for row in made.rows] == [(0.7, 0.72), (0.6, 0.6)]
    latex = tex("published_values", made)
    assert r"Mini & A &  & 0.7000 \\" in latex and "0.7200" in latex

    experiment_ = experiment(tmp_path / "made", made_up_scores(1))
    findings = findings_of(experiment_)
    of = read_systems(folder / "systems.csv")
    assert stand(scores["blog"], of, study, findings).study == {
        "minilm_adamw": 0.7,
        "minilm_lion": 0.6,
    }
    made = systems.table(of, scores["blog"], study, experiment_.results, GRID, {})
    assert [(row["system"], row["epoch"]) for row in made.rows[:3]] == [
        *(("S", None), ("Mini, A", None), ("Mini, L", None))
    ]
    settings = read_settings(folder / "settings.csv", study.sources)
    (row,) = published_settings.table(settings, scores["blog"], study).rows
    assert (row["minilm_adamw"], row["minilm_lion"]) == (1e-2, 1e-3)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_a_paper_about_no_study_is_compiled_with_what_it_takes(tmp_path):
    from tests.paper.test_compiled_paper import compiled

    draw(tmp_path, GRID)
    write_paper(tmp_path, None)
    source, text = compiled(tmp_path)
    assert not TRACES.search(source)
    bibliography = (tmp_path / "paper" / "main.bbl").read_text()
    assert "Lion and AdamW" not in bibliography and "chen2023symbolic" in bibliography
    assert "Published Claims" not in text
    assert not [*(tmp_path / "paper" / "tables").glob("*lion*")]
