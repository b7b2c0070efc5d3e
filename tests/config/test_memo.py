"""What is kept between runs, whatever has become of the file it is kept in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lionrank.config import fingerprint

RECALL = """
from lionrank.config.memo import recall

def compute():
    print("computed")
    return "answer"

assert recall(compute, b"input") == "answer"
assert recall(compute, b"input") == "answer"
"""


@pytest.fixture
def recall(tmp_path):
    """Let a new process ask twice, by a copy of the code; returns how often it computed."""
    for name in ("__init__", "errors", "files", "config/__init__", "config/memo"):
        (tmp_path / "lionrank" / name).parent.mkdir(exist_ok=True)
        shutil.copy(fingerprint.PACKAGE / f"{name}.py", tmp_path / "lionrank" / f"{name}.py")
    script = tmp_path / "script.py"
    script.write_text(RECALL)

    def run() -> int:
        told = subprocess.run(
            [sys.executable, "-B", script],
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert (told.returncode, told.stderr) == (0, "")
        return told.stdout.count("computed")

    return run


@pytest.fixture
def store(tmp_path) -> Path:
    return tmp_path / "lionrank" / "config" / "__pycache__" / "memo.json"


def test_an_answer_is_computed_once(recall, store):
    assert [recall(), recall()] == [1, 0]
    assert store.is_file()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"3", b'{"a"', b"\x80\x00", b"[" * 100_000, b'"answer"']
)
def test_a_store_of_anything_else_is_as_if_absent(recall, store, content):
    recall()
    store.write_bytes(content)
    assert [recall(), recall()] == [1, 0]


def test_answers_that_are_no_text_are_computed_again(recall, store):
    recall()
    store.write_text(store.read_text().replace('"answer"', "3"))
    assert [recall(), recall()] == [1, 0]


def test_a_store_that_is_gone_comes_back(recall, store):
    recall()
    shutil.rmtree(store.parent)
    assert [recall(), recall()] == [1, 0]


@pytest.mark.parametrize("obstacle", ["folder of the store's name", "file of its folder's name"])
def test_where_none_can_be_written_nothing_fails(recall, store, obstacle):
    if obstacle.startswith("folder"):
        store.mkdir(parents=True)
    else:
        store.parent.write_text("")
    assert [recall(), recall()] == [1, 1]
    assert not list(store.parent.parent.rglob(".memo*"))
