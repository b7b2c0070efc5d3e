"""The values of a study: read as its table has them, or the line is named that is wrong."""

import csv
import io
from hashlib import sha256

import pytest

from lionrank.errors import UserError
from lionrank.published.scores import read_scores
from lionrank.published.systems import read_systems
from tests.support import published_facts
from tests.support.published_as_measured import LION, STUDY, TABLE2

TABLE = LION / "table.csv"
LINE = "minilm,adamw,1,dl19,ndcg_cut_10,0.7008,printed"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("minilm,adamw,1,dl19,ndcg_cut_10,high,printed", "value is 'high', not a number from 0"),
        ("minilm,adamw,1,dl19,ndcg_cut_10,70.08,printed", "value is '70.08', not a number from 0"),
        ("minilm,adamw,1.5,dl19,ndcg_cut_10,0.7,printed", "epoch is '1.5', not an integer"),
        ("minilms,adamw,1,dl19,ndcg_cut_10,0.7,printed", "model is 'minilms', .* mean 'minilm'"),
        ("minilm,sgd,1,dl19,ndcg_cut_10,0.7,printed", "treatment is 'sgd', .* known: adamw, lion"),
        ("minilm,adamw,1,dl20,ndcg_cut_10,0.7,printed", "test_set is 'dl20', .* known: dl19, "),
        ("minilm,adamw,1,dl19,recip_rank_10,0.7,printed", "metric is 'recip_rank_10', which"),
        ("minilm,adamw,1,dl19,ndcg_cut_10,0.7,print", "source is 'print', .* mean 'printed'"),
        ("minilm,adamw,2,dl19,ndcg_cut_10,0.7,printed", ":8: minilm_adamw_e2 has a value .* one"),
        ("", "no row has ndcg_cut_10 on dl19 of minilm_adamw_e1, source printed; add it"),
    ],
)
def test_a_wrong_row_of_a_study_is_named(tmp_path, wrong, message):
    damaged = tmp_path / "table.csv"
    damaged.write_text(TABLE.read_text().replace(LINE + "\n", wrong + "\n" if wrong else "", 1))
    with pytest.raises(UserError, match=message) as caught:
        read_scores(damaged, STUDY)
    assert str(caught.value).startswith(str(damaged))


def test_an_absent_column_is_named(tmp_path):
    damaged = tmp_path / "table.csv"
    damaged.write_text(TABLE.read_text().replace("source", "account", 1))
    with pytest.raises(UserError, match=r"table\.csv:1: no column source"):
        read_scores(damaged, STUDY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("0.551", ""), r"\.csv:3: ndcg_cut_10 is '', not a number"),
        (("reference", "ref"), r"\.csv:1: no column reference"),
    ],
)
def test_a_damaged_table_of_other_systems_is_named(tmp_path, change, message):
    damaged = tmp_path / "systems.csv"
    damaged.write_text(TABLE2.read_text().replace(*change, 1))
    with pytest.raises(UserError, match=message):
        read_systems(damaged)


def rows(name: str) -> list[dict[str, str]]:
    with open(LION / name, newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def written(names: list[str], table: list[dict[str, str]], end: str) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator=end, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def test_the_values_of_lion_are_to_the_digit_those_of_the_two_files_that_they_are_from():
    """The table as it was printed and the authors' summaries, made again from long rows."""
    published = {row["file"]: row["sha256"] for row in published_facts.rows("checksums.tsv")}
    keys = ("model", "optimizer", "epoch")
    others = {tuple(row[key] for key in keys): row for row in rows("trec_eval_summaries.csv")}
    for source, name, columns in (
        (
            *("printed", "table1_lion_vs_adamw.csv"),
            [*keys, "ndcg_cut_10", "map", "mrr_10", "recall_10", "Rprec", "P_10"],
        ),
        (
            *("files", "authors_trec_eval.csv"),
            [
                *(*keys, "runid", "ndcg_cut_10", "map", "recall_10", "Rprec", "P_10"),
                *("ndcg_cut_5", "recip_rank", "bpref", "mrr_10_qa_v1_1"),
            ],
        ),
    ):
        wide: dict[tuple[str, ...], dict[str, str]] = {}
        for row in rows("table.csv"):
            if row["source"] == source:
                name_of = (row["model"], row["treatment"], row["epoch"])
                of = wide.setdefault(name_of, dict(zip(keys, name_of, strict=True)))
                of[row["metric"]] = row["value"]
        table = [
            {**others[name_of], **of, **dict.fromkeys(columns[-1:], of["recip_rank_10"])}
            if source == "files"
            else {**of, "mrr_10": of["recip_rank_10"]}
            for name_of, of in wide.items()
        ]
        made = written(columns, table, "\r\n" if source == "files" else "\n")
        assert sha256(made.encode()).hexdigest() == published[name]
