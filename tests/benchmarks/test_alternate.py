"""Contenders in turn: their order, their memory, the ratio, and how a failing one ends."""

import os
import re
import sys
import time

import psutil
import pytest

from tests.support.running import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from alternate import Contender, Repetition, alternate, report

MIB = 2**20


def sleeper(diary, name, seconds):
    """Sleep for each repetition, and note in a file when one begins."""

    def repeat():
        with open(diary, "a", encoding="utf-8") as handle:
            handle.write(f"{name} {os.getpid()}\n")
        time.sleep(seconds)
        return {"naps": 1}

    return repeat


def holder(sizes):
    """Hold so many bytes in the first repetition, so many in the second, and so on."""
    left = iter(sizes)

    def repeat():
        held = bytearray(next(left))
        held[:: os.sysconf("SC_PAGESIZE")] = b"x" * len(held[:: os.sysconf("SC_PAGESIZE")])
        return {"bytes": len(held)}

    return repeat


def parent_of_holder(size):
    """Let a child hold so many bytes."""
    import subprocess

    def repeat():
        code = f"import time; held = b'x' * {size}; time.sleep(1)"
        subprocess.run([sys.executable, "-c", code], check=True)
        return {"children": 1}

    return repeat


def breaker(number):
    """Fail at repetition `number`, counted from 0."""
    done = []

    def repeat():
        if len(done) == number:
            raise ValueError(f"broken after {number}")
        done.append(number)
        return {"naps": 1}

    return repeat


def leaver():
    """End the process without a word, as one does that is killed for its memory."""
    return lambda: os._exit(3)


def sleepers(tmp_path, **seconds):
    diary = tmp_path / "diary"
    return [
        Contender(name, sleeper, {"diary": diary, "name": name, "seconds": each})
        for name, each in seconds.items()
    ]


def test_contenders_take_turns_each_in_a_process_of_its_own(tmp_path):
    results = alternate(sleepers(tmp_path, a=0.01, b=0.01, c=0.01), repeats=2)
    lines = [line.split() for line in (tmp_path / "diary").read_text().splitlines()]
    assert [name for name, _ in lines] == ["a", "b", "c"] * 3
    assert len({pid for _, pid in lines}) == 3
    assert str(os.getpid()) not in {pid for _, pid in lines}
    assert {name: len(own) for name, own in results.items()} == {"a": 2, "b": 2, "c": 2}


def test_the_last_line_is_the_ratio_to_the_last_peer(tmp_path, capfd):
    results = alternate(sleepers(tmp_path, ours=0.01, other=0.01, main=0.01), repeats=3)
    report("Naps", results, "ours", "naps")
    told = capfd.readouterr()
    *_, other, last = told.out.splitlines()
    assert other.startswith("ratio to other: ")
    parts = re.fullmatch(r"ratio to main: ([\d.]+) \(([\d.]+) to ([\d.]+)\)", last)
    middle, low, high = map(float, parts.groups())
    assert low <= middle <= high
    assert re.fullmatch(r"main, 3 of 3: [\d.]+ s, [\d.]+ GiB", told.err.splitlines()[-1])


def test_ratios_are_those_of_the_rounds(capsys):
    """Not of the medians, which a load that comes and goes would move apart."""
    results = {
        "ours": [Repetition(seconds, 2**30, {"pairs": 60}) for seconds in (1, 2, 3)],
        "peer": [Repetition(seconds, 2**30, {"pairs": 60}) for seconds in (4, 6, 6)],
    }
    report("Made up", results, "ours", "pairs")
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "ratio to peer: 3.00 (2.00 to 4.00)"
    assert "| ours | 30 (20 to 60) | 2 (1 to 3) | 1 |" in told


def test_tokens_padding_and_own_columns_are_in_the_table(capsys):
    facts = {"pairs": 4, "tokens": 60, "slots": 80, "joules": 7}
    results = {"ours": [Repetition(2, 2**29, facts)], "peer": [Repetition(4, 2**29, facts)]}
    columns = {"joules a pair": lambda each: each.facts["joules"] / each.facts["pairs"]}
    report("Made up", results, "ours", "pairs", columns)
    told = capsys.readouterr().out.splitlines()
    head = next(line for line in told if line.startswith("| median of 1"))
    names = ["pairs/s", "tokens/s", "padding, %", "joules a pair", "seconds", "peak GiB"]
    assert head.strip("| ").split(" | ")[1:] == names
    assert "| ours | 2 | 30 | 25 | 1.75 | 2 | 0.5 |" in told


def test_memory_is_the_peak_of_each_repetition():
    contender = Contender("holder", holder, {"sizes": [MIB, 300 * MIB, MIB]})
    low, high, low_again = (
        each.peak_bytes for each in alternate([contender], repeats=3, warm_up=0)["holder"]
    )
    assert 280 * MIB < high - low < 340 * MIB
    assert abs(low_again - low) < 30 * MIB


def test_memory_is_that_of_children_too():
    contender = Contender("parent", parent_of_holder, {"size": 300 * MIB})
    (repetition,) = alternate([contender], repeats=1, warm_up=0)["parent"]
    assert repetition.peak_bytes > 300 * MIB


def test_a_contender_that_fails_ends_all_with_its_traceback(tmp_path):
    contenders = [*sleepers(tmp_path, a=0.01), Contender("b", breaker, {"number": 2})]
    with pytest.raises(SystemExit) as error:
        alternate(contenders, repeats=5)
    message = str(error.value)
    assert message.startswith("b failed:\nTraceback ")
    assert "in repeat" in message
    assert "ValueError: broken after 2" in message
    naps = (tmp_path / "diary").read_text().split()
    assert naps[::2] == ["a"] * 3
    assert not psutil.pid_exists(int(naps[1]))


def test_a_contender_that_cannot_be_prepared_is_named():
    with pytest.raises(SystemExit, match=r"(?s)b failed:.*unexpected keyword argument 'nmuber'"):
        alternate([Contender("b", breaker, {"nmuber": 2})], repeats=1)


def test_a_contender_that_is_gone_is_named_with_its_status():
    with pytest.raises(SystemExit, match="c failed: it ended with status 3"):
        alternate([Contender("c", leaver, {})], repeats=1)
