"""config/documents.yaml: from ir_datasets' files of MS MARCO's documents to what is learnt."""

import pandas as pd
import pytest

from lionrank import trec
from tests.support import marco_documents
from tests.support.running import ROOT, jobs, run_overlaid

OVERLAY = """
training_data:
  documents: {{ranking: {ranking}, examples: 2, held_out: {{passages: 2}}}}
"""
FOLDER = "collections/msmarco_docs"
TARGETS = [
    f"{FOLDER}/{name}" for name in ("topics.dl19.tsv", "qrels.dl20.txt", "documents.parquet")
]


@pytest.mark.slow
def test_url_title_and_body_are_one_text_and_training_data_are_drawn_from_the_ranking(tmp_path):
    ranking = marco_documents.write(tmp_path / "home")
    (tmp_path / "overlay.yaml").write_text(OVERLAY.format(ranking=ranking))
    made = run_overlaid(
        *(tmp_path, "-c2", *TARGETS),
        overlays=[ROOT / "config" / "documents.yaml", tmp_path / "overlay.yaml"],
        environment={"IR_DATASETS_HOME": str(tmp_path / "home")},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    folder = tmp_path / FOLDER
    # The topic that nobody judged is none.
    assert trec.read_topics(folder / "topics.dl19.tsv") == {"21": "which birds soar"}
    assert trec.read_qrels(folder / "qrels.dl20.txt") == {"21": {"D3": 2, "D4": 0}}
    passages = pd.concat(
        [pd.read_parquet(folder / f"documents{part}.parquet") for part in ("", ".held_out")]
    )
    texts = {text for each in passages["passages"] for text in each}
    (lynx,) = [each for each in texts if "lynx" in each]
    assert lynx.strip() == "https://cats.org/lynx The lynx hunts alone, by night."
    (lion,) = [each for each in texts if "lion" in each]
    assert lion.split("\n")[0] == "https://cats.org/lion The lion Lions hunt in prides."
    assert [[*each] for each in passages["labels"]] == [[1, 0], [1, 0]]


@pytest.mark.slow
def test_a_dry_run_plans_two_tracks_in_three_scorings_on_one_corpus_without_an_index_of_our_own(
    tmp_path,
):
    overlays = [ROOT / "config" / "documents.yaml"]
    told = run_overlaid(tmp_path, "-n", "paper/main.pdf", overlays=overlays)
    assert told.returncode == 0, told.stderr
    counts = jobs(told.stdout + told.stderr)
    assert counts["import_corpus"] == counts["prebuilt_index"] == counts["draw_examples"] == 1
    assert counts["bm25"] == counts["candidates"] == 2
    assert counts["index"] == counts["draw_triplets"] == 0
    # The best of each training, and on the first test set every epoch, of which the first window.
    trainings = counts["initialise"]
    assert counts["score_windows"] == ((3 + 1) + (1 + 1)) * trainings
    assert counts["rerank"] == 2 * trainings


@pytest.mark.slow
def test_the_demo_scores_long_documents_of_docstrings_in_four_ways(tmp_path):
    overlays = [ROOT / "config" / f"{name}.yaml" for name in ("demo", "demo_documents")]
    told = run_overlaid(tmp_path, "-n", "paper/main.pdf", overlays=overlays)
    assert told.returncode == 0, told.stderr
    counts = jobs(told.stdout + told.stderr)
    assert counts["pydocs"] == counts["index"] == 2
    assert counts["training_pairs"] == 1
    # Of all windows, for the first, the best and their mean.
    trainings = counts["initialise"]
    assert counts["score_windows"] == trainings
    assert counts["aggregate"] == 3 * trainings
