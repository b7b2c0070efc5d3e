"""The audit page: what an experiment downloads, trains, scores and needs, before any of it runs.

Every number comes from the config, the sources' table and the list of jobs, or is arithmetic on
them (lionrank.audit.estimates). What cannot be estimated is None, printed as "not estimated". Once
epochs are complete, what they took stands beside what was estimated.
"""

import math
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from lionrank import templates, wording
from lionrank.audit.disks import Storage, disk_use, disks
from lionrank.audit.estimates import (
    Sizes,
    held_out_work,
    reranking_work,
    search_work,
    teaching_work,
    total,
    training_work,
)
from lionrank.audit.schedule import Queue
from lionrank.audit.taken import taken
from lionrank.audit.workload import DOWNLOADED, START_UP, chain, makespans, workload
from lionrank.config import first_stages
from lionrank.config.checks.catalogue import local_copy
from lionrank.config.evaluation import averages, left_out_averages
from lionrank.config.experiment import dev_sets, judged_topics, others, precisions, without_run_file
from lionrank.config.settings import digest, with_point
from lionrank.config.sources import Source
from lionrank.config.training_data import trained_on, used_data, used_teachers
from lionrank.config.treatments import treatment
from lionrank.errors import UserError
from lionrank.grid import checkpoint_name, training_name
from lionrank.published import settings as published
from lionrank.published.study import SETTINGS, Study
from lionrank.sources.catalogues import looked_up
from lionrank.training.cost import jobs_cost

MISSING = "not estimated"
MARK = " ≠"
NULLS = {
    "schedule_steps": "all steps",
    "early_stopping": "never",
    "restarts": "never",
    "training_pairs.held_out.seed": "unseeded",
}
"""What null means in a setting that may be null."""


@dataclass(frozen=True)
class Beside:
    """What a study has said of its settings, beside ours.

    `texts` are what no setting expresses, and `apart` our trainings that stand for none of it.
    """

    study: Study
    compared: Sequence[published.ComparedSetting]
    texts: Sequence[published.PublishedSetting]
    apart: Sequence[str]

    @classmethod
    def read(
        cls,
        folder: Path,
        config: Mapping[str, Any],
        ours: Mapping[str, Mapping[str, Any]],
        alike: Mapping[str, str],
    ) -> "Beside":
        """Read a study in its folder; `ours` are the settings of our trainings, by their names.

        `alike` are the study's trainings that some of ours stand for, by the same names.

        Raises:
            UserError: as `lionrank.published.settings.read`.
        """
        study = Study.read(folder)
        rows = published.read(folder / SETTINGS, study.sources)
        compared = published.compare_settings(rows, config, ours, alike)
        texts = [row for row in rows if not row.training]
        return cls(study, compared, texts, [name for name in ours if name not in alike])

    def differing(self, source: str) -> list[str]:
        """Return the settings in which ours differ from a source, each once."""
        return list(dict.fromkeys(row.setting for row in self.compared if row.differs(source)))


