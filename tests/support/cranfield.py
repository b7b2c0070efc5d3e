"""Cranfield 1400, as first published, brought into BEIR's format for tests."""

import re
from pathlib import Path

from lionrank.files import atomic_write, write_json_lines

SPLITS = {"train": 1, "test": 0}
"""Name of a split -> remainder by two of its queries' numbers."""
BEST, LEAST = 1, 4


def write_beir(source: Path, folder: Path) -> None:
    """Write the files cran.all.1400, cran.qry and cranqrel of `source` as a folder of BEIR's.

    Queries are numbered from 1 in file order, which is how cranqrel counts them; those of odd
    number are for training (113), the others for testing (112). Its grades 1 (best) to 4 (least)
    become 4 to 1, and judgements of grade -1, which nobody has defined, are left out. Documents 471
    and 995 have neither title nor text there, and so here.
    """
    write_json_lines(folder / "corpus.jsonl", map(_document, _records(source / "cran.all.1400")))
    queries = enumerate(_records(source / "cran.qry"), start=1)
    write_json_lines(
        folder / "queries.jsonl",
        ({"_id": str(number), "text": _words(body)} for number, (_, body) in queries),
    )
    judgements = [line.split() for line in (source / "cranqrel").read_text().splitlines()]
    for split, remainder in SPLITS.items():
        with atomic_write(folder / "qrels" / f"{split}.tsv") as handle:
            handle.write("query-id\tcorpus-id\tscore\n")
            for qid, docid, grade in judgements:
                if int(qid) % 2 == remainder and BEST <= int(grade) <= LEAST:
                    handle.write(f"{qid}\t{docid}\t{BEST + LEAST - int(grade)}\n")


def _records(path: Path) -> list[tuple[str, str]]:
    """Return (number, body) of what begins with a line `.I number`."""
    _, *parts = re.split(r"^\.I +(\d+)\n", path.read_text(), flags=re.MULTILINE)
    return list(zip(parts[::2], parts[1::2], strict=True))


def _document(record: tuple[str, str]) -> dict:
    """Return a document; the abstract begins with the title again, which is taken off it."""
    number, body = record
    head, _, abstract = body.partition(".W\n")
    title = _words(head.partition(".A\n")[0])
    return {"_id": number, "title": title, "text": _words(abstract).removeprefix(title).strip()}


def _words(section: str) -> str:
    """Return a section on one line, without its markers; three abstracts hold stray ones."""
    return " ".join(re.sub(r"^\.[TABW]\s*$", " ", section, flags=re.MULTILINE).split())
