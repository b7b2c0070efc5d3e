"""Copies of sources that a user has already: linked, recorded and checked like downloads."""

from pathlib import Path

import pytest

from tests.support.downloading import DATASET, FILES, SHARDS, WANTED, Workplace, sha256, workplace


@pytest.fixture
def work(tmp_path):
    with workplace(tmp_path) as work:
        yield work


def local_copy(work: Workplace, files: dict[str, bytes]) -> Path:
    folder = work.folder / "copy"
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_a_local_copy_is_linked_and_recorded_without_any_request(work):
    work.source()
    copy = local_copy(work, FILES)
    fetched = work.fetch(local=copy)
    assert fetched.status == 0, fetched.log
    assert work.content() == WANTED
    assert work.lock()["revision"] is None
    assert work.hub.requests == []
    # The hub later gives the same files, and with them the revision.
    assert work.fetch().status == 0
    assert work.lock()["revision"] == work.hub.main(DATASET)


def test_a_local_copy_that_lacks_or_changes_a_file_is_refused(work):
    work.source(checksums=f"{SHARDS[0]}=sha256:{sha256(FILES[SHARDS[0]])}")
    copy = local_copy(work, FILES)
    (copy / SHARDS[0]).unlink()
    fetched = work.fetch(local=copy)
    assert fetched.status == 1
    assert f"lacks {SHARDS[0]}" in fetched.told and "sources.local.crane" in fetched.told
    (copy / SHARDS[0]).write_bytes(b"other")
    fetched = work.fetch(local=copy)
    assert fetched.status == 1
    assert sha256(b"other") in fetched.told and sha256(FILES[SHARDS[0]]) in fetched.told
    assert (copy / SHARDS[0]).read_bytes() == b"other"
    assert "no file matches 'corpus/*.parquet'" in work.fetch(local=copy / "corpus").told
    assert "is no folder" in work.fetch(local=work.folder / "nowhere").told
    work.assert_untouched()


def test_a_local_copy_that_is_not_what_the_hub_gave_stops_with_both_checksums(work):
    work.source()
    assert work.fetch().status == 0
    fetched = work.fetch(local=local_copy(work, {**FILES, SHARDS[1]: b"other"}))
    assert fetched.status == 1
    assert sha256(b"other") in fetched.told and sha256(FILES[SHARDS[1]]) in fetched.told