def collect(
    config: Mapping[str, Any],
    sources: Mapping[str, Source],
    used: Iterable[str],
    studies: Mapping[Path, Mapping[str, str]],
    scored_again: Mapping[str, Sequence[str]],
    searches: Mapping[str, Mapping[str, Any]],
    jobs: Mapping[str, int],
    logs: Iterable[str | os.PathLike],
    recorded: Mapping[str, str | None],
    catalogued: Mapping[str, list[str]],
    paths: Mapping[Storage, Path],
    sizes: Sizes,
    uncounted: Mapping[str, str],
    queue: Queue,
) -> dict[str, Any]:
    """Return what the page shows, by name.

    Args:
        config: the merged and checked config.
        sources: the sources' table.
        used: names of the sources that this experiment uses.
        studies: the folders of the config's studies that have settings.csv, each with the study's
            trainings by those of ours that stand for them.
        scored_again: test sets that published checkpoints score in two precisions, by system.
        searches: of each search, by the name of its training, what
            `lionrank.config.plan_of_audit.AuditPlan.searches` tells.
        jobs: number of jobs of the whole experiment by rule.
        logs: the training logs that there are.
        recorded: the commits of what was downloaded already, None of a copy of an unknown one.
        catalogued: identifiers in the catalogue ir_datasets, by collection.
        paths: where caches and folders lie, as `lionrank.audit.disks.paths` returns it.
        sizes: those of what computes, and
        uncounted: why those of the rest are not known, as `lionrank.audit.backbones.sizes` returns
            both.
        queue: how Snakemake uses that of a cluster.

    Raises:
        UserError: a used source is not in the table, or not in its package, a settings.csv
            cannot be read, or a log does not tell what its epoch cost; names it.
    """
    needed = [*map(looked_up, _used(sources, set(used), config["sources"]["table"]))]
    chosen = {name: search["chosen"] for name, search in searches.items()}
    trainings = [
        training_work(config, sizes, model, optimizer, chosen.get(training_name(model, optimizer)))
        for model in config["grid"]["models"]
        for optimizer in config["grid"]["optimizers"]
    ]
    by_epoch = {Path(log).stem: jobs_cost(log) for log in logs}
    for training in trainings:
        epochs = range(1, training["settings"]["epochs"] + 1)
        names = (checkpoint_name(*each) for each in product(training["names"], epochs))
        training["cost"] = taken(names, training["jobs"], training["gpu_hours"], by_epoch)
    reranking = [
        reranking_work(
            *(config, sizes, "test_sets", name),
            again=[system for system, names in scored_again.items() if name in names],
        )
        for name in config["grid"]["test_sets"]
    ]
    development = [reranking_work(config, sizes, "dev_sets", name) for name in dev_sets(config)]
    held_out = [held_out_work(config, sizes, data) for data in used_data(config)]
    teaching = [
        teaching_work(config, sizes, teacher, collection)
        for teacher, collection in used_teachers(config)
        if "run_file" not in config["teachers"][teacher]
    ]
    searched = [
        _search(config, sizes, search, development, held_out, by_epoch)
        for search in searches.values()
    ]
    hours_so_far = [
        each["cost"]["hours"] for each in (*trainings, *searched) if each["cost"] is not None
    ]
    disk = list(
        disk_use(
            *(config, sizes, needed, trainings, searched),
            *(reranking, development, teaching, catalogued),
        )
    )
    places, on_disks = disks(disk, paths)
    download = total(source.bytes for source in needed)
    long_jobs = workload(
        *(config, download["known"] or 0.0, trainings, searched),
        *(reranking, development, held_out, teaching),
    )
    unknown = {
        name: dict.fromkeys(search["space"], "searched")
        for name, search in searches.items()
        if search["chosen"] is None
    }
    ours = {
        training["name"]: with_point(training["settings"], unknown.get(training["name"], {}))
        for training in trainings
    }
    return {
        "title": config["paper"]["title"],
        "digest": digest(config),
        "grid": config["grid"],
        "local": config["sources"]["local"],
        "sources": needed,
        "recorded": dict(recorded),
        "unpinned": [source.name for source in needed if not source.pinned],
        "catalogued": dict(catalogued),
        "local_copies": {
            name: copy
            for name, (first, *_) in catalogued.items()
            if (copy := local_copy(first)) is not None
        },
        "download": download,
        "assumed": _assumed(config),
        "sizes": sizes,
        "uncounted": uncounted,
        "rate": config["audit"]["rate"],
        "trainings": trainings,
        "treated": any(name in config["treatments"] for name in config["grid"]["optimizers"]),
        "systems": [*_systems(config, scored_again)],
        "first_stages": [*_first_stages(config)],
        "training_hours": total(training["gpu_hours"] for training in trainings),
        "search": config["search"],
        "searches": searched,
        "search_hours": total(each["gpu_hours"] for each in searched),
        "hours_so_far": math.fsum(hours_so_far) if hours_so_far else None,
        "averages": averages(config),
        "left_out_averages": left_out_averages(config),
        "reranking": reranking,
        "reranking_hours": total(test_set["gpu_hours"] for test_set in reranking),
        "development": development,
        "scored_in": [
            each for each in [*reranking, *development] if each["scoring"] and each["readings"]
        ],
        "held_out": held_out,
        "development_hours": total(work["gpu_hours"] for work in [*development, *held_out]),
        "teaching": teaching,
        "teaching_hours": total(work["gpu_hours"] for work in teaching),
        "all_hours": total(
            work["gpu_hours"]
            for work in [*trainings, *searched, *reranking, *development, *held_out, *teaching]
        ),
        "queue": queue,
        "downloaded": DOWNLOADED,
        "start_up": START_UP,
        "long_jobs": long_jobs,
        "makespans": [*makespans(long_jobs.jobs, queue)],
        "longest_chain": chain(long_jobs.jobs),
        "disk": disk,
        "disk_total": total(item["bytes"] for item in disk),
        "places": places,
        "disks": on_disks,
        "jobs": dict(jobs),
        "beside": [Beside.read(folder, config, ours, alike) for folder, alike in studies.items()]
        if trainings
        else [],
    }


