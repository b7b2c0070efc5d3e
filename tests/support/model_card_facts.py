"""What a model card says of a checkpoint, as a rule collects it."""

import hashlib

from lionrank.config.settings import epoch_settings
from tests.support import tiny_training as tiny

REVISION = "9a201d7b3ebebc5feabf9fbb4b3a4ec5d3f2440d"
FACTS = {
    "name": "minilm_lion_e2",
    "label": "MiniLM",
    "epoch": 2,
    "pretrained": {
        "repository": "microsoft/MiniLM-L12-H384-uncased",
        "revision": REVISION,
        "licence": "MIT",
    },
    "collection": "msmarco",
    "settings": epoch_settings(
        tiny.SETTINGS | {"optimizer": tiny.OPTIMIZERS["lion"], "max_length": 32}
    ),
    "data": {"name": "pairs", "passages": 1990000, "sha256": hashlib.sha256(b"pairs").hexdigest()},
    "development": [
        {
            "epoch": 1,
            "eval_loss": 0.25125,
            "ndcg_cut_10": {"nano_nq": 0.5, "nano_nfcorpus": 0.25},
            "mean_ndcg_cut_10": 0.375,
        },
        {
            "epoch": 2,
            "eval_loss": None,
            "ndcg_cut_10": {"nano_nq": 0.75, "nano_nfcorpus": 0.3125},
            "mean_ndcg_cut_10": 0.53125,
        },
    ],
    "dev_labels": {"nano_nq": "Nano|NQ", "nano_nfcorpus": "NanoNFCorpus"},
    "dev_first_stages": {"BM25": ["Nano|NQ"], "SPLADE|++": ["NanoNFCorpus"]},
    "choice": None,
    "packages": {"torch": "2.13.0", "lion-pytorch": "0.2.5"},
    "devices": "2 x NVIDIA A100",
    "computed_in": "bf16",
}
