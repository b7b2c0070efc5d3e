"""Checking the config: the assumptions of the audit.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.errors import UserError


def check_lengths(config: Mapping[str, Any]) -> None:
    """Check that documents are shorter than pairs, which have a query besides."""
    for name, sizes in config["audit"]["collections"].items():
        document, pair = sizes.get("tokens_per_document", 0), sizes["tokens_per_pair"]
        if document >= pair:
            raise UserError(
                f"config: audit.collections.{name}.tokens_per_document: {document} tokens, and "
                f"tokens_per_pair, which has the query and special ones besides, is {pair}: lower "
                "it, or raise that"
            )
