"""Whoever refuses a download is named, with what to do about it."""

import pytest

from tests.support.downloading import (
    DATASET,
    ID,
    PATTERNS,
    SHARDS,
    WANTED,
    url_source,
)


@pytest.mark.slow
def test_a_connection_that_is_always_cut_says_so_and_keeps_the_whole_files(work):
    work.source()
    work.hub.cut(SHARDS[1], times=100)
    fetched = work.fetch()
    assert fetched.status == 1
    assert "cut the connection" in fetched.told and "run the same command again" in fetched.told
    work.assert_untouched()
    work.hub.heal()
    work.hub.requests.clear()
    assert work.fetch().status == 0
    assert work.content() == WANTED
    assert work.hub.asked("GET", SHARDS[0]) == []


@pytest.mark.parametrize("status", [401, 403])
def test_refused_access_says_that_a_token_is_needed(work, status):
    work.source(revision=work.hub.main(DATASET))
    work.hub.answer(f"/api/datasets/{ID}/tree/{work.hub.main(DATASET)}", status, times=100)
    fetched = work.fetch()
    assert fetched.status == 1
    assert f"crane ({ID}@" in fetched.told and f"refuses access ({status})" in fetched.told
    assert "HF_TOKEN" in fetched.told and "the Hugging Face hub at 127.0.0.1:" in fetched.told
    work.assert_untouched()


def test_what_the_hub_has_not_is_named(work):
    work.environment["HF_TOKEN"] = "hf_secret"
    work.source(id="laboratory/heron")
    assert "has no such data set (404)" in work.fetch().told
    work.source(revision="1" * 40)
    assert f"no revision {'1' * 40}" in work.fetch().told
    work.source(files="corpus/*.parquet corpse/*.parquet")
    assert "no file matches 'corpse/*.parquet'" in work.fetch().told
    work.assert_untouched()


@pytest.mark.parametrize("revision", ["unknown", pytest.param("1" * 40, marks=pytest.mark.slow)])
def test_without_a_network_the_message_says_how_to_go_on(work, closed_port, revision):
    work.source(revision=revision)
    work.environment["HF_ENDPOINT"] = closed_port
    fetched = work.fetch()
    assert fetched.status == 1
    for word in (
        f"crane ({ID}@{revision})",
        f"the Hugging Face hub at {closed_port.removeprefix('http://')} is out of reach",
        "`snakemake prefetch` with the same HF_HOME",
        f"sources.local.crane in the config to a folder that holds {PATTERNS}",
    ):
        assert word in fetched.told
    work.assert_untouched()


def test_a_failing_xet_storage_can_be_done_without(work):
    work.source()
    work.hub.xet = True
    fetched = work.fetch()
    assert fetched.status == 1
    assert "Xet storage" in fetched.told and "HF_HUB_DISABLE_XET=1" in fetched.told
    work.assert_untouched()
    work.environment["HF_HUB_DISABLE_XET"] = "1"
    assert work.fetch().status == 0
    assert work.content() == WANTED


def test_a_file_that_the_disk_does_not_take_is_told_with_the_place_that_can_be_moved(work):
    shard = bytes(3 << 20)
    commit = work.hub.commit(DATASET, {SHARDS[0]: shard})
    work.source(files="corpus/*.parquet", revision=commit)
    fetched = work.fetch(largest=1 << 20)
    assert fetched.status == 1
    assert "could not be read or written (File too large)" in fetched.told
    assert "HF_HOME" in fetched.told
    work.assert_untouched()


@pytest.mark.slow
def test_a_file_that_the_web_does_not_give_is_named_with_a_remedy(work, closed_port):
    url_source(work, b"right")
    fetched = work.fetch("topics")
    assert fetched.status == 1
    assert "has no such file (404)" in fetched.told
    assert "the web at 127.0.0.1:" in fetched.told and "/topics.txt" in fetched.told
    url_source(work, b"right", id=f"{closed_port}/topics.txt")
    fetched = work.fetch("topics")
    assert "out of reach" in fetched.told and "sources.local.topics" in fetched.told
    work.assert_untouched("topics")
    (work.folder / "mine.txt").write_bytes(b"right")
    assert work.fetch("topics", local=work.folder / "mine.txt").status == 0
    assert work.content("topics") == {"topics.txt": b"right"}
