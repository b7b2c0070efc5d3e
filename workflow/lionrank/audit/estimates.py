"""What an experiment will compute, before anything is downloaded: steps, GPU hours, checkpoints.

Arithmetic on the config and its section `audit`, which holds what only the data can tell, and on
the sizes of backbones, which `lionrank.audit.backbones` counts. Where a number is missing, what
hangs on it is None.

Floating-point operations are counted as 2 a parameter and token forward and 4 backward (Kaplan et
al. 2020, arXiv 2001.08361, section 2.1), without embeddings and without the attention scores.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from lionrank.config import first_stages, teachers
from lionrank.config.evaluation import has_every_epoch
from lionrank.config.experiment import others, precisions
from lionrank.config.settings import training_settings, with_point
from lionrank.config.training_data import first_stage_depth, passages_of
from lionrank.config.treatments import PAIRS, collection_of_data, treatment
from lionrank.grid import FIRST_STAGE, seeds_by_name, training_name
from lionrank.search import halving
from lionrank.training.state import KEPT

FORWARD, FORWARD_AND_BACKWARD = 2, 6
"""Operations a parameter and token."""

BYTES_A_WEIGHT = 4

OPTIMIZER_STATES = {
    "torch.optim.AdamW": 2,
    "lion_pytorch.Lion": 1,
    "lionrank.training.optimizers.ForeachLion": 1,
}
"""Numbers that an optimizer keeps of each weight."""
STATES_OF_OTHERS = 2

Sizes: TypeAlias = Mapping[str, Mapping[str, float]]
"""Parameters of what computes, all and those of the `encoder`, by place in the config."""


def product(*factors: float | None) -> float | None:
    """Return the product, or None where a factor is missing."""
    known = [factor for factor in factors if factor is not None]
    return math.prod(known) if len(known) == len(factors) else None


def sum_of(values: Iterable[float | None]) -> float | None:
    """Return the sum, or None where a summand is missing."""
    added = total(values)
    return None if added["missing"] else added["known"]


def total(values: Iterable[float | None]) -> dict[str, float | None]:
    """Return the sum of what is known, None where nothing is, and how many `of` are missing."""
    values = list(values)
    known = [value for value in values if value is not None]
    return {
        "known": sum(known) if known or not values else None,
        "missing": values.count(None),
        "of": len(values),
    }


def assumed(config: Mapping[str, Any], *keys: str | None) -> float | None:
    """Return a number of the config's section `audit`, None where it has none."""
    value: Any = config["audit"]
    for key in keys:
        value = value.get(key) if value else None
    return value


def size_of(sizes: Sizes, kind: str, name: str, part: str) -> float | None:
    """Return the parameters of a model, system or teacher, None where they were not counted."""
    size = sizes.get(f"{kind}.{name}")
    return None if size is None else size[part]


def pairs_of(config: Mapping[str, Any], data: str) -> tuple[int, int]:
    """Return the pairs of query and passage of training data, and how many are held out.

    A triplet gives two.
    """
    if data == PAIRS:
        settings = config["training_pairs"]
        return 2 * settings["triplets"], settings["held_out"]["pairs"]
    entry = config["training_data"][data]
    return entry["examples"] * passages_of(entry), entry["held_out"]["passages"]


