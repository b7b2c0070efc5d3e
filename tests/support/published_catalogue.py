"""Small data sets where ir_datasets looks for published ones, and in their layouts."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

from tests.support.importing import write

ROBUST04 = {"FBIS/FB": 500, "FR94/01/FR": 500, "FT/FT911/FT911_": 800, "LATIMES/LA": 495}
"""Files of disks 4 and 5 without CR that ir_datasets expects: 2,295 of these beginnings."""
TOPICS = """
<top>

<num> Number: 301
<title> International Organized Crime

<desc> Description:
Identify organizations that participate in international criminal
activity.

<narr> Narrative:
A relevant document must as a minimum identify the organization.

</top>
"""


def write_robust04(home: Path) -> None:
    """Write disks45/nocr/trec-robust-2004: a document a file, of which two are about topic 301."""
    folder = home / "disks45"
    for beginning, number in ROBUST04.items():
        for place in range(number):
            docid = f"{Path(beginning).name}{place:04}"
            about = "organized crime across borders" if place == 7 else f"report {place}"
            text = (
                f"<DOC>\n<DOCNO> {docid} </DOCNO>\n<HEADLINE>\nNews {place}\n</HEADLINE>\n"
                f"<TEXT>\n{about}\n</TEXT>\n</DOC>\n"
            )
            write(folder / "corpus" / "NEWS_data" / f"{beginning}{place:04}", text)
    (folder / "04.testset.gz").write_bytes(gzip.compress(TOPICS.encode()))
    qrels = "301 0 FB0007 1\n301 0 LA0007 2\n301 0 LA0001 0\n"
    write(folder / "qrels.robust2004.txt", qrels)


def write_miracl(
    folder: Path, language: str, files: list[Mapping[str, tuple[str, str]]]
) -> dict[str, Path]:
    """Write MIRACL's documents, title and text by id, a mapping a file, its topics and qrels.

    The names are those that ir_datasets gives them below a folder for the language.
    """
    place = folder / "v1.0" / language
    for number, documents in enumerate(files):
        lines = "".join(
            f"{json.dumps({'docid': docid, 'title': title, 'text': text}, ensure_ascii=False)}\n"
            for docid, (title, text) in documents.items()
        )
        path = place / "docs" / f"docs-{number}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(lines.encode()))
    return {
        "corpus": place / "docs",
        "topics": write(place / "dev" / "topics.tsv", "0\tWho sleeps in the sun?\n3\tUnasked\n"),
        "qrels": write(place / "dev" / "qrels.tsv", "0\tQ0\t12#0\t1\n0\tQ0\t12#1\t0\n"),
    }
