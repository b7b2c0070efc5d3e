"""Publishing: a checkpoint goes to a hub and comes back the same, and what is refused is said."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from sentence_transformers import CrossEncoder

from lionrank.release.hub import write_folder
from tests.support import tiny_training as tiny
from tests.support.hub import Hub
from tests.support.model_card_facts import FACTS
from tests.support.rule_scripts import Finished, run_script
from tests.support.running import jobs, run_snakemake

TOKEN = "hf_never_to_be_seen"
REPOSITORY = "laboratory/tiny-lion-e1"
MODEL = ("model", REPOSITORY)
IN_NO_CHECKPOINT = (
    "label",
    "pretrained",
    "collection",
    "data",
    "dev_labels",
    "dev_first_stages",
    "choice",
    "development",
    "epoch",
)
PUBLISHED = {
    "README.md",
    "config.json",
    "config_sentence_transformers.json",
    "dev.json",
    "environment.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "settings.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


class Publisher:
    """A folder with a model and the hub that it is published on.

    `environment` is all that a script knows of the outside.
    """

    def __init__(self, folder: Path, hub: Hub):
        self.folder = folder
        self.hub = hub
        self.model = folder / "hub" / "tiny_lion_e1"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "hf"),
            "HF_TOKEN": TOKEN,
        }

    def push(self, repository: str = REPOSITORY, private: bool = True) -> Finished:
        """Run the rule's script in a process of its own; no output of it has the token."""
        job = {
            "input": {"folder": str(self.model)},
            "output": [str(self.record)],
            "params": {"repository": repository, "private": private},
        }
        finished = run_script("release/push.py", job, self.folder, self.environment)
        assert self.environment.get("HF_TOKEN", TOKEN) not in finished.log + finished.printed
        assert (finished.status == 0) == self.record.exists()
        return finished

    def python(self, code: str) -> str:
        """Run code in a process of its own, in an empty folder, and return what it prints."""
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        finished = subprocess.run(
            [sys.executable, "-c", code],
            cwd=elsewhere,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    @property
    def record(self) -> Path:
        return self.folder / "hub" / "tiny_lion_e1.json"

    def published(self) -> dict[str, bytes]:
        return self.hub.content(MODEL)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A checkpoint as it goes to the hub: of a real training, with its model card."""
    folder = tmp_path_factory.mktemp("lion")
    data = tiny.write_data(folder)
    start = tiny.write_start(folder / "start", "bert")
    lion = {"optimizer": tiny.OPTIMIZERS["lion"], "epochs": 1}
    checkpoint = tiny.train(start, data, 1, folder, **lion)
    facts = {name: FACTS[name] for name in IN_NO_CHECKPOINT}
    write_folder(checkpoint, facts, folder / "hub" / checkpoint.name)
    return folder / "hub" / checkpoint.name


@pytest.fixture
def publisher(model, tmp_path) -> Iterator[Publisher]:
    with Hub({}) as hub:
        hub.writers = {TOKEN: {"laboratory"}}
        publisher = Publisher(tmp_path, hub)
        shutil.copytree(model, publisher.model)
        yield publisher


@pytest.mark.slow
def test_what_is_published_loads_from_the_hub_and_scores_the_same(publisher):
    """By the three lines of the published model card, in a process that has the hub alone."""
    assert publisher.push().status == 0
    card = ModelCard(publisher.published()["README.md"].decode())
    (lines,) = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    assert f'CrossEncoder("{REPOSITORY}")' in lines and "hub/tiny" not in card.text
    scores = json.loads(publisher.python(f"{lines}\nprint(scores.tolist())").splitlines()[-1])
    pairs = [("what do lions eat", "Lions hunt zebras."), ("what do lions eat", "Ants dig.")]
    local = CrossEncoder(str(publisher.model), device="cpu")
    assert scores == local.predict(pairs).tolist()


def test_the_model_is_published_and_nothing_else_that_lies_beside_it(publisher):
    for name in (
        "optimizer.pt",
        "scheduler.pt",
        "rng_state.pth",
        "trainer_state.json",
        "notes.txt",
    ):
        (publisher.model / name).write_text("of a training, or the user's own")
    assert publisher.push().status == 0
    assert publisher.published().keys() == PUBLISHED
    for name in PUBLISHED - {"README.md"}:
        assert publisher.published()[name] == (publisher.model / name).read_bytes()


def test_the_record_names_commit_and_checksums(publisher):
    finished = publisher.push()
    assert TOKEN not in publisher.record.read_text()
    record = json.loads(publisher.record.read_text())
    assert record["repository"] == REPOSITORY
    assert record["url"] == f"{publisher.hub.url}/{REPOSITORY}"
    assert record["commit"] == publisher.hub.main(MODEL)
    assert record["commit"] in finished.told and record["url"] in finished.told
    assert record["files"] == {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in publisher.published().items()
    }


def test_large_files_go_to_the_storage_for_them(publisher):
    """As the hub wants it, by the older of its two ways: Xet storage needs the hub itself."""
    publisher.hub.lfs = True
    publisher.environment["HF_HUB_DISABLE_XET"] = "1"
    assert publisher.push().status == 0
    weights = (publisher.model / "model.safetensors").read_bytes()
    assert publisher.hub.stored == {hashlib.sha256(weights).hexdigest(): weights}
    assert publisher.published()["model.safetensors"] == weights


def test_the_storage_for_large_files_that_fails_is_named(publisher):
    publisher.hub.lfs = True
    publisher.environment["HF_HUB_DISABLE_XET"] = "1"
    publisher.hub.answer(".git/info/lfs/objects/batch", 403)
    assert "does not let this token write" in publisher.push().told
    assert publisher.published() == {}
    weights = (publisher.model / "model.safetensors").read_bytes()
    publisher.hub.answer(f"/lfs/{hashlib.sha256(weights).hexdigest()}", 507)
    assert "answers 507: run the same command later" in publisher.push().told
    assert publisher.published() == {}


def test_xet_storage_that_fails_is_named_with_the_way_around_it(publisher):
    publisher.hub.lfs = True
    publisher.hub.answer("/xet-write-token/main", 403, times=100)
    told = publisher.push().told
    assert "did not take the weights into its Xet storage (" in told and "403 Forbidden" in told
    assert "set HF_HUB_DISABLE_XET=1 to do without that storage" in told
    assert publisher.published() == {}


def test_publishing_again_changes_nothing_and_a_new_checkpoint_replaces_the_old(publisher):
    publisher.push()
    first = publisher.hub.main(MODEL)
    assert publisher.push().status == 0
    assert json.loads(publisher.record.read_text())["commit"] == first
    assert len(publisher.hub.asked("POST", "/commit/main")) == 1
    (publisher.model / "dev.json").write_text("{}\n")
    publisher.push()
    assert json.loads(publisher.record.read_text())["commit"] == publisher.hub.main(MODEL) != first
    assert publisher.published()["dev.json"] == b"{}\n"


@pytest.mark.parametrize("private", [True, False])
def test_a_new_repository_is_private_if_the_config_says_so(publisher, private):
    assert publisher.push(private=private).status == 0
    assert (MODEL in publisher.hub.private) == private


def test_nothing_that_should_be_private_goes_to_a_public_repository(publisher):
    publisher.hub.commit(MODEL, {"README.md": b"# For all to see"})
    finished = publisher.push(private=True)
    assert f"{REPOSITORY} on the Hugging Face hub at" in finished.told
    assert "is public, and hub.private in the config is true" in finished.told
    assert publisher.published() == {"README.md": b"# For all to see"}
    assert publisher.push(private=False).status == 0


def test_a_token_that_was_logged_in_with_does_as_well(publisher):
    del publisher.environment["HF_TOKEN"]
    (publisher.folder / "hf").mkdir()
    (publisher.folder / "hf" / "token").write_text(TOKEN)
    assert publisher.push().status == 0


def test_without_a_token_nothing_is_asked(publisher):
    del publisher.environment["HF_TOKEN"]
    finished = publisher.push()
    assert "there is no token for the Hugging Face hub at 127.0.0.1:" in finished.told
    assert "set HF_TOKEN to one that may write to laboratory" in finished.told
    assert publisher.hub.requests == []


def test_a_token_that_the_hub_does_not_know_is_refused(publisher):
    publisher.environment["HF_TOKEN"] = "hf_expired_long_ago"
    finished = publisher.push()
    assert "does not accept the token (401): make a new one that may write" in finished.told
    assert publisher.published() == {}


@pytest.mark.parametrize("status", [403, 404])
def test_a_namespace_of_others_or_of_nobody_is_named(publisher, status):
    if status == 404:
        publisher.hub.answer("/api/repos/create", status)
    finished = publisher.push("nobody/tiny-lion-e1")
    assert f"write to nobody/tiny-lion-e1 ({status}): set hub.namespace in the" in finished.told
    assert publisher.published() == {}


def test_a_name_that_no_repository_can_have_is_named(publisher):
    finished = publisher.push("my laboratory/tiny-lion-e1")
    assert "'my laboratory/tiny-lion-e1' can be no repository's name" in finished.told
    assert publisher.hub.requests == []


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/repos/create", 503, "answers 503: run the same command later"),
        ("/api/repos/create", 402, "refuses the upload (402, it gives no reason): fix that"),
        ("/commit/main", 409, "refuses the upload (409, it gives no reason): fix that"),
        ("/api/validate-yaml", 500, "does not answer as a hub does: check HF_ENDPOINT"),
    ],
)
def test_what_a_hub_refuses_is_said_with_its_status(publisher, path, status, words):
    publisher.hub.answer(path, status)
    assert words in publisher.push().told
    assert publisher.published() == {}
    assert publisher.push().status == 0


def test_a_card_with_damaged_metadata_is_refused_before_anything_is_uploaded(publisher):
    (publisher.model / "README.md").write_text("---\nlicense: [mit\n---\n# Mine\n")
    assert (
        "refuses the metadata of README.md (- metadata cannot be parsed)" in publisher.push().told
    )
    assert publisher.hub.asked("POST", "/preupload/main") == []


def test_a_server_that_is_down_is_out_of_reach(publisher):
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
    publisher.environment["HF_ENDPOINT"] = f"http://{place}"
    told = publisher.push().told
    assert f"the Hugging Face hub at {place} is out of reach" in told and "ConnectError" in told


def test_offline_nothing_is_asked(publisher):
    publisher.environment["HF_HUB_OFFLINE"] = "1"
    assert "as HF_HUB_OFFLINE is set: unset it to publish" in publisher.push().told
    assert publisher.hub.requests == []


@pytest.mark.parametrize("missing", ["model.safetensors", "tokenizer_config.json", "README.md"])
def test_half_a_model_is_not_published(publisher, missing):
    (publisher.model / missing).unlink()
    assert f"tiny_lion_e1 is no whole model: {missing} is missing" in publisher.push().told
    assert publisher.hub.requests == []


# The rule


def test_one_checkpoint_is_published_by_its_own_target(snakemake):
    told = snakemake("-n", "hub/minilm_lion_e2.json", overlay="hub: {namespace: laboratory}")
    assert told.returncode == 0, told.stdout
    assert "Publishing hub/minilm_lion_e2 as laboratory/minilm-lion-e2" in told.stdout
    assert re.search(r"^push_to_hub +1$", told.stdout, re.MULTILINE)
    assert re.search(r"^train_epoch +2$", told.stdout, re.MULTILINE)


def test_push_publishes_every_checkpoint_of_the_grid_and_nothing_else_does(snakemake):
    overlay = "hub: {namespace: laboratory}"
    told = snakemake("-n", "push", overlay=overlay).stdout
    counts = dict(re.findall(r"^(push_to_hub|train_epoch) +(\d+)$", told, re.MULTILINE))
    assert int(counts["push_to_hub"]) == int(counts["train_epoch"]) > 1
    assert "push_to_hub" not in snakemake("-n", "all", overlay=overlay).stdout


def test_without_a_namespace_nothing_is_trained_for_a_push(snakemake):
    told = snakemake("-n", "hub/minilm_lion_e2.json")
    assert told.returncode == 1
    assert "hub.namespace is null: set it in the config to the user" in told.stdout
    assert "train_epoch" not in told.stdout


@pytest.mark.slow
def test_a_trained_checkpoint_goes_to_the_hub_as_it_is_and_once(demo, monkeypatch):
    """By the command of the README, its weights by way of the hub's storage for large files."""
    weights = demo / "checkpoints" / "minilm_lion_e2" / "model.safetensors"
    trained = weights.stat()
    with Hub({}) as hub:
        hub.writers, hub.lfs = {TOKEN: {"laboratory"}}, True
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        first, second = (
            run_snakemake(demo, "hub/minilm_lion_e2.json", overlay="hub: {namespace: laboratory}")
            for _ in range(2)
        )
    assert first.returncode == 0, first.stdout
    recorded = json.loads((demo / "hub" / "minilm_lion_e2.json").read_text())
    received = hub.content(("model", "laboratory/minilm-lion-e2"))
    checksum = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert hub.stored.keys() == {checksum}
    assert hashlib.sha256(received["model.safetensors"]).hexdigest() == checksum
    assert recorded["files"]["model.safetensors"] == {"bytes": trained.st_size, "sha256": checksum}
    assert received.keys() == PUBLISHED
    for name in PUBLISHED - {"README.md"}:
        assert received[name] == (demo / "hub" / "minilm_lion_e2" / name).read_bytes()
    assert b'CrossEncoder("laboratory/minilm-lion-e2")' in received["README.md"]
    assert not jobs(first.stdout).keys() & {"initialise", "training_pairs", "train_epoch"}
    assert jobs(first.stdout)["push_to_hub"] == 1
    assert weights.stat().st_mtime_ns == trained.st_mtime_ns
    assert "Nothing to be done" in second.stdout
    assert len(hub.asked("POST", "/commit/main")) == 1
    log = (demo / "logs" / "hub" / "minilm_lion_e2.log").read_text()
    assert TOKEN not in first.stdout + second.stdout + log
