"""Collections of the catalogue ir_datasets (https://ir-datasets.com), which downloads its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lionrank.collections.readers.base import Document, by_id
from lionrank.errors import UserError
from lionrank.trec import Qrels, Topics
from lionrank.wording import did_you_mean

if TYPE_CHECKING:
    from ir_datasets import Dataset


class Catalogue:
    """Identifiers in the catalogue by name of the topics, all with one corpus.

    Texts are the catalogue's default texts: of a topic usually its title, of a document its title
    and body.
    """

    def __init__(self, ids: dict[str, str]) -> None:
        """Look the identifiers up.

        Raises:
            UserError: one is unknown or lacks documents, queries or qrels, or their corpora differ.
        """
        # Imported here: it makes its cache folder at once.
        import ir_datasets

        self.ids = ids
        self.datasets = {name: _load(dataset_id) for name, dataset_id in ids.items()}
        self.corpus = ir_datasets.docs_parent_id(next(iter(ids.values())))
        for dataset_id in ids.values():
            if (corpus := ir_datasets.docs_parent_id(dataset_id)) != self.corpus:
                raise UserError(
                    f"config: ids: the documents of {dataset_id!r} are those of {corpus!r}, not of "
                    f"{self.corpus!r} as the first one's: make two collections of them"
                )

    def documents(self) -> Iterator[Document]:
        """Yield the documents of the corpus that all identifiers share."""
        dataset = next(iter(self.datasets.values()))
        with _provided(self.corpus):
            for number, document in enumerate(dataset.docs_iter(), start=1):
                place = f"{self.corpus}, document {number}"
                yield Document(document.doc_id, document.default_text(), place)

    def topics(self, name: str) -> Topics:
        """Return the queries."""
        with _provided(self.ids[name]):
            queries = self.datasets[name].queries_iter()
            texts = ((self.ids[name], each.query_id, each.default_text()) for each in queries)
            return by_id(texts, "query")

    def qrels(self, name: str) -> Qrels:
        """Return the graded judgements.

        Raises:
            UserError: a document has two different grades for a query.
        """
        qrels: Qrels = {}
        with _provided(self.ids[name]):
            for judgement in self.datasets[name].qrels_iter():
                judged = qrels.setdefault(judgement.query_id, {})
                grade = judged.setdefault(judgement.doc_id, judgement.relevance)
                if grade != judgement.relevance:
                    raise UserError(
                        f"{self.ids[name]}: document {judgement.doc_id!r} has the grades {grade} "
                        f"and {judgement.relevance} for query {judgement.query_id!r}: its "
                        "judgements are not of documents as a whole and cannot be used here"
                    )
        return qrels


def _load(dataset_id: str) -> "Dataset":
    import ir_datasets

    try:
        dataset = ir_datasets.load(dataset_id)
    except KeyError:
        hint = did_you_mean(dataset_id, ir_datasets.registry)
        meant = f"; {hint}" if hint else ""
        raise UserError(f"config: ids: ir_datasets has no {dataset_id!r}{meant}") from None
    for kind in ("docs", "queries", "qrels"):
        if not dataset.has(kind):
            raise UserError(f"config: ids: {dataset_id!r} of ir_datasets has no {kind}")
    return dataset


@contextmanager
def _provided(dataset_id: str) -> Iterator[None]:
    """Say what to do where ir_datasets cannot download or read its files."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        from ir_datasets.util import home_path

        raise UserError(
            f"ir_datasets does not get {dataset_id!r} ({error}): run `ir_datasets export "
            f"{dataset_id} docs` where there is internet and bring {home_path()} here "
            "(IR_DATASETS_HOME names another place); the log above says if it asks for more."
        ) from error
