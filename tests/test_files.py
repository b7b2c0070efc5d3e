"""Reading and writing files: what is damaged is named, and nothing is left half written."""

import subprocess
import sys

import pytest

from lionrank.errors import UserError
from lionrank.files import only_file, read_json, read_json_lines, write_json


@pytest.mark.parametrize(
    "content", [b"", b'{"half": ', b"[1, 2]", b'"a word"', b'{"a": "\xe9"}', b"[" * 100_000]
)
def test_a_damaged_json_file_is_named_with_the_remedy(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"record\.json is damaged .*: delete it and run again\."):
        read_json(path)
    with pytest.raises(UserError, match=r"record\.json is damaged .*: restore it\."):
        read_json(path, remedy="restore it")


def test_json_is_read_as_it_was_written(tmp_path):
    value = {"name": "Löwe", "scores": [0.25, None], "files": {}}
    write_json(tmp_path / "made" / "record.json", value)
    assert read_json(tmp_path / "made" / "record.json") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\ufeff{"a": 1}\n', ":1: expected text, found a byte-order mark"),
        ('{"a": 1}\n{"b"\n', ":2: expected one JSON object a line"),
        ('{"a": 1}\n[2]\n', r":2: expected a JSON object, found '\[2\]'"),
        ('{"a": "\\ud83d"}\n', ":1: expected one JSON object a line: half of a surrogate pair"),
        ('{"a": 1}\n' + "[" * 100_000, ":2: expected one JSON object a line"),
        (f'{{"a": {"1" * 5000}}}\n', ":1: expected one JSON object a line"),
    ],
)
def test_a_line_that_is_no_json_object_is_named(tmp_path, text, message):
    (tmp_path / "file").write_text(text)
    with pytest.raises(UserError, match=f"file{message}"):
        list(read_json_lines(tmp_path / "file"))


def test_the_one_file_of_a_folder_is_found_below_hidden_ones(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "queries.tsv").touch()
    (tmp_path / ".hidden").touch()
    assert only_file(tmp_path) == tmp_path / "deep" / "queries.tsv"
    (tmp_path / "another").touch()
    with pytest.raises(UserError, match="expected one file, found 2: delete the folder"):
        only_file(tmp_path)


def test_a_write_that_the_system_cuts_short_leaves_the_old_file(tmp_path):
    """The kernel refuses to let the file grow beyond 4 KiB, as a full disk would."""
    path = tmp_path / "record.json"
    path.write_text("old\n")
    code = """
import resource, sys
from lionrank.errors import UserError
from lionrank.files import write_json
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_json(sys.argv[1], {"numbers": list(range(1000))})
except UserError as error:
    print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert f"{path} could not be written (File too large)" in told.stdout
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]
