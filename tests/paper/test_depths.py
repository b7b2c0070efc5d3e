"""What the prose and the figure have of candidates that were cut at several depths."""

import csv
from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.grid import Grid
from lionrank.paper.depths import Deepened, Point, read_depths
from lionrank.paper.results import Score
from tests.support.deepened import write_depths
from tests.support.papers import depths_of, facts_of, prose, source_of
from tests.support.results import BESIDE_OTHERS, GRID, NOTHING_TRAINED, SCENARIOS, experiment
from tests.support.said import Said
from tests.support.worlds import build

CHOSEN = {each.name: 2 for each in GRID.trainings()}
NOTHING = Score(0.0, 0.0, 0.0)


def deepened(*means: float, low: float = 0.0, high: float = 0.0) -> Deepened:
    """Return points of these means, the gain of the last of which has these bounds."""
    scores = [Score(mean, mean, mean) for mean in means]
    gains = [*[NOTHING] * (len(means) - 1), Score((low + high) / 2, low, high)]
    pairs = zip(scores, gains, strict=True)
    return Deepened("x", [Point(10 * place, *pair) for place, pair in enumerate(pairs, start=1)])


@pytest.mark.parametrize(
    ("low", "high", "relation"),
    [(0.1, 0.2, "above"), (-0.2, -0.1, "below"), (-0.1, 0.1, "level with"), (0, 0, "level with")],
)
def test_deeper_is_better_or_worse_where_the_interval_says_so(low, high, relation):
    assert deepened(0.5, 0.5, low=low, high=high).relation == relation


@pytest.mark.parametrize(
    ("means", "is_so"), [((0.4, 0.5), True), ((0.5, 0.5), False), ((0.3, 0.6, 0.5), False)]
)
def test_the_deepest_is_best_where_it_is_above_all_others(means, is_so):
    assert deepened(*means).is_best_at_last == is_so


@pytest.mark.parametrize("grid", [GRID, BESIDE_OTHERS, NOTHING_TRAINED])
def test_trainings_and_checkpoints_of_others_are_read_by_their_names(tmp_path, grid):
    path = write_depths(tmp_path / "depths.csv", grid, CHOSEN, ["pydocs", "more"])
    depths, other = read_depths(path, grid)
    trained = [each.name for each in grid.trainings()]
    others = [each.name for each in grid.systems if each.kind == "checkpoint"]
    assert list(depths.reranked) == [*trained, *others]
    assert [each.name for each in depths.subjects(grid)] == (trained or others)
    assert (depths.first_stage.name, depths.depths, depths.deepest) == ("bm25", [10, 20, 50], 50)
    assert [depths.test_set, other.test_set] == ["pydocs", "more"]


@pytest.mark.parametrize(
    ("line", "changed", "told"),
    [
        (1, {"mean": "x"}, "depths.csv:2: could not convert string to float: 'x'; delete it and"),
        (1, {"depth": "1.5"}, r"depths.csv:2: invalid literal for int"),
        (None, {"system": "best possible"}, "depths.csv: pydocs has no best possible; delete it"),
        (None, {"system": "bm25"}, "depths.csv: pydocs has no bm25; delete it"),
        (None, {"system": "gte_lion_e2"}, "depths.csv: pydocs has no gte_lion; delete it"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, line, changed, told):
    path = write_depths(tmp_path / "depths.csv", GRID, CHOSEN)
    with open(path, newline="") as lines:
        rows = list(csv.DictReader(lines))
    if line is None:
        rows = [row for row in rows if not changed.items() <= row.items()]
    else:
        rows[line - 1] |= changed
    with open(path, "w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(UserError, match=told):
        read_depths(path, GRID)


WORLDS = [
    "made up 0",
    "made up 1",
    "made up 2",
    "made up 3",
    "beside others 1",
    "nothing trained 1",
]


@pytest.mark.parametrize("name", WORLDS)
def test_whether_deeper_is_better_is_said_of_all_that_rerank(tmp_path, name):
    world = build(name, tmp_path)
    here = world.said.find(section="Results", subsection="Deeper candidates")
    subjects = world.depths[0].subjects(world.grid)
    relations = [each.relation for each in subjects]
    gaining, losing = relations.count("above"), relations.count("below")
    counts = {claim.what: claim.count for claim in here.find("count")}
    by_verdict = {
        "systems that gain by depth": gaining,
        "systems that lose by depth": losing,
        "systems that gain or lose by depth": gaining + losing,
    }
    said = {what: count for what, count in counts.items() if what in by_verdict}
    moved = {what: n for what, n in by_verdict.items() if n and what.count("or") == 0}
    assert said == (moved or {"systems that gain or lose by depth": 0})
    verdict = here.one("all", "some", "none")
    if gaining == len(subjects):
        assert (verdict.kind, verdict.words) == ("all", "Deeper is better")
    elif losing == len(subjects):
        assert (verdict.kind, verdict.words) == ("all", "Deeper is worse")
    else:
        assert verdict.kind == ("some" if gaining and losing else "none")
    here.one("best", measure="gain by depth")
    assert [claim.of for claim in here.find(what="best possible")] == [10, 50]
    others = [claim for claim in here if (claim.what or "").endswith("on other test sets")]
    assert len(others) == (2 if len(world.depths) > 1 else 0)


def made(folder: Path, grid: Grid = GRID):
    return experiment(folder, SCENARIOS["made up 2"], grid)


def test_with_ten_candidates_there_is_nothing_deeper_to_tell_of(tmp_path):
    found = made(tmp_path)
    path = write_depths(tmp_path / "flat.csv", GRID, found.chosen, depths=[10])
    text = source_of(facts_of(found, by_depth=read_depths(path, GRID)))
    assert not Said.read(text).find(subsection="Deeper candidates")
    assert r"\subsection{Deeper candidates}" in text and r"\label{fig:depths}" in text


def test_without_candidates_enough_there_is_no_trace_of_depths(tmp_path):
    found = made(tmp_path)
    assert "fig:depths" in prose(facts_of(found, by_depth=depths_of(found)))
    text = prose(facts_of(found, by_depth=[]))
    assert "fig:depths" not in text and "Deeper" not in text
