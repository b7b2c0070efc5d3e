"""Reading and writing files: what is damaged is named, and nothing is left half written."""

import os
import subprocess
import sys

import pyarrow as pa
import pytest

from lionrank import parquet
from lionrank.errors import UserError
from lionrank.files import csv_rows, only_file, read_json, read_json_lines, text_lines, write_json

READERS = {
    "text": lambda path: list(text_lines(path)),
    "json": read_json,
    "csv": lambda path: list(csv_rows(path, (), "restore it")),
    "parquet": lambda path: parquet.read(path, pa.schema({"a": pa.string()})),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("absent", "absent does not exist"),
        ("folder", "folder is a folder, where a file is expected"),
        ("pipe", "pipe is a named pipe, where a file is expected"),
        ("/dev/zero", "/dev/zero is a device, where a file is expected"),
        ("loop", r"loop cannot be read \(Too many levels of symbolic links\)"),
        ("file/inside", r"inside cannot be read \(Not a directory\)"),
        ("x" * 300, r"x cannot be read \(File name too long\)"),
        ("a\0b", "cannot be read"),
    ],
)
def test_what_is_no_file_is_named_with_the_reason(tmp_path, reader, name, told):
    """None of them waits: to open a pipe without a writer does, and a device never ends."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError, match=told):
        reader(tmp_path / name)


def test_a_file_that_the_user_may_not_read_is_named(tmp_path):
    (tmp_path / "file").touch(mode=0)
    code = """
import os, sys
from lionrank.errors import UserError
from lionrank.files import read_json
if os.getuid() == 0:
    os.setuid(65534)
try:
    read_json("file")
except UserError as error:
    print(error)
"""
    tmp_path.chmod(0o755)
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert told.stdout.startswith("file cannot be read (Permission denied)")


def test_what_a_shell_substitutes_for_a_command_is_read():
    reading, writing = os.pipe()
    os.write(writing, b"q1\tlions\n")
    os.close(writing)
    assert list(text_lines(f"/dev/fd/{reading}")) == [(1, "q1\tlions")]
    os.close(reading)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("q1\tlions\n".encode("utf-16"), "found UTF-16: convert it, e.g. with `iconv -f UTF-16"),
        ("q1\tlions\n".encode("utf-16-le"), "found a NUL character: remove it or, if the file is"),
        (b"PK\x03\x04\x14\0", "found a zip archive: unpack it"),
        (b"BZh91AY&SY\x94", "found a file that bzip2 packed: unpack it"),
        (b"\xfd7zXZ\0\0", "found a file that xz packed: unpack it"),
        (b"q1\0".ljust(257, b"\0") + b"ustar\x0000", "found a tar archive: unpack it"),
        (b"PAR1\x15\x04", "found a Parquet file: name a text file"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_what_it_is(tmp_path, content, told):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UserError, match=f"file:1: .*{told}"):
        list(text_lines(tmp_path / "file"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"half": ',
        b"[1, 2]",
        b'"a word"',
        b'{"a": "\xe9"}',
        b"[" * 100_000,
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"1" * 5000 + b"}",
    ],
)
def test_a_damaged_json_file_is_named_with_the_remedy(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"record\.json is damaged .*: delete it and run again\."):
        read_json(path)
    with pytest.raises(UserError, match=r"record\.json is damaged .*: restore it\."):
        read_json(path, remedy="restore it")


def test_a_json_file_of_another_shape_is_named_where_something_is_looked_for(tmp_path):
    (tmp_path / "record.json").write_text('{"epochs": [{"epoch": 1}]}')
    told = read_json(tmp_path / "record.json")
    assert told["epochs"][0]["epoch"] == 1
    assert told.get("best") is None
    for ask in (lambda: told["best"], lambda: told["epochs"][0]["loss"]):
        with pytest.raises(UserError, match=r"record\.json is damaged \(there is no .*again"):
            ask()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", "file:1: no column c; restore it"),
        ("", "file:1: no column a, c; restore it"),
        ("a,c\n1,2\n\n3\n", "file:4: expected 2 cells, found 1; restore it"),
        ("a,c\n1,2,3\n", "file:2: expected 2 cells, found 3; restore it"),
        ('a,c\n1,"' + "x" * 200_000, "file:2: field larger than field limit .*; restore it"),
        ("a,c\n1,\0\n", "file:2: expected text, found a NUL character"),
    ],
)
def test_a_damaged_csv_file_is_named_by_its_line(tmp_path, text, told):
    (tmp_path / "file").write_text(text)
    with pytest.raises(UserError, match=told):
        list(csv_rows(tmp_path / "file", ("a", "c"), "restore it"))


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


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"below\.txt could not be written"):
        write_json(tmp_path / "file" / "below.txt", {})


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_python_writes_where_there_is_no_number_is_damage(tmp_path, constant):
    path = tmp_path / "scores.json"
    path.write_text(f'{{"mean_ndcg_cut_10": {constant}}}')
    with pytest.raises(UserError, match=f"{path} is damaged .{constant} is no number"):
        read_json(path)
