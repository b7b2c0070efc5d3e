"""Checkpoints of others of which values were published, beside these values.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from pathlib import Path
from typing import Any

from lionrank.config import evaluation, experiment, formats
from lionrank.config.first_stages import WITH_CANDIDATES
from lionrank.config.judged_sets import JudgedSet
from lionrank.config.plan_part import PlanPart
from lionrank.errors import UserError
from lionrank.published.first_stages import Bm25, PublishedRanking, read
from lionrank.published.study import Study

FIRST_STAGES = "paper/published/first_stages.csv"


class ReplicationPlan(PlanPart):
    """The systems of an experiment whose values were published, and where they are compared."""

    @property
    def systems(self) -> dict[str, dict[str, Any]]:
        """The entries of the systems whose values were published, by name."""
        return {name: entry for name, entry in self.plan.others.items() if entry.get("published")}

    @property
    def study(self) -> Study | None:
        """The study that published them, None where there are none."""
        return next((self.plan.studies[each["published"]] for each in self.systems.values()), None)

    @property
    def test_sets(self) -> dict[str, JudgedSet]:
        """Our test sets on which there are published values, by the names of the published ones.

        Those with a scoring are not among them: none was published.
        """
        named = {} if self.study is None else evaluation.published_on(self.config, self.study)
        sets = {name: self.plan.test_sets[ours] for name, ours in named.items()}
        return {name: each for name, each in sets.items() if each.scoring is None}

    def published(self) -> list[str]:
        """The files of that study, study.yaml first, none where there is none."""
        return [] if self.study is None else self.plan.published.files(self.study.name)

    def scored_again(self) -> dict[str, list[str]]:
        """The test sets on which each of those systems scores in two precisions."""
        return {name: [each.name for each in self.test_sets.values()] for name in self.systems}

    def replicated(self) -> dict[str, dict[str, Any]]:
        """What is said of each of those systems beside the published values."""
        return {
            name: {
                **{key: entry.get(key) for key in ("label", "model", "optimizer", "epoch")},
                **dict(zip(("precision", "other_precision"), self._precisions(name), strict=True)),
            }
            for name, entry in self.systems.items()
        }

    def _precisions(self, system: str) -> list[str]:
        """Its own, and the other one, on each test set that has published values."""
        return experiment.precisions(self.config, system, is_published=True)

    def passes(self) -> list[str]:
        """The run files of those systems, that of the other precision after that of their own."""
        return [
            f"results/{self.plan.results.folder(test_set.name)}{name}{ending}.trec"
            for name in self.systems
            for test_set in self.test_sets.values()
            for ending in ("", f".{self._precisions(name)[1]}")
        ]

    def second_passes(self) -> list[str]:
        """Those of them in the other precision."""
        return self.passes()[1::2]

    def first_stages(self) -> list[str]:
        """The run files of the first stages of those test sets, where there are any."""
        return [
            f"results/{self.plan.results.folder(each.name)}{each.first_stage}.trec"
            for each in self.test_sets.values()
            if each.first_stage is not None
        ]

    def depth(self) -> int:
        """The greatest depth of a first stage of those test sets, 0 where they have none."""
        ranked = [each.depth for each in self.test_sets.values() if each.first_stage is not None]
        return max(ranked, default=0)

    def result(self) -> list[str]:
        """The file that has all that, none where no values of any system were published."""
        return ["results/replication.json"] if self.systems else []

    def rerankers(self) -> dict[str, str]:
        """The checkpoints of others that are downloaded: their rows in the table of sources."""
        others = self.plan.others.items()
        sources = {name: experiment.checkpoint_source(entry) for name, entry in others}
        return {name: source for name, source in sources.items() if source is not None}

    def means_of_rerankers(self) -> str:
        """The file with the means of every system.

        Raises:
            UserError: none of them is such a checkpoint, and nothing is trained for the others.
        """
        if not self.rerankers():
            raise UserError(
                "config: grid.systems: names no checkpoint of the table of sources, of which "
                "values can have been published: add --configfile config/rerankers.yaml"
            )
        return "results/metrics.csv"

    def published_first_stages(self, root: Path) -> dict[str, PublishedRanking]:
        """What was published of BM25 on the grid's test sets, by name.

        Args:
            root: folder of the workflow's source.

        Raises:
            UserError: nothing, or the file is damaged.
        """
        published = read(root / FIRST_STAGES)
        found = {name: published[name] for name in self.plan.test_sets if name in published}
        if not found:
            raise UserError(
                f"config: grid.test_sets: none is in {FIRST_STAGES}, which has values of BM25 on "
                f"{', '.join(published)}: name one so that has these topics"
            )
        return found

    def rankings_to_check(self, root: Path) -> list[str]:
        """BM25's run files on those: the grid's own, or ones made as the published ones."""
        return [
            f"retrieval/{test_set.collection}/{test_set.topics}{ending}.trec"
            for name, published in self.published_first_stages(root).items()
            for test_set in [self.plan.test_sets[name]]
            for ending in ["" if self._bm25(test_set) == published.bm25 else ".published"]
        ]

    def _bm25(self, test_set: JudgedSet) -> Bm25 | None:
        """How the grid's own BM25 ranks, if it ranks just as that of Anserini's command does.

        It does not where a collection's candidates stand in for it, nor where another document
        takes the place of the query itself.
        """
        is_given = self.config["collections"][test_set.collection]["format"] in WITH_CANDIDATES
        if is_given or formats.removes_query(self.config, test_set.collection):
            return None
        depth = self.plan.depth(test_set.collection, test_set.topics)
        parameters = {name: self.config["retrieval"][name] for name in ("k1", "b")}
        return Bm25(parameters, depth)

    def as_published(self, root: Path, collection: str, topics: str) -> Bm25:
        """How BM25 ranks topics of a collection for values that were published."""
        return next(
            published.bm25
            for name, published in self.published_first_stages(root).items()
            for test_set in [self.plan.test_sets[name]]
            if (test_set.collection, test_set.topics) == (collection, topics)
        )
