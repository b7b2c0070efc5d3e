"""What graphics cards do, by samples as NVML gives them."""

import pytest
import torch

from lionrank.training.gpu_usage import Sample, Usage, local_devices, usage


def test_energy_is_the_difference_of_the_counter():
    samples = [Sample(0, 0, 70, 1000), Sample(1, 50, 400, 1200), Sample(3, 100, 300, 1900)]
    assert usage(samples) == Usage(seconds=3, busy_seconds=2.5, joules=900)
    assert usage(samples).record() == {
        "gpu_utilisation": pytest.approx(100 * 2.5 / 3),
        "gpu_power_watts": pytest.approx(300),
        "gpu_energy_joules": 900,
    }


def test_without_a_counter_energy_is_the_integral_of_the_power():
    samples = [Sample(0, 0, 100, None), Sample(1, 50, 200, None), Sample(3, 100, 300, None)]
    assert usage(samples).joules == 150 + 500


def test_the_usage_of_two_stretches_adds_up_to_that_of_both():
    samples = [Sample(t, 7.0 * t, 10.0 * t, 20.0 * t * t) for t in range(10)]
    parts = usage(samples[:4]) + usage(samples[3:])
    assert parts.record() == pytest.approx(usage(samples).record())


def test_a_single_sample_tells_no_usage():
    assert usage([Sample(5, 100, 300, 1e6)]).record() == {}


def test_a_job_of_several_processes_uses_as_many_gpus(monkeypatch):
    own = torch.device("cuda", 2)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    assert local_devices(own) == [own]
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert local_devices(own) == [torch.device("cuda", i) for i in range(4)]
