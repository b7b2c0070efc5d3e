"""What became of a ranking on its way to the candidates of a set of topics, in numbers."""

import os
from collections.abc import Collection, Mapping

from lionrank.files import write_json


def write(
    path: str | os.PathLike,
    topics: Collection[str],
    lines: Mapping[str, int],
    *,
    cut: int = 0,
    removed_queries: int = 0,
    unknown_topics: int = 0,
    unknown_documents: int = 0,
) -> None:
    """Write the record beside a ranking, and say which topics have no candidate.

    Args:
        path: where.
        topics: the ids of those that were asked for.
        lines: how many the ranking has of each topic.
        cut: lines of a run file beyond the depth.
        removed_queries: documents that were left out because they are the query.
        unknown_topics: those that a run file names, and nobody asked for.
        unknown_documents: those that a run file names, and the collection lacks.
    """
    without = [qid for qid in topics if not lines.get(qid)]
    say("topics have no candidate, and score 0 if judged", without)
    record = {
        "topics": len(topics),
        "lines": sum(lines.values()),
        "cut": cut,
        "removed_queries": removed_queries,
        "unknown_topics": unknown_topics,
        "unknown_documents": unknown_documents,
        "without_candidates": len(without),
    }
    write_json(path, record)


NAMED = 10
"""Topics or documents that a line of the log names, of those that it counts."""


def say(what: str, found: Collection[str]) -> None:
    """Say how many topics or documents were found, and the first ones, if there are any."""
    if names := sorted(found):
        more = " …" if len(names) > NAMED else ""
        print(f"{len(names):,} {what}: {' '.join(names[:NAMED])}{more}")
