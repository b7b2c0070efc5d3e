"""All trials as one table: what each was trained with, and what it scored after each epoch."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from lionrank.search.choice import Choice


def write(choices: Iterable[Choice], handle: TextIO) -> None:
    """Write the trials of searches as CSV: a row a trial and epoch, with the searched settings.

    `chosen`, `untuned` and `of_space` are 1 where a trial is that, and 0 where it is not. A score
    is the mean nDCG@10 over the dev sets, empty from where the trial diverged or was stopped. So is
    a setting that was not searched; one of several numbers is JSON.
    """
    searches = [*choices]
    settings = dict.fromkeys(key for each in searches for key in each.space)
    columns = ("model", "optimizer", "trial", "chosen", "untuned", "of_space", "status")
    writer = csv.DictWriter(handle, [*columns, *settings, "epoch", "score"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for each in searches for row in _rows(each))


def _rows(choice: Choice) -> Iterator[Mapping[str, Any]]:
    of_space = {each.trial for each in choice.of_space}
    for each in choice.trials:
        told = {
            "model": choice.model,
            "optimizer": choice.optimizer,
            "trial": each.trial,
            "chosen": int(each.trial == choice.chosen),
            "untuned": int(each.trial == choice.untuned),
            "of_space": int(each.trial in of_space),
            "status": each.status,
            **{key: _cell(value) for key, value in each.settings.items()},
        }
        for epoch, score in enumerate(each.scores, start=1):
            yield told | {"epoch": epoch, "score": score}


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value
