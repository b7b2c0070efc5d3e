"""What an experiment needs of its collections and sources, as its config tells.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from lionrank.config import first_stages, lotte, teachers
from lionrank.config.first_stages import WITH_CANDIDATES
from lionrank.config.sources import Source
from lionrank.config.treatments import PAIRS, collection_of_data, treatment
from lionrank.files import maybe_packed
from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL
from lionrank.measures import GRADED, METRICS, PRIMARY, Measure
from lionrank.published.scores import TEST_SETS
from lionrank.wording import listed

# Formats in which anybody's own collection may come.
OWN = ("beir", "anserini", "ir_datasets", "lotte")
# Formats that are read into the project's own formats document by document.
IMPORTED = (*OWN, *WITH_CANDIDATES)
# Keys of a collection's entry that are for retrieval, and not for its reader.
OF_RETRIEVAL = ("index", "remove_query")
MSMARCO_SOURCES = {
    "corpus": "msmarco_corpus",
    "queries": "msmarco_queries",
    "qrels": "msmarco_train_qrels",
    "triplets": "msmarco_triplets",
    "index": "msmarco_index",
}


def title(config: Mapping[str, Any]) -> str:
    """Return the title of the paper: the config's, or one made of the labels of the grid."""
    if config["paper"]["title"] is not None:
        return config["paper"]["title"]
    models, others = (
        [config[kind][name]["label"] for name in config["grid"][kind]]
        for kind in ("models", "systems")
    )
    optimizers = [treatment(config, name).label for name in config["grid"]["optimizers"]]
    if not models:
        return f"{listed(others)} compared as rerankers"
    compared = " versus ".join(optimizers) if len(optimizers) == 2 else listed(optimizers)
    return f"{compared} for cross-encoder reranking: {listed(models)}"


def topic_names(collection: Mapping[str, Any]) -> list[str] | None:
    """Return the names of a collection's topics, or None where only its files can tell."""
    match collection["format"]:
        case "pydocs":
            return ["train", "dev", "test"]
        case "msmarco":
            return ["train", *collection["topics"]]
        case "marco_qa":
            return ["validation"]
        case "nanobeir":
            return ["test"]
        case "lotte":
            return list(lotte.TOPICS)
        case "anserini":
            return list(collection["topics"])
        case "ir_datasets":
            return list(collection["ids"])
    return None


def of_format(config: Mapping[str, Any], *formats: str) -> list[str]:
    """Return the names of the collections in one of these formats."""
    return [name for name, entry in config["collections"].items() if entry["format"] in formats]


def removes_query(config: Mapping[str, Any], collection: str) -> bool:
    """Return whether a document with a topic's id is left out, as it is the query itself."""
    entry = config["collections"][collection]
    removes: bool = entry.get("remove_query", entry["format"] == "beir")
    return removes


def first_stage(config: Mapping[str, Any], test_set: str) -> str | None:
    """Return what ranked a test set's candidates, None where they are no ranking."""
    return first_stages.of(config, config["test_sets"][test_set])


def has_first_stage(config: Mapping[str, Any], test_set: str) -> bool:
    """Return whether a test set's candidates are a ranking that can be evaluated as it is."""
    return first_stage(config, test_set) is not None


def relevance_levels(config: Mapping[str, Any], test_set: str) -> list[int]:
    """Return the relevance thresholds at which binary measures are computed on a test set."""
    return config["test_sets"][test_set].get("relevance_levels", [1])


def paper_level(config: Mapping[str, Any], test_set: str) -> int:
    """Return the relevance threshold of a test set's .eval files and of the paper's columns."""
    levels = relevance_levels(config, test_set)
    return levels[0] if len(levels) == 1 else config["evaluation"]["relevance_level"]