def _search(
    config: Mapping[str, Any],
    sizes: Sizes,
    search: Mapping[str, Any],
    development: Iterable[Mapping[str, Any]],
    held_out: Iterable[Mapping[str, Any]],
    by_epoch: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return what the page says of a search, whose trials are scored by a part of the data."""
    model, optimizer = search["model"], search["optimizer"]
    data = treatment(config, optimizer).data
    scored = [each for each in development if each["name"] in search["dev_sets"]]
    scored += [each for each in held_out if each["name"] == data]
    trials, untuned = len(search["trials"]), len(search["untuned"])
    work = search_work(config, sizes, model, optimizer, trials, untuned, scored)
    epochs = range(1, config["search"]["epochs"] + 1)
    names = (
        checkpoint_name(f"{work['name']}_{trial}", epoch)
        for trial, epoch in product([*search["trials"], *search["untuned"]], epochs)
    )
    cost = taken(names, work["epochs"], work["training_hours"], by_epoch)
    told = {"data": data, "space": search["space"], "chosen": search["chosen"], "cost": cost}
    return work | told


def _used(sources: Mapping[str, Source], names: set[str], table: str) -> list[Source]:
    if unknown := names - set(sources):
        raise UserError(
            f"{table}: there is no row {sorted(unknown)[0]!r}, which the config names; add the row "
            "or mend the name."
        )
    return [source for name, source in sources.items() if name in names]


def _systems(config: Mapping[str, Any], scored_again: Container[str]) -> Iterator[dict[str, Any]]:
    """Yield what the page says of each system that is not trained here."""
    lacking = without_run_file(config)
    for name, entry in others(config).items():
        run_files = entry.get("run_files", {})
        files = [
            f"{run_files[key]} ({key})" for key in config["grid"]["test_sets"] if key in run_files
        ]
        trained_as = [entry[key] for key in ("model", "optimizer", "epoch") if entry.get(key)]
        yield {
            "name": name,
            "label": entry["label"],
            "source": entry.get("checkpoint") or f"run files {', '.join(files)}",
            "trained_as": ", ".join(map(str, trained_as)),
            "scoring": list(_scoring(config, name, name in scored_again))
            if "checkpoint" in entry
            else [],
            "lacking": lacking[name],
        }


def _first_stages(config: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield what the page says of each first stage of the grid but BM25."""
    for name in first_stages.used(config):
        entry = config["first_stages"][name]
        files = (f"{path} ({key})" for key, path in entry.get("run_files", {}).items())
        source = entry.get("bi_encoder") or f"run files {', '.join(files)}"
        yield {"name": name, "label": entry["label"], "source": source}


def _scoring(config: Mapping[str, Any], system: str, again: bool) -> Iterator[int | str]:
    """Yield the length to which a checkpoint of others truncates, and in which precisions it is."""
    defaults = config["training"]["defaults"]
    yield config["systems"][system].get("max_length") or defaults["max_length"]
    yield " and ".join(precisions(config, system, again))


def _assumed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the GPU and those collections that the estimates are made with."""
    assumed = config["audit"]
    collections = {judged["collection"] for judged in judged_topics(config)}
    collections.update(trained_on(config))
    return {
        "gpu": assumed["gpu"],
        "collections": {k: v for k, v in assumed["collections"].items() if k in collections},
    }


def page(facts: Mapping[str, Any]) -> str:
    """Render what `collect` found as Markdown (tables as GitHub reads them)."""
    environment = templates.environment(
        Path(__file__).parent,
        cell=cell,
        cost=cost,
        count=count,
        hours=hours,
        markdown=wording.markdown,
        mean=mean,
        percent="{:.0%}".format,
        point=point,
        said=said,
        size=size,
        spread=spread,
        summed=summed,
        tried=tried,
        value=value,
    )
    return templates.render(environment, "page.md.j2", facts)


def count(number: float | None) -> str:
    """Return a number without decimals, "1,990,000"."""
    return MISSING if number is None else f"{number:,.0f}"


def spread(numbers: Iterable[float | None]) -> str:
    """Return numbers without decimals by the least and the most of them, "512 to 1,640"."""
    numbers = [*numbers]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return MISSING
    return " to ".join(dict.fromkeys([count(min(known)), count(max(known))]))


def mean(number: float) -> str:
    """Return a number with a decimal where it has one, "1,000" or "8.2"."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def hours(number: float | None) -> str:
    """Return hours with two decimals, "0.21"."""
    return MISSING if number is None else wording.hours(number)


def size(number: float | None) -> str:
    """Return bytes in decimal units with three digits, "2.17 GB"."""
    return MISSING if number is None else wording.size(number)


def summed(sums: Mapping[str, float | None], form: str) -> str:
    """Return a total, "5.27 GB, without 1 of 14 that is not known"; `form` is size or hours."""
    text = {"size": size, "hours": hours}[form](sums["known"])
    if sums["known"] is None or not sums["missing"]:
        return text
    verb = "is" if sums["missing"] == 1 else "are"
    return f"{text}, without {sums['missing']} of {sums['of']} that {verb} not known"


def cost(number: float, rate: Mapping[str, Any]) -> str:
    """Return what hours cost, "1,024.50 EUR"; `rate` is `audit.rate`."""
    return f"{number * rate['gpu_hour']:,.2f} {rate['currency']}"


def cell(text: str) -> str:
    """Escape what would end a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def value(ours: Any, setting: str = "") -> str:
    """Return a setting's value as the page prints it."""
    if ours is None:
        return NULLS.get(setting, "null")
    if isinstance(ours, bool):
        return str(ours).lower()
    if isinstance(ours, float):
        return re.sub(r"e(-?)\+?0*", r"e\1", repr(ours))
    if isinstance(ours, int):
        return f"{ours:,}" if ours >= 10_000 else str(ours)
    if isinstance(ours, list):
        return "[" + ", ".join(map(value, ours)) + "]"
    return cell(str(ours))


def point(settings: Mapping[str, Any]) -> str:
    """Return the settings of a trial, "learning_rate 1e-5, weight_decay 0.1"."""
    return ", ".join(f"{key} {value(each, key)}" for key, each in settings.items())


def tried(space: Mapping[str, Any]) -> str:
    """Return what is tried of each setting, "learning_rate 1e-7 to 1e-4 (log), warmup 0 or 0.1"."""
    return ", ".join(f"{key} {_tried(values, key)}" for key, values in space.items())


def _tried(values: Any, key: str) -> str:
    if isinstance(values, list):
        return " or ".join(value(each, key) for each in values)
    ends = f"{value(values['low'])} to {value(values['high'])}"
    return f"{ends} (log)" if values.get("log") else ends


def said(row: published.ComparedSetting | published.PublishedSetting, source: str) -> str:
    """Return what a source says, bold and marked where ours differs from it."""
    heard = row.said[source]
    text = value(heard.value, row.setting) if heard.gives else published.SILENT
    if isinstance(row, published.ComparedSetting) and row.differs(source):
        text = f"**{text}**{MARK}"
    if heard.inferred:
        text = f"{text} *inferred*"
    return f"{text} ({cell(heard.remark)})" if heard.remark else text
