"""What was published of BM25, and that it is what the installed Anserini expects of itself."""

import re
from pathlib import PurePosixPath
from zipfile import ZipFile

import pytest
import yaml

from lionrank.errors import UserError
from lionrank.java import anserini_jar
from lionrank.published.first_stages import REMOVE_QUERY, read
from tests.support.configs import ROOT

FILE = ROOT / "paper" / "published" / "first_stages.csv"
HEADER = "test_set,metric,level,value,index,k1,b,depth,flags,source,note\n"
ROW = "a,ndcg_cut_10,,0.5,a.flat,0.9,0.4,1000,-removeQuery,Anserini,\n"
DEFAULTS = {"k1": 0.9, "b": 0.4}
"""Anserini's, which its regression tests leave as they are."""
METRICS = {
    "-m map": "map",
    "-m ndcg_cut.10": "ndcg_cut_10",
    "-M 10 -m recip_rank": "recip_rank_10",
    "-m recall.100": "recall_100",
    "-m recall.1000": "recall_1000",
    "-m P.30": "P_30",
}
BEIR = (
    *("trec_covid", "nfcorpus", "nq", "hotpotqa", "fiqa", "arguana", "touche", "quora"),
    *("dbpedia", "scidocs", "fever", "climate_fever", "scifact"),
)


@pytest.fixture(scope="module")
def expected():
    """Return Anserini's expectations of a regression test, of some name."""
    with ZipFile(anserini_jar()) as jar:
        folder = PurePosixPath("reproduce/from-document-collection/configs")
        yield lambda name: yaml.safe_load(jar.read(str(folder / name)))


@pytest.mark.parametrize(("test_set", "published"), read(FILE).items())
def test_the_values_are_those_that_anserini_expects_of_itself(expected, test_set, published):
    regression = expected(published.source.split()[-1])
    names = [topics["id"] for topics in regression["topics"]]
    place = names.index(test_set) if test_set in names else 0
    bm25 = next(each for each in regression["models"] if each["name"].startswith("bm25"))
    theirs = {}
    for metric in regression["metrics"]:
        words = re.sub(r"-c\b", "", metric["params"])
        level = int("-l 2" in words) + 1
        name = METRICS.get(" ".join(words.replace("-l 2", "").split()))
        if name is not None:
            graded = name == "ndcg_cut_10"
            values = bm25["results"][metric["metric"]]
            theirs[name, None if graded else level] = values[place]
    assert published.values == theirs
    depth = re.search(r"-hits (\d+)", bm25["params"])
    assert published.bm25.depth == (int(depth.group(1)) if depth else 1000)
    assert published.bm25.parameters == DEFAULTS
    assert published.remove_query == (REMOVE_QUERY in bm25["params"])


def test_each_test_set_has_its_index_and_beirs_leave_the_query_out():
    found = read(FILE)
    assert {*BEIR, "dl19", "dl20", "dl21", "dl22", "dl23", "marco_dev", "cacm"} <= found.keys()
    for name in BEIR:
        assert found[name].index.startswith("beir-v1.0.0-")
        assert name.replace("_", "-") in found[name].index
        assert found[name].remove_query
    assert found["dl19"].index == found["marco_dev"].index == "msmarco-v1-passage"
    assert found["arguana"].values["ndcg_cut_10", None] == 0.3970
    assert found["dl19"].values["map", 2] == 0.3013


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("test_set,value\n", "first_stages.csv:1: no column "),
        (HEADER + ROW.replace("ndcg_cut_10", "ndcg@10"), "2: metric is 'ndcg@10', none of"),
        (HEADER + ROW + ROW, "3: a has a value of ndcg_cut_10 already"),
        (HEADER + ROW + ROW.replace("0.4", "0.75"), "3: a is ranked otherwise there"),
        (HEADER + ROW.replace("0.5", "50"), "2: value is '50', not a number from 0 to 1"),
        (HEADER + ROW.replace("0.9", "k"), "2: k1 or b: could not convert"),
        (HEADER + ROW.replace("1000", "all"), "2: depth is 'all', not a number from 1"),
        (HEADER + ROW.replace("ndcg_cut_10", "map"), "2: level is '', not a number from 1"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, content, complaint):
    (tmp_path / "first_stages.csv").write_text(content)
    with pytest.raises(UserError, match=complaint):
        read(tmp_path / "first_stages.csv")
