"""What a download recorded, and what is said of a record that is damaged or of something else."""

import json

import pytest

from lionrank.config.downloads import (
    Download,
    DownloadedFile,
    check_agreement,
    read_record,
    with_revision,
)
from lionrank.errors import UserError
from lionrank.files import write_json
from tests.support.audits import COMMIT, source

DIGEST = "0123456789abcdef" * 4
GOOD = {"id": "owner/gte", "revision": COMMIT, "files": {"a.bin": {"bytes": 3, "sha256": DIGEST}}}
RECORD = Download("owner/gte", COMMIT, {"a.bin": DownloadedFile(3, DIGEST)})


def test_a_record_is_read_as_it_was_written(tmp_path):
    place = tmp_path / "gte.lock.json"
    assert read_record(place) is None
    write_json(place, RECORD.as_json())
    assert json.loads(place.read_text()) == GOOD
    assert read_record(place) == RECORD


@pytest.mark.parametrize(
    "text",
    [
        "",
        json.dumps(GOOD)[:-20],
        "[]",
        "{}",
        json.dumps({key: GOOD[key] for key in ("id", "files")}),
        *(
            json.dumps(GOOD | change)
            for change in (
                {"id": 7},
                {"revision": "main"},
                {"revision": COMMIT[:7]},
                {"files": {}},
                {"files": ["a.bin"]},
                {"files": {"a.bin": DIGEST}},
                {"files": {"a.bin": {"bytes": "3", "sha256": DIGEST}}},
                {"files": {"a.bin": {"bytes": True, "sha256": DIGEST}}},
                {"files": {"a.bin": {"bytes": -3, "sha256": DIGEST}}},
                {"files": {"a.bin": {"bytes": 3, "sha256": DIGEST[:40]}}},
            )
        ),
    ],
)
def test_a_damaged_record_or_one_of_another_form_is_named_with_the_remedy(tmp_path, text):
    place = tmp_path / "gte.lock.json"
    place.write_text(text)
    with pytest.raises(UserError, match=r"gte\.lock\.json is damaged .*: restore it, or delete it"):
        read_record(place)


@pytest.mark.parametrize(
    ("changes", "column", "asked", "found"),
    [
        ({"id": "owner/other"}, "id", "owner/other", "owner/gte"),
        ({"revision": "1" * 40}, "revision", "1" * 40, COMMIT),
        ({"checksums": {"a.bin": f"sha256:{'1' * 64}"}}, "checksums, a.bin", "1" * 64, DIGEST),
    ],
)
def test_a_row_that_says_something_else_is_named_with_both_values(changes, column, asked, found):
    row = source("gte", files=("*.bin",), **changes)
    with pytest.raises(UserError, match=rf"t\.csv: gte: {column}: .*{asked}.*{found}"):
        check_agreement(row, RECORD, "gte.lock.json")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"revision": None},
        {"checksums": {"a.bin": f"sha256:{DIGEST}"}},
        {"checksums": {"a.bin": f"md5:{'1' * 32}"}},
        {"files": ("*.bin", "*.json"), "checksums": {"b.json": f"sha256:{'1' * 64}"}},
    ],
)
def test_a_row_that_says_less_or_what_the_record_cannot_tell_agrees(changes):
    check_agreement(source("gte", **{"files": ("*.bin",)} | changes), RECORD, "lock")


def test_a_start_is_told_with_the_revision_that_was_downloaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start = {"source": "gte", "repository": "owner/gte", "licence": "MIT"}
    with pytest.raises(UserError, match=r"gte\.lock\.json is gone"):
        with_revision(start)
    write_json(tmp_path / "sources" / "gte.lock.json", GOOD)
    assert with_revision(start) == start | {"revision": COMMIT}
    write_json(tmp_path / "sources" / "gte.lock.json", GOOD | {"revision": None})
    assert with_revision(start) == start | {"revision": None}
    assert with_revision("package:a/b") == "package:a/b"
