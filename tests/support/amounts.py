"""How many of what are as a claim of the paper says, computed from the tables of its world."""

from collections.abc import Callable, Mapping, Sequence
from statistics import stdev
from typing import Any

from lionrank.config.contrasts import OF_LADDERS
from lionrank.evaluation import comparisons
from lionrank.evaluation.per_query import System
from lionrank.evaluation.published import FAMILIES
from lionrank.grid import checkpoint_name
from lionrank.measures import METRICS, PRIMARY, Measure
from lionrank.paper.depths import Deepened
from tests.support.accounts import CELLS, stands
from tests.support.efforts import Items
from tests.support.papers import SETTINGS, TABLE1, TABLE2, relation
from tests.support.published_as_measured import STUDY, of_side
from tests.support.said import VERDICTS, Claim
from tests.support.searched import Searched

PUBLISHED = {each.name: float(each.score) for each in TABLE2}
"""The published systems on DL 2019."""


def study() -> dict[str, dict[str, float]]:
    """Return the best published score of each training, model -> optimizer, as printed."""
    best: dict[str, dict[str, float]] = {}
    for name, value in TABLE1[Measure("dl19", PRIMARY)].items():
        model, optimizer, _ = name.split("_")
        of_model = best.setdefault(STUDY.label_of(model), {})
        of_model[STUDY.label_of(optimizer)] = max(value, of_model.get(STUDY.label_of(optimizer), 0))
    return best


