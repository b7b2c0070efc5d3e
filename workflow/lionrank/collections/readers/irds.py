"""Collections of the catalogue ir_datasets (https://ir-datasets.com), which downloads its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lionrank.collections.readers.base import Document, by_id
from lionrank.config.checks.catalogue import text_fields
from lionrank.errors import UserError
from lionrank.trec import Qrels, Topics


class Catalogue:
    """Settings as `config.checks.catalogue` checks them: identifiers by name of the topics.

    Texts are those of the fields that `text` and `query` name, else the catalogue's default texts:
    of a topic usually its title, of a document its title and body.
    """

    def __init__(self, settings: dict) -> None:
        # Imported here: it makes its cache folder at once.
        import ir_datasets

        self.settings = settings
        self.ids: dict[str, str] = settings["ids"]
        self.datasets = {name: ir_datasets.load(each) for name, each in self.ids.items()}
        self.corpus = ir_datasets.docs_parent_id(next(iter(self.ids.values())))

    def documents(self) -> Iterator[Document]:
        """Yield the documents of the corpus that all identifiers share."""
        dataset = next(iter(self.datasets.values()))
        fields = text_fields(self.settings, "text")
        with _provided(self.corpus):
            for number, document in enumerate(dataset.docs_iter(), start=1):
                place = f"{self.corpus}, document {number}"
                yield Document(document.doc_id, _text(document, fields), place)

    def topics(self, name: str) -> Topics:
        """Return the queries."""
        fields = text_fields(self.settings, "query")
        with _provided(self.ids[name]):
            queries = self.datasets[name].queries_iter()
            texts = ((self.ids[name], each.query_id, _text(each, fields)) for each in queries)
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


def _text(record: Any, fields: list[str]) -> str:
    """Return the text in fields of a document or query, or its default text where there are none.

    A field without a value, which the catalogue has as None, is no text.
    """
    texts = [getattr(record, name) for name in fields] or [record.default_text()]
    return " ".join(filter(None, texts))


@contextmanager
def _provided(dataset_id: str) -> Iterator[None]:
    """Say what to do where ir_datasets cannot download or read its files."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        from ir_datasets.util import home_path

        raise UserError(
            f"ir_datasets does not get {dataset_id!r} ({error}): if it has files of it, damaged "
            "ones or not all, put whole ones there; else run `ir_datasets export "
            f"{dataset_id} docs` where there is internet and bring {home_path()} here "
            "(IR_DATASETS_HOME names another place); the log above says if it asks for more."
        ) from error
