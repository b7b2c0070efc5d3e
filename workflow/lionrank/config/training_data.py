"""What trainings learn from: their data, and the rankings and teachers behind these.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config import first_stages, teachers
from lionrank.config.treatments import PAIRS, collection_of_data, treatment
from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL


def is_trained(config: Mapping[str, Any]) -> bool:
    """Return whether the experiment trains anything, or only takes what others have."""
    return bool(config["grid"]["models"])


def used_data(config: Mapping[str, Any]) -> list[str]:
    """Return what the trainings of the grid learn from: pairs, or keys of training_data."""
    named = config["grid"]["optimizers"] if is_trained(config) else []
    return list(dict.fromkeys(treatment(config, name).data for name in named))


def is_drawn(entry: Mapping[str, Any] | None) -> bool:
    """Return whether an entry of training_data, None for the pairs, is drawn or imported."""
    return entry is not None and "format" not in entry


def passages_of(entry: Mapping[str, Any]) -> int:
    """Return how many passages an example of an entry of training_data has, at most."""
    sizes = {"hofstaetter": 2, "triplets": 2, "pairs": 1}
    passages: int = sizes[entry["format"]] if entry.get("format") in sizes else entry["passages"]
    return passages


def data_sources(config: Mapping[str, Any], data: str) -> list[str]:
    """Return the source of training data, or of the ranking or teacher that they are drawn from."""
    entry = config["training_data"].get(data)
    if entry is None:
        return []
    if is_drawn(entry):
        if (teacher := teachers.of_data(config, data)) is not None:
            source = teachers.source_of(config, teacher)
            return [] if source is None else [source]
        is_made = entry["ranking"] in (FIRST_STAGE, *config["first_stages"])
        return [] if is_made or "/" in entry["ranking"] else [entry["ranking"]]
    return [entry["source"]] if "source" in entry else []


def used_teachers(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the teachers that the trainings learn from, and the collections of what they score."""
    named = [
        (teachers.of_data(config, data), collection_of_data(config, data))
        for data in used_data(config)
    ]
    return list(dict.fromkeys((name, place) for name, place in named if name is not None))


def learnt_from(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return how the data of the trainings were chosen, by name.

    The ranking that they were drawn from, as it is printed, or None of what others made; the
    lowest grade of a relevant passage, or None where the ranking was taken as it is; which passages
    are negatives, between which ranks, and the share of them that is drawn at random.
    """
    return {data: _chosen(config, data) for data in used_data(config)}


def _chosen(config: Mapping[str, Any], data: str) -> dict[str, Any]:
    collection = collection_of_data(config, data)
    keys = ("ranking", "threshold", "negatives", "ranks", "random_negatives")
    chosen = {"collection": collection, **dict.fromkeys(keys)}
    if data != PAIRS:
        entry = config["training_data"][data]
        ranking = entry.get("ranking")
        labels = {FIRST_STAGE: FIRST_STAGE_LABEL}
        for kind in ("first_stages", "teachers"):
            labels |= {name: each["label"] for name, each in config[kind].items()}
        return (
            chosen
            | {key: entry.get(key) for key in keys}
            | {"ranking": labels.get(ranking, ranking)}
        )
    if config["collections"][collection]["format"] == "msmarco":
        return chosen
    pairs = config["training_pairs"]
    return chosen | {
        "ranking": FIRST_STAGE_LABEL,
        "threshold": 1,
        "negatives": "unjudged",
        "ranks": [pairs["hardest_rank"], pairs["negative_depth"]],
        "random_negatives": pairs["random_negatives"],
    }


def first_stage_depth(
    config: Mapping[str, Any], collection: str, topics: str, suffix: str = ""
) -> int:
    """Return how many documents are ranked: of training topics as many as are drawn from.

    Those that a teacher scores are BM25's. `suffix` says what ranks, as `first_stages.suffix` does.
    """
    pairs, depths = config["training_pairs"], []
    # Triplets of MS MARCO are published, and not drawn.
    is_drawn_from = config["collections"][collection]["format"] != "msmarco" and not suffix
    if topics == "train" and pairs["collection"] == collection and is_drawn_from:
        depths.append(pairs["negative_depth"])
    for name in used_data(config) if topics == "train" else []:
        if _drawn_from(config, name) == suffix and collection_of_data(config, name) == collection:
            entry = config["training_data"][name]
            depths.append(max(entry["ranks"][1], entry["passages"]))
    for _, judged in () if depths else first_stages.judged(config):
        own = judged["collection"], judged["topics"], first_stages.suffix(config, judged)
        if own == (collection, topics, suffix):
            return first_stages.depth_of(config, judged)
    return max(depths, default=config["retrieval"]["depth"])


def _drawn_from(config: Mapping[str, Any], data: str) -> str | None:
    """Return by `first_stages.suffix` whose ranking training data are drawn from, if any's.

    They are BM25's also where a teacher puts them into another order.
    """
    teacher = teachers.of_data(config, data)
    if teacher is not None:
        return None if "run_file" in config["teachers"][teacher] else ""
    ranking = config["training_data"].get(data, {}).get("ranking")
    if ranking in config["first_stages"]:
        return f".{ranking}"
    return "" if ranking == FIRST_STAGE else None


def trained_on(config: Mapping[str, Any]) -> list[str]:
    """Return the collections that the trainings' data are from."""
    return list(dict.fromkeys(collection_of_data(config, data) for data in used_data(config)))
