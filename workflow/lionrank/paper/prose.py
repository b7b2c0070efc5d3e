"""What an author may call in a section of the paper, so that no result is typed.

Each function takes the names that files and config use: systems are the first stage of the test set
(`bm25`), a checkpoint (`minilm_lion_e2`), a training at the epoch that development data chose
(`minilm_lion`), a system of others (`splade`), or `best`, the best checkpoint in the measure at
hand, or of others where nothing was trained; metrics are the keys of `lionrank.measures.METRICS`. A
test set that is left out is the paper's first one, a metric that is left out its primary one, and
binary metrics count the grades that the paper's columns count.

    MiniLM has << value("minilm_lion") >> with Lion, << delta("minilm_lion", "bm25") >> from BM25.
    The best MAP is << value("best", "map") >>, of << best("map") >>.
    Lion is << relation("minilm_lion", "minilm_adamw") >> AdamW<% if significant("minilm_lion",
    "minilm_adamw") %>, significantly so<% endif %>.
    The third finding is << claim("c3") >>.

`paper/README.md` tells authors the same with more examples. All values are those that the tables
print, and what is claimed of them is written beside the text as data (`lionrank.paper.says`). An
unknown name is a UserError that says which are known; `lionrank.paper.render` puts the template and
its line before it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from lionrank import wording
from lionrank.errors import UserError
from lionrank.evaluation.comparisons import alpha, of_grid
from lionrank.measures import Measure
from lionrank.paper.contrasts import Comparison
from lionrank.paper.findings import Findings
from lionrank.paper.latex import escape
from lionrank.paper.says import Said
from lionrank.wording import did_you_mean, score

BEST = "best"
VERDICTS = ("replicated", "contradicted", "inconclusive", "not testable")
"""Of our results on a published claim."""


def macros(
    findings: Findings, claims: Iterable[Mapping[str, Any]], compared: Mapping[str, Any]
) -> dict[str, Callable]:
    """Return the functions by the names that templates call them by.

    `claims` are what was found of each published claim, and `compared` is the content of
    comparisons.json.
    """
    author = _Author(findings, [*claims], compared)
    names = ("value", "delta", "relation", "best", "significant", "claim")
    return {name: getattr(author, name) for name in names}


def listed(items: Iterable[object]) -> Markup:
    """Return items as an English list, "A, B and C", escaped for LaTeX."""
    return Markup(wording.listed(escape(item) for item in items))


@dataclass(frozen=True)
class _Author:
    findings: Findings
    claims: Iterable[Mapping[str, Any]]
    compared: Mapping[str, Any]

    def value(self, system: str, metric: str | None = None, test_set: str | None = None) -> Said:
        """Return a mean score as the table of results prints it, "0.7031"."""
        measure = self._measure("value", metric, test_set)
        mean = score(self._mean("value", system, measure))
        return Said.of(mean, "value", what="mean", of=system, **_on(measure))

    def delta(
        self, left: str, right: str, metric: str | None = None, test_set: str | None = None
    ) -> Said:
        """Return the printed mean of `left` minus that of `right`, with its sign."""
        measure = self._measure("delta", metric, test_set)
        compared = self._compare("delta", left, right, measure)
        difference = rf"\num[print-implicit-plus]{{{score(compared.left - compared.right)}}}"
        return Said.of(
            Markup(difference), "value", what="difference", of=[left, right], **_on(measure)
        )

    def relation(
        self, left: str, right: str, metric: str | None = None, test_set: str | None = None
    ) -> Said:
        """Return how the printed mean of `left` stands to that of `right`.

        The words are "above", "below" or "level with"; they claim no significance.
        """
        measure = self._measure("relation", metric, test_set)
        compared = self._compare("relation", left, right, measure)
        return Said.of(compared.relation, left=left, right=right, **_on(measure))

    def best(self, metric: str | None = None, test_set: str | None = None) -> Said:
        """Return the best checkpoints in words, "MiniLM with Lion at epoch 2"."""
        measure = self._measure("best", metric, test_set)
        found = self.findings.best_in(measure)
        return Said.of(
            listed(self.findings.described(found)), "best", systems=found, **_on(measure)
        )

    def significant(
        self, left: str, right: str, metric: str | None = None, test_set: str | None = None
    ) -> bool:
        """Return whether the difference of two systems is significant after Holm's correction.

        Raises:
            UserError: the two were not compared on this measure, whose tested pairs are then named.
        """
        measure = self._measure("significant", metric, test_set)
        for system in (left, right):
            self._mean("significant", system, measure)
        tested = {
            frozenset(_name(contrast[side]) for side in ("left", "right")): contrast["p_holm"]
            for contrast in of_grid(self.compared["contrasts"])
            if (contrast["test_set"], contrast["metric"]) == (measure.test_set, measure.metric)
        }
        if frozenset((left, right)) not in tested:
            pairs = sorted(" and ".join(sorted(pair)) for pair in tested)
            raise UserError(
                f"significant: {left} and {right} were not compared in {measure.metric} on "
                f"{measure.test_set}; tested: {', '.join(pairs) or 'none'}."
            )
        return tested[frozenset((left, right))] < alpha(self.compared)

    def claim(self, name: str, **wordings: str) -> Said:
        """Return our verdict on a published claim, or the wording that is given for it.

        `wordings` are by verdict, `not_testable` among them, and `otherwise` for those that have
        none: `claim("c3", replicated="again", otherwise="not")`.

        Raises:
            UserError: the claim is unknown, a wording is for no verdict, or a verdict lacks one.
        """
        verdicts = {each["id"]: each["ours"]["verdict"] for each in self.claims}
        verdict = verdicts[_known("claim", "claim", name, verdicts)]
        if not wordings:
            return Said.of(verdict, "verdict", claim=name, verdict=verdict)
        keys = [each.replace(" ", "_") for each in VERDICTS]
        for key in wordings:
            _known("claim", "verdict", key, [*keys, "otherwise"])
        # Now, and not only when results turn out so: a paper must not break on new results.
        if absent := [] if "otherwise" in wordings else [k for k in keys if k not in wordings]:
            raise UserError(
                f"claim: {name} has no wording for {', '.join(absent)}; give it, or otherwise=..."
            )
        words = wordings.get(verdict.replace(" ", "_"), wordings.get("otherwise", ""))
        return Said.of(words, "verdict", claim=name, verdict=verdict)

    def _compare(self, macro: str, left: str, right: str, measure: Measure) -> Comparison:
        return Comparison(self._mean(macro, left, measure), self._mean(macro, right, measure))

    def _measure(self, macro: str, metric: str | None, test_set: str | None) -> Measure:
        """Return the paper's measure of these names; None stands for the primary ones."""
        results, primary = self.findings.results, self.findings.primary
        at_level = [
            measure
            for measure in results.scores
            if measure.level in (None, results.layout.test_sets[measure.test_set].level)
        ]
        name = primary.test_set if test_set is None else test_set
        _known(macro, "test set", name, [measure.test_set for measure in at_level])
        by_metric = {measure.metric: measure for measure in at_level if measure.test_set == name}
        known = _known(macro, f"metric of {name}", metric or primary.metric, by_metric)
        return by_metric[known]

    def _mean(self, macro: str, system: str, measure: Measure) -> float:
        if system == BEST:
            return self.findings.results.mean(measure, self.findings.best_in(measure)[0])
        chosen = {training.name: training.chosen_checkpoint for training in self.findings.trainings}
        scores = self.findings.results.scores[measure]
        _known(macro, f"system on {measure.test_set}", system, [*scores, *chosen, BEST])
        return scores[chosen.get(system, system)].mean


def _on(measure: Measure) -> dict[str, str]:
    """Return a measure as claims name it."""
    return {"measure": measure.metric, "test_set": measure.test_set}


def _name(system: Mapping[str, Any]) -> str:
    """Return a side of a contrast as templates name it."""
    if system["epoch"] is None:
        return system["training"]
    return f"{system['training']}_e{system['epoch']}"


def _known(macro: str, kind: str, name: str, names: Iterable[str]) -> str:
    """Return a name that is among `names`.

    Raises:
        UserError: it is not; names it, the one that was probably meant, and all that are known.
    """
    among = list(dict.fromkeys(names))
    if name in among:
        return name
    hint = did_you_mean(name, among)
    guess = f" ({hint})" if hint else ""
    raise UserError(f"{macro}: no {kind} is named {name!r}{guess}; known: {', '.join(among)}.")
