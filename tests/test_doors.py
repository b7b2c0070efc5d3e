"""Whatever is in a file of a door, it is read, or refused with an error that names it.

More than the few examples of each reader: `pytest tests/test_doors.py --hypothesis-profile=long`.
"""

import codecs
import gzip
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionrank.errors import UserError
from tests.support.doors import DOORS, write_all

LINES = [
    *(b"", b"\t", b" ", b"#", b"\xff", b"\0", b"\r", b"\xe2\x80\xa8", b'"', b"null", b"[]", b"{}"),
    *(b'{"id": 1}', b'{"id": "\\ud800"}', b"[" * 5000, b"9" * 5000, b"q1 0 d1 1", b"q1\tx"),
    *(b"a,b,c", b"1_0", b"nan", b"x" * 200_000),
]
ENCODINGS = ["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp037"]


def spliced(draw: Callable, sample: bytes) -> bytes:
    """Put some bytes in the place of others."""
    start = draw(st.integers(0, len(sample)))
    stop = draw(st.integers(start, min(start + 8, len(sample))))
    return sample[:start] + draw(st.binary(max_size=8)) + sample[stop:]


def cut(draw: Callable, sample: bytes) -> bytes:
    return sample[: draw(st.integers(0, len(sample)))]


def other_lines(draw: Callable, sample: bytes) -> bytes:
    """Insert, repeat or leave out a line, or end them otherwise."""
    lines = sample.split(b"\n")
    place = draw(st.integers(0, len(lines) - 1))
    inserted = draw(st.sampled_from([*LINES, lines[place]]))
    lines[place : place + draw(st.integers(0, 1))] = [inserted]
    return draw(st.sampled_from([b"\n", b"\r\n", b"\r"])).join(lines)


def encoded(draw: Callable, sample: bytes) -> bytes:
    """Write what is text in another encoding, or in none."""
    text = codecs.decode(sample, "utf-8", "replace") + "é"
    return text.encode(draw(st.sampled_from(ENCODINGS)), "replace")


def packed(draw: Callable, sample: bytes) -> bytes:
    made = gzip.compress(sample, mtime=0)
    return cut(draw, made) if draw(st.booleans()) else made


def replaced(draw: Callable, sample: bytes) -> bytes:
    return draw(st.binary(max_size=100))


@st.composite
def damaged(draw: Callable, sample: bytes) -> bytes:
    """Return what became of a file: a thing or two that happened to it."""
    ways = st.sampled_from([spliced, cut, other_lines, encoded, packed, replaced])
    for way in draw(st.lists(ways, min_size=1, max_size=2)):
        sample = way(draw, sample)
    return sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("doors")
    write_all(made)
    return made


@pytest.mark.parametrize("name", DOORS)
def test_a_whole_file_is_read(folder, name):
    DOORS[name].read(folder)


@pytest.mark.parametrize("name", DOORS)
def test_any_file_is_read_or_refused_by_its_name(folder, name):
    door = DOORS[name]
    path = folder / door.file
    whole = path.read_bytes()

    @given(damaged(whole))
    def check(content):
        path.write_bytes(content)
        try:
            door.read(folder)
        except UserError as error:
            told = str(error)
            assert str(path) in told or str(path.parent) in told
            assert not any(unicodedata.category(each) == "Cc" for each in told)

    try:
        check()
    finally:
        path.write_bytes(whole)
