"""Pinning: the table gets what downloads recorded, and keeps every other byte."""

import csv
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionrank.config.plan import Plan
from lionrank.config.sources import COLUMNS, read_table
from lionrank.errors import UserError
from lionrank.files import write_json
from lionrank.sources.pin import Pins, planned, with_cells, write
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
from tests.support.running import ROOT, run_snakemake

BYTES = str(sum(map(len, WANTED.values())))
CHECKSUMS = " ".join(f"{path}=sha256:{sha256(WANTED[path])}" for path in sorted(WANTED))


@pytest.fixture
def work(work, monkeypatch) -> Workplace:
    """A workplace in which the tests are, too."""
    monkeypatch.chdir(work.folder)
    return work


def table_of(work: Workplace) -> Path:
    return work.folder / "sources.csv"


def plan(work: Workplace, local: tuple[str, ...] = (), needed: list[str] | None = None) -> Pins:
    sources = read_table(table_of(work))
    return planned(table_of(work), sources, [*sources] if needed is None else needed, local)


def pin(work: Workplace, **options) -> str:
    """Pin as the rule does; return what it says."""
    pins = plan(work, **options)
    write(table_of(work), pins.cells)
    return pins.told


def rows(work: Workplace) -> dict[str, dict[str, str]]:
    with open(table_of(work), newline="") as lines:
        return {row["name"]: row for row in csv.DictReader(lines)}


def test_what_was_downloaded_is_pinned_and_downloaded_again(work):
    work.source(bytes="~12")
    work.source("heron")
    commit = work.hub.main(DATASET)
    assert work.fetch().status == 0
    told = pin(work)
    assert "Pinning 1 source (crane)" in told
    assert "Not fetched yet: 1 source (heron). Run `snakemake prefetch`" in told
    row = rows(work)["crane"]
    assert (row["revision"], row["bytes"], row["checksums"]) == (commit, BYTES, CHECKSUMS)
    assert rows(work)["heron"] == work.rows["heron"]
    # Everybody else gets the same from the table alone, although main has moved.
    work.hub.commit(DATASET, {**FILES, SHARDS[0]: b"a later shard"})
    work.output().with_name("crane.lock.json").unlink()
    work.environment["HF_HOME"] = str(work.folder / "another")
    fetched = work.fetch()
    assert fetched.status == 0, fetched.log
    assert work.content() == WANTED
    assert "Nothing to pin" in plan(work).told


def test_only_the_cells_of_pins_change(work):
    work.source("before", licence='terms, "as is"', revision="1" * 40)
    work.source(licence="a, b")
    work.source("after", used_for="two\nlines")
    text = table_of(work).read_bytes().replace(b"\ncrane,", b"\n crane ,").removesuffix(b"\r\n")
    text = text.replace(b"unknown,,,", b'"unknown",,,', 1)
    table_of(work).write_bytes(text)
    assert work.fetch().status == 0
    pin(work)
    pins = f'"{work.hub.main(DATASET)}",{BYTES},{CHECKSUMS},'
    expected = text.replace(b'"unknown",,,', pins.encode())
    assert table_of(work).read_bytes() == expected
    pin(work)
    assert table_of(work).read_bytes() == expected


def test_a_pinned_row_that_agrees_stays_byte_for_byte(work):
    work.source(revision=work.hub.main(DATASET), bytes="~40")
    url_source(work, b"right")
    work.hub.files[f"{'1' * 40}/topics.txt"] = b"right"
    before = table_of(work).read_bytes()
    assert work.fetch().status == work.fetch("topics").status == 0
    assert "Nothing to pin" in pin(work)
    assert table_of(work).read_bytes() == before


@pytest.mark.parametrize(
    ("column", "asked", "found"),
    [
        ("id", "laboratory/heron", ID),
        ("revision", "1" * 40, None),
        ("bytes", "7", BYTES),
        ("checksums", f"{SHARDS[0]}=sha256:{'1' * 64}", sha256(FILES[SHARDS[0]])),
    ],
)
def test_a_row_that_is_not_what_was_recorded_stops_with_both_values(work, column, asked, found):
    work.source("another")
    work.source()
    assert work.fetch("another").status == work.fetch().status == 0
    work.source(**{column: asked})
    before = table_of(work).read_bytes()
    with pytest.raises(UserError) as error:
        plan(work)
    told = str(error.value)
    assert f"sources.csv: crane: {column}" in told
    assert asked.rpartition(":")[2] in told and (found or work.hub.main(DATASET)) in told
    assert table_of(work).read_bytes() == before


