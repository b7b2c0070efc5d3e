"""Unpacking a prebuilt index: whole, or not at all and said why."""

import io
import tarfile

import pytest

from lionrank.errors import UserError
from lionrank.retrieval.prebuilt import unpack_index


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "lucene-index"
    folder.mkdir()
    (folder / "segments_1").write_bytes(bytes(range(256)) * 400)
    with tarfile.open(tmp_path / "index.tar.gz", "w:gz") as members:
        members.add(folder, "lucene-index")
    return tmp_path / "index.tar.gz"


def test_the_folder_in_the_archive_becomes_the_index(archive, tmp_path):
    unpack_index(archive, tmp_path / "indexes" / "msmarco")
    assert [path.name for path in (tmp_path / "indexes" / "msmarco").iterdir()] == ["segments_1"]
    assert [path.name for path in (tmp_path / "indexes").iterdir()] == ["msmarco"]


def test_a_truncated_archive_leaves_nothing_and_says_what_to_do(archive, tmp_path):
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(UserError, match=r"index\.tar\.gz cannot be unpacked .* run again"):
        unpack_index(archive, tmp_path / "indexes" / "msmarco")
    assert list((tmp_path / "indexes").iterdir()) == []


def test_an_archive_that_is_no_index_is_refused(tmp_path):
    (tmp_path / "a").write_text("a")
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as members:
        members.add(tmp_path / "a", "a")
    with pytest.raises(UserError, match="expected one folder, found 0"):
        unpack_index(tmp_path / "x.tar.gz", tmp_path / "indexes" / "msmarco")


def test_plain_files_beside_the_folder_are_left_out(tmp_path, archive):
    with tarfile.open(tmp_path / "stray.tar.gz", "w:gz") as members:
        members.add(tmp_path / "lucene-index", "lucene-index")
        members.add(tmp_path / "lucene-index" / "segments_1", "._lucene-index")
    unpack_index(tmp_path / "stray.tar.gz", tmp_path / "indexes" / "msmarco")
    assert [path.name for path in (tmp_path / "indexes" / "msmarco").iterdir()] == ["segments_1"]


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("index/../../out", tarfile.REGTYPE, ""),
        ("/tmp/out", tarfile.REGTYPE, ""),
        ("index/link", tarfile.SYMTYPE, "/etc/passwd"),
        ("index/link", tarfile.SYMTYPE, "segments_1"),
        ("index/link", tarfile.LNKTYPE, "../out"),
        ("index/device", tarfile.CHRTYPE, ""),
    ],
)
def test_a_member_that_leaves_the_folder_is_refused(tmp_path, name, kind, target):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as members:
        members.addfile(tarfile.TarInfo("index/segments_1"), io.BytesIO())
        members.addfile(member, io.BytesIO())
    with pytest.raises(UserError, match=r"x\.tar\.gz: the member .* is a link or leaves"):
        unpack_index(tmp_path / "x.tar.gz", tmp_path / "indexes" / "msmarco")
    assert not list((tmp_path / "indexes").iterdir())
    assert not (tmp_path / "out").exists()
