"""What a scoring job imports, which for small test sets takes longer than to score them."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import {module}
print(*sys.modules)
"""
SLOW = {"sentence_transformers", "sklearn", "datasets", "scipy.stats", "matplotlib", "pandas"}


@pytest.mark.parametrize(
    ("module", "left_out"),
    [
        ("lionrank.reranking.score", SLOW),
        ("lionrank.evaluation.dev_sets", SLOW - {"pandas"}),
    ],
)
def test_what_scoring_never_calls_is_not_imported(module, left_out):
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {*finished.stdout.split()}
    assert module in imported
    assert not imported & left_out
