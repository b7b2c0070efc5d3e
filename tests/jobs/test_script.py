"""What a script leaves in its log: its output, and a last line that says what went wrong."""

import ast
import subprocess
import sys

import pytest

from tests.support.rule_scripts import SCRIPTS


def run(body, log, output=()):
    code = f"""
import os, types
from lionrank.errors import UserError
from lionrank.jobs.script import begin, end
job = types.SimpleNamespace(
    log=[{str(log)!r}], input=[], output={[*output]!r}, params={{}}, rule="any"
)
begin(job)
{body}
end(job)
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_output_of_the_process_and_its_children_goes_to_the_log(tmp_path):
    log = tmp_path / "logs" / "rule.log"
    told = run("print('one'); os.system('echo two; echo three >&2')", log)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    assert log.read_text() == "one\ntwo\nthree\n"


def test_a_mistake_of_the_users_is_the_last_line_without_a_traceback(tmp_path):
    log = tmp_path / "rule.log"
    told = run("raise UserError('topics.tsv:3: no text; give it a query')", log)
    assert told.returncode == 1
    assert log.read_text() == "error: topics.tsv:3: no text; give it a query\n"


@pytest.mark.parametrize("error", ["ValueError('ours')", "KeyError('ours')"])
def test_any_other_error_leaves_its_traceback(tmp_path, error):
    log = tmp_path / "rule.log"
    assert run(f"raise {error}", log).returncode == 1
    assert "Traceback" in log.read_text()
    assert "ours" in log.read_text().splitlines()[-1]


@pytest.mark.parametrize("ending", ["exit()", "import sys; sys.exit()", "raise SystemExit(0)"])
@pytest.mark.parametrize("made", [True, False])
def test_a_job_that_a_library_ends_before_it_is_done_has_failed(tmp_path, ending, made):
    log, output = tmp_path / "rule.log", tmp_path / "half"
    if made:
        output.touch()
    body = f"print('triton is not installed'); {ending}"
    assert run(body, log, [str(output)]).returncode == 1
    told = log.read_text().splitlines()
    assert told[0] == "triton is not installed"
    assert told[1].startswith("error: a library has ended the job by exit() before it was done")


def test_an_import_that_fails_leaves_its_traceback(tmp_path):
    log = tmp_path / "rule.log"
    assert run("import lionrank.no_such_module", log).returncode == 1
    assert log.read_text().startswith("Traceback")
    assert "no_such_module" in log.read_text().splitlines()[-1]


def test_the_log_of_a_killed_job_has_what_it_printed(tmp_path):
    log = tmp_path / "rule.log"
    told = run("print('step 5'); os.kill(os.getpid(), 9)", log)
    assert (told.returncode, log.read_text()) == (-9, "step 5\n")


def test_what_a_killed_job_left_of_its_scratch_is_removed_and_named_when_it_is_repeated(tmp_path):
    log, output = tmp_path / "rule.log", tmp_path / "index"
    others = [tmp_path / ".index.json.7.partial", tmp_path / ".index.7", tmp_path / "index.8"]
    for path in others:
        path.touch()
    killed = """
from lionrank.files import atomic_write, scratch_folder
with scratch_folder({0!r}) as folder, atomic_write({0!r}) as handle:
    (folder / "large").write_text("large")
    os.kill(os.getpid(), 9)
"""
    assert run(killed.format(str(output)), log, [str(output)]).returncode == -9
    left = {*tmp_path.iterdir()} - {*others, log}
    assert len(left) == 2
    assert run(f"open({str(output)!r}, 'w')", log, [str(output)]).returncode == 0
    assert {*tmp_path.iterdir()} == {*others, log, output}
    told = {f"Removed {path}, which a job that was killed had left." for path in left}
    assert {*log.read_text().splitlines()} == told


def test_scratch_that_cannot_be_removed_is_named_and_stops_nothing(tmp_path):
    log, output = tmp_path / "rule.log", tmp_path / "index"
    left = tmp_path / ".index.7.partial"
    left.symlink_to(tmp_path)  # which is not followed
    assert run(f"open({str(output)!r}, 'w')", log, [str(output)]).returncode == 0
    assert log.read_text().startswith(f"{left}, which a job that was killed had left, could not be")
    assert left.is_symlink()


def test_a_bar_does_not_fill_the_log(tmp_path):
    log = tmp_path / "rule.log"
    body = "import time; from tqdm import tqdm; [time.sleep(0.01) for _ in tqdm(range(100))]"
    assert run(body, log).returncode == 0
    # Its begin and its end, and none of the ten redrawings a second of a terminal.
    assert log.read_text().count("%|") == 2


@pytest.mark.parametrize("script", sorted(SCRIPTS.rglob("*.py")), ids=lambda path: path.stem)
def test_every_script_checks_what_it_reads_and_records_what_it_made(script):
    body = ast.parse(script.read_text()).body
    calls = [ast.unparse(each) for each in body if isinstance(each, ast.Expr)]
    assert "begin(snakemake)" in calls[:2]
    assert ast.unparse(body[-1]).startswith(("end(snakemake)", "end(snakemake, "))


def test_a_line_that_is_announced_is_in_the_log_and_on_the_terminal(tmp_path):
    log = tmp_path / "rule.log"
    body = "from lionrank.jobs.script import announce\nprint('one')\nannounce('two')"
    told = run(body, log)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "two\n")
    assert log.read_text() == "one\ntwo\n"
