"""Downloads by the real libraries, from a local hub and a local web that can misbehave."""

import hashlib
import os
import random
import re
from pathlib import Path

import pytest

from tests.support.downloading import (
    DATASET,
    FILES,
    ID,
    SHARDS,
    WANTED,
    Workplace,
    sha256,
    url_source,
)

# Downloads from the hub.


def test_a_first_download_links_verifies_and_records_only_the_wanted_files(work):
    commit = work.hub.main(DATASET)
    work.source()
    fetched = work.fetch()
    assert fetched.status == 0, fetched.log
    assert work.content() == WANTED
    assert all(str(work.folder / "hf") in os.readlink(p) for p in work.output().rglob("*.parquet"))
    assert work.lock() == {
        "id": ID,
        "revision": commit,
        "files": {p: {"bytes": len(c), "sha256": sha256(c)} for p, c in WANTED.items()},
    }
    assert f"main of {ID} is commit {commit}: `snakemake pin` writes it into " in fetched.log
    assert re.search(r"100%.+40\.0B / +40\.0B", fetched.log)
    got = {request.path.rpartition("/resolve/")[2] for request in work.hub.asked("GET", "")}
    assert {f"{commit}/{path}" for path in FILES} & got == {f"{commit}/{p}" for p in WANTED}


def test_what_was_recorded_is_fetched_again_although_main_has_moved(work):
    work.source()
    assert work.fetch().status == 0
    recorded = work.lock()
    assert work.hub.commit(DATASET, {**FILES, SHARDS[0]: b"a later shard"}) != recorded["revision"]
    work.environment["HF_HOME"] = str(work.folder / "another")
    fetched = work.fetch()
    assert fetched.status == 0, fetched.log
    assert work.content() == WANTED
    assert work.lock() == recorded
    assert "snakemake pin" not in fetched.log


def test_other_content_than_was_recorded_stops_with_both_checksums(work):
    work.source()
    assert work.fetch().status == 0
    recorded = work.lock()
    work.hub.commit(DATASET, {**FILES, SHARDS[1]: b"rewritten"}, commit=recorded["revision"])
    work.environment["HF_HOME"] = str(work.folder / "another")
    fetched = work.fetch()
    assert fetched.status == 1
    for word in (SHARDS[1], sha256(FILES[SHARDS[1]]), sha256(b"rewritten"), "crane.lock.json"):
        assert word in fetched.told
    assert work.lock() == recorded
    assert work.content() == WANTED
    work.output().with_name("crane.lock.json").unlink()
    assert work.fetch().status == 0
    assert work.content()[SHARDS[1]] == b"rewritten"


def test_a_revision_in_the_table_that_is_not_the_recorded_one_is_refused(work):
    work.source()
    assert work.fetch().status == 0
    work.source(revision="1" * 40)
    fetched = work.fetch()
    assert fetched.status == 1
    assert work.lock()["revision"] in fetched.told and "1" * 40 in fetched.told
    (work.folder / "sources" / "crane.lock.json").write_text("{")
    assert "crane.lock.json is damaged" in work.fetch().told


def test_a_connection_that_is_cut_once_is_resumed_where_it_broke(work):
    # More than two of the 10 MiB pieces in which huggingface_hub keeps what has arrived.
    shard = random.Random(1).randbytes(24 << 20)
    commit = work.hub.commit(DATASET, {SHARDS[0]: shard})
    work.source(files="corpus/*.parquet", revision=commit)
    work.hub.cut(SHARDS[0])
    fetched = work.fetch()
    assert fetched.status == 0, fetched.log
    assert work.content() == {SHARDS[0]: shard}
    asked = [request.range for request in work.hub.asked("GET", SHARDS[0])]
    assert asked == ["", f"bytes={10 << 20}-"]
    assert work.lock()["files"][SHARDS[0]]["sha256"] == sha256(shard)


def test_a_hub_that_fails_for_a_moment_is_asked_again(work):
    work.source()
    work.hub.answer(f"/api/datasets/{ID}/tree/{work.hub.main(DATASET)}", 500)
    fetched = work.fetch()
    assert fetched.status == 0, fetched.log
    assert work.content() == WANTED


