"""Whether a claim of the paper is what the tables of its world say."""

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from lionrank.evaluation.significance import POWER
from lionrank.grid import checkpoint_name
from lionrank.measures import GRADED, LEVEL, METRICS, PRIMARY, Measure
from lionrank.published.per_query import LABELS
from tests.support.accounts import CELLS, stands
from tests.support.amounts import PUBLISHED, Amounts, study
from tests.support.papers import NOTE, TABLE1, relation
from tests.support.published_as_measured import STUDY
from tests.support.said import ORDERS, Claim, check_words, numbers, seconds
from tests.support.worlds import World

EFFORTS = {
    "peak_memory_bytes": "Peak memory",
    "examples_per_second": "Examples",
    "energy_joules": "GPU energy",
}
"""The heads of the table of efficiency."""
_OF_LISTS = {"Examples": "Passages"}
"""Where examples have several passages."""
LAST_DIGIT = 0.5001e-4


def check(claim: Claim, world: World) -> None:
    """Check that a claim is true in a world and its words agree; an unknown one is an error."""
    try:
        check_words(claim, world.grid)
        _check(claim, Truths(world))
    except AssertionError as error:
        raise AssertionError(f"{claim.section}: {dict(claim.named)}\n{error}") from error


def _check(claim: Claim, truths: "Truths") -> None:
    if claim.kind in ORDERS:
        truths.check_order(claim)
    elif claim.kind == "best":
        truths.check_best(claim)
    elif claim.kind == "value":
        truths.check_value(claim)
    elif claim.kind == "verdict":
        (published,) = [each for each in truths.world.decided if each["id"] == claim.claim]
        assert claim.verdict == published["ours"]["verdict"]
    elif claim.kind == "absent":
        truths.check_absence(claim)
    else:
        truths.check_amount(claim)


