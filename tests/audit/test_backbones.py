"""How large backbones are, before anything was downloaded, from a hub that serves one file each."""

import json
import socket
import subprocess
import sys

import pytest

from lionrank.cross_encoder.parameters import of_checkpoint
from tests.support.downloading import workplace
from tests.support.hub import Hub
from tests.support.published_backbones import EVERY, SMALL
from tests.support.running import ROOT
from tests.support.tiny_training import PACKAGE

SMALLER = SMALL | {"vocab_size": 500}
POSITIONS = {"bert": 512, "electra": 512, "roberta": 512, "deberta": 512, "gte": 8192}
COUNT = """
import json, sys
from lionrank.audit.backbones import sizes
from lionrank.config.sources import read_table
starts, local = json.loads(sys.argv[1])
print(json.dumps(sizes(starts, read_table("sources.csv"), local)))
"""


def start(pretrained, architecture=None, tokenizer=None):
    return {"pretrained": pretrained, "architecture": architecture, "tokenizer": tokenizer}


# Each counts in processes of their own.
pytestmark = pytest.mark.slow


@pytest.fixture
def work(tmp_path):
    with workplace(tmp_path) as work:
        yield work


def publish(work, name: str) -> dict[str, float]:
    """Put a backbone of the tests on the hub, and a row of it into the table; return its size."""
    config = json.dumps(EVERY[name] | SMALLER).encode()
    files = {"config.json": config, "model.safetensors": b"large", "tokenizer.json": b"{}"}
    commit = work.hub.commit(("model", f"o/{name}"), files)
    cells = {"kind": "model", "id": f"o/{name}", "revision": commit}
    work.source(name, **cells, files="config.json model.safetensors *token*.json", licence="MIT")
    place = work.folder / "expected" / name
    place.mkdir(parents=True)
    (place / "config.json").write_bytes(config)
    return {**of_checkpoint(place), "positions": POSITIONS[name]}


def count(work, starts: dict, local: dict | None = None, **environment: str) -> tuple[dict, dict]:
    """Return what is counted, and what is not, by a process that knows the tests' hub alone."""
    counted = subprocess.run(
        [sys.executable, "-c", COUNT, json.dumps([starts, local or {}])],
        cwd=work.folder,
        env=work.environment | {"PYTHONPATH": str(ROOT / "workflow")} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert counted.returncode == 0, counted.stderr
    return tuple(json.loads(counted.stdout.splitlines()[-1]))


def leave_in_cache(work, name: str, file: str) -> None:
    """Leave a file of a backbone where another program would, without the others."""
    snapshots = work.folder / "hf" / "hub" / f"models--o--{name}" / "snapshots"
    snapshot = snapshots / work.rows[name]["revision"]
    snapshot.mkdir(parents=True)
    (snapshot / file).touch()


def files_asked(hub: Hub) -> set[str]:
    return {each.path.rpartition("/")[2] for each in hub.requests if "/resolve/" in each.path}


def test_the_config_alone_is_downloaded_and_once(work):
    expected = {f"models.{name}": publish(work, name) for name in ("roberta", "gte")}
    leave_in_cache(work, "gte", "tokenizer.json")
    work.source("gone", kind="model", id="o/gone", files="*.json", licence="MIT")
    starts = {"models.roberta": start("roberta"), "models.gte": start("gte")}
    counted, uncounted = count(work, starts | {"systems.theirs": start("gone")})
    assert counted == expected
    assert list(uncounted) == ["systems.theirs"] and "o/gone" in uncounted["systems.theirs"]
    assert files_asked(work.hub) == {"config.json"}
    assert not any((work.folder / "sources").iterdir())
    publish(work, "bert")
    offline, without = count(work, {**starts, "models.bert": start("bert")}, HF_HUB_OFFLINE="1")
    assert offline == expected
    assert "HF_HUB_OFFLINE" in without["models.bert"]


def test_what_was_fetched_or_copied_is_read_and_a_random_start_has_its_tokenizers_words(work):
    expected = {f"models.{name}": publish(work, name) for name in ("bert", "electra")}
    (work.folder / "expected" / "bert").rename(work.folder / "sources" / "bert")
    copy = str(work.folder / "expected" / "electra")
    architecture = {"model_type": "bert", "hidden_size": 32, "num_attention_heads": 2}
    starts = {f"models.{name}": start(name) for name in ("bert", "electra")} | {
        "models.tiny": start(None, architecture, PACKAGE),
        "teachers.mine": start(copy),
    }
    counted, uncounted = count(work, starts, {"electra": copy})
    assert not uncounted and not work.hub.requests
    tiny = counted.pop("models.tiny")
    assert counted == expected | {"teachers.mine": expected["models.electra"]}
    assert tiny["parameters"] - tiny["encoder"] > 30_522 * 32


def test_a_hub_that_does_not_answer_is_not_waited_for_and_it_is_said_what_to_do(work):
    for name in ("deberta", "gte"):
        publish(work, name)
    starts = {f"models.{name}": start(name) for name in ("deberta", "gte")}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = {"HF_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        counted, uncounted = count(work, starts, **asked, HF_HUB_ETAG_TIMEOUT="1")
    assert not counted
    assert all("out of reach" in told for told in uncounted.values())
    assert "sources.local.deberta" in uncounted["models.deberta"]