@pytest.mark.parametrize("path", [SHARDS[0], "corpus/README.txt"])
def test_a_file_that_is_not_as_the_hub_tells_is_removed_and_fetched_anew(work, path):
    work.source()
    work.hub.wrong[path] = FILES[path][::-1]
    fetched = work.fetch()
    assert fetched.status == 1
    assert path in fetched.told and "removed from the cache" in fetched.told
    if path.endswith(".parquet"):
        assert sha256(FILES[path]) in fetched.told and sha256(FILES[path][::-1]) in fetched.told
    work.assert_untouched()
    work.hub.heal()
    assert work.fetch().status == 0
    assert work.content() == WANTED


def test_a_checksum_or_size_of_the_table_that_does_not_fit_stops_with_both(work):
    wrong = hashlib.md5(b"something else").hexdigest()
    work.source(checksums=f"{SHARDS[0]}=md5:{wrong}")
    fetched = work.fetch()
    assert fetched.status == 1
    assert wrong in fetched.told and hashlib.md5(FILES[SHARDS[0]]).hexdigest() in fetched.told
    work.assert_untouched()
    work.source(bytes="7")
    fetched = work.fetch()
    assert fetched.status == 1
    total = sum(map(len, WANTED.values()))
    assert f"{total} bytes" in fetched.told and "says 7" in fetched.told
    work.source(
        bytes=str(total),
        checksums=f"{SHARDS[0]}=md5:{hashlib.md5(FILES[SHARDS[0]]).hexdigest()}",
    )
    assert work.fetch().status == 0


def test_the_token_reaches_the_hub_and_no_message(work):
    work.environment["HF_TOKEN"] = "hf_never_to_be_seen"
    work.source()
    good = work.fetch()
    assert good.status == 0
    assert all(r.authorised for r in work.hub.asked("GET", SHARDS[0]))
    work.source("heron", id="laboratory/heron")
    bad = work.fetch("heron")
    assert bad.status == 1
    for fetched in (good, bad):
        assert "hf_never_to_be_seen" not in fetched.log + fetched.printed


def test_offline_only_the_cache_is_asked(work, closed_port):
    work.environment["HF_HUB_OFFLINE"] = "1"
    work.source()
    fetched = work.fetch()
    assert fetched.status == 1
    assert "HF_HUB_OFFLINE is set" in fetched.told and "snakemake prefetch" in fetched.told
    assert work.hub.requests == []
    del work.environment["HF_HUB_OFFLINE"]
    assert work.fetch().status == 0
    recorded = work.lock()
    # As on a cluster: the cache is shared, the working directory is another one.
    work.output().with_name("crane.lock.json").unlink()
    work.environment |= {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": closed_port}
    fetched = work.fetch()
    assert fetched.status == 0, fetched.log
    assert work.content() == WANTED
    assert work.lock() == recorded
    work.source(files="queries/*.parquet", revision=recorded["revision"])
    assert work.fetch().status == 1


# Files of the web.


def test_a_file_of_the_web_is_fetched_once_and_linked(work):
    url_source(work, b"q\tquery\n", bytes="8")
    work.hub.files[f"{'1' * 40}/topics.txt"] = b"q\tquery\n"
    work.hub.cut("topics.txt")
    fetched = work.fetch("topics")
    assert fetched.status == 0, fetched.log
    assert work.content("topics") == {"topics.txt": b"q\tquery\n"}
    assert work.lock("topics")["files"]["topics.txt"]["sha256"] == sha256(b"q\tquery\n")
    work.hub.requests.clear()
    assert work.fetch("topics").status == 0
    assert work.hub.requests == []


def test_a_file_of_the_web_with_a_wrong_checksum_is_not_kept(work):
    url_source(work, b"right")
    work.hub.files[f"{'1' * 40}/topics.txt"] = b"wrong"
    fetched = work.fetch("topics")
    assert fetched.status == 1
    assert sha256(b"right") in fetched.told and sha256(b"wrong") in fetched.told
    work.assert_untouched("topics")
    work.hub.files[f"{'1' * 40}/topics.txt"] = b"right"
    assert work.fetch("topics").status == 0
    assert work.content("topics") == {"topics.txt": b"right"}


# Copies that a user has already.


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


def test_a_local_copy_within_the_experiment_is_moved_with_it(work):
    work.source()
    copy = local_copy(work, FILES)
    fetched = work.fetch(local=copy.relative_to(work.folder))
    assert fetched.status == 0, fetched.log
    work.folder = work.folder.rename(work.folder.with_name("moved"))
    assert work.content() == WANTED


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
