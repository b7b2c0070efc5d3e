"""A small LoTTE in its real layout: an archive, or a folder, of domains and splits."""

import json
import tarfile
from pathlib import Path

PASSAGES = {
    "0": "A semicolon joins two sentences that could stand alone.",
    "1": "Use a comma before the conjunction.",
    "2": "Nobody reads prologues.",
    "3": "Write every day, if only a page.",
}
QUERIES = {
    "search": {"0": "when to use a semicolon", "1": "how often to write"},
    "forum": {"0": "Is a semicolon old-fashioned?", "1": "Prologue or none?"},
}
ANSWERS = {"search": {"0": [0, 1], "1": [3]}, "forum": {"0": [0], "1": [2]}}


def write(root: Path, domain: str = "writing", split: str = "test") -> Path:
    """Write the files of a domain's split below a folder, and return theirs."""
    folder = root / domain / split
    folder.mkdir(parents=True)
    rows = {"collection": PASSAGES, **{f"questions.{name}": QUERIES[name] for name in QUERIES}}
    for name, texts in rows.items():
        lines = "".join(f"{key}\t{text}\n" for key, text in texts.items())
        (folder / f"{name}.tsv").write_text(lines)
    for name, answers in ANSWERS.items():
        records = (
            {"qid": int(qid), "query": QUERIES[name][qid], "url": "", "answer_pids": pids}
            for qid, pids in answers.items()
        )
        lines = "".join(f"{json.dumps(record)}\n" for record in records)
        (folder / f"qas.{name}.jsonl").write_text(lines)
    return folder


def pack(folder: Path, archive: Path) -> Path:
    """Pack a folder as the one archive is: gzip, with everything below lotte/."""
    with tarfile.open(archive, "w:gz") as members:
        members.add(folder, "lotte")
    return archive
