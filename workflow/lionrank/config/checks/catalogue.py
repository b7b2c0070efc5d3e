"""Checking the config: identifiers of the catalogue ir_datasets, and the texts of its data sets.

Runs at every parse of the workflow, and the catalogue takes a while to import: what passed before
is recalled.
"""

from collections.abc import Mapping
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lionrank.config.experiment import judged_topics
from lionrank.config.memo import recall
from lionrank.config.settings import canonical
from lionrank.config.training_data import trained_on
from lionrank.errors import UserError
from lionrank.wording import did_you_mean, listed

if TYPE_CHECKING:
    from ir_datasets import Dataset


def check_catalogue(config: Mapping[str, Any]) -> None:
    """Check the collections of the grid that ir_datasets has, before it downloads any."""
    used = {judged["collection"] for judged in judged_topics(config)}.union(trained_on(config))
    entries = {name: config["collections"][name] for name in sorted(used)}
    entries = {name: each for name, each in entries.items() if each["format"] == "ir_datasets"}

    def passes() -> str:
        for name, entry in entries.items():
            check_entry(entry, f"config: collections.{name}")
        return ""

    if entries:
        recall(passes, canonical(entries), version("ir_datasets").encode())


def check_entry(entry: Mapping[str, Any], place: str) -> None:
    """Check an entry of format ir_datasets.

    Raises:
        UserError: an identifier is unknown or lacks documents, queries or qrels, their corpora
            differ, or documents or queries have no default text, or not the fields that are named;
            begins with `place`.
    """
    try:
        import ir_datasets
    except OSError as error:
        raise UserError(
            f"{place}: ir_datasets cannot make its folder ({error}): let IR_DATASETS_HOME name one "
            "that can be written"
        ) from None

    datasets = {key: _dataset(key, f"{place}.ids") for key in entry["ids"].values()}
    corpora = {key: ir_datasets.docs_parent_id(key) for key in datasets}
    first = next(iter(corpora.values()))
    for key, corpus in corpora.items():
        if corpus != first:
            raise UserError(
                f"{place}.ids: the documents of {key!r} are those of {corpus!r}, not of {first!r} "
                "as the first one's: make two collections of them"
            )
    for key, dataset in datasets.items():
        _check_texts(dataset.docs_cls(), key, entry, "text", place)
        _check_texts(dataset.queries_cls(), key, entry, "query", place)


def _dataset(dataset_id: str, place: str) -> "Dataset":
    import ir_datasets

    try:
        dataset = ir_datasets.load(dataset_id)
    except KeyError:
        hint = did_you_mean(dataset_id, ir_datasets.registry)
        meant = f"; {hint}" if hint else ""
        raise UserError(f"{place}: ir_datasets has no {dataset_id!r}{meant}") from None
    for kind in ("docs", "queries", "qrels"):
        if not dataset.has(kind):
            raise UserError(f"{place}: {dataset_id!r} of ir_datasets has no {kind}")
    return dataset


def _check_texts(
    kind: type, dataset_id: str, entry: Mapping[str, Any], key: str, place: str
) -> None:
    """Check that what is named under a key are fields of documents or queries, or is not needed."""
    _, *fields = kind.__annotations__.items()
    texts = [name for name, of in fields if of in (str, str | None)]
    known = listed(texts) if texts else "none"
    for name in text_fields(entry, key):
        if name not in texts:
            raise UserError(
                f"{place}.{key}: {kind.__name__} of {dataset_id!r} has no field {name!r} of text; "
                f"its fields of text: {known}"
            )
    if key not in entry and not hasattr(kind, "default_text"):
        raise UserError(
            f"{place}: {kind.__name__} of {dataset_id!r} has no default text: name a field as "
            f"{key}, or a list of fields; its fields of text: {known}"
        )


def text_fields(entry: Mapping[str, Any], key: str) -> list[str]:
    """Return the fields that an entry of format ir_datasets names under `text` or `query`."""
    named = entry.get(key, [])
    return [named] if isinstance(named, str) else named


def check_local_copy(entry: Mapping[str, Any], place: str) -> None:
    """Check that documents which ir_datasets may not download are there, before any work.

    Raises:
        UserError: they are not; begins with `place`, and says where they are expected and who gives
            them.
    """
    dataset_id = next(iter(entry["ids"].values()))
    copy = local_copy(dataset_id)
    if copy is not None and not Path(copy.place).exists():
        raise UserError(
            f"{place}: ir_datasets does not download the documents of {dataset_id!r}, and "
            f"{copy.place} does not exist (IR_DATASETS_HOME names another folder for all that it "
            f"has). It says: {copy.instructions}"
        )


class LocalCopy(NamedTuple):
    """Where ir_datasets expects documents that it does not download, and who gives them."""

    place: str
    instructions: str


def local_copy(dataset_id: str) -> LocalCopy | None:
    """Return what is to be known of the documents of a data set, None where they are downloaded."""
    import ir_datasets
    from ir_datasets.util import DownloadConfig, home_path

    owner, _, _ = ir_datasets.docs_parent_id(dataset_id).partition("/")
    instructions = {
        str(home_path() / owner / each["cache_path"]): each["instructions"]
        for each in DownloadConfig.contents().get(owner, {}).values()
        if "url" not in each and {"cache_path", "instructions"} <= each.keys()
    }
    if not instructions:
        return None
    documents = ir_datasets.load(dataset_id).docs_handler()
    # Some that are downloaded cannot tell where to without doing so.
    if "force" not in signature(documents.docs_path).parameters:
        return None
    place = str(documents.docs_path(force=False))
    if place not in instructions:
        return None
    return LocalCopy(place, " ".join(instructions[place].format(path=place).split()))
