"""What the templates may say of each published study that the paper is about."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lionrank.files import read_json
from lionrank.paper.claims import Changed, changed
from lionrank.paper.findings import Findings
from lionrank.paper.leads import Lead, leads
from lionrank.paper.published_tests import PublishedTests, published_tests
from lionrank.paper.standing import Standing, stand
from lionrank.published.agreement import Agreements
from lionrank.published.scores import PublishedScores, parts, read_scores, rounded
from lionrank.published.study import FOLDER, SYSTEMS, TABLE, Study
from lionrank.published.systems import read_systems


@dataclass(frozen=True)
class StudyFacts:
    """A study beside our results.

    Attributes:
        study: who published what, as its study.yaml has it.
        claims: what `lionrank.claims.decide` found of its claims.
        values: its values, by account.
        compared: with what of ours they may stand beside each other, and why not with the rest, as
            `lionrank.config.plan_of_studies.StudiesPlan.compared` has it.
        agreements: how two accounts of them agree; None where there is one.
        tests: what its values of single topics could have shown; None without any.
        standing: where systems stand among those that it compares with; None without any.
    """

    study: Study
    claims: Mapping[str, Any]
    values: Mapping[str, PublishedScores]
    compared: Mapping[str, Any]
    agreements: Agreements | None
    tests: PublishedTests | None
    standing: Standing | None

    @property
    def name(self) -> str:
        return self.study.name

    @property
    def changed_claims(self) -> list[Changed]:
        """Its claims with two verdicts by its two accounts, none where there is one."""
        return [] if self.agreements is None else changed(self.claims, self.agreements)

    @property
    def leads(self) -> list[Lead]:
        """How the treatments that it published stand to each other, where it says no epochs."""
        return leads(rounded(self.values[self.study.primary]), self.study)

    @property
    def treatments(self) -> set[str]:
        """The treatments that it published values of."""
        published = self.values[self.study.primary].values()
        return {parts(name)[1] for values in published for name in values}

    def part(self, name: str) -> str:
        """Return the template of a part of the paper that the study may have."""
        return f"{FOLDER.removeprefix('paper/')}/{self.name}/{name}.tex.j2"


def read_study(
    folder: Path,
    claims: str | os.PathLike,
    tests: str | os.PathLike | None,
    compared: Mapping[str, Any],
    findings: Findings,
) -> StudyFacts:
    """Read a study, and what was found of its claims and by its values of topics.

    Args:
        folder: of the study.
        claims: results/claims/{study}.json.
        tests: results/published_comparisons/{study}.json, None where it has no such values.
        compared: as the attribute of `StudyFacts`.
        findings: of our results.

    Raises:
        UserError: a file is damaged; names it.
    """
    study = Study.read(folder)
    values = read_scores(folder / TABLE, study)
    primary = values[study.primary]
    return StudyFacts(
        study=study,
        claims=read_json(claims),
        values=values,
        compared=compared,
        agreements=Agreements.of(values, study) if len(values) > 1 else None,
        tests=None if tests is None else published_tests(read_json(tests), primary, study),
        standing=stand(primary, read_systems(folder / SYSTEMS), study, findings)
        if study.systems
        else None,
    )


def read_studies(
    folders: Sequence[Path],
    claims: Sequence[str],
    tests: Sequence[str],
    compared: Mapping[str, Any],
    findings: Findings,
) -> list[StudyFacts]:
    """Read several, as `read_study` does; `tests` are of those that have values of topics.

    Raises:
        UserError: as `read_study`.
    """
    tested = {Path(path).stem: path for path in tests}
    return [
        read_study(folder, decided, tested.get(folder.name), compared[folder.name], findings)
        for folder, decided in zip(folders, claims, strict=True)
    ]