def steps_of_epoch(pairs: int, global_batch_size: int, of_example: int = 1) -> int:
    """Return the optimizer steps of an epoch; the last, smaller batch is a step too.

    A step has as many examples, of `of_example` pairs each, as fit into the global batch.
    """
    return math.ceil(pairs / of_example / (global_batch_size // of_example))


def end_of_schedule(settings: Mapping[str, Any], steps: int) -> float:
    """Return the learning rate after the last of `steps` without a restart, as a share of its peak.

    As transformers defines its schedules: the share of the steps after the warm-up that have been
    run goes from 0 to 1 over `schedule_steps`, or over all steps where that is null.
    """
    planned = settings["schedule_steps"] or steps
    warmup = warmup_steps(settings, steps)
    progress = (steps - warmup) / max(1, planned - warmup)
    if settings["schedule"] == "linear":
        return max(0.0, 1 - progress)
    if settings["schedule"] == "cosine":
        return 0.5 * (1 + math.cos(math.pi * progress))
    return 1.0


def warmup_steps(settings: Mapping[str, Any], steps: int) -> int:
    """Return the steps of the warm-up: as set, or its share of all that the schedule has."""
    warmup = settings["warmup"]
    return int(warmup) if warmup >= 1 else math.ceil(warmup * (settings["schedule_steps"] or steps))


def training_work(
    config: Mapping[str, Any],
    sizes: Sizes,
    model: str,
    optimizer: str,
    point: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a training's resolved settings, steps, jobs, GPU hours and bytes of checkpoints.

    The last four are of all its seeds. `point` has the settings that a search chose.
    """
    settings = with_point(training_settings(config, model, optimizer), point or {})
    data, epochs = treatment(config, optimizer).data, settings["epochs"]
    seeds = seeds_by_name(config["grid"]["seeds"])
    jobs = epochs * len(seeds)
    given, held_out = pairs_of(config, data)
    pairs = given - held_out
    of_example = 1 if data == PAIRS else passages_of(config["training_data"][data])
    steps_an_epoch = steps_of_epoch(pairs, settings["global_batch_size"], of_example)
    steps = steps_an_epoch * epochs
    without_restart = steps_an_epoch if settings["restarts"] else steps
    collection = collection_of_data(config, data)
    operations = product(
        FORWARD_AND_BACKWARD,
        size_of(sizes, "models", model, "encoder"),
        assumed(config, "collections", collection, "tokens_per_pair"),
        pairs,
        jobs,
    )
    return {
        "name": training_name(model, optimizer),
        "names": [training_name(model, optimizer, seed) for seed in seeds],
        "settings": settings | {"steps_an_epoch": steps_an_epoch},
        "data": data,
        "pairs": pairs,
        "steps_an_epoch": steps_an_epoch,
        "steps": steps * len(seeds),
        "schedule_steps": settings["schedule_steps"] or without_restart,
        "warmup_steps": warmup_steps(settings, without_restart),
        "end_of_schedule": end_of_schedule(settings, without_restart),
        "jobs": jobs,
        "gpu_hours": _gpu_hours(config, operations, settings["precision"]),
        "bytes": product(
            len(seeds), _bytes_of_checkpoints(config, sizes, model, optimizer, epochs)
        ),
        "bytes_within_epoch": _bytes_within_epoch(config, sizes, model, optimizer),
        "bytes_with_cards": product(
            BYTES_A_WEIGHT, size_of(sizes, "models", model, "parameters"), jobs
        ),
    }


def search_work(
    config: Mapping[str, Any],
    sizes: Sizes,
    model: str,
    optimizer: str,
    trials: int,
    untuned: int,
    scored: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return what the search for a training's settings takes.

    Args:
        config: the merged and checked config.
        sizes: the parameters of what computes.
        model: whose training it is, with
        optimizer: which names a treatment.
        trials: the number of those that may be chosen.
        untuned: that of those with the config's own settings which may not, 0 or 1.
        scored: what `reranking_work` and `held_out_work` tell of the development data by which an
            epoch of a trial is scored.

    Pairs are those of an epoch of a trial, and epochs those of all trials, as are hours and jobs.
    So are the bytes of their checkpoints, one a trial: the most that there are at once.
    """
    search, name = config["search"], training_name(model, optimizer)
    settings, data = training_settings(config, model, optimizer), treatment(config, optimizer).data
    given, held_out = pairs_of(config, data)
    pairs = round(search["share"] * (given - held_out))
    by_epoch = halving.trained(trials, search["keep"], search["epochs"])
    epochs = sum(by_epoch) + untuned * search["epochs"]
    encoder = size_of(sizes, "models", model, "encoder")
    tokens = assumed(config, "collections", collection_of_data(config, data), "tokens_per_pair")
    operations = product(FORWARD_AND_BACKWARD, encoder, tokens, pairs, epochs)
    training = _gpu_hours(config, operations, settings["precision"])
    scorers = [_Scorers(name, epochs, encoder, settings["precision"])]
    scoring = [
        _scoring(
            *(config, scorers, each["pairs"]),
            assumed(config, "collections", each["collection"], "tokens_per_pair"),
        )["gpu_hours"]
        for each in scored
    ]
    return {
        "name": name,
        "trials": trials,
        "untuned": untuned,
        "pairs": pairs,
        "epochs": epochs,
        "jobs": (trials + untuned) * search["epochs"],
        "training_hours": training,
        "scoring_hours": sum_of(scoring),
        "gpu_hours": sum_of([training, *scoring]),
        "bytes": product(
            BYTES_A_WEIGHT,
            size_of(sizes, "models", model, "parameters"),
            _copies_to_resume(config, optimizer),
            trials + untuned,
        ),
    }


def _gpu_hours(config: Mapping[str, Any], operations: float | None, precision: str) -> float | None:
    """Return the hours of `operations`, None where the GPU's speed at `precision` is not known."""
    gpu = config["audit"]["gpu"]
    precision = "bf16" if precision == "auto" else precision
    speed = product(gpu.get(f"{precision}_tflops"), 1e12, gpu["utilisation"])
    return None if operations is None or speed is None else operations / speed / 3600


def _bytes_of_checkpoints(
    config: Mapping[str, Any], sizes: Sizes, model: str, optimizer: str, epochs: int
) -> float | None:
    """Return the size of a training's checkpoints with one seed.

    The start has no optimizer state.
    """
    copies = 1 + epochs * _copies_to_resume(config, optimizer)
    return product(BYTES_A_WEIGHT, size_of(sizes, "models", model, "parameters"), copies)


def _bytes_within_epoch(
    config: Mapping[str, Any], sizes: Sizes, model: str, optimizer: str
) -> float | None:
    """Return the size of the states that are kept while an epoch is trained, and of a new one."""
    copies = (KEPT + 1) * _copies_to_resume(config, optimizer)
    return product(BYTES_A_WEIGHT, size_of(sizes, "models", model, "parameters"), copies)


def _copies_to_resume(config: Mapping[str, Any], optimizer: str) -> int:
    """Return how many numbers a training is resumed from for each weight, itself among them."""
    built_of = config["optimizers"][treatment(config, optimizer).optimizer]["class"]
    return 1 + OPTIMIZER_STATES.get(built_of, STATES_OF_OTHERS)


def reranking_work(
    config: Mapping[str, Any], sizes: Sizes, kind: str, name: str, again: Collection[str] = ()
) -> dict[str, Any]:
    """Return first stage, topics, candidates, pairs and GPU hours of scoring by checkpoints.

    `kind` is test_sets or dev_sets, and `name` one of them. Checkpoints of others score test sets,
    of which some have of each training the best epoch alone; those in `again` do in two precisions.
    """
    collection = config[kind][name]["collection"]
    topics = assumed(config, kind, name, "topics")
    judged = config[kind][name]
    is_given = first_stages.takes_given(config, judged)
    ranked_by = judged.get("first_stage", FIRST_STAGE)
    candidates = assumed(config, kind, name, "candidates")
    candidates = candidates or first_stages.depth_of(config, judged)
    pairs = product(topics, candidates)
    tokens = assumed(config, "collections", collection, "tokens_per_pair")
    best_only = kind == "test_sets" and not has_every_epoch(config, name)
    scorers = _trained(config, sizes, best_only=best_only)
    if kind == "test_sets":
        scorers += _of_others(config, sizes, again)
    return {
        "name": name,
        "best_only": best_only,
        "collection": collection,
        "first_stage": "of the collection" if is_given else first_stages.label(config, ranked_by),
        "topics": topics,
        "candidates": candidates,
        **_scoring(config, scorers, pairs, tokens),
    }


def held_out_work(config: Mapping[str, Any], sizes: Sizes, data: str) -> dict[str, Any]:
    """Return collection, pairs and GPU hours of the evaluation losses of the data's trainings."""
    collection = collection_of_data(config, data)
    tokens = assumed(config, "collections", collection, "tokens_per_pair")
    _, pairs = pairs_of(config, data)
    return {
        "name": data,
        "collection": collection,
        **_scoring(config, _trained(config, sizes, data), pairs, tokens),
    }


def teaching_work(
    config: Mapping[str, Any], sizes: Sizes, teacher: str, collection: str
) -> dict[str, Any]:
    """Return topics, candidates, pairs and GPU hours of what a teacher scores of a collection.

    A bi-encoder computes in float32, at a speed that is not known here.
    """
    settings = config["collections"][collection]
    made = settings["topics"]["train"] if settings["format"] == "pydocs" else None
    topics = made or assumed(config, "collections", collection, "training_topics")
    candidates = first_stage_depth(config, collection, "train")
    tokens = assumed(config, "collections", collection, "tokens_per_pair")
    scorer = _teacher(config, sizes, teacher)
    return {
        "name": teacher,
        "collection": collection,
        "topics": topics,
        "candidates": candidates,
        **_scoring(config, [scorer], product(topics, candidates), tokens),
    }


class _Scorers(NamedTuple):
    """Checkpoints of one training, system or teacher, their encoders' parameters and precision."""

    name: str
    number: int
    encoder: float | None
    precision: str


def _trained(
    config: Mapping[str, Any], sizes: Sizes, data: str | None = None, best_only: bool = False
) -> list[_Scorers]:
    """Return the checkpoints of the trainings, of all or of those that learn from some data.

    They are those of every epoch, or of the best one.
    """
    scorers = []
    for model in config["grid"]["models"]:
        for optimizer in config["grid"]["optimizers"]:
            if data not in (None, treatment(config, optimizer).data):
                continue
            settings = training_settings(config, model, optimizer)
            encoder = size_of(sizes, "models", model, "encoder")
            number = len(config["grid"]["seeds"]) * (1 if best_only else settings["epochs"])
            name = training_name(model, optimizer)
            scorers.append(_Scorers(name, number, encoder, settings["precision"]))
    return scorers


def _of_others(config: Mapping[str, Any], sizes: Sizes, again: Collection[str]) -> list[_Scorers]:
    """Return the checkpoints that others trained, one that scores in two precisions as two."""
    return [
        _Scorers(name, 1, size_of(sizes, "systems", name, "encoder"), precision)
        for name, system in others(config).items()
        if "checkpoint" in system
        for precision in precisions(config, name, name in again)
    ]


def _teacher(config: Mapping[str, Any], sizes: Sizes, name: str) -> _Scorers:
    entry = config["teachers"][name]
    checkpoint = entry.get("checkpoint", "")
    if checkpoint in (trained := teachers.of_grid(config)):
        model, optimizer = trained[checkpoint]
        precision = training_settings(config, model, optimizer)["precision"]
        return _Scorers(name, 1, size_of(sizes, "models", model, "encoder"), precision)
    encoder = size_of(sizes, "teachers", name, "encoder")
    own = entry.get("precision") or config["training"]["defaults"]["precision"]
    return _Scorers(name, 1, encoder, own)


def _scoring(
    config: Mapping[str, Any], scorers: list[_Scorers], pairs: float | None, tokens: float | None
) -> dict[str, Any]:
    """Return pairs of a checkpoint and of all, and the GPU hours of all; `tokens` are a pair's.

    `hours_of_one` are those of one checkpoint, with the name of the training, system or teacher.
    """
    of_one = [
        _gpu_hours(config, product(FORWARD, each.encoder, tokens, pairs), each.precision)
        for each in scorers
    ]
    of_all = [product(hours, each.number) for hours, each in zip(of_one, scorers, strict=True)]
    return {
        "pairs": pairs,
        "scored": product(pairs, sum(each.number for each in scorers)),
        "hours_of_one": [(each.name, hours) for hours, each in zip(of_one, scorers, strict=True)],
        "gpu_hours": sum_of(of_all),
    }
