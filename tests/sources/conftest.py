"""A place to download to, with a hub of its own."""

import socket

import pytest

from tests.support.downloading import workplace


@pytest.fixture
def work(tmp_path):
    with workplace(tmp_path) as work:
        yield work


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    return f"http://127.0.0.1:{port}"
