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

from lionrank.audit import lengths
from lionrank.config import first_stages, teachers
from lionrank.config.evaluation import has_every_epoch
from lionrank.config.experiment import others, precisions
from lionrank.config.scorings import Scoring, scoring
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
"""Of what computes, by place in the config: all `parameters`, those of the `encoder`, and how many
tokens can be read at once, its `positions`."""


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
    """Return a part of the sizes of a model, system or teacher, None where none was counted."""
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
    operations = product(
        FORWARD_AND_BACKWARD,
        size_of(sizes, "models", model, "encoder"),
        _tokens_trained_on(config, data, settings),
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
    tokens = _tokens_trained_on(config, data, settings)
    operations = product(FORWARD_AND_BACKWARD, encoder, tokens, pairs, epochs)
    training = _gpu_hours(config, operations, settings["precision"])
    scorers = [_of_training(sizes, model, name, epochs, settings)]
    scoring_hours = [
        _scoring(config, scorers, each["pairs"], each["collection"], each["scoring"])["gpu_hours"]
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
        "scoring_hours": sum_of(scoring_hours),
        "gpu_hours": sum_of([training, *scoring_hours]),
        "bytes": product(
            BYTES_A_WEIGHT,
            size_of(sizes, "models", model, "parameters"),
            _copies_to_resume(config, optimizer),
            trials + untuned,
        ),
    }


def _tokens_trained_on(
    config: Mapping[str, Any], data: str, settings: Mapping[str, Any]
) -> float | None:
    """Return the tokens of a pair of training data, as a training with these settings reads it."""
    sizes = _lengths(config, collection_of_data(config, data))
    return lengths.cut(sizes, settings["max_length"])


def _lengths(config: Mapping[str, Any], collection: str) -> Mapping[str, Any] | None:
    """Return what the config's section `audit` knows of a collection, None where it is nothing."""
    known: Mapping[str, Any] | None = config["audit"]["collections"].get(collection)
    return known


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
    Windows that a test set shares with earlier ones of the grid are work of the first.
    """
    judged = config[kind][name]
    collection = judged["collection"]
    topics = assumed(config, kind, name, "topics")
    is_given = first_stages.takes_given(config, judged)
    ranked_by = judged.get("first_stage", FIRST_STAGE)
    candidates = assumed(config, kind, name, "candidates")
    candidates = candidates or first_stages.depth_of(config, judged)
    best_only = kind == "test_sets" and not has_every_epoch(config, name)
    scorers = _trained(config, sizes, best_only=best_only)
    shared = list[str]()
    if kind == "test_sets":
        shared = _with_the_same_windows(config, name)
        if any(has_every_epoch(config, each) != best_only for each in shared):
            scorers = [each._replace(shared=True) for each in scorers]
        scorers += [each._replace(shared=bool(shared)) for each in _of_others(config, sizes, again)]
    how = scoring(config, judged.get("scoring"))
    return {
        "name": name,
        "best_only": best_only,
        "collection": collection,
        "ranked": _ranked(config, judged),
        "first_stage": "of the collection" if is_given else first_stages.label(config, ranked_by),
        "topics": topics,
        "candidates": candidates,
        "shared": shared if any(each.shared for each in scorers) else [],
        **_scoring(config, scorers, product(topics, candidates), collection, how),
    }


def _ranked(config: Mapping[str, Any], judged: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the file of candidates of a test set or dev set is named by."""
    return judged["collection"], judged["topics"], first_stages.suffix(config, judged)


def _with_the_same_windows(config: Mapping[str, Any], test_set: str) -> list[str]:
    """Return the test sets before this one in the grid whose documents have the same windows.

    They are scored once for all (`lionrank.config.plan_of_scorings.ScoringsPlan.windows`).
    """

    def windows(name: str) -> tuple[Any, ...] | None:
        judged = config["test_sets"][name]
        how = scoring(config, judged.get("scoring"))
        if how is None or how.division is None:
            return None
        return *_ranked(config, judged), how.division

    names = config["grid"]["test_sets"]
    own = windows(test_set)
    before = names[: names.index(test_set)] if own else []
    return [name for name in before if windows(name) == own]


def held_out_work(config: Mapping[str, Any], sizes: Sizes, data: str) -> dict[str, Any]:
    """Return collection, pairs and GPU hours of the evaluation losses of the data's trainings."""
    collection = collection_of_data(config, data)
    _, pairs = pairs_of(config, data)
    return {
        "name": data,
        "collection": collection,
        **_scoring(config, _trained(config, sizes, data), pairs, collection),
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
    scorer = _teacher(config, sizes, teacher)
    return {
        "name": teacher,
        "collection": collection,
        "topics": topics,
        "candidates": candidates,
        **_scoring(config, [scorer], product(topics, candidates), collection),
    }


class _Scorers(NamedTuple):
    """Checkpoints of one training, system or teacher, and how they score."""

    name: str
    number: int
    encoder: float | None
    positions: float | None
    precision: str
    max_length: int
    shared: bool = False
    """Whether their windows are work of another test set."""


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
            number = len(config["grid"]["seeds"]) * (1 if best_only else settings["epochs"])
            name = training_name(model, optimizer)
            scorers.append(_of_training(sizes, model, name, number, settings))
    return scorers


def _of_training(
    sizes: Sizes, model: str, name: str, number: int, settings: Mapping[str, Any]
) -> _Scorers:
    size = _sizes(sizes, "models", model)
    return _Scorers(name, number, *size, settings["precision"], settings["max_length"])


def _sizes(sizes: Sizes, kind: str, name: str) -> tuple[float | None, float | None]:
    encoder, positions = (size_of(sizes, kind, name, part) for part in ("encoder", "positions"))
    return encoder, positions


def _of_others(config: Mapping[str, Any], sizes: Sizes, again: Collection[str]) -> list[_Scorers]:
    """Return the checkpoints that others trained, one that scores in two precisions as two."""
    return [
        _Scorers(name, 1, *_sizes(sizes, "systems", name), precision, _own_length(config, system))
        for name, system in others(config).items()
        if "checkpoint" in system
        for precision in precisions(config, name, name in again)
    ]


def _own_length(config: Mapping[str, Any], entry: Mapping[str, Any]) -> int:
    """Return the tokens to which a checkpoint of others cuts pairs, by its entry in the config."""
    length: int = entry.get("max_length") or config["training"]["defaults"]["max_length"]
    return length


def _teacher(config: Mapping[str, Any], sizes: Sizes, name: str) -> _Scorers:
    entry = config["teachers"][name]
    checkpoint = entry.get("checkpoint", "")
    if checkpoint in (trained := teachers.of_grid(config)):
        model, optimizer = trained[checkpoint]
        return _of_training(sizes, model, name, 1, training_settings(config, model, optimizer))
    own = entry.get("precision") or config["training"]["defaults"]["precision"]
    size = _sizes(sizes, "teachers", name)
    return _Scorers(name, 1, *size, own, _own_length(config, entry))


def _scoring(
    config: Mapping[str, Any],
    scorers: list[_Scorers],
    pairs: float | None,
    collection: str,
    how: Scoring | None = None,
) -> dict[str, Any]:
    """Return pairs of a checkpoint and of all, what is read of a pair, and the GPU hours of all.

    `readings` has what is read by the name of each training, system or teacher, `hours_of_one` the
    hours of one checkpoint of it, where these are no work of another test set, and `windows` those
    of all candidates by as many checkpoints, 0 where the `scoring` has none.
    """
    sizes = _lengths(config, collection)
    readings = {
        each.name: lengths.scored(sizes, how, each.max_length, each.positions) for each in scorers
    }
    own = [each for each in scorers if not each.shared]
    of_one = [
        _gpu_hours(
            config,
            product(FORWARD, each.encoder, readings[each.name].tokens, pairs),
            each.precision,
        )
        for each in own
    ]
    of_all = [product(hours, each.number) for hours, each in zip(of_one, own, strict=True)]
    has_windows = how is not None and how.division is not None
    windows = (product(pairs, readings[each.name].windows, each.number) for each in own)
    return {
        "scoring": how,
        "pairs": pairs,
        "scored": product(pairs, sum(each.number for each in scorers)),
        "readings": readings,
        "windows": sum_of(windows) if has_windows else 0,
        "hours_of_one": [(each.name, hours) for hours, each in zip(of_one, own, strict=True)],
        "gpu_hours": sum_of(of_all),
    }