class Amounts(Searched):
    """What the tables of a world let one count."""

    def items(self, what: str, claim: Claim | None = None) -> Items:
        """Return the things that a claim counts; `what` is the claim's.

        Lion and AdamW are the treatments of these names unless it names others.
        """
        pair = (claim and claim.pair) or ("lion", "adamw")
        highest, curves = max(PUBLISHED.values()), self.curves()
        first, of_columns = self.world.first_stage, self.first_stages_of_columns()
        leading = first if of_columns == {first} else "first_stage"
        known: dict[str, Callable[[], Items]] = {
            f"checkpoints above {first}": lambda: self.against("above", claim),
            f"checkpoints level with {first}": lambda: self.against("level with", claim),
            f"columns in which a checkpoint reaches {leading}": self.columns_reached,
            "other columns led": self.columns_led,
            f"trainings significantly above {first}": lambda: self.against_first_stage(1),
            f"trainings significantly below {first}": lambda: self.against_first_stage(-1),
            f"systems of others above {first}": lambda: {
                name: score > self.world.printed[self.world.first_stage]
                for name, score in self.world.others_printed.items()
            },
            "systems of others above all published systems": lambda: {
                name: score > highest for name, score in self.world.others_printed.items()
            },
            "significant systems": lambda: self.significant("systems"),
            "trainings significantly above systems of others": self.above_others,
            "contrasts shown": lambda: {
                claim.named["words"]: self.contrast(claim)["p_holm"] < self.world.alpha
            },
            "planned contrasts": lambda: {
                each["name"]: each["p_holm"] < self.world.alpha
                for each in comparisons.of_names(self.world.contrasts)
                if each["family"] not in OF_LADDERS
            },
            "steps of ladders shown": lambda: self.significant("ladder"),
            "significant models": lambda: self.significant("models"),
            "significant optimizers_by_epoch": lambda: self.significant("optimizers_by_epoch"),
            "significant optimizers": lambda: self.significant_duels(pair),
            "significant optimizers above": lambda: self.significant_above(pair),
            "significant tuning": lambda: self.significant("tuning"),
            "backbones with another order": self.reordered,
            "topics won": lambda: self.topics("wins", claim),
            "topics level": lambda: self.topics("ties", claim),
            "trainings best after the last epoch": lambda: {
                name: curve[-1] > max(curve[:-1], default=0) for name, curve in curves.items()
            },
            "trainings that rise with every epoch": lambda: {
                name: sorted(set(curve)) == curve and len(curve) > 1
                for name, curve in curves.items()
            },
            # The demo's have fewer epochs, and none has stopped.
            "trainings stopped early": lambda: {
                name: bool(self.grid.last) and max(self.scores(name)) < SETTINGS["epochs"]
                for name in self.trainings
            },
            "flattered trainings": lambda: {n: v > 0 for n, v in self.selection_bias().items()},
            "backbones with the lower loss and the higher score": lambda: self.agreeing(pair),
            "trainings with the lowest held-out loss at the end": self.lowest_at_the_end,
            "interrupted jobs": self.interrupted,
            "repeated steps": lambda: dict.fromkeys(range(self.of_epochs("repeated_steps")), True),
            "checkpoints on the front": lambda: {
                name: name in self.front() for name in self.grid.checkpoints()
            },
            "study's trainings above all published systems": lambda: {
                (model, optimizer): value > highest
                for model, values in study().items()
                for optimizer, value in values.items()
            },
            "published systems below our best": lambda: self.systems_to_our_best("above"),
            "published systems level with our best": lambda: self.systems_to_our_best("level with"),
            "our trainings above all published systems": lambda: {
                name: score > highest for name, score in self.chosen().items()
            },
            "differences below the detectable one as published": lambda: {
                place: round(abs(each["difference"]), 4) < round(each["detectable"], 4)
                for place, each in enumerate(self.published("optimizers_by_epoch", "map"))
            },
            **{
                f"significant lessons in {differs}": lambda differs=differs: {
                    pair: each["p_holm"] < self.world.alpha
                    for pair, each in self.lessons().items()
                    if self.differs(*pair) == differs
                }
                for differs in ("objective", "data", "both")
            },
            **self.of_searches(),
            "significant by an average": lambda: {
                place: each["p_holm"] < self.world.alpha
                for place, each in enumerate(self.by_averages(claim))
            },
            "test sets with a significant difference": lambda: {
                each["test_set"]: each["p_holm"] < self.world.alpha
                for each in self.by_average(claim, claim.left, claim.right)["sets"]
            },
            **{
                f"test sets {word}": lambda word=word: {
                    each["test_set"]: relation(*self.rounded(each)) == word
                    for each in self.by_average(claim, claim.left, claim.right)["sets"]
                }
                for word in ("above", "below")
            },
            "systems that gain by depth": lambda: self.deepened("above"),
            "systems that lose by depth": lambda: self.deepened("below"),
            "systems that gain or lose by depth": lambda: {
                name: is_so or self.deepened("below")[name]
                for name, is_so in self.deepened("above").items()
            },
            "systems highest with all candidates": lambda: {
                each.name: max(scores[:-1]) < scores[-1]
                for each in self.by_depth()
                for scores in [[point.score.mean for point in each.points]]
            },
            "gains by depth on other test sets": lambda: self.deepened("above", others=True),
            "losses by depth on other test sets": lambda: self.deepened("below", others=True),
            "seeds with lion above adamw": lambda: self.seeds_above(claim.models[0], pair),
            "seeds": lambda: dict.fromkeys(range(self.world.made.compared["seeds"]), True),
            "published claims that can be told hold": lambda: {
                claim["id"]: claim["published"]["printed"]["verdict"] == "holds"
                for claim in self.world.decided
                if claim["published"]["printed"]["verdict"] != "not testable"
            },
            "claims with another verdict by the files": lambda: {
                claim["id"]: claim["published"]["printed"]["verdict"]
                != claim["published"]["files"]["verdict"]
                for claim in self.world.decided
            },
        }
        for word in ("above", "below"):
            known[f"lion significantly {word} adamw as published"] = lambda word=word: {
                place: each["p_holm"] < self.world.alpha
                and relation(each["left_mean"], each["right_mean"]) == word
                for place, each in enumerate(self.published("optimizers_by_epoch"))
                if each["left"]["training"].startswith(f"{claim.models[0]}_")
            }
        for family in FAMILIES:
            known[f"significant published {family}"] = lambda family=family: {
                place: each["p_holm"] < self.world.alpha
                for place, each in enumerate(self.published(family))
            }
        by_difference = "claims with another verdict by values that differ"
        known[by_difference] = lambda: {
            claim["id"]: claim["published"]["printed"]["verdict"]
            != claim["published"]["files"]["verdict"]
            and not all(test["metrics"] == ["recip_rank_10"] for test in claim["tests"])
            for claim in self.world.decided
        }
        for agreement in ("same", "cut off", "different"):
            known[f"published values {agreement}"] = lambda agreement=agreement: {
                cell: stands(*texts) == agreement for cell, texts in CELLS.items()
            }
        # What is said of checkpoints and trainings is said of systems where nothing was trained.
        for word in ("above", "level with"):
            known[f"systems {word} {first}"] = known[f"checkpoints {word} {first}"]
            known[f"trainings {word} {first}"] = known[f"checkpoints {word} {first}"]
        for noun in ("system", "training"):
            known[f"columns in which a {noun} reaches {leading}"] = self.columns_reached
        for word, sign in (("above", 1), ("below", -1)):
            for noun in ("systems", "systems of others"):
                known[f"{noun} significantly {word} {first}"] = lambda sign=sign: (
                    self.against_first_stage(sign, others=True)
                )
        for word in ("above", "below", "level with"):
            known[f"pairs with lion {word} adamw"] = lambda word=word: self.pairs(word, pair)
        for side, verdicts in VERDICTS.items():
            for verdict in verdicts:
                known[f"{side} {verdict}"] = lambda side=side, verdict=verdict: {
                    claim["id"]: of_side(claim, side)["verdict"] == verdict
                    for claim in self.world.decided
                }
        return known[what]()

    def by_averages(self, claim: Claim) -> list[dict[str, Any]]:
        """Return the contrasts at the chosen epochs by the average that a claim names."""
        return [
            each
            for each in self.world.made.compared["contrasts"]
            if (each["test_set"], each["metric"]) == (claim.test_set, claim.measure)
            and each["family"] != "optimizers_by_epoch"
        ]

    def by_average(self, claim: Claim, left: str, right: str) -> dict[str, Any]:
        """Return the contrast of two trainings by the average that a claim names."""
        (found,) = [
            each
            for each in self.by_averages(claim)
            if [each[side]["training"] for side in ("left", "right")] == [left, right]
        ]
        return found

    def contrast(self, claim: Claim) -> dict[str, Any]:
        """Return the contrast with a name on the primary measure that a claim is of."""
        (found,) = [
            each
            for each in comparisons.of_names(self.world.contrasts)
            if claim.of == _on_side(each, 1) and claim.against == _on_side(each, -1)
        ]
        return found

    @staticmethod
    def rounded(contrast: Mapping[str, Any]) -> list[float]:
        return [round(contrast[f"{side}_mean"], 4) for side in ("left", "right")]

    def by_depth(self, place: int = 0) -> list[Deepened]:
        """Return what came of the trainings, or of what others trained, on a test set."""
        reranked = self.world.depths[place].reranked
        return [reranked[name] for name in self.trainings or reranked]

    def deepened(self, wanted: str, others: bool = False) -> Items:
        """Return which gains by depth are above 0 or below it, as the bounds tell."""
        places = range(1, len(self.world.depths)) if others else [0]
        found = {}
        for place in places:
            for each in self.by_depth(place):
                low, high = each.points[-1].gain.low, each.points[-1].gain.high
                is_so = low > 0 if wanted == "above" else high < 0
                found[(each.name, place) if others else each.name] = is_so
        return found

    def published(self, family: str, metric: str | None = None) -> list[dict[str, Any]]:
        """Return the contrasts of published checkpoints, of one metric or of all."""
        return [
            each
            for each in self.world.published["contrasts"]
            if each["family"] == family and metric in (None, each["metric"])
        ]

    def scores(self, training: str) -> dict[int, float]:
        """Return the printed scores of a training by epoch."""
        epochs = self.grid.training(training).epochs
        return {epoch: self.world.printed[f"{training}_e{epoch}"] for epoch in epochs}

    def curves(self) -> dict[str, list[float]]:
        return {name: list(self.scores(name).values()) for name in self.trainings}

    def chosen(self) -> dict[str, float]:
        """Return the printed scores of the checkpoints that development data chose."""
        names = [checkpoint_name(name, self.world.made.chosen[name]) for name in self.trainings]
        return {name: self.world.printed[name] for name in names}

    def by_seed(self, training: str) -> list[float]:
        """Return the primary score of each seed at the epoch that it chose."""
        results = self.world.made.results
        replicates = self.world.made.per_query.replicates
        return [each.mean(results.layout.primary, System(training)) for each in replicates]

    def seeds_above(self, model: str, pair: Sequence[str]) -> Items:
        """Return with which seeds Lion is above AdamW, as it is printed."""
        sides = [self.by_seed(f"{model}_{optimizer}") for optimizer in pair]
        pairs = enumerate(zip(*sides, strict=True))
        return {place: round(lion, 4) > round(adamw, 4) for place, (lion, adamw) in pairs}

    def deviations(self) -> dict[str, float]:
        """Return the standard deviation over seeds of each training, as it is printed."""
        return {name: round(stdev(self.by_seed(name)), 4) for name in self.trainings}

    def against(self, wanted: str, claim: Claim | None) -> Items:
        models = claim and claim.models
        baseline = self.world.printed[self.world.first_stage]
        return {
            name: relation(score, baseline) == wanted
            for name, score in self.world.checkpoints.items()
            if not models or name.split("_")[0] in models
        }

    def first_stages_of_columns(self) -> set[str]:
        """Return the names of those of the columns of the table of results."""
        columns = self.world.made.results.layout.columns
        ranked = self.grid.first_stages
        return {ranked[each.test_set].name for each in columns if each.test_set in ranked}

    def columns_reached(self) -> Items:
        results, ranked = self.world.made.results, self.grid.first_stages
        return {
            column: any(
                results.mean(column, name) >= results.mean(column, ranked[column.test_set].name)
                for name in self.world.checkpoints
                if name in results.scores[column]
            )
            for column in results.layout.columns
            if column.test_set in ranked
        }

    def columns_led(self) -> Items:
        """Return in which columns but the first a best checkpoint has the highest value."""
        results = self.world.made.results
        first, *others = results.layout.columns
        winners = set(results.best(first, self.world.checkpoints))
        return {
            self._column(column): bool(winners & set(results.best(column, self._compared(column))))
            for column in others
        }

    def _compared(self, column: Measure) -> list[str]:
        """Return the systems of a column, of several seeds without single epochs."""
        left_out = {*self.grid.checkpoints()} if self.grid.is_replicated else set()
        found = self.world.made.results.scores[column]
        return [name for name in found if name not in left_out]

    def _column(self, column: Measure) -> str:
        """Return the name of a column, with its test set unless that is the first one."""
        label = METRICS[column.metric]
        test_set = self.world.made.results.layout.test_sets[column.test_set].label
        return label if column.test_set == self.world.primary else f"{label} on {test_set}"

    def significant(self, family: str, sign: int = 0) -> Items:
        """Return which contrasts of a family are significant, with a difference of this sign."""
        tested = [each for each in self.world.contrasts if each["family"] == family]
        return {
            (each["left"]["training"], place): (
                each["p_holm"] < self.world.alpha and sign * each["difference"] >= 0
            )
            for place, each in enumerate(tested)
        }

    def against_first_stage(self, sign: int, others: bool = False) -> Items:
        """Return which trainings, or which systems of others, differ from BM25 with this sign."""
        found = self.significant("first_stage", sign)
        return {
            key: is_so for key, is_so in found.items() if others == (key[0] not in self.trainings)
        }

    def above_others(self) -> Items:
        """Return the significant differences to systems of others, and which are above 0."""
        significant, above = self.significant("systems"), self.significant("systems", 1)
        return {key: above[key] for key, is_so in significant.items() if is_so}

    def lessons(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the contrasts of what is learnt, by the names of their trainings."""
        return {
            (each["left"]["training"], each["right"]["training"]): each
            for each in self.world.contrasts
            if each["family"] in ("objectives", "data")
        }

    def differs(self, left: str, right: str) -> str:
        """Return in what two trainings of a lesson differ."""
        recipes = [self.grid.recipes[name.split("_")[1]] for name in (left, right)]
        same = {key for key in ("objective", "data") if recipes[0][key] == recipes[1][key]}
        return {"objective": "data", "data": "objective"}["".join(same)] if same else "both"

    def lesson(self, left: str, right: str) -> float:
        """Return the difference of two trainings of a lesson, left minus right."""
        lessons = self.lessons()
        if (left, right) in lessons:
            return lessons[left, right]["difference"]
        return -lessons[right, left]["difference"]

    def significant_duels(self, pair: Sequence[str]) -> Items:
        return {
            model.name: self.world.duel(model.name, pair)["p_holm"] < self.world.alpha
            for model in self.grid.models
        }

    def reordered(self) -> Items:
        """Return on which backbones Lion stands to AdamW otherwise by the search, as printed."""
        return {
            model.name: len(
                {
                    relation(*self.rounded(self.world.duel_of(f"{model.name}_{lion}")))
                    for lion in ("lion", "tunedlion")
                }
            )
            > 1
            for model in self.grid.models
        }

    def significant_above(self, pair: Sequence[str]) -> Items:
        """Return the significant differences of Lion and AdamW, and in which Lion is above."""
        those = [model for model, is_so in self.significant_duels(pair).items() if is_so]
        duels = {model: self.world.duel(model, pair) for model in those}
        return {model: each["left_mean"] > each["right_mean"] for model, each in duels.items()}

    def topics(self, key: str, claim: Claim) -> Items:
        (contrast,) = [
            each
            for each in self.world.contrasts
            if each["family"] == "optimizers"
            and {each[side]["training"] for side in ("left", "right")} == {claim.left, claim.right}
        ]
        if key == "wins" and contrast["left"]["training"] != claim.left:
            key = "losses"
        total = contrast["wins"] + contrast["ties"] + contrast["losses"]
        return {place: place < contrast[key] for place in range(total)}

    def pairs(self, wanted: str, pair: Sequence[str]) -> Items:
        """Return Lion's and AdamW's checkpoints of the same epoch, and which stand so."""
        printed, (lion, adamw) = self.world.printed, pair
        names = [
            (f"{model.name}_{lion}_e{epoch}", f"{model.name}_{adamw}_e{epoch}")
            for model in self.grid.models
            for epoch in self.grid.epochs
        ]
        both = [pair for pair in names if printed.keys() >= set(pair)]
        return {pair: relation(*map(printed.get, pair)) == wanted for pair in both}

    def selection_bias(self) -> dict[str, float]:
        """Return by how much each training would look better at its best epoch, as printed."""
        return {
            each["training"]: round(each["selection_bias"], 4)
            for each in self.world.made.compared["selection"]
            if (each["test_set"], each["metric"]) == (self.world.primary, PRIMARY)
        }

    def systems_to_our_best(self, wanted: str) -> Items:
        """Return the published systems to which our best training stands so."""
        top = max(self.chosen().values())
        return {name: relation(top, score) == wanted for name, score in PUBLISHED.items()}


def _on_side(contrast: Mapping[str, Any], sign: int) -> list[str]:
    terms = contrast["terms"]
    return [each["training"] for each in terms if each["weight"] * sign > 0]
