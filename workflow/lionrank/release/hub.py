"""Publishing a checkpoint as a model on the Hugging Face hub, which happens only when asked for."""

import hashlib
import json
import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypedDict

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled
from huggingface_hub.utils import disable_progress_bars

from lionrank.cross_encoder.weights import INDEX, WEIGHTS
from lionrank.errors import UserError
from lionrank.files import sha256
from lionrank.release import model_card
from lionrank.sources.refusals import HUB
from lionrank.training.checkpoints import OF_MODEL

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
    "settings.json",
    "environment.json",
    "dev.json",
    model_card.FILE,
)
LOADED = re.compile(r'CrossEncoder\("[^"]*"\)')
"""Where a model card names what to load."""


class File(TypedDict):
    """Size and hexadecimal SHA-256 of a file."""

    bytes: int
    sha256: str


class Published(TypedDict):
    """What was published: `url` is the repository's, `files` is by path within it."""

    repository: str
    url: str
    commit: str
    files: dict[str, File]


def is_published(name: str) -> bool:
    """Return whether a file of a checkpoint is for everybody who uses the model."""
    return any(fnmatchcase(name, pattern) for pattern in PUBLISHED)


def push(folder: str | os.PathLike, repository: str, private: bool) -> Published:
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
        told = _explained(error, repository)
        if told is None:
            raise
        raise UserError(f"{folder}: {told}") from error
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


def _explained(error: Exception, repository: str) -> str | None:
    """Say in one line what went wrong and what to do; None for what should never happen.

    What the hub was sent, the token among it, is never part of it.
    """
    if isinstance(error, HFValidationError):
        return f"{repository!r} can be no repository's name: correct hub.namespace in the config."
    if isinstance(error, json.JSONDecodeError):
        return f"{HUB} does not answer as a hub does: check HF_ENDPOINT and the proxy."
    if str(error).startswith(f"Invalid metadata in {model_card.FILE}"):
        reasons = " ".join(str(error).split()[4:])
        return f"{HUB} refuses the metadata of {model_card.FILE} ({reasons}): mend them there."
    if isinstance(error, HfHubHTTPError):
        return f"{HUB} {_answer(error, repository)}"
    if isinstance(error, OfflineModeIsEnabled):
        return f"{HUB} may not be asked, as HF_HUB_OFFLINE is set: unset it to publish."
    if isinstance(error, httpx2.TransportError):
        return (
            f"{HUB} is out of reach, or cut the connection ({type(error).__name__}): run the same "
            "command again where there is internet, or check HF_ENDPOINT and the proxy."
        )
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        # So the client wraps what goes wrong with one large file.
        return _explained(error.__cause__, repository)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} could not be read ({error.strerror}): mend that and run again."
    # hf_xet has no class of its own for most of what fails.
    if isinstance(error, (ConnectionError, TimeoutError)) or type(error).__module__ == "hf_xet":
        return (
            f"{HUB} did not take the weights into its Xet storage "
            f"({re.sub(r'[?][^ )]*', '', str(error))}): run the same command again, or set "
            "HF_HUB_DISABLE_XET=1 to do without that storage."
        )
    return None


def _answer(error: HfHubHTTPError, repository: str) -> str:
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
    reason = " ".join((error.server_message or "it gives no reason").split())
    return f"refuses the upload ({status}, {reason}): mend that, then run the same command again."


def _namespace(repository: str) -> str:
    return repository.partition("/")[0]