def test_a_checksum_that_the_row_has_stays(work):
    md5 = f"{SHARDS[1]}=md5:{'0' * 32}"
    work.source()
    assert work.fetch().status == 0
    work.source(checksums=md5)  # the download compares it, pinning cannot
    pin(work)
    kept, *added = rows(work)["crane"]["checksums"].split()
    assert kept == md5
    assert sorted(added) == [each for each in CHECKSUMS.split() if not each.startswith(SHARDS[1])]


def test_local_copies_and_rows_of_others_are_counted_and_left(work):
    for name in ("crane", "heron", "stork", "ibis"):
        work.source(name)
    copy = work.folder / "copy"
    for path, content in FILES.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes(content)
    assert work.fetch("crane", local=copy).status == 0
    assert work.fetch("heron").status == 0
    before = table_of(work).read_bytes()
    told = pin(work, local=("heron",), needed=["crane", "heron", "stork"])
    assert "Local copies, of no known revision: 2 sources (crane, heron)." in told
    assert "Not fetched yet: 1 source (stork)." in told
    assert "Not needed by this experiment, and open in the table: 1." in told
    assert table_of(work).read_bytes() == before


def test_a_row_that_asks_for_more_than_was_fetched_waits_for_it(work):
    work.source()
    assert work.fetch().status == 0
    work.source(files="corpus/*.parquet queries/*.parquet")
    assert "Not fetched yet: 1 source (crane)." in pin(work)


def test_a_file_whose_name_the_table_cannot_hold_is_left_to_the_commit(work):
    work.hub.commit(DATASET, {"a=b.parquet": b"x", "c d.parquet": b"y", 'e,"f.parquet': b"z"})
    work.source(files="*.parquet")
    assert work.fetch().status == 0
    pin(work)
    source = read_table(table_of(work))["crane"]
    assert (source.revision, source.bytes) == (work.hub.main(DATASET), 3)
    assert source.checksums == {'e,"f.parquet': f"sha256:{sha256(b'z')}"}
    assert work.fetch().status == 0


@pytest.mark.parametrize("content", ["{", '{"id": "laboratory/crane", "files": {}}'])
def test_a_damaged_record_is_named_and_pins_nothing(work, content):
    work.source("another")
    work.source()
    assert work.fetch("another").status == 0
    (work.folder / "sources" / "crane.lock.json").write_text(content)
    with pytest.raises(UserError, match=r"crane\.lock\.json is damaged"):
        plan(work)


def test_rows_of_one_repository_at_different_commits_are_told(work):
    work.source("corpus", files="corpus/*.parquet")
    work.source("queries", files="queries/*.parquet")
    assert work.fetch("corpus").status == 0
    assert "different commits" not in plan(work).told
    work.hub.commit(DATASET, {**FILES, SHARDS[0]: b"a later shard"})
    assert work.fetch("queries").status == 0
    told = pin(work)
    assert f"At different commits of {ID}: 2 sources (corpus, queries)." in told
    assert told.splitlines()[-1] == plan(work).told.splitlines()[-1]


# The file of the table.


def test_what_another_experiment_pinned_meanwhile_is_not_overwritten(work):
    work.source()
    assert work.fetch().status == 0
    pins = plan(work)
    work.source(revision="1" * 40)
    before = table_of(work).read_bytes()
    with pytest.raises(UserError, match="crane was pinned meanwhile: run `snakemake pin` again"):
        write(table_of(work), pins.cells)
    assert table_of(work).read_bytes() == before


def test_a_read_only_table_is_not_replaced(work):
    work.source()
    assert work.fetch().status == 0
    before = table_of(work).read_bytes()
    table_of(work).chmod(0o444)
    with pytest.raises(UserError, match=r"sources\.csv is read-only: make it writable"):
        pin(work)
    assert table_of(work).read_bytes() == before


def test_a_linked_table_stays_a_link_and_keeps_its_permissions(work):
    work.source()
    assert work.fetch().status == 0
    shared = table_of(work).rename(work.folder / "shared.csv")
    shared.chmod(0o664)
    table_of(work).symlink_to(shared)
    pin(work)
    assert table_of(work).is_symlink()
    assert shared.stat().st_mode & 0o777 == 0o664
    assert read_table(shared)["crane"].pinned


INTERRUPTED = """
import os, signal, sys
from lionrank.sources import pin
signal.signal(signal.SIGINT, signal.default_int_handler)
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGINT)
pin.write(sys.argv[1], {"crane": {"revision": "1" * 40}})
"""


