"""The console script `lionrank`, run as from a shell."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

LIONRANK = Path(sys.executable).with_name("lionrank")
TOPICS = ("t1", "t2", "t3", "t4", "t5")


def write_qrels(path: Path, judged: dict[str, int], topics=TOPICS) -> None:
    """Write the same judgements for every topic."""
    lines = [f"{qid} 0 {docid} {grade}\n" for qid in topics for docid, grade in judged.items()]
    path.write_text("".join(lines))


def write_run(path: Path, ranks: dict[str, int], relevant: str = "good") -> None:
    """Write twelve documents a topic, of which the relevant one has the given rank."""
    lines = [
        f"{qid} Q0 {relevant if rank == wanted else f'd{rank}'} {rank} {-rank} tag-of-{path.stem}\n"
        for qid, wanted in ranks.items()
        for rank in range(1, 13)
    ]
    path.write_text("".join(lines))


@pytest.fixture
def folder(tmp_path) -> Path:
    """Qrels and two run files; in A the relevant document comes first, in B later and later."""
    write_qrels(tmp_path / "qrels.txt", {"good": 2})
    write_run(tmp_path / "a.trec", dict.fromkeys(TOPICS, 1))
    write_run(tmp_path / "b.trec", {"t1": 1, "t2": 2, "t3": 4, "t4": 5, "t5": 12})
    return tmp_path


@pytest.fixture
def lionrank(folder):
    """Run `lionrank` in the folder with the arguments of a command line."""

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [LIONRANK, *shlex.split(line)], cwd=folder, text=True, capture_output=True
        )

    return run


def printed(done: subprocess.CompletedProcess[str]) -> dict[str, list[float]]:
    """Return the numbers before the note of each line below the heading, by the line's name."""
    assert done.returncode == 0, done.stderr
    _, _, body = done.stdout.partition("\n\n")
    rows = re.findall(r"^ *(\S.*?)  +(\S+(?:  to \S+)?)", body, re.MULTILINE)
    return {name: [float(n) for n in re.findall(r"[-+]?[\d.e-]+", text)] for name, text in rows}


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the error that ended a command."""
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


# lionrank evaluate


def test_evaluate_prints_the_lines_of_trec_eval(lionrank):
    lines = lionrank("evaluate qrels.txt b.trec").stdout.splitlines()
    assert "recip_rank            \tt3\t0.2500" in lines
    assert "num_q                 \tall\t5" in lines
    assert "recip_rank            \tall\t0.4067" in lines  # 1, 1/2, 1/4, 1/5 and 1/12
    assert "runid                 \tall\ttag-of-b" in lines


@pytest.mark.parametrize("option", ["-l", "--level"])
def test_evaluate_takes_the_least_relevant_grade(lionrank, option):
    assert "map                   \tall\t1.0000\n" in lionrank("evaluate qrels.txt a.trec").stdout
    at_three = lionrank(f"evaluate {option} 3 qrels.txt a.trec").stdout
    assert "map                   \tall\t0.0000\n" in at_three


@pytest.mark.parametrize("option", ["-c", "--complete"])
def test_evaluate_counts_topics_that_the_run_file_lacks_when_asked(folder, lionrank, option):
    write_run(folder / "some.trec", {"t1": 1, "t2": 1})
    assert (
        "map                   \tall\t1.0000\n" in lionrank("evaluate qrels.txt some.trec").stdout
    )
    complete = lionrank(f"evaluate {option} qrels.txt some.trec").stdout
    assert "map                   \tall\t0.4000\n" in complete


def test_evaluate_ends_without_a_word_when_its_reader_does(folder):
    topics = [f"t{number}" for number in range(2_000)]
    write_qrels(folder / "qrels.txt", {"good": 1}, topics)
    write_run(folder / "a.trec", dict.fromkeys(topics, 1))
    line = f"set -o pipefail; {shlex.quote(str(LIONRANK))} evaluate qrels.txt a.trec | head -1"
    done = subprocess.run(["bash", "-c", line], cwd=folder, text=True, capture_output=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
    assert done.returncode == 128 + 13  # as of any program that SIGPIPE ended


# lionrank compare


def test_compare_prints_what_was_worked_out_by_hand(lionrank):
    # Differences of 0, 1/2, 3/4, 4/5 and 11/12. Only when all have one sign, of which that of 0 is
    # free, is the sum as far from zero: 4 of 32 assignments.
    done = lionrank("compare -m recip_rank qrels.txt a.trec b.trec")
    figures = printed(done)
    assert figures["mean of A"] == [1]
    assert figures["mean of B"] == [0.4067]
    assert figures["A - B"] == [0.5933]
    assert figures["randomization test"] == [0.125]
    # The mean is 0.5933 and the standard deviation 0.3649, so t is 3.636 with 4 degrees of freedom.
    assert figures["paired t-test"] == [0.0220]
    assert figures["effect size"] == [1.63]
    assert [figures[name] for name in ("A wins", "ties", "B wins")] == [[4], [1], [0]]
    low, high = figures["95% interval"]
    assert 0.2 < low < 0.5933 < high < 11 / 12
    assert "all 32 assignments of signs" in done.stdout
    assert done.stdout.startswith(
        "recip_rank over the 5 topics of qrels.txt, relevant from grade 1\nA = a.trec\nB = b.trec\n"
    )


def test_compare_shows_values_in_one_column(lionrank):
    rows = lionrank("compare qrels.txt a.trec b.trec").stdout.partition("\n\n")[2].splitlines()
    ends = {re.match(r" *\S.*?  +\S+", row).end() for row in rows}
    assert len(rows) > 8
    assert ends == {28}


def test_compare_takes_ndcg_at_ten_unless_told(lionrank):
    done = lionrank("compare qrels.txt a.trec b.trec")
    assert done.stdout.startswith("ndcg_cut_10 over the 5 topics of qrels.txt, by the grades\n")
    # 1, 1 / log2(3), 1 / log2(5), 1 / log2(6), and 0 for the one at rank 12
    assert printed(done)["mean of B"] == [0.4897]


def test_compare_counts_reciprocal_ranks_down_to_ten(lionrank):
    figures = printed(lionrank("compare --metric recip_rank_10 qrels.txt a.trec b.trec"))
    assert figures["mean of B"] == [0.39]  # 1, 1/2, 1/4, 1/5 and 0


def test_compare_takes_the_least_relevant_grade(folder, lionrank):
    write_qrels(folder / "qrels.txt", {"good": 2, "d2": 1})
    at_one, at_two = (
        printed(lionrank(f"compare -m P_5 -l {level} qrels.txt a.trec b.trec")) for level in (1, 2)
    )
    assert (at_one["mean of A"], at_two["mean of A"]) == ([0.4], [0.2])


def test_compare_counts_absent_topics_as_zero_and_says_how_many(folder, lionrank):
    write_run(folder / "some.trec", {"t1": 1, "t2": 1, "t9": 1})
    done = lionrank("compare -m map qrels.txt some.trec a.trec")
    assert printed(done)["mean of A"] == [0.4]
    assert printed(done)["mean of B"] == [1]
    assert "A = some.trec (lacks 3 of the topics, which count as 0)\nB = a.trec\n" in done.stdout


def test_compare_draws_as_many_signs_as_told_from_the_seed_told(folder, lionrank):
    topics = {f"t{number}": 1 if number % 5 < 3 else 2 for number in range(43)}
    write_qrels(folder / "qrels.txt", {"good": 1}, topics)
    write_run(folder / "a.trec", topics)
    write_run(folder / "b.trec", {qid: 3 - rank for qid, rank in topics.items()})
    command = "compare -m recip_rank --permutations 999 --seed {} qrels.txt a.trec b.trec"
    first, again, other = (lionrank(command.format(seed)) for seed in (1, 1, 2))
    assert "999 random assignments of signs (seed 1)" in first.stdout
    assert again.stdout == first.stdout
    assert printed(other)["randomization test"] != printed(first)["randomization test"]


def test_compare_shows_how_small_a_small_p_value_is(folder, lionrank):
    topics = [f"t{number}" for number in range(43)]
    write_qrels(folder / "qrels.txt", {"good": 1}, topics)
    write_run(folder / "a.trec", dict.fromkeys(topics, 1))
    write_run(folder / "b.trec", {qid: 2 + place % 5 for place, qid in enumerate(topics)})
    done = lionrank("compare qrels.txt a.trec b.trec")
    assert "100,000 random assignments of signs (seed 12)" in done.stdout
    figures = printed(done)
    assert figures["randomization test"] == [1.0e-05]  # 1 of 100,001
    assert 0 < figures["paired t-test"][0] < 1e-20


def test_a_run_file_does_not_differ_from_itself(lionrank):
    figures = printed(lionrank("compare qrels.txt b.trec b.trec"))
    assert figures["A - B"] == figures["95% interval"][:1] == [0]
    assert figures["randomization test"] == figures["paired t-test"] == [1]
    assert [figures[name] for name in ("A wins", "ties", "B wins")] == [[0], [5], [0]]


def test_compare_names_the_metrics_when_it_is_given_none_of_them(lionrank):
    error = one_line(lionrank("compare -m ndcg@10 qrels.txt a.trec b.trec"))
    assert "'ndcg@10'" in error
    assert all(f" {name}" in error for name in ("ndcg_cut_10", "map", "P_10", "recip_rank_10"))
    assert "num_rel" not in error


def test_one_topic_cannot_be_compared(folder, lionrank):
    write_qrels(folder / "qrels.txt", {"good": 2}, ["t1"])
    assert "evaluate two or more" in one_line(lionrank("compare qrels.txt a.trec b.trec"))


# Both


@pytest.mark.parametrize(
    "line",
    [
        "evaluate {} a.trec",
        "evaluate qrels.txt {}",
        "compare qrels.txt a.trec {}",
    ],
)
@pytest.mark.parametrize("name", ["absent.txt", "a-folder"])
def test_a_file_that_cannot_be_read_is_named_in_one_line(folder, lionrank, line, name):
    (folder / "a-folder").mkdir()
    error = one_line(lionrank(line.format(name)))
    assert error.startswith(f"lionrank: {name}")
    assert "[Errno" not in error


def test_a_bad_line_is_named_with_its_file(folder, lionrank):
    (folder / "b.trec").write_text("t1 Q0 good 1 high tag\n")
    assert "b.trec:1: " in one_line(lionrank("compare qrels.txt a.trec b.trec"))


def test_a_run_file_of_another_test_set_is_named(folder, lionrank):
    write_run(folder / "b.trec", {"u1": 1, "u2": 1})
    error = one_line(lionrank("compare qrels.txt a.trec b.trec"))
    assert "b.trec and qrels.txt share no topic" in error


@pytest.mark.parametrize("option", ["-l two", "--permutations 0", "--seed -1"])
def test_a_number_that_cannot_be_is_refused(lionrank, option):
    done = lionrank(f"compare {option} qrels.txt a.trec b.trec")
    assert done.returncode == 2
    assert f"argument {option.split()[0]}" in done.stderr


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_the_examples_in_the_help_work(folder, lionrank, command):
    for name in ("bm25", "lion", "adamw"):
        (folder / f"{name}.trec").write_text((folder / "b.trec").read_text())
    _, _, examples = lionrank(f"{command} --help").stdout.partition("examples:")
    lines = re.findall(r"^  (lionrank .+)", examples, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", f'PATH="{LIONRANK.parent}:$PATH"; {line}'],
            cwd=folder,
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout and done.stderr == ""


# lionrank status


def write_prepared_training(folder: Path) -> None:
    """Write what a training has that is not begun."""
    (folder / "checkpoints" / "minilm_lion_e0").mkdir(parents=True)


@pytest.mark.parametrize("line", ["status", "status .", "status runs/demo"])
def test_status_lists_the_trainings_of_the_directory_or_of_the_current_one(folder, lionrank, line):
    write_prepared_training(folder / "runs" / "demo" if "demo" in line else folder)
    done = lionrank(line)
    assert (done.returncode, done.stderr) == (0, "")
    heading, row, _, totals = done.stdout.splitlines()
    assert heading.split() == ["training", "epoch", "step", "loss", "examples/s", "ends", "state"]
    assert row.split() == ["minilm_lion", "-", "-", "-", "-", "-", "not", "begun"]
    assert totals == "1 not begun"


@pytest.mark.parametrize("directory", ["", "absent", "qrels.txt"])
def test_status_without_trainings_says_so_in_one_line(lionrank, directory):
    error = one_line(lionrank(f"status {directory}"))
    assert error.startswith(f"lionrank: no trainings in {directory or '.'}: ")


def test_the_help_names_the_commands(lionrank):
    told = lionrank("--help").stdout
    assert all(f"    {command} " in told for command in ("rerank", "evaluate", "compare", "status"))


@pytest.mark.parametrize(
    ("line", "slow"), [("compare qrels.txt a.trec b.trec", set()), ("status", {"pandas"})]
)
def test_neither_torch_nor_snakemake_is_imported(folder, line, slow):
    write_prepared_training(folder)
    code = (
        "import sys; from lionrank.cli import main; "
        f"sys.argv[1:] = {line.split()}; main(); "
        f"print(sorted({slow | {'torch', 'transformers', 'snakemake'}} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, text=True, capture_output=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
