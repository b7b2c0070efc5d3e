"""The table of the data that is trained on, chosen by and tested on."""

from collections.abc import Sequence

from lionrank.collections.describe import DataSet
from lionrank.paper.first_stages import Printed, grouped
from lionrank.paper.tables.tabular import Table

_MOST_GRADES = 5
"""Columns of grades that fit beside the others; where there are more, judgements are summed up."""


def table(
    datasets: Sequence[DataSet], first_stages: Sequence[Printed] = (), only_pairs: bool = True
) -> Table:
    """Return the counts of data sets, one a row: the labels of training data are their grades.

    `columns` are those of the LaTeX that have numbers, and `grades` those among them; none where
    they would be too many, and `judgements` is there instead. `only_pairs` says whether all
    training data are pairs. Where dev sets and test sets differ in their first stages or the depths
    of these, a row has both, and `first_stages` has each with its sets.
    """
    differing = grouped(first_stages, "label", "depth")
    differing = differing if len(differing) > 1 else []
    ranked = {(each["use"], each["test_set"]): each for each in first_stages}
    grades = sorted({grade for each in datasets for grade in each.grades})
    by_grade = [f"grade_{grade}" for grade in grades]
    rows = [
        {
            "use": each.use,
            "label": each.label,
            "topics": each.topics,
            "judged": each.judged,
            "passages": each.passages,
            "candidates_per_topic": each.candidates,
            **{f"grade_{grade}": each.grades.get(grade) for grade in grades},
            "query_words": each.query_words,
            "passage_words": each.passage_words,
            "judgements": sum(each.grades.values()),
            "first_stage": ranked.get((each.use, each.label), {}).get("label"),
            "depth": ranked.get((each.use, each.label), {}).get("depth"),
        }
        for each in datasets
    ]
    counts, words = ["topics", "judged", "passages"], ["query_words", "passage_words"]
    counts.append("candidates_per_topic")
    few = len(grades) <= _MOST_GRADES
    columns = [*counts, *(by_grade if few and grades else ["judgements"]), *words]
    shown = ["use", "label", *counts, *by_grade, *words]
    return Table(
        rows,
        [*shown, *(["first_stage", "depth"] if differing else [])],
        {
            "columns": columns,
            "grades": grades if few else [],
            "only_pairs": only_pairs,
            "first_stages": differing,
        },
    )
