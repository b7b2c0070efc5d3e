"""The embedded collection `pydocs`: docstrings of installed Python packages as a test collection.

A docstring's summary paragraph is a query and its body the passage that answers it. The sources
are parsed, never imported. Judgements are graded:

* 2: the passage is the body that belongs to the query's summary (a summary that several
  functions share makes all their bodies relevant);
* 1: a human listed the passage's function under "See Also" in a body of grade 2.

"See Also" sections and `seealso` directives are cut from the passages, since they hold the
summaries of other functions.
Topics are split into train, dev and test by the module that defines them.
"""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tqdm.contrib.concurrent import process_map

from lionrank.errors import UserError

OWN_BODY, SEE_ALSO = 2, 1
SPLITS = ("train", "dev", "test")

# A section runs from its underlined title to the next underlined title.
_SECTION = re.compile(r"^[ \t]*([A-Z][A-Za-z ]+)\n[ \t]*[-=]{3,}[ \t]*\n", re.MULTILINE)
# A directive holds its line and the indented and blank lines below it.
_DIRECTIVE = re.compile(r"^([ \t]*)\.\. seealso::(.*(?:\n(?:\1[ \t]+\S.*|[ \t]*$))*)", re.MULTILINE)
_TARGET = re.compile(r":\w+:`[~.]*([\w.]+?)(?:\(\))?`")
_ENTRY = re.compile(r"^([\w.]+(?:\s*,\s*[\w.]+)*)\s*,?(?:\s*:\s.*)?$")
_ROLE = re.compile(r":\w+:|[`~]")


@dataclass
class Docstring:
    """One docstring: where it stands, its summary, its body and what its "See Also" names."""

    docid: str
    package: str
    module: str
    summary: str
    body: str
    see_also: list[str] = field(default_factory=list)


@dataclass
class Topic:
    """One query with its graded judgements, `docid -> grade`."""

    qid: str
    query: str
    split: str
    judgements: dict[str, int]


