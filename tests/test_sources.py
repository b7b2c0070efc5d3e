"""Sources: the table, and downloads by the real libraries from a local hub that can misbehave."""

import csv
import hashlib
import json
import os
import random
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hub import Hub

from lionrank.errors import UserError
from lionrank.sources import COLUMNS, read_table

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "config" / "sources.csv"
DL = ROOT.parent / "shared" / "data" / "dl"
ID = "laboratory/crane"
DATASET = ("dataset", ID)
SHARDS = "corpus/train-00000-of-00002.parquet", "corpus/train-00001-of-00002.parquet"
FILES = {
    SHARDS[0]: b"first shard",
    SHARDS[1]: b"second shard",
    "corpus/README.txt": b"small and not LFS",
    "loader.py": b"never wanted",
    "queries/train.parquet": b"not asked for",
}
PATTERNS = "corpus/*.parquet corpus/README.txt"
RUN_SCRIPT = """
import json, resource, runpy, sys, types
if largest := int(sys.argv[3]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
job = json.loads(sys.argv[1])
for part in ("params", "wildcards"):
    job[part] = types.SimpleNamespace(**job[part])
runpy.run_path(sys.argv[2], init_globals={"snakemake": types.SimpleNamespace(**job)})
"""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Fetched(NamedTuple):
    """How the script ended: exit status, its log, and the log's last line."""

    status: int
    log: str
    told: str


class Workplace:
    """A folder with a table of sources, caches of its own, and the hub that they are fetched from.

    `environment` is all that a fetch knows of the outside.
    """

    def __init__(self, folder: Path, hub: Hub):
        self.folder = folder
        self.hub = hub
        self.rows: dict[str, dict[str, str]] = {}
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "hf"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def source(self, name: str = "crane", /, **cells: str) -> None:
        """Write a row of the table; cells that are not given are those of the tests' data set."""
        usual = {"kind": "dataset", "id": ID, "files": PATTERNS, "revision": "unknown"}
        self.rows[name] = dict.fromkeys(COLUMNS, "") | usual | {"name": name} | cells
        with open(self.folder / "sources.csv", "w", newline="") as handle:
            writer = csv.DictWriter(handle, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows.values())

    def fetch(
        self, name: str = "crane", local: str | Path | None = None, largest: int = 0
    ) -> Fetched:
        """Run the rule's script in a process of its own, no file larger than `largest` bytes."""
        log = self.folder / "fetch.log"
        job = {
            "log": [str(log)],
            "output": [str(self.output(name))],
            "wildcards": {"source": name},
            "params": {
                "table": str(self.folder / "sources.csv"),
                "local": local and str(local),
            },
        }
        script = ROOT / "workflow" / "scripts" / "fetch.py"
        finished = subprocess.run(
            [sys.executable, "-c", RUN_SCRIPT, json.dumps(job), script, str(largest)],
            cwd=self.folder,
            env=self.environment,
            timeout=120,
        )
        text = log.read_text()
        return Fetched(finished.returncode, text, (text.splitlines() or [""])[-1])

    def output(self, name: str = "crane") -> Path:
        return self.folder / "sources" / name

    def lock(self, name: str = "crane") -> dict:
        return json.loads(self.output(name).with_name(f"{name}.lock.json").read_text())

    def content(self, name: str = "crane") -> dict[str, bytes]:
        """Return what lies in the output, path -> bytes; every file has to be a link."""
        found = [path for path in self.output(name).rglob("*") if not path.is_dir()]
        assert all(path.is_symlink() for path in found)
        return {str(path.relative_to(self.output(name))): path.read_bytes() for path in found}

    def assert_untouched(self, name: str = "crane") -> None:
        """Neither folder nor lock nor half of one was left."""
        folder = self.output(name).parent
        assert not folder.exists() or list(folder.iterdir()) == []


@pytest.fixture
def work(tmp_path) -> Workplace:
    with Hub({DATASET: FILES}) as hub:
        (tmp_path / "sources").mkdir()
        yield Workplace(tmp_path, hub)


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    return f"http://127.0.0.1:{port}"


WANTED = {path: FILES[path] for path in (*SHARDS, "corpus/README.txt")}


# The table.


def test_the_table_names_all_that_the_experiment_needs_and_no_code_or_pickles():
    table = read_table(TABLE)
    assert {"minilm", "gte", "modernbert", "msmarco_corpus", "msmarco_index"} <= table.keys()
    assert sum(name.startswith("nano_") for name in table) == 13
    unwanted = ["modeling.py", "pytorch_model.bin", "tf_model.h5", "x.pkl", "tokenization_new.py"]
    for source in table.values():
        assert source.matching(unwanted) == []
        assert source.licence