def test_an_interrupted_pin_leaves_the_table_and_nothing_beside_it(work):
    work.source()
    before = table_of(work).read_bytes()
    beside = sorted(os.listdir(work.folder))
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, table_of(work)], capture_output=True)
    assert done.returncode in (1, -signal.SIGINT) and b"KeyboardInterrupt" in done.stderr
    assert table_of(work).read_bytes() == before
    assert sorted(os.listdir(work.folder)) == beside


def test_what_a_killed_pin_left_is_removed(work):
    work.source()
    assert work.fetch().status == 0
    (work.folder / ".sources.csv.12345.partial").write_text("half of a")
    pin(work)
    assert not list(work.folder.glob(".*.partial"))


CELL = st.text(st.sampled_from('ab,"\n é='), max_size=6)


@given(
    lines=st.lists(st.lists(CELL, min_size=9, max_size=9), max_size=4),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ends=st.sampled_from(["\n", "\r\n"]),
    value=CELL,
)
def test_any_table_gets_its_new_cells_and_keeps_all_others(lines, quoting, ends, value):
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=quoting, lineterminator=ends)
    writer.writerow(COLUMNS)
    writer.writerows([[f"n{place}", *cells] for place, cells in enumerate(lines)])
    text = buffer.getvalue()
    assert with_cells(text, {"n9": {"bytes": value}}) == text
    written = with_cells(text, {"n1": {"bytes": value, "revision": "x"}})
    expected = [[f"n{place}", *cells] for place, cells in enumerate(lines)]
    if len(expected) > 1:
        expected[1][COLUMNS.index("bytes")] = value
        expected[1][COLUMNS.index("revision")] = "x"
    _, *found = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert found == expected


# Two experiments with one table, and the command.


def own_table(work: Workplace) -> str:
    """Write a table of the project's rows, the hub's data set as nano_nq; return the overlay."""
    with open(ROOT / "config" / "sources.csv", newline="") as lines:
        for row in csv.DictReader(lines):
            mine = {"id": ID, "files": PATTERNS} if row["name"] == "nano_nq" else {}
            work.source(row.pop("name"), **row | mine)
    return f"""
sources: {{table: {table_of(work)}}}
grid: {{dev_sets: [nano_nq]}}
"""


PATTERNS = "corpus/*.parquet"


@pytest.fixture
def of_hub(work, monkeypatch):
    for name in ("HF_ENDPOINT", "HF_HOME"):
        monkeypatch.setenv(name, work.environment[name])
    return own_table(work)


@pytest.mark.slow
def test_the_command_pins_what_was_fetched_and_nothing_is_fetched_again(work, of_hub):
    def run(*arguments: str) -> str:
        told = run_snakemake(work.folder, *arguments, overlay=of_hub)
        assert told.returncode == 0, told.stdout
        return told.stdout

    assert "Not fetched yet: 1 source (nano_nq)." in run("pin")
    run("prefetch")
    commit = work.hub.main(DATASET)
    before = table_of(work).read_bytes()
    assert "Pinning 1 source (nano_nq)" in run("-n", "pin")
    assert table_of(work).read_bytes() == before
    assert "Pinning 1 source (nano_nq)" in run("pin")
    assert rows(work)["nano_nq"]["revision"] == commit
    assert "Nothing to be done" in run("-n", "sources/nano_nq")


@pytest.mark.slow
def test_an_experiment_that_downloaded_something_else_is_told_before_it_is_removed(work, of_hub):
    assert run_snakemake(work.folder, "sources/nano_nq", overlay=of_hub).returncode == 0
    recorded = work.lock("nano_nq")["revision"]
    work.source("nano_nq", **work.rows["nano_nq"] | {"revision": "1" * 40})
    told = run_snakemake(work.folder, "sources/nano_nq", overlay=of_hub)
    assert told.returncode == 1
    assert f"nano_nq: revision: the table has {'1' * 40}" in told.stdout
    assert recorded in told.stdout
    assert work.output("nano_nq").exists()


def test_what_was_downloaded_without_a_record_is_not_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = read_table(ROOT / "config" / "sources.csv")
    downloads = Plan({}, Path("t.csv"), sources, {}).downloads
    fetched = downloads.of("gte")
    (tmp_path / "sources" / "gte").mkdir(parents=True)
    with pytest.raises(UserError, match=r"its record sources/gte\.lock\.json is gone"):
        downloads.of("gte")
    files = {
        "model.safetensors": {
            "bytes": 1,
            "sha256": sources["gte"].checksums["model.safetensors"].partition(":")[2],
        }
    }
    record = {"id": sources["gte"].id, "revision": sources["gte"].revision, "files": files}
    write_json(tmp_path / "sources" / "gte.lock.json", record)
    assert downloads.of("gte") == fetched
