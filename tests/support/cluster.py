"""A Slurm of the tests' own, of which tests/support/slurm/start.sh says what it is."""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

from tests.support.running import ROOT, Finished, snakemake_command, wait_for

RECIPE = ROOT / "tests" / "support" / "slurm"
NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc")
COMMANDS = ("unshare", "nsenter", "setpriv", "ip", "munged", "slurmctld", "slurmd", "sbatch")
Made = TypeVar("Made")


def lacking() -> str | None:
    """Say why there can be no Slurm of the tests' own here, None where there can."""
    if os.geteuid() != 0:
        return "a Slurm of the tests' own needs root"
    if missing := [name for name in COMMANDS if shutil.which(name) is None]:
        return f"{', '.join(missing)} missing: see envs/apt-cluster.txt"
    tried = subprocess.run(["unshare", *NAMESPACES, "true"], capture_output=True, text=True)
    return f"no namespaces here: {tried.stderr.strip()}" if tried.returncode else None


class Cluster:
    """A running Slurm, with working directories on what is the nodes' shared file system."""

    def __init__(self) -> None:
        # The nodes have a /tmp of their own.
        self.folder = Path(tempfile.mkdtemp(prefix="lionrank-slurm-", dir="/var/tmp"))
        self.log = open(self.folder / "start.log", "w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [
                # It ends with the tests, however they end.
                *("setpriv", "--pdeathsig", "KILL"),
                *("unshare", *NAMESPACES, "--fork", "--kill-child", "--mount-proc"),
                *("sh", RECIPE / "start.sh", self.folder, ROOT, self.folder),
            ],
            stdout=self.log,
            stderr=self.log,
        )
        wait_for(lambda: self._ended() or (self.folder / "nodes.pid").exists(), 60)
        wait_for(lambda: self._ended() or self.run("sinfo", "-h", "-o", "%T").stdout == "idle\n")
        if self._ended():
            raise RuntimeError((self.folder / "start.log").read_text())

    def _ended(self) -> bool:
        return self.process.poll() is not None

    def close(self) -> None:
        """End all its processes, as the first of them takes its namespace with it."""
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)

    def command(self, *arguments: str | os.PathLike) -> list[str | os.PathLike]:
        """Return the command that runs another on the login host, in the repository's root."""
        return ["nsenter", *self._namespaces(), "env", f"--chdir={ROOT}", *arguments]

    def _namespaces(self) -> list[str]:
        return [f"--target={child(self.process)}", "--mount", "--net", "--pid", "--uts", "--ipc"]

    def run(self, *arguments: str | os.PathLike) -> Finished:
        """Run a command on the login host to its end."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True)

    def run_on_nodes(self, *arguments: str | os.PathLike) -> Finished:
        """Run a command where the nodes run theirs to its end."""
        nodes = (self.folder / "nodes.pid").read_text().strip()
        return self.run("nsenter", f"--target={nodes}", "--mount", "--net", *arguments)

    def on_network(self, make: Callable[[], Made]) -> Made:
        """Call what opens sockets so that they are on the login host's network."""
        with (
            open(f"/proc/{child(self.process)}/ns/net") as network,
            ThreadPoolExecutor(max_workers=1, initializer=enter, initargs=[network]) as pool,
        ):
            return pool.submit(make).result()

    def start_snakemake(self, directory: Path, *arguments: str, overlay: str = "") -> "Snakemake":
        """Start Snakemake on the login host, with the A100s' profile and what the site decides."""
        profiles = ("--profile", "a100", "--profile", RECIPE / "site.yaml")
        command = snakemake_command(directory, *profiles, *arguments, overlay=overlay)
        return Snakemake(self.command(*command))

    def run_snakemake(self, directory: Path, *arguments: str, overlay: str = "") -> Finished:
        """Run Snakemake to its end, as `start_snakemake` starts it."""
        return self.start_snakemake(directory, *arguments, overlay=overlay).finish()

    def jobs(self, rule: str = "") -> list[dict[str, str]]:
        """Return what Slurm says of every job there was, or of those of a rule, oldest first."""
        told = self.run("scontrol", "show", "job", "-d", "-o").stdout
        jobs = [
            dict(re.findall(r"(\S+?)=(\S*)", line)) for line in told.splitlines() if "=" in line
        ]
        of_rule = [job for job in jobs if job["Comment"].startswith(f"rule_{rule}")]
        return sorted(of_rule, key=lambda job: int(job["JobId"]))


def enter(namespace: IO) -> None:
    """Move this thread, and no other, to a namespace.

    Raises:
        OSError: it may not.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), 0):
        raise OSError(ctypes.get_errno(), "setns")


class Snakemake:
    """A Snakemake that runs, and what it says."""

    def __init__(self, command: list[str | os.PathLike]) -> None:
        self.told = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            command, stdout=self.told, stderr=subprocess.STDOUT, start_new_session=True
        )

    def finish(self) -> Finished:
        """Wait for its end."""
        self.process.wait()
        return Finished(self.process.args, self.process.returncode, self.said())

    def said(self) -> str:
        """Return all that it has said so far."""
        self.told.seek(0)
        return self.told.read()

    def kill(self) -> None:
        """Kill it in a way that it cannot notice."""
        os.kill(child(self.process), signal.SIGKILL)
        self.process.wait()


def child(process: subprocess.Popen) -> int:
    """Return the process that a command started and waits for."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(lambda: children.read_text())
    return int(children.read_text().split()[0])