def test_the_table_cites_what_the_bibliography_has():
    keys = re.findall(r"^@\w+{(.+),", (ROOT / "paper" / "refs.bib").read_text(), re.MULTILINE)
    assert {source.cited for source in read_table(TABLE).values()} - {""} <= set(keys)


@pytest.mark.skipif(
    not DL.exists(), reason="../shared/data/dl, which is not part of this project, is absent"
)
def test_the_table_agrees_with_the_real_topics_and_qrels():
    table = read_table(TABLE)
    rows = [source for source in table.values() if source.kind == "url"]
    assert len(rows) == 6
    for source in rows:
        ((path, checksum),) = source.checksums.items()
        content = (DL / path).read_bytes()
        assert source.url.endswith(f"/{path}") and "5b819c1a" in source.url
        assert (source.bytes, source.exact) == (len(content), True)
        assert checksum == f"sha256:{sha256(content)}"


def test_a_row_says_what_is_known(tmp_path):
    line = f"b,model,o/n,*.json x.bin,{'a' * 40},~12,x.bin=md5:{'0' * 32},MIT,key,all of it"
    (tmp_path / "t.csv").write_text(f"{','.join(COLUMNS)}\n{line}\n")
    source = read_table(tmp_path / "t.csv")["b"]
    assert source.files == ("*.json", "x.bin")
    assert (source.revision, source.bytes, source.exact) == ("a" * 40, 12, False)
    assert source.checksums == {"x.bin": f"md5:{'0' * 32}"}
    assert source.pinned and source.url == f"https://huggingface.co/o/n/tree/{'a' * 40}"
    assert source.matching(["deep/er/a.json", "x.bin", "y.bin"]) == ["deep/er/a.json", "x.bin"]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"name": "Crane"}, "name"),
        ({"kind": "repository"}, "kind"),
        ({"id": "crane"}, "id"),
        ({"files": ""}, "files"),
        ({"revision": "main"}, "revision"),
        ({"revision": "4F" * 20}, "revision"),
        ({"bytes": "12 MB"}, "bytes"),
        ({"checksums": "corpus/x.parquet=sha256:12"}, "checksums"),
        ({"checksums": f"corpus/x.parquet=sha1:{'0' * 40}"}, "checksums"),
        ({"checksums": f"elsewhere.parquet=md5:{'0' * 32}"}, "checksums"),
        ({"kind": "url", "id": "http://h/a.txt", "files": ""}, "checksums"),
        ({"kind": "url", "id": "http://h/{revision}/a.txt", "files": ""}, "revision"),
    ],
)
def test_a_wrong_cell_is_named_with_file_and_line(work, cells, column):
    work.source("fine")
    work.source("crane", **cells)
    with pytest.raises(UserError, match=rf"sources\.csv:3: {column}: "):
        read_table(work.folder / "sources.csv")


def test_a_name_twice_and_other_columns_are_refused(work):
    work.source("crane")
    table = work.folder / "sources.csv"
    header, row = table.read_text().splitlines()
    table.write_text(f"{header}\n{row}\n{row}\n")
    with pytest.raises(UserError, match=r"sources\.csv:3: name: 'crane' is there twice"):
        read_table(table)
    table.write_text(f"{header}\n{row},more\n")
    with pytest.raises(UserError, match=r"sources\.csv:2: expected 10 columns, found 11"):
        read_table(table)
    table.write_text("name,kind\n")
    with pytest.raises(UserError, match=r"sources\.csv:1: expected the columns name,kind,id"):
        read_table(table)


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
    assert f"main of {ID} is commit {commit}: write it into config/sources.csv" in fetched.log
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
    assert "write it into" not in fetched.log


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


def test_the_token_reaches_the_hub_and_no_message(work):
    work.environment["HF_TOKEN"] = "hf_never_to_be_seen"
    work.source()
    good = work.fetch()
    assert good.status == 0
    assert all(r.authorised for r in work.hub.asked("GET", SHARDS[0]))
    work.source("heron", id="laboratory/heron")
    bad = work.fetch("heron")
    assert bad.status == 1
    assert "hf_never_to_be_seen" not in good.log + bad.log


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


# Local copies.


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


# Files of the web.


def url_source(work: Workplace, content: bytes, **cells: str) -> None:
    address = f"{work.hub.url}/files/{{revision}}/topics.txt"
    checksum = f"topics.txt=sha256:{sha256(content)}"
    row = {"kind": "url", "id": address, "files": "", "revision": "1" * 40, "checksums": checksum}
    work.source("topics", **row | cells)


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
