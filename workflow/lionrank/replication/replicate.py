"""The checkpoints that others published beside the values that they published of them.

Which epoch a repository holds is not always known. It is taken for that of the published row that
it reproduces: no value may differ by more than `TOLERANCE`. There may be several, or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lionrank import trec
from lionrank.measures import Measure
from lionrank.published.scores import PublishedScores, parts
from lionrank.published.study import Study
from lionrank.replication.variants import OTHER_PRECISION, VARIANTS, Variant, means, tied
from lionrank.trec import Qrels, Run
from lionrank.wording import DIGITS

TOLERANCE = 0.005
"""Of any value. On the 43 topics of DL 2019 a relevant passage that leaves the first ten of a topic
moves P@10 by 0.0023, and rounding may move several."""


@dataclass(frozen=True)
class RerankedSet:
    """Judgements and first stage of the test set on which measures were published, or its stand-in.

    `name` is that of the published one. The first stage is None where there is none.
    """

    name: str
    qrels: Qrels
    first_stage: Run | None


Passes = Mapping[tuple[str, str], tuple[Path, Path]]
"""The run files of a system on a test set: as the config has it score, and in another precision."""


def replicate(
    systems: Mapping[str, Mapping[str, Any]],
    passes: Passes,
    test_sets: Sequence[RerankedSet],
    published: Mapping[str, PublishedScores],
    study: Study,
    depth: int,
) -> dict[str, Any]:
    """Return what each system reaches in each variant, and how far that is from each row.

    Args:
        systems: what the result says of each; `model` is that of the rows it may be.
        passes: by the name of the system and that of the published test set.
        test_sets: those on which anything was published.
        published: the accounts of the published values, with the digits of print.
        study: which published them.
        depth: of the first stages at most; variants of a depth that is not less are left out.

    Raises:
        UserError: a run file is damaged, or ranks other passages in the other precision.
    """
    measures = [
        measure
        for test_set in test_sets
        for measure in next(iter(published.values()))
        if measure.test_set == test_set.name
    ]
    tried = {name: each for name, each in VARIANTS.items() if (each.depth or 0) < depth}
    found = []
    for name, entry in systems.items():
        reached = _reached(name, passes, test_sets, measures, tried)
        rows = [
            _row(table, checkpoint, values, reached)
            for table, scores in published.items()
            for checkpoint, values in _of_model(scores, measures, entry["model"]).items()
        ]
        variants = [{"variant": variant, **values} for variant, values in reached.items()]
        found.append({"name": name, **entry, "variants": variants, "rows": rows})
    return {
        "tolerance": TOLERANCE,
        "study": study.name,
        "tables": dict(study.accounts),
        "labels": {name: study.label_of(name) for name in (*study.models, *study.treatments)},
        "measures": list(map(asdict, measures)),
        "systems": found,
    }


def _reached(
    system: str,
    passes: Passes,
    test_sets: Sequence[RerankedSet],
    measures: Sequence[Measure],
    tried: Mapping[str, Variant],
) -> dict[str, dict[str, list[float]]]:
    """Return, by variant, a value of each measure and the share of ties on each test set."""
    found: dict[str, dict[str, list[float]]] = {key: {"values": [], "tied": []} for key in tried}
    for test_set in test_sets:
        metrics = [each.metric for each in measures if each.test_set == test_set.name]
        first_pass, second_pass = passes[system, test_set.name]
        ours = _read(first_pass, system)
        other = _read(second_pass, system, like=ours)
        for key, variant in tried.items():
            run = variant.ranked(other if key == OTHER_PRECISION else ours, test_set.first_stage)
            values = means(variant, run, test_set.qrels, metrics)
            found[key]["values"] += [round(value, DIGITS) for value in values]
            found[key]["tied"].append(tied(run))
    return found


def _read(path: Path, system: str, like: Run | None = None) -> Run:
    """Read a system's run file, which has the passages of `like`, if that is given."""
    run, tag = trec.read_run(path)
    passages = {qid: set(ranking) for qid, ranking in (like or run).items()}
    trec.check_ranks(run, tag, path, system, passages)
    return run


def _of_model(
    scores: PublishedScores, measures: Sequence[Measure], model: str
) -> dict[str, list[float]]:
    """Return the published values of a model's checkpoints, in the order of the measures."""
    names = [name for name in scores[measures[0]] if parts(name)[0] == model]
    return {name: [scores[measure][name] for measure in measures] for name in names}


def _row(
    table: str,
    checkpoint: str,
    values: Sequence[float],
    reached: Mapping[str, Mapping[str, Sequence[float]]],
) -> dict[str, Any]:
    """Return a published row, and by variant the largest difference between ours and its values."""
    distances = {
        variant: round(
            max(abs(ours - theirs) for ours, theirs in zip(each["values"], values, strict=True)),
            DIGITS,
        )
        for variant, each in reached.items()
    }
    return {
        "table": table,
        "checkpoint": checkpoint,
        "values": list(values),
        "distances": distances,
    }
