import csv
import re
import shutil
import subprocess

import pytest
import yaml

from tests.support.configs import SOURCES
from tests.support.papers import PAPER

FILE = PAPER / "refs.bib"
ENTRY = re.compile(r"^@(\w+)\{(\w+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\w+) *= \{(.*)\},$", re.MULTILINE)
ENTRIES = {
    key: {"type": kind} | dict(FIELD.findall(body))
    for kind, key, body in ENTRY.findall(FILE.read_text())
    if kind != "IEEEtranBSTCTL"
}
# By its number there, each work that the published study cites.
PUBLISHED = {
    1: "lin2021pretrained",
    2: "robertson2009probabilistic",
    3: "karpukhin2020dense",
    4: "devlin2019bert",
    5: "nogueira2019passage",
    6: "nogueira2020document",
    7: "li2023towards",
    8: "warner2025smarter",
    9: "wang2020minilm",
    10: "kingma2015adam",
    11: "loshchilov2019decoupled",
    12: "chen2023symbolic",
    13: "bajaj2016msmarco",
    14: "craswell2020overview",
    15: "bajaj2016msmarco",
    16: "modal2024modal",
    17: "gao2021complementing",
    18: "hofstatter2020improving",
    19: "su2024roformer",
    20: "dao2022flashattention",
    21: "reimers2019sentence",
    22: "duchi2011adaptive",
    23: "tieleman2012lecture",
    24: "craswell2021overview",
    25: "nist2024treceval",
    26: "wolf2020transformers",
    27: "shazeer2020glu",
    28: "paszke2019pytorch",
    29: "biewald2020experiment",
    30: "lin2021pyserini",
    31: "lin2020distilling",
    32: "xiong2020approximate",
    33: "thienes2019nboost",
}


def cited_in_templates() -> set[str]:
    """Return the keys of all citations, in whatever branch of a template they stand."""
    text = "".join(path.read_text() for path in PAPER.rglob("*.j2"))
    keys = {
        key.strip() for keys in re.findall(r"\\cite\{([^<}]+)\}", text) for key in keys.split(",")
    }
    # Those that a template looks up by the name of a model.
    return keys | set(re.findall(r'": "([a-z]+\d{4}[a-z]+)"', text))


def cited_in_data() -> set[str]:
    with open(PAPER / "published" / "lion" / "systems.csv", encoding="utf-8") as handle:
        references = {row["reference"] for row in csv.DictReader(handle)}
    studies = (PAPER / "published").glob("*/study.yaml")
    cited = {yaml.safe_load(path.read_text())["cite"] for path in studies}
    return references | cited | {source.cited for source in SOURCES.values() if source.cited}


def families(key: str) -> list[str]:
    return [name.split(",")[0] for name in ENTRIES[key]["author"].split(" and ")]


def test_every_citation_has_an_entry_and_every_entry_a_citation():
    assert cited_in_templates() | cited_in_data() == ENTRIES.keys()


def test_every_work_that_the_published_study_cites_is_cited_in_the_text():
    assert list(PUBLISHED) == list(range(1, 34))
    assert set(PUBLISHED.values()) <= cited_in_templates()


def test_all_entries_are_read_each_once_and_in_order():
    text = FILE.read_text()
    keys = [key for kind, key, _ in ENTRY.findall(text) if kind != "IEEEtranBSTCTL"]
    assert len(keys) == text.count("\n@") - 1  # that of the style's own settings
    assert keys == sorted(set(keys))
    titles = [
        entry["title"].lower().replace("{", "").replace("}", "") for entry in ENTRIES.values()
    ]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_says_by_whom_what_when_and_where(key):
    entry = ENTRIES[key]
    places = {"inproceedings": "booktitle", "article": "journal", "book": "publisher"}
    assert {"author", "title", "year", places.get(entry["type"], "howpublished")} <= entry.keys()
    assert "others" not in entry["author"]
    if entry.get("howpublished", "").startswith("arXiv"):
        assert re.fullmatch(r"arXiv:\d{4}\.\d{5}", entry["howpublished"])
        assert entry["howpublished"][6:8] == entry["year"][2:]


@pytest.mark.parametrize(
    ("key", "authors"),
    [
        # What the published list has otherwise.
        ("nogueira2019passage", ["Nogueira", "Cho"]),
        ("nogueira2020document", ["Nogueira", "Jiang", "Pradeep", "Lin"]),
        ("li2023towards", ["Li", "Zhang", "Zhang", "Long", "Xie", "Zhang"]),
        ("craswell2020overview", ["Craswell", "Mitra", "Yilmaz", "Campos", "Voorhees"]),
        ("craswell2021overview", ["Craswell", "Mitra", "Yilmaz", "Campos"]),
        ("su2024roformer", ["Su", "Ahmed", "Lu", "Pan", "Bo", "Liu"]),
        (
            "chen2023symbolic",
            "Chen Liang Huang Real Wang Pham Dong Luong Hsieh Lu Le".split(),  # noqa: SIM905
        ),
    ],
)
def test_works_with_wrong_authors_in_the_published_list_have_the_right_ones(key, authors):
    assert families(key) == authors


@pytest.mark.skipif(shutil.which("bibtex") is None, reason="bibtex is not installed")
def test_bibtex_has_nothing_to_complain_of(tmp_path):
    lines = [r"\citation{*}", r"\bibstyle{IEEEtran}", r"\bibdata{refs}"]
    (tmp_path / "all.aux").write_text("\n".join(lines) + "\n")
    shutil.copy(FILE, tmp_path)
    done = subprocess.run(["bibtex", "all"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "Warning" not in done.stdout, done.stdout
    assert (tmp_path / "all.bbl").read_text().count(r"\bibitem{") == len(ENTRIES)
