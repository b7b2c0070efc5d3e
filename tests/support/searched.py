"""What the searches of a world chose, for the truth of what the paper says of it."""

from collections.abc import Callable

from lionrank.paper.search import LABELS
from lionrank.search.budget import expected_best
from lionrank.search.choice import Choice
from tests.support.efforts import Efforts, Items
from tests.support.papers import relation


class Searched(Efforts):
    """What the choices of a world and their trials let one count."""

    def of_searches(self) -> dict[str, Callable[[], Items]]:
        """Return how the things are counted that claims of searches are about."""
        return {
            "choices on the edge": lambda: {
                name: bool(choice.edges) for name, choice in self.choices().items()
            },
            "comparisons that hang on the number of trials": lambda: {
                model: not names for model, names in self.always_ahead().items()
            },
            **{
                f"{side} edge of {key}": lambda key=key, side=side: {
                    name: choice.edges.get(key) == side for name, choice in self.choices().items()
                }
                for key in LABELS
                for side in ("low", "high")
            },
            "choices above the untuned settings": lambda: self.tuned("above"),
            "choices below the untuned settings": lambda: self.tuned("below"),
            **{
                f"trials {status}": lambda status=status: {
                    (name, trial.trial): trial.status == status
                    for name, choice in self.choices().items()
                    for trial in choice.trials[:-1]
                }
                for status in ("diverged", "stopped")
            },
        }

    def choices(self) -> dict[str, Choice]:
        """Return what the searches chose, by the names of trainings."""
        return {each.name: each.choice for each in self.world.others["search"].searched}

    def always_ahead(self) -> dict[str, set[str]]:
        """Return the searches of each model with several that no other surpasses by any budget."""
        by_model: dict[str, dict[str, list[float]]] = {}
        for name, choice in self.choices().items():
            found = expected_best(trial.score for trial in choice.of_space)
            curve = [round(best.expected, 4) for best in found]
            by_model.setdefault(choice.model, {})[name] = curve
        return {
            model: set.intersection(
                *(
                    {name for name, score in at.items() if score == max(at.values())}
                    for at in (
                        {name: curve[place] for name, curve in curves.items()}
                        for place in range(len(next(iter(curves.values()))))
                    )
                )
            )
            for model, curves in by_model.items()
            if len(curves) > 1
        }

    def tuned(self, wanted: str) -> Items:
        """Return which choices stand so to the untuned settings; one that diverged is the worst."""
        return {
            name: relation(*(round(e.score or 0, 4) for e in (choice.best, choice.reference)))
            == wanted
            for name, choice in self.choices().items()
        }
