"""What an experiment will take, before anything is downloaded: steps, GPU hours and disk.

Arithmetic on the config and its section `audit`, which holds what only the data can tell, and on
the sizes of backbones, which `lionrank.audit.backbones` counts. Where a number is missing, what
hangs on it is None.

Floating-point operations are counted as 2 a parameter and token forward and 4 backward (Kaplan et
al. 2020, arXiv 2001.08361, section 2.1), without embeddings and without the attention scores.
"""

import enum
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from lionrank.config import first_stages, teachers
from lionrank.config.evaluation import has_every_epoch
from lionrank.config.experiment import others, precisions
from lionrank.config.formats import index_source
from lionrank.config.settings import training_settings, with_point
from lionrank.config.sources import Source
from lionrank.config.training_data import first_stage_depth, passages_of, trained_on, used_data
from lionrank.config.treatments import PAIRS, collection_of_data, treatment
from lionrank.grid import FIRST_STAGE, seeds_by_name, training_name
from lionrank.search import halving
from lionrank.training.state import KEPT

FORWARD, FORWARD_AND_BACKWARD = 2, 6
"""Operations a parameter and token."""

BYTES_A_WEIGHT = 4
BYTES_A_RUN_LINE = 55
"""Of `qid Q0 docid rank score tag` with ids of seven digits and a checkpoint's name as the tag."""

OPTIMIZER_STATES = {
    "torch.optim.AdamW": 2,
    "lion_pytorch.Lion": 1,
    "lionrank.training.optimizers.ForeachLion": 1,
}
"""Numbers that an optimizer keeps of each weight."""
STATES_OF_OTHERS = 2

BYTES_OF_SOFTWARE = 7e9
"""Of a virtual environment with a CUDA build of PyTorch; one for CPUs alone has less than half."""


Sizes: TypeAlias = Mapping[str, Mapping[str, float]]
"""Parameters of what computes, all and those of the `encoder`, by place in the config."""


class Storage(enum.Enum):
    """Where something lies, each perhaps on a disk of its own, and what else can set it."""

    HUB = "hub's cache (`HF_HUB_CACHE`, `HF_HOME`)"
    WEB = "cache of other downloads (`XDG_CACHE_HOME`)"
    CATALOGUE = "cache of ir_datasets (`IR_DATASETS_HOME`)"
    WORK = "working directory (`--directory`)"
    SOFTWARE = "software environment"


def product(*factors: float | None) -> float | None:
    """Return the product, or None where a factor is missing."""
    known = [factor for factor in factors if factor is not None]
    return math.prod(known) if len(known) == len(factors) else None


def _sum(values: Iterable[float | None]) -> float | None:
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


def _assumed(config: Mapping[str, Any], *keys: str | None) -> float | None:
    """Return a number of the config's section `audit`, None where it has none."""
    value: Any = config["audit"]
    for key in keys:
        value = value.get(key) if value else None
    return value


