"""Public cross-encoders from the hub to a score, by the downloads and the scoring of the rules."""

import pytest
import torch

from lionrank.cross_encoder import device
from lionrank.cross_encoder.initialise import initialise
from lionrank.systems.checkpoint import import_checkpoint
from tests.support.downloading import workplace
from tests.support.public_rerankers import write_classifier, write_composed, write_original_gte
from tests.support.rerankers import PACKAGE, score

ROWS = [("what is a lion", "the large cat"), ("w1 w2", "w1 w3 w4"), ("w4 w5", "a lion is a cat")]


def write_minilm(folder):
    """Write MiniLM-L6 with a head that is drawn, as a whole cross-encoder."""
    backbone = {"pretrained": PACKAGE, "architecture": None, "tokenizer": None}
    initialise(backbone, {}, 12, 64, folder)
    return folder


def write_bert_in_half_precision(folder):
    return write_classifier(folder, "bert", torch.float16)


@pytest.mark.parametrize(
    "write",
    [
        write_bert_in_half_precision,
        write_composed,
        write_original_gte,
        pytest.param(write_minilm, marks=pytest.mark.slow),
    ],
)
def test_a_repository_on_the_hub_is_fetched_imported_and_scored_as_its_folder_is(tmp_path, write):
    device.prepare(threads=1, gpus=0)
    theirs = write(tmp_path / "theirs")
    (theirs / "pytorch_model.bin").write_bytes(b"never wanted")
    (theirs / "modeling.py").write_text("never wanted")
    files = {str(p.relative_to(theirs)): p.read_bytes() for p in theirs.rglob("*") if p.is_file()}
    with workplace(tmp_path) as work:
        commit = work.hub.commit(("model", "others/reranker"), files)
        row = {"kind": "model", "id": "others/reranker", "files": "*.json *.safetensors"}
        work.source("reranker", **row)
        fetched = work.fetch("reranker")
        assert fetched.status == 0, fetched.log
        assert work.lock("reranker")["revision"] == commit
        assert not {"pytorch_model.bin", "modeling.py"} & work.content("reranker").keys()
        import_checkpoint(work.output("reranker"), tmp_path / "downloaded", 24)
    import_checkpoint(theirs, tmp_path / "local", 24)
    found = score(tmp_path / "downloaded", ROWS, tmp_path)
    assert found == score(tmp_path / "local", ROWS, tmp_path)
    assert len(set(found)) == len(ROWS)
