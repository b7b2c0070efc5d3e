"""Collections of ir_datasets' catalogue, of which a few are registered here."""

import pytest

from lionrank.errors import UserError
from tests.support.importing import imported, write


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """Collections registered in ir_datasets, as a package that adds to the catalogue does."""
    folder = tmp_path_factory.mktemp("catalogue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IR_DATASETS_HOME", str(folder / "home"))
        patch.setenv("NO_PROXY", "127.0.0.1")
        import ir_datasets
        from ir_datasets.formats import TrecQrels, TsvDocs, TsvQueries
        from ir_datasets.util import Download, LocalDownload, RequestsDownload

        def local(name: str, text: str) -> LocalDownload:
            return LocalDownload(write(folder / name, text))

        kites = TsvDocs(local("kites.tsv", "k1\tred kites\nk2\tblack kites\n"))
        boats = TsvDocs(local("boats.tsv", "b1\tboats\n"))
        closed = [RequestsDownload("http://127.0.0.1:9/docs.tsv", tries=1)]
        absent = TsvDocs(Download(closed, folder / "absent.tsv"))
        queries = TsvQueries(local("queries.tsv", "q1\tred\nq2\tblack\n"))
        qrels = TrecQrels(local("qrels.txt", "q1 0 k1 2\nq1 0 k2 0\nq2 0 k2 1\n"), {})
        twice = TrecQrels(local("twice.txt", "q1 0 k1 1\nq1 1 k1 2\n"), {})
        for name, parts in {
            "kites": [kites],
            "kites/train": [kites, queries, qrels],
            "kites/test": [kites, queries, qrels],
            "kites/aspects": [kites, queries, twice],
            "kites/again": [kites, TsvQueries(local("again.tsv", "q1\tred\nq1\tr\n")), qrels],
            "kites/high": [kites, queries, TrecQrels(local("high.txt", "q1 0 k1 128\n"), {})],
            "boats/test": [boats, queries, qrels],
            "absent/test": [absent, queries, qrels],
        }.items():
            ir_datasets.registry.register(name, ir_datasets.Dataset(*parts))
        yield


def of_catalogue(**ids: str) -> dict:
    return {"format": "ir_datasets", "ids": ids}


@pytest.mark.usefixtures("catalogue")
def test_identifiers_of_ir_datasets_give_one_corpus_topics_and_graded_qrels(tmp_path):
    settings = of_catalogue(train="kites/train", test="kites/test")
    passages, topics, qrels = imported(settings, {}, "test", tmp_path)
    assert passages == {"k1": "red kites", "k2": "black kites"}
    assert topics == {"q1": "red", "q2": "black"}
    assert qrels == {"q1": {"k1": 2, "k2": 0}, "q2": {"k2": 1}}


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("ids", "complaint"),
    [
        ({"test": "kites/tset"}, r"ir_datasets has no 'kites/tset'; did you mean 'kites/test'"),
        ({"test": "kites"}, "'kites' of ir_datasets has no queries"),
        (
            {"train": "kites/train", "test": "boats/test"},
            "documents of 'boats/test' are those of 'boats/test', not of 'kites'",
        ),
        ({"test": "kites/aspects"}, "'k1' has the grades 1 and 2 for query 'q1'"),
        ({"test": "kites/again"}, "kites/again: query 'q1' appears twice"),
        ({"test": "kites/high"}, "qrels test, topic q1: grade '128' is not an integer between"),
        ({"test": "absent/test"}, "ir_datasets does not get 'absent/test' .* bring .*/home here"),
    ],
)
def test_identifiers_that_cannot_be_used_are_errors(tmp_path, ids, complaint):
    with pytest.raises(UserError, match=complaint):
        imported(of_catalogue(**ids), {}, "test", tmp_path)
