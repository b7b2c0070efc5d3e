"""A collection in which queries are documents, as in ArguAna: arguments, and what answers them."""

from pathlib import Path

from lionrank import trec
from lionrank.files import write_json_lines
from tests.support.importing import write
from tests.support.nanobeir import files

ARGUMENTS = {
    "pro1a": "zoos should be closed because animals suffer in cages",
    "pro1b": "zoos protect animals that would be hunted elsewhere",
    "pro2a": "taxes on sugar make sweet drinks rarer and children healthier",
    "pro2b": "taxes on sugar only make drinks dearer for the poor",
}
ANSWERS = {"pro1a": "pro1b", "pro2a": "pro2b"}


def write_arguments(folder: Path) -> None:
    """Write the collection in the formats of BEIR and of NanoBEIR, and a ranking of it."""
    texts = [{"_id": docid, "text": text} for docid, text in ARGUMENTS.items()]
    asked = [each for each in texts if each["_id"] in ANSWERS]
    write_json_lines(folder / "beir" / "corpus.jsonl", texts)
    write_json_lines(folder / "beir" / "queries.jsonl", asked)
    judged = "".join(f"{qid}\t{docid}\t1\n" for qid, docid in ANSWERS.items())
    write(folder / "beir" / "qrels" / "test.tsv", f"query-id\tcorpus-id\tscore\n{judged}")
    write_nano(folder / "nano", {qid: ARGUMENTS[qid] for qid in ANSWERS}, ANSWERS)
    run = {qid: {qid: 2.0, docid: 1.0} for qid, docid in ANSWERS.items()}
    trec.write_run(folder / "theirs.trec", run, "theirs")


def write_nano(folder: Path, queries: dict[str, str], answers: dict[str, str]) -> None:
    """Write queries and a relevant document of each as a set of NanoBEIR's, with its candidates."""
    tables = {
        "corpus": [{"_id": docid, "text": text} for docid, text in ARGUMENTS.items()],
        "queries": [{"_id": qid, "text": text} for qid, text in queries.items()],
        "relevance": [
            {"query-id": qid, "positive-corpus-ids": [docid], "bm25-ranked-ids": [qid, docid]}
            for qid, docid in answers.items()
        ],
    }
    for path, content in files("train", tables).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
