"""A checkpoint as a model on the Hugging Face hub, which happens only when asked for."""

import hashlib
import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypedDict

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import disable_progress_bars

from lionrank.cross_encoder.weights import INDEX, WEIGHTS
from lionrank.errors import UserError
from lionrank.files import read_json, sha256, write_json
from lionrank.release import model_card
from lionrank.sources.refusals import HUB, Answer, Transfer, explained
from lionrank.training.checkpoints import ENVIRONMENT, OF_MODEL, SETTINGS, folder_from

DEV_SCORES = "dev.json"
# What is published of a checkpoint; never what only the training goes on from, or what is unknown.
PUBLISHED = (
    "*.safetensors",
    INDEX,
    "config.json",
    "modules.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    SETTINGS,
    ENVIRONMENT,
    DEV_SCORES,
    model_card.FILE,
)
LOADED = re.compile(r'CrossEncoder\("[^"]*"\)')
"""Where a model card names what to load."""


class File(TypedDict):
    """Size and hexadecimal SHA-256 of a file."""

    bytes: int
    sha256: str


class Upload(TypedDict):
    """What was published: `url` is the repository's, `files` is by path within it."""

    repository: str
    url: str
    commit: str
    files: dict[str, File]


def is_published(name: str) -> bool:
    """Return whether a file of a checkpoint is for everybody who uses the model."""
    return any(fnmatchcase(name, pattern) for pattern in PUBLISHED)


def write_folder(
    checkpoint: str | os.PathLike, facts: model_card.FactsElsewhere, folder: str | os.PathLike
) -> None:
    """Make `folder` of a checkpoint as it is on the hub, with its model card.

    It holds a checkpoint's files, but for what only its training goes on from.
    """
    source = Path(checkpoint)
    environment = read_json(source / ENVIRONMENT)
    # A copy's scores are those of the epoch that it copies.
    scores = [each for each in facts["development"] if each["epoch"] <= environment["epoch"]]
    card: model_card.Facts = {
        **facts,
        "development": scores,
        "name": source.name,
        "epoch": environment["epoch"],
        "settings": read_json(source / SETTINGS),
        "packages": environment["packages"],
        "devices": environment["devices"],
        "computed_in": environment["computed_in"],
    }
    with folder_from(source, folder) as made:
        for path in made.iterdir():
            if not is_published(path.name):
                path.unlink()
        write_json(made / DEV_SCORES, scores)
        model_card.write(made, card)


def push(folder: str | os.PathLike, repository: str, private: bool) -> Upload:
    """Upload a model and its card to a repository on the hub, which is made if it is not there.

    All goes in one commit, with a model card that names the repository as what to load. The token
    is that of HF_TOKEN or of `hf auth login`. A repository that is there keeps its visibility.

    Raises:
        UserError: a file is missing, there is no token, the hub refuses it or is out of reach, or
            the repository is public where it should be private.
    """
    folder = Path(folder)
    files = _files(folder, repository)
    token = get_token()
    if token is None:
        raise UserError(
            f"{folder}: there is no token for {HUB}: set HF_TOKEN to one that may write to "
            f"{_namespace(repository)}, or log in with `hf auth login`."
        )
    measured = {name: _measured(content) for name, content in files.items()}
    volume = sum(file["bytes"] for file in measured.values())
    print(f"Uploading {len(files)} files of {folder}, {volume:,} bytes, to {repository}.")
    # The client draws the bar of a failed upload last of all, over how the job ended.
    disable_progress_bars()
    try:
        hub = HfApi(token=token)
        url = hub.create_repo(repository, private=private, exist_ok=True)
        if private and not hub.model_info(repository).private:
            raise UserError(
                f"{repository} on {HUB} is public, and hub.private in the config is true: make the "
                "repository private on its page, or set hub.private to false."
            )
        commit = hub.create_commit(
            repository,
            [CommitOperationAdd(name, content) for name, content in files.items()],
            commit_message=f"Upload {folder.name}",
        )
    except (OSError, RuntimeError, ValueError, httpx2.HTTPError) as error:
        told = _invalid(error, folder, repository) or explained(_upload(folder, repository), error)
        if told is None:
            raise
        raise UserError(told) from error
    return {
        "repository": repository,
        "url": str(url),
        "commit": commit.oid,
        "files": measured,
    }


def _files(folder: Path, repository: str) -> dict[str, Path | bytes]:
    """Return what is published, by name; the card as it has to be in the repository."""
    weights = INDEX if (folder / INDEX).exists() else WEIGHTS
    for name in (weights, *OF_MODEL, model_card.FILE):
        if not (folder / name).is_file():
            raise UserError(
                f"{folder} is no whole model: {name} is missing. Delete the folder and run again; "
                "nothing is trained for that."
            )
    files: dict[str, Path | bytes] = {
        path.name: path for path in sorted(folder.iterdir()) if is_published(path.name)
    }
    card = (folder / model_card.FILE).read_text(encoding="utf-8")
    files[model_card.FILE] = LOADED.sub(f'CrossEncoder("{repository}")', card).encode()
    return files


def _measured(content: Path | bytes) -> File:
    if isinstance(content, bytes):
        return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return {"bytes": content.stat().st_size, "sha256": sha256(content)}


# What went wrong, in words


def _upload(folder: Path, repository: str) -> Transfer:
    again = "run the same command again"
    return Transfer(
        name=str(folder),
        server=HUB,
        files="a file",
        offline=" to publish.",
        unreachable=f"{again} where there is internet, or check HF_ENDPOINT and the proxy.",
        cut=f"{again}.",
        unreadable=f"fix that and {again}.",
        xet="did not take the weights into",
        answered=lambda error: _answered(error, repository),
    )


def _invalid(error: Exception, folder: Path, repository: str) -> str | None:
    """Say which of the name and the model card the client itself refuses, None if neither."""
    if isinstance(error, HFValidationError):
        return (
            f"{folder}: {repository!r} can be no repository's name: correct hub.namespace in the "
            "config."
        )
    if str(error).startswith(f"Invalid metadata in {model_card.FILE}"):
        reasons = " ".join(str(error).split()[4:])
        return (
            f"{folder}: {HUB} refuses the metadata of {model_card.FILE} ({reasons}): fix them "
            "there."
        )
    return None


def _answered(error: Answer, repository: str) -> str:
    """Say what an error status of the hub means for an upload."""
    status = error.response.status_code
    namespace = _namespace(repository)
    if status == 401:
        return (
            "does not accept the token (401): make a new one that may write, and set HF_TOKEN to "
            "it or log in with `hf auth login`."
        )
    if status in (403, 404):
        return (
            f"does not let this token write to {repository} ({status}): set hub.namespace in the "
            f"config, now {namespace}, to a user or organisation that is there and that the token "
            "belongs to, or take a token with write access."
        )
    if status >= 500 or status == 429:
        return f"answers {status}: run the same command later."
    message = error.server_message if isinstance(error, HfHubHTTPError) else None
    reason = " ".join((message or "it gives no reason").split())
    return f"refuses the upload ({status}, {reason}): fix that, then run the same command again."


def _namespace(repository: str) -> str:
    return repository.partition("/")[0]
