"""What collections are imported from."""

import pytest

from lionrank.config.formats import (
    corpus_files,
    corpus_settings,
    removes_query,
    topic_files,
    topics_settings,
)
from tests.support.configs import changed


@pytest.mark.parametrize(
    ("collection", "corpus", "topics"),
    [
        (
            {"format": "beir", "folder": "mine"},
            ["mine/corpus.jsonl"],
            ["mine/queries.jsonl", "mine/qrels/test.tsv"],
        ),
        (
            {"format": "anserini", "corpus": "c", "topics": {"test": "t"}, "qrels": {"test": "q"}},
            ["c"],
            ["t", "q"],
        ),
        (
            {"format": "nanobeir", "source": "nano_nq"},
            ["sources/nano_nq"],
            ["sources/nano_nq"],
        ),
        ({"format": "ir_datasets", "corpus": "vaswani", "ids": {}}, [], []),
        (
            {"format": "lotte", "folder": "mine", "domain": "writing", "split": "dev"},
            ["mine/writing/dev/collection.tsv"],
            ["mine/writing/dev/questions.test.tsv", "mine/writing/dev/qas.test.jsonl"],
        ),
        (
            {"format": "lotte", "source": "lotte", "domain": "writing", "split": "dev"},
            ["collections/unpacked/lotte/writing/dev/collection.tsv"],
            [
                "collections/unpacked/lotte/writing/dev/questions.test.tsv",
                "collections/unpacked/lotte/writing/dev/qas.test.jsonl",
            ],
        ),
    ],
)
def test_a_collection_is_imported_from_the_users_files_or_from_its_source(
    collection, corpus, topics
):
    assert corpus_files(collection) == corpus
    assert topic_files(collection, "test") == topics


def test_packed_files_of_a_beir_folder_are_those_that_are_imported(tmp_path):
    collection = {"format": "beir", "folder": str(tmp_path)}
    (tmp_path / "qrels").mkdir()
    for name in ("corpus.jsonl.gz", "queries.jsonl", "queries.jsonl.gz", "qrels/test.tsv.zst"):
        (tmp_path / name).touch()
    assert corpus_files(collection) == [f"{tmp_path}/corpus.jsonl.gz"]
    assert topic_files(collection, "test") == [
        f"{tmp_path}/queries.jsonl",
        f"{tmp_path}/qrels/test.tsv.zst",
    ]


def test_only_of_beir_the_query_itself_is_left_out_unless_the_config_says_so():
    config = changed(
        "collections",
        {
            "own": {"format": "beir", "folder": "own"},
            "facts": {"format": "beir", "folder": "facts", "remove_query": False},
            "arguments": {"format": "nanobeir", "source": "nano_nq", "remove_query": True},
            "nano": {"format": "nanobeir", "source": "nano_nq"},
        },
    )
    removing = {name: removes_query(config, name) for name in config["collections"]}
    assert removing == {"own": True, "facts": False, "arguments": True, "nano": False}
    for entry in config["collections"].values():
        plain = {key: value for key, value in entry.items() if key != "remove_query"}
        assert corpus_settings(entry) == topics_settings(entry, "test") == plain