def _size(sizes: Sizes, kind: str, name: str, part: str) -> float | None:
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
        _size(sizes, "models", model, "encoder"),
        _assumed(config, "collections", collection, "tokens_per_pair"),
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
            BYTES_A_WEIGHT, _size(sizes, "models", model, "parameters"), jobs
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
    search = config["search"]
    settings, data = training_settings(config, model, optimizer), treatment(config, optimizer).data
    given, held_out = pairs_of(config, data)
    pairs = round(search["share"] * (given - held_out))
    by_epoch = halving.trained(trials, search["keep"], search["epochs"])
    epochs = sum(by_epoch) + untuned * search["epochs"]
    encoder = _size(sizes, "models", model, "encoder")
    tokens = _assumed(config, "collections", collection_of_data(config, data), "tokens_per_pair")
    operations = product(FORWARD_AND_BACKWARD, encoder, tokens, pairs, epochs)
    training = _gpu_hours(config, operations, settings["precision"])
    scorers = [_Scorers(epochs, encoder, settings["precision"])]
    scoring = [
        _scoring(
            *(config, scorers, each["pairs"]),
            _assumed(config, "collections", each["collection"], "tokens_per_pair"),
        )["gpu_hours"]
        for each in scored
    ]
    return {
        "name": training_name(model, optimizer),
        "trials": trials,
        "untuned": untuned,
        "pairs": pairs,
        "epochs": epochs,
        "jobs": (trials + untuned) * search["epochs"],
        "training_hours": training,
        "scoring_hours": _sum(scoring),
        "gpu_hours": _sum([training, *scoring]),
        "bytes": product(
            BYTES_A_WEIGHT,
            _size(sizes, "models", model, "parameters"),
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
    return product(BYTES_A_WEIGHT, _size(sizes, "models", model, "parameters"), copies)


def _bytes_within_epoch(
    config: Mapping[str, Any], sizes: Sizes, model: str, optimizer: str
) -> float | None:
    """Return the size of the states that are kept while an epoch is trained, and of a new one."""
    copies = (KEPT + 1) * _copies_to_resume(config, optimizer)
    return product(BYTES_A_WEIGHT, _size(sizes, "models", model, "parameters"), copies)


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
    topics = _assumed(config, kind, name, "topics")
    judged = config[kind][name]
    is_given = first_stages.takes_given(config, judged)
    ranked_by = judged.get("first_stage", FIRST_STAGE)
    candidates = _assumed(config, kind, name, "candidates")
    candidates = candidates or first_stages.depth_of(config, judged)
    pairs = product(topics, candidates)
    tokens = _assumed(config, "collections", collection, "tokens_per_pair")
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
    tokens = _assumed(config, "collections", collection, "tokens_per_pair")
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
    topics = made or _assumed(config, "collections", collection, "training_topics")
    candidates = first_stage_depth(config, collection, "train")
    tokens = _assumed(config, "collections", collection, "tokens_per_pair")
    scorer = _teacher(config, sizes, teacher)
    return {
        "name": teacher,
        "collection": collection,
        "topics": topics,
        "candidates": candidates,
        **_scoring(config, [scorer], product(topics, candidates), tokens),
    }


class _Scorers(NamedTuple):
    """Checkpoints of one size: how many, their encoders' parameters, and their precision."""

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
            encoder = _size(sizes, "models", model, "encoder")
            number = len(config["grid"]["seeds"]) * (1 if best_only else settings["epochs"])
            scorers.append(_Scorers(number, encoder, settings["precision"]))
    return scorers


def _of_others(config: Mapping[str, Any], sizes: Sizes, again: Collection[str]) -> list[_Scorers]:
    """Return the checkpoints that others trained, one that scores in two precisions as two."""
    return [
        _Scorers(1, _size(sizes, "systems", name, "encoder"), precision)
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
        return _Scorers(1, _size(sizes, "models", model, "encoder"), precision)
    encoder = _size(sizes, "teachers", name, "encoder")
    own = entry.get("precision") or config["training"]["defaults"]["precision"]
    return _Scorers(1, encoder, own)


def _scoring(
    config: Mapping[str, Any], scorers: list[_Scorers], pairs: float | None, tokens: float | None
) -> dict[str, float | None]:
    """Return pairs of a checkpoint and of all, and the GPU hours of all; `tokens` are a pair's."""
    hours = [
        _gpu_hours(
            config, product(FORWARD, each.encoder, tokens, pairs, each.number), each.precision
        )
        for each in scorers
    ]
    return {
        "pairs": pairs,
        "scored": product(pairs, sum(each.number for each in scorers)),
        "gpu_hours": _sum(hours),
    }


def disk_use(
    config: Mapping[str, Any],
    sizes: Sizes,
    sources: list[Source],
    trainings: list[dict],
    searches: list[dict],
    reranking: list[dict],
    development: list[dict],
    teaching: list[dict],
    catalogued: Mapping[str, list[str]],
) -> Iterator[dict[str, Any]]:
    """Yield (what, bytes, how they are counted, place) of all that takes much room."""

    def item(
        what: str, size: float | None, how: str, place: Storage = Storage.WORK
    ) -> dict[str, Any]:
        return {"what": what, "bytes": size, "how": how, "place": place}

    text = "passages' text before compression"
    learnt_from = trained_on(config)
    yield item("software", BYTES_OF_SOFTWARE, "with CUDA; installed already", Storage.SOFTWARE)
    for place, whence in ((Storage.HUB, "the hub"), (Storage.WEB, "the web")):
        fetched = [
            source
            for source in sources
            if (source.kind == "url") is (place is Storage.WEB)
            and source.name not in config["sources"]["local"]
        ]
        known = [source.bytes for source in fetched if source.bytes is not None]
        unknown = [source.name for source in fetched if source.bytes is None]
        if known:
            how = f"{len(known)} of section 1"
            yield item(f"downloads from {whence}, of known size", sum(known), how, place)
        if unknown:
            how = ", ".join(unknown)
            yield item(f"downloads from {whence}, of unknown size", None, how, place)
    for name, ids in catalogued.items():
        yield item(f"downloads of {name}", None, ", ".join(ids), Storage.CATALOGUE)
    indexes = {index_source(entry) for entry in config["collections"].values()}
    for source in sources:
        if source.name in indexes:
            how = "taken as large as its archive: Lucene's files are compressed already"
            yield item(f"{source.name}, unpacked", source.bytes, how)
    for name in dict.fromkeys([*learnt_from, *(test_set["collection"] for test_set in reranking)]):
        passages = _assumed(config, "collections", name, "passages")
        yield item(f"corpus of {name}", product(passages, _bytes_a_passage(config, name)), text)
    for data in used_data(config):
        pairs, _ = pairs_of(config, data)
        passage = _bytes_a_passage(config, collection_of_data(config, data))
        yield item(f"training data {data}", product(pairs, passage), text)
    for test_set in reranking:
        passage = _bytes_a_passage(config, test_set["collection"])
        candidates = product(test_set["pairs"], passage)
        yield item(f"candidates of {test_set['name']}", candidates, text)
        lines = product(test_set["scored"], BYTES_A_RUN_LINE)
        yield item(f"run files of {test_set['name']}", lines, f"{BYTES_A_RUN_LINE} bytes a line")
    for dev_set in development:
        passage = _bytes_a_passage(config, dev_set["collection"])
        yield item(f"candidates of {dev_set['name']}", product(dev_set["pairs"], passage), text)
    # Of a collection all teachers score the same.
    for name, pairs in {each["collection"]: each["pairs"] for each in teaching}.items():
        passages = product(pairs, _bytes_a_passage(config, name))
        yield item(f"candidates of teachers, of {name}", passages, text)
    for training in trainings:
        weights = training["jobs"] + len(training["names"])
        how = f"weights of {weights}, optimizer state in {training['jobs']}"
        yield item(f"checkpoints of {training['name']}", training["bytes"], how)
        how = f"weights of {training['jobs']}, which `snakemake all` copies to hub/"
        yield item(f"model cards of {training['name']}", training["bytes_with_cards"], how)
    for search in searches:
        how = f"of {search['trials'] + search['untuned']}, at most: removed once they are scored"
        yield item(f"checkpoints of trials of {search['name']}", search["bytes"], how)
    for name, system in others(config).items():
        if "checkpoint" in system:
            parameters = _size(sizes, "systems", name, "parameters")
            yield item(f"checkpoint {name}", product(BYTES_A_WEIGHT, parameters), "weights")
    largest = max(
        (each for each in trainings if each["bytes_within_epoch"] is not None),
        key=lambda training: training["bytes_within_epoch"],
        default=None,
    )
    if largest is not None:
        how = f"{KEPT + 1}, of {largest['name']}, until the epoch's checkpoint is complete"
        yield item("states within an epoch", largest["bytes_within_epoch"], how)


def _bytes_a_passage(config: Mapping[str, Any], collection: str) -> float | None:
    return _assumed(config, "collections", collection, "bytes_per_passage")
