"""The published per-query values: read as they were published, or the damaged line is named."""

import csv
from hashlib import sha256
from statistics import fmean

import pytest

from lionrank.errors import UserError
from lionrank.grid import checkpoint_name
from lionrank.published.per_query import LABELS, read
from tests.support import published_facts
from tests.support.accounts import CELLS
from tests.support.published_topics import TOPICS, VALUES

LINES = VALUES.read_text().splitlines(keepends=True)
SUMMARIES = VALUES.with_name("trec_eval_summaries.csv")
FIRST = "minilm,adamw,1,1037798,0.1522,"


def test_our_copy_is_faithful():
    copies = {row["file"]: row["sha256"] for row in published_facts.rows("checksums.tsv")}
    assert sha256(VALUES.read_bytes()).hexdigest() == copies[VALUES.name]


def test_every_checkpoint_has_the_same_topics():
    topics: dict[str, set[str]] = {}
    for row in TOPICS:
        topics.setdefault(row.checkpoint, set()).add(row.qid)
    trainings = ("minilm_adamw", "minilm_lion", "gte_adamw", "gte_lion")
    assert [*topics] == [f"{training}_e{epoch}" for training in trainings for epoch in (1, 2, 3)]
    assert {len(each) for each in topics.values()} == {43}
    assert len({frozenset(each) for each in topics.values()}) == 1


def test_a_row_has_the_values_of_its_line():
    first = TOPICS[0]
    assert (first.checkpoint, first.qid) == ("minilm_adamw_e1", "1037798")
    assert first.values == dict(zip(LABELS, (0.1522, 0.2, 0.2, 0.2308, 0.2, 0.1302), strict=True))


def test_the_means_are_those_of_the_summaries_to_their_rounding():
    with open(SUMMARIES, encoding="utf-8") as handle:
        summaries = {
            checkpoint_name(f"{row['model']}_{row['optimizer']}", int(row["epoch"])): row
            for row in csv.DictReader(handle)
        }
    for checkpoint in dict.fromkeys(row.checkpoint for row in TOPICS):
        topics = [row.values for row in TOPICS if row.checkpoint == checkpoint]
        for metric in LABELS.keys() - {"P_5"}:  # of which the summaries are not kept
            mean = fmean(values[metric] for values in topics)
            # Both the values and the mean were printed with four decimals.
            found = CELLS.get((metric, checkpoint), ("", summaries[checkpoint].get(metric)))[1]
            assert mean == pytest.approx(float(found), abs=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("bpref", "b"), r"csv:1: no column bpref"),
        (
            (FIRST, "minilm,adamw,1,1037798,high,"),
            r"csv:2: map is 'high', not a number from 0 to 1",
        ),
        ((FIRST, "minilm,adamw,1,1037798,1.5,"), r"csv:2: map is '1.5', not a number from 0 to 1"),
        ((FIRST, "minilm,adamw,1,1037798,nan,"), r"csv:2: map is 'nan', not a number"),
        ((FIRST, "minilm,adamw,one,1037798,0.1,"), r"csv:2: epoch is 'one', not an integer"),
        ((FIRST, "minilm,adamw,1,104861,0.1,"), r"csv:3: minilm_adamw_e1 has topic 104861 already"),
        ((FIRST, "minilm,adamw,1,7,0.1,"), r"csv: minilm_adamw_e1 lacks topic 1037798"),
        ((FIRST, "minilm,adamw,1,"), r"csv:2: expected 10 cells, found 8"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, change, message):
    damaged = tmp_path / VALUES.name
    damaged.write_text("".join(LINES).replace(*change, 1))
    with pytest.raises(UserError, match=message) as error:
        read(damaged)
    assert "restore the file" in str(error.value)


def test_a_file_without_rows_is_refused(tmp_path):
    (tmp_path / "empty.csv").write_text(LINES[0])
    with pytest.raises(UserError, match=r"empty\.csv has no row"):
        read(tmp_path / "empty.csv")