def package_folder(package: str) -> Path:
    """Return the folder of an installed package without importing it.

    Raises:
        UserError: the package is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"collections.pydocs.packages: {package!r} is not an installed package; "
            "run `make install`, or take it from the list."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def extract(
    package: str, summary_characters: tuple[int, int], body_characters: tuple[int, int]
) -> list[Docstring]:
    """Return the usable docstrings of one package in the order of its files.

    A docstring is usable if its summary and its body have least and greatest lengths within
    `summary_characters` and `body_characters`.
    """
    folder = package_folder(package)
    shortest, longest = summary_characters
    least, most = body_characters
    documents = []
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder.parent)
        if {"test", "tests", "testing"} & set(relative.parts):
            continue
        module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        for name, docstring in _docstrings(path):
            summary, body, see_also = _parts(docstring)
            if shortest <= len(summary) <= longest and least <= len(body) <= most:
                documents.append(
                    Docstring(f"{module}.{name}", package, module, summary, body, see_also)
                )
    return documents


def _docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (qualified name, docstring) of one source file's public classes and functions."""

    def visit(node: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                if child.name.startswith("_"):
                    continue
                name = f"{prefix}{child.name}"
                if docstring := ast.get_docstring(child):
                    yield name, docstring
                yield from visit(child, f"{name}.")
            elif isinstance(child, ast.If | ast.Try | ast.With):
                yield from visit(child, prefix)

    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # packages ship templates and files for other Python versions
        return
    yield from visit(tree, "")


def _parts(docstring: str) -> tuple[str, str, list[str]]:
    """Split a docstring into summary, body without "See Also", and the names listed there."""
    summary, _, rest = docstring.partition("\n\n")
    directives = "".join(match.group(2) for match in _DIRECTIVE.finditer(rest))
    rest = _DIRECTIVE.sub("", rest)
    body, see_also = [], _TARGET.findall(directives)
    position, title = 0, ""
    for match in [*_SECTION.finditer(rest), None]:
        section = rest[position : match.start() if match else len(rest)]
        if title.strip().lower() == "see also":
            see_also += _see_also_names(section)
        else:
            body.append(section)
        if match:
            position, title = match.start(), match.group(1)
    return " ".join(summary.split()), " ".join("".join(body).split()), see_also


def _see_also_names(section: str) -> list[str]:
    """Return the names that a "See Also" section of numpydoc's form lists, in order."""
    names = []
    for line in section.splitlines()[2:]:
        entry = _ENTRY.match(_ROLE.sub("", line.rstrip()))
        if entry:
            names += [name.strip() for name in entry.group(1).split(",") if name.strip()]
    return names


def deduplicate(documents: Iterable[Docstring]) -> list[Docstring]:
    """Keep the first of the documents that share a body, and the first of those sharing an id."""
    bodies, docids, kept = set(), set(), []
    for document in documents:
        if document.body not in bodies and document.docid not in docids:
            bodies.add(document.body)
            docids.add(document.docid)
            kept.append(document)
    return kept


def split_of(module: str, shares: dict[str, float]) -> str:
    """Assign a module to train, dev or test by a hash of its name.

    `shares` holds the shares of dev and test, each between 0 and 1; the rest is train.
    """
    position = int(hashlib.sha256(module.encode()).hexdigest()[:8], 16) / 16**8
    if position < shares["test"]:
        return "test"
    return "dev" if position < shares["test"] + shares["dev"] else "train"


def build_topics(
    documents: list[Docstring], shares: dict[str, float], limits: dict[str, int]
) -> list[Topic]:
    """Make the topics of all splits, at most `limits[split]` of each, in a hashed order.

    A summary whose documents fall into different splits is left out: as a training query it
    would leak a judgement of the others.
    """
    by_summary: dict[str, list[Docstring]] = defaultdict(list)
    for document in documents:
        by_summary[document.summary.lower()].append(document)
    resolve = _resolver(documents)
    kept: dict[str, list[Topic]] = {split: [] for split in SPLITS}
    for key in sorted(by_summary, key=lambda text: hashlib.sha256(text.encode()).digest()):
        owners = by_summary[key]
        splits = {split_of(owner.module, shares) for owner in owners}
        if len(splits) > 1:
            continue
        split = splits.pop()
        if len(kept[split]) == limits[split]:
            continue
        judgements = {
            docid: SEE_ALSO
            for owner in owners
            for name in owner.see_also
            if (docid := resolve(owner, name))
        } | {owner.docid: OWN_BODY for owner in owners}
        qid = f"{split}{len(kept[split]) + 1}"
        kept[split].append(Topic(qid, owners[0].summary, split, judgements))
    return [topic for split in SPLITS for topic in kept[split]]


def _resolver(documents: list[Docstring]) -> Callable[[Docstring, str], str | None]:
    """Return a function (owner, name) -> docid or None for names as "See Also" gives them.

    A name means a document when exactly one document of the same package ends in it, those of
    the owner's own class or module first.
    """
    by_ending: dict[tuple[str, str], list[str]] = defaultdict(list)
    for document in documents:
        parts = document.docid.split(".")
        for start in range(1, len(parts)):
            by_ending[document.package, ".".join(parts[start:])].append(document.docid)

    def resolve(owner: Docstring, name: str) -> str | None:
        scope = owner.docid.rpartition(".")[0]
        name = name.removeprefix(f"{owner.package}.")
        candidates = by_ending.get((owner.package, name), [])
        near = [docid for docid in candidates if docid == f"{scope}.{name}"]
        found = near or candidates
        return found[0] if len(found) == 1 else None

    return resolve


def build(settings: dict, threads: int) -> tuple[list[Docstring], list[Topic]]:
    """Build the collection from `config["collections"]["pydocs"]`, parsing in `threads` processes.

    Raises:
        UserError: a package is not installed, or a split has no topic.
    """
    extract_package = functools.partial(
        extract,
        summary_characters=settings["summary_characters"],
        body_characters=settings["body_characters"],
    )
    parsed = process_map(
        extract_package, settings["packages"], max_workers=threads, desc="parsing", unit="package"
    )
    documents = deduplicate(itertools.chain.from_iterable(parsed))
    topics = build_topics(documents, settings["shares"], settings["topics"])
    for split in SPLITS:
        if not any(topic.split == split for topic in topics):
            raise UserError(
                f"collections.pydocs: no topic fell to {split}; name more packages or raise "
                f"collections.pydocs.shares.{split}."
            )
    return documents, topics


def packages(documents: list[Docstring]) -> list[dict[str, str | int]]:
    """Return name, version and number of documents of each package."""
    counts = Counter(document.package for document in documents)
    return [
        {
            "name": package,
            "version": importlib.metadata.version(_distribution(package)),
            "documents": number,
        }
        for package, number in counts.items()
    ]


def _distribution(package: str) -> str:
    """Return the name of the distribution that installed a package (sklearn: scikit-learn)."""
    return importlib.metadata.packages_distributions()[package][0]