class Truths(Amounts):
    """What the tables of a world say."""

    _OF_TUNING: ClassVar = {
        "tuned mean": "left_mean",
        "untuned mean": "right_mean",
        "tuning p": "p_holm",
        **{f"tuning {key}": key for key in ("difference", "low", "high")},
    }

    def check_order(self, claim: Claim) -> None:
        if claim.models is None:
            pairs = [[self.mean(side, claim) for side in (claim.left, claim.right)]]
        else:
            pairs = [self._pair(claim, model) for model in claim.models]
        assert [relation(*pair) for pair in pairs] == [claim.kind] * len(pairs)
        if claim.significant:
            pair = (claim.left, claim.right)
            assert all(self.significant_duels(pair)[model] for model in claim.models)

    def mean(self, system: str, claim: Claim) -> float:
        """Return the printed mean of a system in the measure that a claim names.

        The system may be a training, at the epoch that development data chose, or "best".
        """
        scores = self._scores_in(claim)
        if system == "best":
            return max(scores[name] for name in self.world.checkpoints)
        if system in self.world.made.chosen:
            system = checkpoint_name(system, self.world.made.chosen[system])
        return scores[system]

    def _scores_in(self, claim: Claim) -> dict[str, float]:
        """Return the printed means of all systems in the measure that a claim names."""
        test_set, metric = claim.test_set or self.world.primary, claim.measure or PRIMARY
        if (test_set, metric) == (self.world.primary, PRIMARY):
            return self.world.printed
        results = self.world.made.results
        level = None if metric == GRADED else results.layout.test_sets[test_set].level
        found = results.scores[Measure(test_set, metric, level)]
        return {name: score.mean for name, score in found.items()}

    def _pair(self, claim: Claim, model: str) -> list[float]:
        sides = [f"{model}_{optimizer}" for optimizer in (claim.left, claim.right)]
        if (claim.measure, claim.epoch) == (PRIMARY, "chosen"):
            return [round(self._in_contrast(side, "mean"), 4) for side in sides]
        if (claim.measure, claim.epoch) == (PRIMARY, "best"):
            return [max(self.scores(side).values()) for side in sides]
        if claim.measure in EFFORTS:
            cells = self.efforts(claim.measure)
            return [float(cells[side]) for side in sides]
        return [self.logged(claim.measure, side) for side in sides]

    def _in_contrast(self, training: str, key: str) -> Any:
        """Return what the contrast of Lion and AdamW at the chosen epochs has of a side of it."""
        contrast = self.world.duel_of(training)
        (side,) = [s for s in ("left", "right") if contrast[s]["training"] == training]
        return contrast[f"{side}_{key}"]

    def efforts(self, measure: str) -> dict[str, str] | None:
        """Return a column of the table of efficiency; None where it is not there."""
        heads = {head.strip(): column for head, column in self.world.efforts.items()}
        return heads.get(EFFORTS[measure], heads.get(_OF_LISTS.get(EFFORTS[measure])))

    def check_best(self, claim: Claim) -> None:
        systems = set(claim.systems)
        if claim.measure == "published best score":
            leads = {model: max(values, key=values.get) for model, values in study().items()}
            assert set(claim.on) == {m for m, leader in leads.items() if {leader} == systems}
            return
        if claim.measure == "expected best score with any number of trials":
            assert systems == {name for names in self.always_ahead().values() for name in names}
            return
        if " edge of " in claim.measure or claim.measure == "choices below the untuned settings":
            assert systems == {name for name, is_so in self.items(claim.measure).items() if is_so}
            return
        of_front = {"cost on the front": (0, min), "score on the front": (1, max)}
        if claim.measure == "cost and score":
            assert systems == self.front().keys()
        elif claim.measure in of_front:
            place, best = of_front[claim.measure]
            values = {name: point[place] for name, point in self.front().items()}
            assert {values[name] for name in systems} == {best(values.values())}
        else:
            found: dict[str, Callable[[], dict[str, float]]] = {
                "selection_bias": self.selection_bias,
                "highest deviation over seeds": self.deviations,
                "lowest deviation over seeds": lambda: {
                    name: -deviation for name, deviation in self.deviations().items()
                },
                "published score": lambda: PUBLISHED,
                "our score among published systems": self.chosen,
                "score of systems of others": lambda: self.world.others_printed,
                "gain by depth": lambda: {
                    each.name: each.points[-1].gain.mean for each in self.by_depth()
                },
                "chosen epoch of a model": lambda: {
                    name: score
                    for name, score in self.chosen().items()
                    if name.split("_")[0] == claim.systems[0].split("_")[0]
                },
            }
            values = found.get(claim.measure, lambda: self._of_checkpoints(claim))()
            assert systems == {n for n, value in values.items() if value == max(values.values())}

    def _of_checkpoints(self, claim: Claim) -> dict[str, float]:
        scores = self._scores_in(claim)
        return {name: scores[name] for name in self.world.checkpoints if name in scores}

    def check_amount(self, claim: Claim) -> None:
        items = self.items(claim.what, claim)
        those = {item for item, is_so in items.items() if is_so}
        named = claim.models or claim.measures
        if claim.kind == "count":
            assert (claim.count, claim.total) == (len(those), len(items))
        elif claim.kind == "some":
            assert 0 < len(those) < len(items)
            assert named is None or set(named) == those
        elif claim.kind == "all":
            assert those == items.keys()
        else:
            # Where some are named for being none of them, they are all such.
            assert items.keys() - those == (set(named) if named else items.keys())

    def check_absence(self, claim: Claim) -> None:
        absent = {
            "tests of costs": not self.world.said.find(
                what="significant optimizers", subsection=claim.subsection
            ),
            "our trainings among published systems": self.world.primary != "dl19",
            "evidence on the published study": self.world.others.get("note", NOTE) is not None,
        }
        assert absent[claim.what]

    def check_value(self, claim: Claim) -> None:
        if claim.what == "published claims that do not hold":
            failing = [
                each["id"]
                for each in self.world.decided
                if each["published"]["printed"]["verdict"] == "does not hold"
            ]
            assert re.split(", | and ", claim.words) == failing
        elif claim.what == "claims with another verdict by the files":
            changed = self.items(claim.what)
            assert re.split(", | and ", claim.words) == [name for name in changed if changed[name]]
        elif claim.what.startswith("trainings with values "):
            agreement = claim.what.removeprefix("trainings with values ")
            for metric in claim.of:
                trainings = dict.fromkeys(
                    "{} with {}".format(*(STUDY.label_of(part) for part in name.split("_")[:2]))
                    for (key, name), texts in CELLS.items()
                    if METRICS[key] == metric and stands(*texts) == agreement
                )
                assert re.split(", | and ", claim.words) == list(trainings)
        elif claim.what in ("repeated seconds", "least device time", "most device time"):
            truth = self._seconds(claim)
            assert seconds(claim.words) == pytest.approx(truth, abs=0.5)
        elif "<" in claim.words:
            assert claim.what in ("p", "published p", "tested p", "contrast p", "tuning p")
            assert numbers(claim.words) == [1e-4]
            assert self.value(claim.what, claim.of, claim) < 1e-4
        else:
            truth = self.value(claim.what, claim.of, claim)
            printed = truth if isinstance(truth, list) else [truth]
            assert numbers(claim.words) == pytest.approx(printed, abs=LAST_DIGIT)
            assert "-0.0000" not in claim.words

    def value(self, what: str, of: Any, claim: Claim) -> float | list[float]:
        """Return what a value of this name is of a system, or of two or of their contrast."""
        if "published" in what and what != "published score":
            return self._of_published(what, claim)
        if what.startswith("contrast "):
            key = what.removeprefix("contrast ")
            return self.contrast(claim)["p_holm" if key == "p" else key]
        if what.startswith("tested "):
            key = what.removeprefix("tested ")
            return self.by_average(claim, *of)["p_holm" if key == "p" else key]
        if isinstance(of, list) and claim.measure:
            assert what == "difference"
            left, right = (self.mean(side, claim) for side in of)
            return left - right
        if what == "last epoch":
            (last,) = {max(self.scores(training)) for training in of}
            return last
        if what in self._OF_TUNING:
            return self.world.tuning(*of)[self._OF_TUNING[what]]
        if what in ("lesson", "margin of a lesson"):
            difference = self.lesson(*of)
            return difference if what == "lesson" else abs(difference)
        if isinstance(of, list):
            contrast = self.world.duel_of(of[0])
            assert [contrast[side]["training"] for side in ("left", "right")] == of
            return contrast["p_holm" if what == "p" else what]
        if what in ("loss", "held_out", "grad_norm"):
            return self.logged(what, of)
        printed, first_stage = self.world.printed, self.world.first_stage
        gains = {"gain by depth": "mean", "low of gain by depth": "low"}
        if bound := (gains | {"high of gain by depth": "high"}).get(what):
            (gain,) = [each.points[-1].gain for each in self.by_depth() if each.name == of]
            return getattr(gain, bound)
        found: dict[str, Callable[[], float | list[float]]] = {
            "best possible": lambda: {
                point.depth: point.score.mean for point in self.world.depths[0].ceiling.points
            }[of],
            "mean": lambda: self.mean(of, claim),
            f"margin over {first_stage}": lambda: abs(printed[of] - printed[first_stage]),
            "margin over the best checkpoint": lambda: abs(
                printed[of] - max(self.world.checkpoints.values())
            ),
            "differences to systems of others": lambda: len(self.significant("systems")),
            "chosen mean": lambda: self._in_contrast(of, "mean"),
            "chosen epochs": lambda: sorted(set(self._in_contrast(of, "epochs"))),
            "topics": lambda: self.world.made.results.queries[of],
            "power": lambda: POWER,
            "alpha": lambda: self.world.alpha,
            "highest deviation over seeds": lambda: self.deviations()[of],
            "lowest deviation over seeds": lambda: self.deviations()[of],
            "best epochs": lambda: self._best_epochs(of),
            "best mean": lambda: max(self.scores(of).values()),
            "last mean": lambda: self.scores(of)[max(self.scores(of))],
            "epochs trained": self._epochs_trained,
            "mean selection_bias": lambda: (
                sum(self.selection_bias().values()) / len(self.trainings)
            ),
            "highest selection_bias": lambda: max(self.selection_bias().values()),
            "furthest bound": lambda: self._furthest_bound(claim.pair),
            "pairs of lion and adamw": lambda: len(self.pairs("above", claim.pair)),
            "optimizer states": lambda: self._states(*claim.pair),
            "jobs": lambda: self.of_epochs("jobs"),
            "epochs": self.epochs,
            "repeated steps": lambda: self.of_epochs("repeated_steps"),
            "published score": lambda: PUBLISHED[of],
            "largest difference from the files": lambda: max(
                (
                    float(printed) - float(files)
                    for (metric, _), (printed, files) in CELLS.items()
                    if metric == of
                ),
                key=abs,
            ),
        }
        return found[what]()

    def _seconds(self, claim: Claim) -> float:
        if claim.what == "repeated seconds":
            return self.of_epochs("repeated_seconds")
        best = min if claim.what.startswith("least") else max
        trainings = [each for each in self.grid.trainings() if each.model.name == claim.of]
        hours = [self.cost(each.name, "device_hours") for each in trainings]
        return 3600 * best(hours)

    def _of_published(self, what: str, claim: Claim) -> float:
        """Return a value of the tests of the published differences."""
        if what == "printed published difference":
            scores = TABLE1[Measure("dl19", _metric(claim.measure), LEVEL)]
            left, right = (scores[system] for system in claim.of)
            return left - right
        if key := {"published difference": "difference", "published p": "p_holm"}.get(what):
            (contrast,) = [
                each
                for each in self.world.published["contrasts"]
                if each["metric"] == _metric(claim.measure)
                and [f"{s['training']}_e{s['epoch']}" for s in (each["left"], each["right"])]
                == claim.of
            ]
            return contrast[key]
        tested = self.published("optimizers_by_epoch", "map")
        detectable = [each["detectable"] for each in tested]
        return {
            "published topics": tested[0]["queries"],
            "published tests": len(self.world.published["contrasts"]),
            "least published detectable": min(detectable),
            "greatest published detectable": max(detectable),
            "furthest published bound": max(
                abs(each[side]) for each in tested for side in ("low", "high")
            ),
        }[what]

    def _best_epochs(self, training: str) -> list[int]:
        scores = self.scores(training)
        return [epoch for epoch, score in scores.items() if score == max(scores.values())]

    def _epochs_trained(self) -> list[int]:
        """Return the fewest and the most epochs that a training has in the table of results."""
        lengths = {len(self.scores(name)) for name in self.trainings}
        return sorted({min(lengths), max(lengths)})

    def _furthest_bound(self, pair: Sequence[str]) -> float:
        duels = [self.world.duel(model.name, pair) for model in self.grid.models]
        return max(abs(each[side]) for each in duels for side in ("low", "high"))

    def _states(self, lion: str, adamw: str) -> list[int]:
        """Return the lowest and the highest percentage of AdamW's state that Lion's takes."""
        shares = {
            round(
                100
                * self.cost(f"{model.name}_{lion}", "optimizer_state_bytes")
                / self.cost(f"{model.name}_{adamw}", "optimizer_state_bytes")
            )
            for model in self.grid.models
        }
        return sorted({min(shares), max(shares)})


def _metric(label: str) -> str:
    """Return a metric with published values of topics by its label."""
    return {name: metric for metric, name in LABELS.items()}[label]
