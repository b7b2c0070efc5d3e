"""Compute nodes without internet: what is downloaded is downloaded where Snakemake runs.

The nodes have a network of their own, from which the hub on the login host's loopback is as far as
the internet is.
"""

import sys

import pytest

from tests.support import small_msmarco
from tests.support.cluster import RECIPE, Snakemake

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"


@pytest.fixture(scope="module")
def hub(cluster, tmp_path_factory):
    with cluster.on_network(lambda: small_msmarco.serve(tmp_path_factory.mktemp("hub"))) as made:
        yield made


def test_the_nodes_reach_no_hub_and_the_login_host_does(cluster, hub):
    connect = [sys.executable, "-c", CONNECT, hub.url.rpartition(":")[2]]
    assert cluster.run(*connect).returncode == 0
    assert "ConnectionRefusedError" in cluster.run_on_nodes(*connect).stderr


def test_local_rules_fetch_and_jobs_need_no_network(cluster, hub):
    directory = cluster.folder / "offline"
    directory.mkdir()
    small_msmarco.write_table(directory / "sources.csv", hub)
    overlay = directory / "overlay.yaml"
    overlay.write_text(small_msmarco.OVERLAY.format(table=directory / "sources.csv"))
    told = Snakemake(
        cluster.command(
            *("env", f"HF_ENDPOINT={hub.url}", f"HF_HOME={directory}/home"),
            *(sys.executable, "-m", "snakemake", "results/minilm_lion_e1.trec"),
            *("--profile", "a100", "--profile", RECIPE / "site.yaml"),
            *("--directory", directory, "--configfile", overlay),
        )
    ).finish()
    assert told.returncode == 0, told.stdout[-6000:]
    assert (directory / "results" / "minilm_lion_e1.trec").stat().st_size
    rules = {job["Comment"].split("_wildcards_")[0] for job in cluster.jobs()}
    assert {"rule_msmarco_corpus", "rule_bm25", "rule_initialise", "rule_train_epoch"} <= rules
    assert "rule_fetch" not in rules
    assert hub.asked("GET", "model.safetensors")
