"""Collections in the formats of Anserini and TREC: JSON lines, topics in many forms, qrels."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lionrank import trec
from lionrank.collections.readers.base import Document, first_line, json_lines, text_of
from lionrank.errors import UserError
from lionrank.files import PACKED, text_lines
from lionrank.java import start_jvm
from lionrank.trec import Qrels, Topics
from lionrank.wording import listed

TAB_SEPARATED = "TsvString"
TITLE = "title"
READERS = "io.anserini.search.topicreader"
# By how the files begin: the reader, and the field that holds the query.
MARKED_UP = {"<top>": ("Trec", TITLE), "<doc>": ("Cacm", TITLE), "<topics": ("Covid", "query")}
SUFFIXES = tuple(kind + packed for kind in (".json", ".jsonl") for packed in ("", *PACKED))


class Anserini:
    """Settings as under `collections` in the config: corpus, topics and how to read them, qrels."""

    def __init__(self, settings: dict) -> None:
        self.corpus = Path(settings["corpus"])
        self.topic_files: dict[str, str] = settings["topics"]
        self.topic_reader: str = settings.get("topic_reader", TAB_SEPARATED)
        self.topic_field: str = settings.get("topic_field", TITLE)
        self.qrels_files: dict[str, str] = settings["qrels"]

    def documents(self) -> Iterator[Document]:
        """Yield the documents of the corpus."""
        return documents(self.corpus)

    def topics(self, name: str) -> Topics:
        """Return the `topic_field` of the topics, as `topic_reader` gives it."""
        path = _file(self.topic_files, "topics", name)
        if (self.topic_reader, self.topic_field) == (TAB_SEPARATED, TITLE):
            if (start := first_line(path)).startswith("<") and "\t" not in start:
                raise UserError(
                    f"{path}: expected qid<TAB>text, found {start[:80]!r}: name the topic_reader "
                    "of its format in the config, such as Trec or Cacm"
                )
            return trec.read_topics(path)
        return read_by_anserini(path, self.topic_reader, self.topic_field)

    def qrels(self, name: str) -> Qrels:
        """Return the judgements of a TREC qrels file."""
        return trec.read_qrels(_file(self.qrels_files, "qrels", name))


def documents(corpus: Path) -> Iterator[Document]:
    """Yield the documents of a JSON-lines file, or of all such files in a folder by `SUFFIXES`.

    What else the folder holds is printed.

    Raises:
        UserError: the folder has no such file, or a line has no text `id` and `contents`.
    """
    files = [corpus]
    if corpus.is_dir():
        found = sorted(corpus.iterdir())
        files = [file for file in found if file.name.endswith(SUFFIXES)]
        others = [file.name for file in found if file not in files]
        if not files:
            raise UserError(
                f"{corpus}: no file there ends in {listed(SUFFIXES)}: unpack what is, or "
                "write it as JSON lines with id and contents"
            )
        if others:
            some = " ".join(others[:10])
            print(f"{corpus}: {len(others)} files are no JSON lines: {some}")
    for file in files:
        for place, record in json_lines(file):
            yield _document(record, place)


def _document(record: dict, place: str) -> Document:
    """Return the document of a line, of Anserini's form or of MIRACL's, whose title comes first."""
    if "docid" not in record:
        return Document(text_of(record, "id", place), text_of(record, "contents", place), place)
    parts = filter(None, (text_of(record, key, place) for key in ("title", "text")))
    return Document(text_of(record, "docid", place), " ".join(parts), place)


def _file(files: dict[str, str], key: str, name: str) -> str:
    if name not in files:
        raise UserError(f"config: {key}: no file for {name!r}; there is one for {', '.join(files)}")
    return files[name]


def read_by_anserini(path: str, reader: str, field: str = TITLE) -> Topics:
    """Return a field of the topics that one of Anserini's readers finds, in the order of qids.

    Pyserini's get_topics_with_reader does the same but turns qids of digits into numbers, and so
    loses their leading zeros.

    Raises:
        UserError: the file is no text, there is no such reader, it finds no topics, or a topic
            lacks the field.
    """
    topics = _topics_by_anserini(path, reader)
    if not topics:
        raise UserError(
            f"{path}: Anserini's {reader}TopicReader finds no topics there: choose the "
            "topic_reader of the file's format in the config, or correct the file"
        )
    if lacking := [qid for qid, fields in topics.items() if field not in fields]:
        found = sorted({name for fields in topics.values() for name in fields})
        raise UserError(
            f"{path}: Anserini's {reader}TopicReader finds no {field} of {len(lacking)} of "
            f"{len(topics)} topics, {lacking[0]!r} first; what it finds is {listed(found)}: choose "
            "the topic_field, or the topic_reader of the file's format, in the config"
        )
    return {qid: topics[qid][field] for qid in sorted(topics, key=lambda qid: (len(qid), qid))}


def _topics_by_anserini(path: str, reader: str) -> dict[str, dict[str, str]]:
    """Return the fields that have a text, by qid."""
    start_jvm()
    from jnius import JavaException, autoclass

    try:
        autoclass(f"{READERS}.{reader}TopicReader")
    except JavaException:
        raise UserError(
            f"config: topic_reader: Anserini has no {reader}TopicReader in {READERS}; "
            f"others are Trec, Webxml, Covid, {TAB_SEPARATED}"
        ) from None
    read = autoclass(f"{READERS}.TopicReader").getTopicsWithStringIdsFromFileWithTopicReaderClass
    # A plain copy: Anserini does not say that a file is missing, reads what is no UTF-8 as other
    # characters, and goes by the end of a name.
    with tempfile.TemporaryFile("w", encoding="utf-8") as copy:
        copy.writelines(f"{line}\n" for _, line in text_lines(path))
        copy.flush()
        found = read(f"{READERS}.{reader}TopicReader", f"/proc/self/fd/{copy.fileno()}")
    names = found.keySet().toArray() if found else ()
    return {qid: _texts(found.get(qid)) for qid in names}


def _texts(fields: Any) -> dict[str, str]:
    """Return the entries of a Java map that have a value."""
    found = {name: fields.get(name) for name in fields.keySet().toArray()}
    return {name: text for name, text in found.items() if text is not None}
