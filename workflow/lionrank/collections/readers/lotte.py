"""LoTTE, as published: five domains and all of them pooled, each with its own passages.

https://github.com/stanford-futuredata/ColBERT/blob/main/LoTTE.md
"""

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from lionrank import trec
from lionrank.archives import unpacking
from lionrank.collections.readers.base import Document, by_id, json_lines, tab_separated
from lionrank.config.lotte import CORPUS, FILES, judged
from lionrank.errors import UserError
from lionrank.files import maybe_packed, scratch_folder
from lionrank.trec import Qrels, Topics


class Lotte:
    """A folder with collection.tsv, and questions.NAME.tsv and qas.NAME.jsonl for search and forum.

    Any of them may be packed.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = Path(folder)

    def documents(self) -> Iterator[Document]:
        """Yield the passages, which are answers of a forum."""
        return tab_separated(maybe_packed(self.folder / CORPUS))

    def topics(self, name: str) -> Topics:
        """Return the queries."""
        questions, _ = judged(name)
        return trec.read_topics(maybe_packed(self.folder / questions))

    def qrels(self, name: str) -> Qrels:
        """Return the passages that answer each query, at grade 1; nothing else is judged."""
        _, answers = judged(name)
        records = json_lines(maybe_packed(self.folder / answers))
        return by_id((_answers(place, record) for place, record in records), "query")


def unpack(archive: str | os.PathLike, domain: str, split: str, folder: str | os.PathLike) -> None:
    """Write the files of a domain's dev or test split, out of the one archive of all, to `folder`.

    Raises:
        UserError: the archive is damaged or lacks one, or the disk is full.
    """
    folder = Path(folder)
    wanted = {f"{domain}/{split}/{name}" for name in FILES}
    with scratch_folder(folder) as scratch:
        with unpacking(archive, folder), tarfile.open(archive, "r:gz") as members:
            for member in members:
                name = "/".join(PurePosixPath(member.name).parts[-3:])
                content = members.extractfile(member) if member.isfile() else None
                if name in wanted and content is not None:
                    with open(scratch / PurePosixPath(name).name, "wb") as unpacked:
                        shutil.copyfileobj(content, unpacked)
                    wanted.remove(name)
                if not wanted:  # what follows need not be unpacked
                    break
        if wanted:
            raise UserError(
                f"{archive} lacks {', '.join(sorted(wanted))}: is it LoTTE's lotte.tar.gz?"
            )
        for name in FILES:
            os.replace(scratch / name, folder / name)


def _answers(place: str, record: dict[str, Any]) -> tuple[str, str, dict[str, int]]:
    """Return place, query and judgements of a line.

    Raises:
        UserError: it has no `qid` and `answer_pids`, whole numbers or texts, or no answer.
    """
    for key in ("qid", "answer_pids"):
        if key not in record:
            raise UserError(f"{place}: the key {key!r} is missing; found: {', '.join(record)}")
    qid, pids = record["qid"], record["answer_pids"]
    if not _is_id(qid) or not isinstance(pids, list) or not all(map(_is_id, pids)):
        raise UserError(
            f"{place}: expected a qid and a list of answer_pids, found {qid} and {pids}"
        )
    if not pids:
        raise UserError(f"{place}: query {qid} has no answers: remove it, and its question")
    return place, str(qid), dict.fromkeys(map(str, pids), 1)


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)
