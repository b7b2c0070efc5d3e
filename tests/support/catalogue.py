"""Data sets in ir_datasets' catalogue, registered as a package that adds to it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.importing import write


class Talk(NamedTuple):
    """A document without a default text."""

    doc_id: str
    head: str
    body: str
    words: int


class Need(NamedTuple):
    """A query without a default text."""

    query_id: str
    short: str
    long: str | None


@contextmanager
def registered(folder: Path) -> Iterator[None]:
    """Register kites, boats, talks and others, which have nothing to download but one."""
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
        talks = local("talks.tsv", "t1\tKites\tthey fly\t2\nt2\t\tthey swim\t2\n")
        talks = TsvDocs(talks, doc_cls=Talk)
        queries = TsvQueries(local("queries.tsv", "q1\tred\nq2\tblack\n"))
        needs = local("needs.tsv", "q1\tkites\twhich kites fly\n")
        needs = TsvQueries(needs, query_cls=Need)
        qrels = TrecQrels(local("qrels.txt", "q1 0 k1 2\nq1 0 k2 0\nq2 0 k2 1\n"), {})
        heard = TrecQrels(local("heard.txt", "q1 0 t1 1\n"), {})
        twice = TrecQrels(local("twice.txt", "q1 0 k1 1\nq1 1 k1 2\n"), {})
        for name, parts in {
            "kites": [kites],
            "kites/train": [kites, queries, qrels],
            "kites/test": [kites, queries, qrels],
            "kites/aspects": [kites, queries, twice],
            "kites/again": [kites, TsvQueries(local("again.tsv", "q1\tred\nq1\tr\n")), qrels],
            "kites/high": [kites, queries, TrecQrels(local("high.txt", "q1 0 k1 128\n"), {})],
            "kites/needs": [kites, needs, qrels],
            "boats/test": [boats, queries, qrels],
            "talks/needs": [talks, needs, heard],
            "absent/test": [absent, queries, qrels],
        }.items():
            if name not in ir_datasets.registry:
                ir_datasets.registry.register(name, ir_datasets.Dataset(*parts))
        yield
