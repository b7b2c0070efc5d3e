"""Files that installed packages know: what they say of them, and downloads of these."""

import re

import pytest

from lionrank.config.sources import OF_PACKAGES, read_table
from lionrank.sources.catalogues import looked_up
from tests.support.downloading import Workplace
from tests.support.packages import HUB, catalogue_entry, index_entry, install, md5
from tests.support.running import ROOT

SOURCES = read_table(ROOT / "config" / "sources.csv")
ROWS = [name for name, source in SOURCES.items() if source.kind in OF_PACKAGES]
CONTENT = b"a packed set"
REPOSITORY = ("dataset", "castorini/prebuilt-indexes-beir")


def know(work: Workplace, catalogue: dict, indexes: list[dict]) -> None:
    """Install packages for the downloads of a workplace that know of other files."""
    install(work.folder / "packages", catalogue, indexes)
    work.environment["PYTHONPATH"] = str(work.folder / "packages")


def row(work: Workplace, kind: str, name: str) -> None:
    work.source("crane", kind=kind, id=name, files="")


def scifact(work: Workplace) -> None:
    """Let ir_datasets know of a set whose archive is to have the content, and name it."""
    entry = catalogue_entry(f"{work.hub.url}/files/scifact.zip", CONTENT)
    know(work, {"beir": {"scifact": entry | {"size_hint": 999}}}, [])
    row(work, "ir_datasets", "beir/scifact")


def index(work: Workplace, query: str = "") -> None:
    """Let Anserini know of an index on the hub whose archive is to have the content."""
    know(work, {}, [index_entry("beir.flat", f"{HUB}/flat/x.tar.gz{query}", CONTENT)])
    row(work, "anserini", "beir.flat")


@pytest.mark.parametrize("name", ROWS)
def test_the_installed_packages_know_every_file_that_the_table_says_they_know(name):
    source = looked_up(SOURCES[name])
    assert re.match(r"https://|[^/]+/[^/]+$", source.id)
    assert source.bytes > 1_000_000 and source.pinned and source.is_one_file
    ((path, checksum),) = source.checksums.items()
    assert path.endswith(".zip" if SOURCES[name].id.startswith("beir/") else ".gz")
    assert re.fullmatch(r"md5:[0-9a-f]{32}", checksum)
    assert (source.name, source.licence) == (name, SOURCES[name].licence)


def test_every_set_of_beir_has_its_index():
    sets = [name for name in ROWS if SOURCES[name].id.startswith("beir/")]
    assert len(sets) == 14
    assert {f"{name}_index" for name in sets if name != "touche_v1"} < {*ROWS}


def test_versions_of_touche_are_told_apart():
    first, second = looked_up(SOURCES["touche_v1"]), looked_up(SOURCES["touche"])
    assert (first.bytes, second.bytes) == (227137373, 227132363)
    assert first.checksums["beir-webis-touche2020-v1.zip"].startswith("md5:5ec7f8b1")
    assert second.checksums["webis-touche2020.zip"].startswith("md5:46f650ba")


def test_other_rows_are_as_they_were():
    assert looked_up(SOURCES["minilm"]) is SOURCES["minilm"]


def test_a_file_of_the_web_is_verified_linked_and_recorded_by_its_name(work):
    work.hub.files["scifact.zip"] = CONTENT
    scifact(work)
    fetched = work.fetch()
    assert fetched.status == 0, fetched.log
    assert work.content() == {"scifact.zip": CONTENT}
    assert work.lock()["id"] == "beir/scifact"
    assert work.lock()["revision"] is None
    work.hub.requests.clear()
    assert work.fetch().status == 0
    assert work.hub.requests == []


@pytest.mark.parametrize("query", ["", "?download=true"])
def test_a_file_of_the_hub_is_downloaded_as_others_of_the_hub_are(work, query):
    commit = work.hub.commit(REPOSITORY, {"flat/x.tar.gz": CONTENT, "flat/y.tar.gz": b"another"})
    index(work, query)
    fetched = work.fetch()
    assert fetched.status == 0, fetched.log
    assert work.content() == {"flat/x.tar.gz": CONTENT}
    assert work.lock()["id"] == "beir.flat" and work.lock()["revision"] == commit
    # What pins it is the package.
    assert "snakemake pin" not in fetched.log


@pytest.mark.parametrize("make", [scifact, index])
def test_what_is_not_what_the_package_knows_is_refused(work, make):
    work.hub.files["scifact.zip"] = b"another"
    work.hub.commit(REPOSITORY, {"flat/x.tar.gz": b"another"})
    make(work)
    fetched = work.fetch()
    assert fetched.status == 1
    assert md5(CONTENT) in fetched.told and md5(b"another") in fetched.told
    assert "downloads.json" in fetched.told or "fatjar.jar" in fetched.told
    work.assert_untouched()


@pytest.mark.parametrize("make", [scifact, index])
def test_a_local_copy_of_the_file_is_verified_and_nobody_is_asked(work, make):
    make(work)
    copy = work.folder / "copy"
    copy.write_bytes(CONTENT)
    fetched = work.fetch(local=copy)
    assert fetched.status == 0, fetched.log
    assert [*work.content().values()] == [CONTENT]
    copy.write_bytes(b"another")
    fetched = work.fetch(local=copy)
    assert fetched.status == 1 and md5(b"another") in fetched.told
    assert work.hub.requests == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("beir/scifacts", "has no 'beir/scifacts'; did you mean 'beir/scifact'?"),
        ("disks45/docs", "has no address of 'disks45/docs'"),
        ("beir/new", "has no MD5 of 'beir/new'"),
    ],
)
def test_a_name_that_the_package_cannot_download_is_named(work, name, told):
    entries = {"scifact": {"url": "http://x/a", "expected_md5": "0"}, "new": {"url": "http://x/a"}}
    know(work, {"beir": entries, "disks45": {"docs": {"instructions": "Ask NIST."}}}, [])
    row(work, "ir_datasets", name)
    fetched = work.fetch()
    assert fetched.status == 1
    assert "sources.csv: crane: id: " in fetched.told and told in fetched.told


def test_a_file_that_its_server_has_no_longer_says_to_bring_a_copy(work):
    scifact(work)
    fetched = work.fetch()
    assert fetched.status == 1
    assert "(404)" in fetched.told and "sources.local.crane" in fetched.told