def paper_columns(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return test set and metrics of the groups of columns in the table of results."""
    return _in_grid(config, config["paper"]["columns"]) or [
        {"test_set": config["grid"]["test_sets"][0], "metrics": list(METRICS)}
    ]


def averages(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries of the averages all of whose test sets the grid has, by name."""
    left_out = left_out_averages(config)
    return {name: entry for name, entry in config["averages"].items() if name not in left_out}


def left_out_averages(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the test sets that the grid lacks of each average of which it lacks any, by name."""
    in_grid = config["grid"]["test_sets"]
    lacking = {
        name: [test_set for test_set in entry["test_sets"] if test_set not in in_grid]
        for name, entry in config["averages"].items()
    }
    return {name: test_sets for name, test_sets in lacking.items() if test_sets}


def levels_of_averages(config: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return the relevance threshold of each test set of each average."""
    return {
        name: {test_set: paper_level(config, test_set) for test_set in entry["test_sets"]}
        for name, entry in averages(config).items()
    }


def reported(config: Mapping[str, Any]) -> list[str]:
    """Return the test sets of the grid that the paper reports or compares on, its first always.

    Those of averages are among them.
    """
    named = [entry["test_set"] for entry in [*paper_columns(config), *compared_measures(config)]]
    named += [test_set for entry in averages(config).values() for test_set in entry["test_sets"]]
    first, *others = config["grid"]["test_sets"]
    return [first, *(name for name in others if name in named)]


def stand_ins(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the reported test sets that stand in for published ones, by the latter's names."""
    named = config["paper"]["claims_on"]
    return {name: ours for name, ours in named.items() if ours in reported(config)}


def published_on(config: Mapping[str, Any]) -> dict[str, str]:
    """Return our test sets on which there are published values, by the names of these.

    A published one is itself, where it is reported, or one that stands in for it.
    """
    ours = stand_ins(config)
    named = {name: ours.get(name, name) for name in TEST_SETS.values()}
    return {name: each for name, each in named.items() if each in reported(config)}


def precisions(config: Mapping[str, Any], system: str, test_set: str) -> list[str]:
    """Return the precisions in which a checkpoint of others scores a test set, its own first.

    A published one scores in another as well where there are published values.
    """
    entry = config["systems"][system]
    own = entry.get("precision") or config["training"]["defaults"]["precision"]
    if not entry.get("published") or test_set not in published_on(config).values():
        return [own]
    return [own, "bf16" if own == "fp32" else "fp32"]


def compared_measures(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return test set, metric and level of the measures by which systems are compared."""
    measures = _in_grid(config, config["comparisons"]["measures"]) or [
        {"test_set": config["grid"]["test_sets"][0], "metric": PRIMARY}
    ]
    return [vars(measured(config, **measure)) for measure in measures]


def measured(config: Mapping[str, Any], test_set: str, metric: str) -> Measure:
    """Return a measure as the paper has it of a test set or an average, which has no level."""
    has_level = metric != GRADED and test_set not in config["averages"]
    return Measure(test_set, metric, paper_level(config, test_set) if has_level else None)


def _in_grid(config: Mapping[str, Any], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = [*config["grid"]["test_sets"], *averages(config)]
    return [entry for entry in entries if entry["test_set"] in known]


def has_every_epoch(config: Mapping[str, Any], test_set: str) -> bool:
    """Return whether every epoch is evaluated on a test set of the grid, and not the best alone."""
    return test_set in (config["grid"]["test_sets"][0], *config["grid"]["every_epoch_on"])


def systems(config: Mapping[str, Any], test_set: str, checkpoints: Iterable[str]) -> list[str]:
    """Return the systems that have a run file on a test set; `checkpoints` are the trainings'."""
    ranked = first_stage(config, test_set)
    first = [] if ranked is None else [ranked]
    return [*first, *checkpoints, *others_on(config, test_set)]


def others(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries of the systems in the grid that are not trained here, by name."""
    return {name: config["systems"][name] for name in config["grid"]["systems"]}


def others_on(config: Mapping[str, Any], test_set: str) -> list[str]:
    """Return those of the other systems that have a run file on a test set.

    A checkpoint of others has one on each; run files are there for those that its entry names.
    """
    return [
        name
        for name, entry in others(config).items()
        if "checkpoint" in entry or test_set in entry["run_files"]
    ]


def without_run_file(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the test sets that each of the other systems has no run file on, by its name."""
    on = {name: others_on(config, name) for name in config["grid"]["test_sets"]}
    return {
        system: [name for name, systems in on.items() if system not in systems]
        for system in others(config)
    }


def checkpoint_source(system: Mapping[str, Any]) -> str | None:
    """Return the source of a checkpoint of others, None of a local folder or of run files."""
    checkpoint = system.get("checkpoint")
    return None if checkpoint is None or "/" in checkpoint else checkpoint


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


def dev_sets(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the dev sets: those of the grid, as far as there is what to choose."""
    return config["grid"]["dev_sets"] if is_trained(config) else []


def model_sources(model: Mapping[str, Any]) -> list[str]:
    """Return the sources of a model's weights and tokenizer; a package is not downloaded."""
    named = [model["pretrained"], model["tokenizer"]]
    return [name for name in dict.fromkeys(named) if name and not name.startswith("package:")]


def model_folders(model: Mapping[str, Any]) -> dict[str, str]:
    """Return where the sources of a model lie, by name."""
    return {name: f"sources/{name}" for name in model_sources(model)}


def collection_folders(collection: Mapping[str, Any]) -> dict[str, str]:
    """Return where the source of a collection lies, by name."""
    source = collection.get("source")
    return {source: f"sources/{source}"} if source else {}


def index_source(collection: Mapping[str, Any]) -> str | None:
    """Return the source of a collection's prebuilt index, None where it is indexed here."""
    if collection["format"] == "msmarco":
        return MSMARCO_SOURCES["index"]
    return collection.get("index")


def prebuilt(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the collections with a prebuilt index."""
    return [name for name, entry in config["collections"].items() if index_source(entry)]


def indexed_here(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the other collections."""
    return [name for name, entry in config["collections"].items() if not index_source(entry)]


def corpus_files(collection: Mapping[str, Any]) -> list[str]:
    """Return the user's files, or the source, from which a corpus is imported."""
    match collection:
        case {"format": "beir", "folder": folder}:
            return [str(maybe_packed(f"{folder}/corpus.jsonl"))]
        case {"format": "anserini", "corpus": corpus}:
            return [corpus]
        case {"format": "lotte"}:
            return lotte.paths(collection, lotte.CORPUS)
    return list(collection_folders(collection).values())


def corpus_settings(collection: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a collection's entry its corpus hangs on: it is the same for all topics."""
    collection = _without(OF_RETRIEVAL, collection)
    match collection:
        case {"format": "anserini", "corpus": corpus}:
            return {"format": "anserini", "corpus": corpus, "topics": {}, "qrels": {}}
        case {"format": "lotte"}:
            return {"format": "lotte", "folder": lotte.folder(collection)}
        case {"format": "ir_datasets", "ids": ids}:
            first = next(iter(ids))
            return _without(("query",), {**collection, "ids": {first: ids[first]}})
    return dict(collection)


def topics_settings(collection: Mapping[str, Any], topics: str) -> dict[str, Any]:
    """Return what of a collection's entry the topics of one name and their judgements hang on."""
    collection = _without(OF_RETRIEVAL, collection)
    match collection:
        case {"format": "anserini", "topics": files, "qrels": qrels}:
            own = {"topics": {topics: files[topics]}, "qrels": {topics: qrels[topics]}}
            return {**collection, "corpus": "", **own}
        case {"format": "lotte"}:
            return {"format": "lotte", "folder": lotte.folder(collection)}
        case {"format": "ir_datasets", "ids": ids}:
            return _without(("text",), {**collection, "ids": {topics: ids[topics]}})
    return dict(collection)


def _without(keys: Container[str], entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in keys}


def topic_files(collection: Mapping[str, Any], topics: str) -> list[str]:
    """Return the user's files, or the source, from which topics and judgements are imported."""
    match collection:
        case {"format": "beir", "folder": folder}:
            names = ("queries.jsonl", f"qrels/{topics}.tsv")
            return [str(maybe_packed(f"{folder}/{name}")) for name in names]
        case {"format": "anserini", "topics": files, "qrels": qrels}:
            return [files[topics], qrels[topics]]
        case {"format": "lotte"}:
            return lotte.paths(collection, *lotte.judged(topics))
    return list(collection_folders(collection).values())


def topic_sources(collection: Mapping[str, Any], topics: str) -> list[str]:
    """Return the sources of one set of topics and its judgements."""
    match collection["format"]:
        case "msmarco" if topics == "train":
            return [MSMARCO_SOURCES["queries"]]
        case "msmarco":
            return [collection["topics"][topics], collection["qrels"][topics]]
    return [collection["source"]] if "source" in collection else []


def judged_topics(config: Mapping[str, Any]) -> list[dict]:
    """Return the grid's dev sets and test sets: label, collection and topics of each."""
    return [
        *(config["dev_sets"][name] for name in dev_sets(config)),
        *(config["test_sets"][name] for name in config["grid"]["test_sets"]),
    ]


def needed_sources(config: Mapping[str, Any]) -> list[str]:
    """Return the names of all sources that the grid needs, in the order of the data's flow."""
    collections = config["collections"]
    names = []
    for data in used_data(config):
        training = collections[collection_of_data(config, data)]
        names += topic_sources(training, "train")
        entry = config["training_data"].get(data)
        if training["format"] == "msmarco":
            names += [MSMARCO_SOURCES["triplets"]] if entry is None else []
            names += [MSMARCO_SOURCES["qrels"]] if is_drawn(entry) else []
            names += [MSMARCO_SOURCES["corpus"]]
        is_ranked = entry is None and training["format"] != "msmarco"
        if is_ranked or _drawn_from(config, data) == "":
            names += filter(None, [index_source(training)])
        names += data_sources(config, data)
        names += _bi_encoder_sources(config, config["training_data"].get(data, {}).get("ranking"))
    for judged in judged_topics(config):
        collection = collections[judged["collection"]]
        names += topic_sources(collection, judged["topics"])
        if collection["format"] == "msmarco":
            names += [MSMARCO_SOURCES["corpus"]]
        is_given = first_stages.takes_given(config, judged)
        if first_stages.of(config, judged) == FIRST_STAGE and not is_given:
            names += filter(None, [index_source(collection)])
        names += _bi_encoder_sources(config, judged.get("first_stage"))
    for name in config["grid"]["models"]:
        names += model_sources(config["models"][name])
    names += filter(None, map(checkpoint_source, others(config).values()))
    return list(dict.fromkeys(names))


def _bi_encoder_sources(config: Mapping[str, Any], first_stage: str | None) -> list[str]:
    source = None if first_stage is None else first_stages.source_of(config, first_stage)
    return [] if source is None else [source]


def start_of(
    config: Mapping[str, Any], model: str, sources: Mapping[str, Source]
) -> str | dict[str, str]:
    """Return where a model's weights come from.

    A package, a random start, or name, repository and licence of a source: its revision is known
    once it was downloaded, to `lionrank.config.downloads.with_revision`.
    """
    pretrained = config["models"][model]["pretrained"]
    if pretrained is None:
        return "a random start"
    if pretrained not in sources:
        return pretrained
    source = sources[pretrained]
    return {"source": pretrained, "repository": source.id, "licence": source.licence}


def model_card_facts(
    config: Mapping[str, Any], model: str, optimizer: str, sources: Mapping[str, Source]
) -> dict[str, Any]:
    """Return what a model card says besides settings and scores, which changes no weight."""
    return {
        "label": config["models"][model]["label"],
        "pretrained": start_of(config, model, sources),
        "collection": collection_of_data(config, treatment(config, optimizer).data),
        "dev_labels": {name: config["dev_sets"][name]["label"] for name in dev_sets(config)},
        "dev_first_stages": _dev_first_stages(config),
    }


def _dev_first_stages(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the labels of the dev sets by that of what found their candidates."""
    found: dict[str, list[str]] = {}
    for name in dev_sets(config):
        judged = config["dev_sets"][name]
        ranked = first_stages.of(config, judged)
        label = "the data" if ranked is None else first_stages.label(config, ranked)
        found.setdefault(label, []).append(judged["label"])
    return found
