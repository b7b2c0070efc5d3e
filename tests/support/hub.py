"""A local server that speaks the Hugging Face hub's protocol, downloads and uploads of models.

It serves what huggingface_hub and datasets ask for: a repository's commit and files (`/api/…`,
`/api/…/revision/…`, `/api/…/tree/…`, `/api/…/paths-info/…`) and the files themselves
(`/…/resolve/…`, HEAD and GET, with ranges). Large files carry SHA-256 as the hub's LFS does, small
ones git's checksum. Plain files lie under `/files/`.

It takes uploads from whoever has one of `Hub.writers`' tokens: a new repository, the check of a
model card, and commits whose files are in the request or went to its LFS storage before.

Point HF_ENDPOINT at `Hub.url` before huggingface_hub is imported: it reads it only then.
"""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from huggingface_hub.repocard import REGEX_YAML_BLOCK

LARGE = (".parquet", ".safetensors", ".gz")
KINDS = {"models": "model", "datasets": "dataset"}
API = re.compile(
    r"/api/(?P<kinds>models|datasets)/(?P<id>[^/]+/[^/]+)"
    r"(/(?P<verb>revision|tree|paths-info)/(?P<revision>[^/]+)(/(?P<path>.+))?)?"
)
FILE = re.compile(
    r"/((?P<kinds>datasets)/)?(?P<id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)"
)
UPLOAD = re.compile(r"/api/models/(?P<id>[^/]+/[^/]+)/(?P<verb>preupload|commit)/main")
LFS_BATCH = re.compile(r"/(?P<id>[^/]+/[^/]+)\.git/info/lfs/objects/batch")

Repository = tuple[str, str]
"""Kind, which is model or dataset, and id."""


class Request(NamedTuple):
    """One request: `path` is without its query, `range` the header's value or empty."""

    method: str
    path: str
    range: str
    authorised: bool


@dataclass
class _Failure:
    """What to do, `times` times, to requests whose path ends with `path`."""

    path: str
    status: int | None
    times: int


class Hub:
    """The server; a context manager. `requests` lists what it was asked.

    `files` are the plain files, path below `/files/` -> content. A changed `wrong` makes the
    server send other bytes than it announces: path within a repository -> content. With `xet` it
    says that large files are in Xet storage, which it has not.

    `writers` are the namespaces that each token may write to. `private` repositories are served to
    their writers alone. With `lfs` large files of an upload go to the LFS storage, else they are
    sent within the commit.
    """

    def __init__(self, repositories: dict[Repository, dict[str, bytes]]):
        self.requests: list[Request] = []
        self.files: dict[str, bytes] = {}
        self.wrong: dict[str, bytes] = {}
        self.xet = False
        self.lfs = False
        self.writers: dict[str, set[str]] = {}
        self.private: set[Repository] = set()
        self.stored: dict[str, bytes] = {}
        self._failures: list[_Failure] = []
        self._lock = threading.Lock()
        self._commits: dict[Repository, dict[str, dict[str, bytes]]] = {}
        self._main: dict[Repository, str] = {}
        for repository, files in repositories.items():
            self.commit(repository, files)
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Hub":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def commit(
        self, repository: Repository, files: dict[str, bytes], commit: str | None = None
    ) -> str:
        """Make `files` the content of main and return its commit; earlier ones stay.

        A given `commit` is rewritten, as no honest hub would do.
        """
        if commit is None:
            named = "\n".join(f"{path} {_git(files[path])}" for path in sorted(files))
            commit = hashlib.sha1(named.encode()).hexdigest()
        self._commits.setdefault(repository, {})[commit] = files
        self._main[repository] = commit
        return commit

    def cut(self, path: str, times: int = 1) -> None:
        """Close the connection in the middle of files whose address ends with `path`."""
        self._failures.append(_Failure(path, None, times))

    def answer(self, path: str, status: int, times: int = 1) -> None:
        """Answer requests whose path ends with `path` with an error."""
        self._failures.append(_Failure(path, status, times))

    def heal(self) -> None:
        """Behave well from now on."""
        self._failures.clear()
        self.wrong.clear()

    def main(self, repository: Repository) -> str:
        """Return the newest commit of a repository."""
        return self._main[repository]

    def content(self, repository: Repository) -> dict[str, bytes]:
        """Return the files of the newest commit of a repository, none where there is none."""
        return self._commits.get(repository, {}).get(self._main.get(repository), {})

    def asked(self, method: str, path: str) -> list[Request]:
        """Return the requests whose path ends with `path`."""
        return [r for r in self.requests if r.method == method and r.path.endswith(path)]

    def _failure(self, path: str, is_content: bool) -> _Failure | None:
        with self._lock:
            for failure in self._failures:
                fits = failure.times > 0 and path.endswith(failure.path)
                if fits and (is_content or failure.status):
                    failure.times -= 1
                    return failure
        return None


def _git(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _etag(path: str, content: bytes) -> str:
    return _sha256(content) if path.endswith(LARGE) else _git(content)


def _entry(path: str, content: bytes) -> dict:
    """Describe a file as the hub's listing does."""
    entry = {"type": "file", "path": path, "size": len(content), "oid": _git(content)}
    if path.endswith(LARGE):
        entry["lfs"] = {"oid": _sha256(content), "size": len(content), "pointerSize": 134}
    return entry


def _sibling(path: str, content: bytes) -> dict:
    """Describe a file as the hub's account of a repository does."""
    sibling = {"rfilename": path, "size": len(content), "blobId": _git(content)}
    if path.endswith(LARGE):
        sibling["lfs"] = {"sha256": _sha256(content), "size": len(content), "pointerSize": 134}
    return sibling


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        """Keep silent: the tests read `Hub.requests`."""

    def do_HEAD(self) -> None:
        self._respond()

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def do_PUT(self) -> None:
        self._respond()

    def _respond(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = unquote(urlsplit(self.path).path)
        asked_range = self.headers.get("Range", "")
        self.hub.requests.append(
            Request(self.command, path, asked_range, "Authorization" in self.headers)
        )
        failure = self.hub._failure(path, is_content=self.command == "GET")
        if failure and failure.status:
            self._refuse(failure.status)
        elif path == "/api/repos/create":
            self._create(json.loads(self.body))
        elif path == "/api/validate-yaml":
            self._validate(json.loads(self.body)["content"])
        elif match := UPLOAD.fullmatch(path):
            self._upload(**match.groupdict())
        elif match := LFS_BATCH.fullmatch(path):
            self._lfs_batch(match["id"], json.loads(self.body))
        elif self.command == "PUT" and path.startswith("/lfs/"):
            self._store(path.removeprefix("/lfs/"))
        elif match := API.fullmatch(path):
            self._api(**match.groupdict())
        elif match := FILE.fullmatch(path):
            self._file(cut=failure is not None, **match.groupdict())
        elif path == "/xet-token":
            access = {"X-Xet-Access-Token": "none", "X-Xet-Token-Expiration": str(2**40)}
            self._content(b"{}", {"X-Xet-Cas-Url": self.hub.url, **access}, cut=False)
        elif path.removeprefix("/files/") in self.hub.files:
            content = self.hub.files[path.removeprefix("/files/")]
            self._content(content, {}, cut=failure is not None)
        else:
            self._refuse(404)

    def _files(self, kinds: str | None, id: str, revision: str | None) -> tuple[str, dict] | None:
        """Return (commit, files); answers by itself and returns None where there is none."""
        repository = (KINDS.get(kinds or "models"), id)
        commits = self.hub._commits.get(repository)
        if commits is None or not self._may_read(repository):
            # As the hub does it: who may not see a repository is not told whether it exists.
            return self._refuse(404 if "Authorization" in self.headers else 401, "RepoNotFound")
        commit = self.hub.main(repository) if revision in (None, "main") else revision
        if commit not in commits:
            return self._refuse(404, "RevisionNotFound")
        return commit, commits[commit]

    def _api(self, kinds: str, id: str, verb: str | None, revision: str | None, path: str | None):
        found = self._files(kinds, id, revision)
        if found is None:
            return
        commit, files = found
        if verb == "tree":
            below = f"{path}/" if path else ""
            inside = {p: c for p, c in files.items() if p.startswith(below)}
            deep = parse_qs(urlsplit(self.path).query).get("recursive", [""])[0].lower() == "true"
            folders = sorted(
                {
                    below + "/".join(parts[:depth])
                    for parts in (p.removeprefix(below).split("/") for p in inside)
                    for depth in range(1, len(parts) if deep else min(len(parts), 2))
                }
            )
            self._json(
                [{"type": "directory", "path": p, "oid": "0" * 40, "size": 0} for p in folders]
                + [_entry(p, c) for p, c in inside.items() if deep or "/" not in p[len(below) :]]
            )
        elif verb == "paths-info":
            asked = parse_qs(self.body.decode())["paths"]
            self._json([_entry(path, files[path]) for path in asked if path in files])
        else:
            siblings = [_sibling(path, content) for path, content in files.items()]
            private = (KINDS[kinds], id) in self.hub.private
            answer = {"id": id, "sha": commit, "siblings": siblings, "tags": []}
            self._json(answer | {"private": private})

    def _file(self, kinds: str | None, id: str, revision: str, path: str, cut: bool) -> None:
        found = self._files(kinds, id, revision)
        if found is None:
            return
        commit, files = found
        if path not in files:
            self._refuse(404, "EntryNotFound", {"X-Repo-Commit": commit})
            return
        headers = {"X-Repo-Commit": commit, "ETag": f'"{_etag(path, files[path])}"'}
        if path.endswith(LARGE):
            headers["X-Linked-Etag"] = headers["ETag"]
            headers["X-Linked-Size"] = str(len(files[path]))
            if self.hub.xet:
                headers["X-Xet-Hash"] = _etag(path, files[path])
                headers["X-Xet-Refresh-Route"] = f"{self.hub.url}/xet-token"
        self._content(self.hub.wrong.get(path, files[path]), headers, cut)

    def _content(self, content: bytes, headers: dict[str, str], cut: bool) -> None:
        """Send a file, or the part that is asked for; a cut one ends in the file's middle."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, end = 0, len(content)
        if asked:
            start, end = int(asked[1]), int(asked[2]) + 1 if asked[2] else end
            headers = headers | {"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"}
        self.send_response(206 if asked else 200)
        for name, value in {"Content-Length": str(end - start), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut:
            end = max(start, len(content) // 2)
            self.close_connection = True
        self.wfile.write(content[start:end])

    def _namespaces(self) -> set[str] | None:
        """Return what the request's token may write to, None where nobody has such a token."""
        return self.hub.writers.get(self.headers.get("Authorization", "").removeprefix("Bearer "))

    def _may_read(self, repository: Repository) -> bool:
        namespace = repository[1].partition("/")[0]
        return repository not in self.hub.private or namespace in (self._namespaces() or ())

    def _may_write(self, id: str) -> bool:
        """Say whether the request may change a model; answers by itself where it may not."""
        namespaces = self._namespaces()
        may = namespaces is not None and id.partition("/")[0] in namespaces
        if not may:
            self._refuse(401 if namespaces is None else 403)
        return may

    def _create(self, asked: dict) -> None:
        id = f"{asked['organization']}/{asked['name']}"
        repository = (asked.get("type", "model"), id)
        if not self._may_write(id):
            return
        if not (known := repository in self.hub._commits):
            self.hub.commit(repository, {})
            if asked.get("visibility") == "private":
                self.hub.private.add(repository)
        self._json({"url": f"{self.hub.url}/{id}"}, 409 if known else 200)

    def _validate(self, card: str) -> None:
        """Check that a card begins with a mapping in YAML, as the hub does among other things."""
        try:
            block = REGEX_YAML_BLOCK.search(card)
            valid = block is not None and isinstance(yaml.safe_load(block[2]), dict)
        except yaml.YAMLError:
            valid = False
        errors = [] if valid else [{"message": "metadata cannot be parsed"}]
        self._json({"errors": errors, "warnings": []}, 200 if valid else 400)

    def _upload(self, id: str, verb: str) -> None:
        if not self._may_write(id):
            return
        repository = ("model", id)
        if repository not in self.hub._commits:
            self._refuse(404, "RepoNotFound")
            return
        files = self.hub.content(repository)
        if verb == "preupload":
            paths = [file["path"] for file in json.loads(self.body)["files"]]
            self._json({"files": [self._mode(path, files.get(path)) for path in paths]})
            return
        added = dict(self._added(json.loads(line)) for line in self.body.splitlines()[1:])
        commit = self.hub.commit(repository, files | added)
        url = f"{self.hub.url}/{id}/commit/{commit}"
        self._json({"success": True, "commitOid": commit, "commitUrl": url})

    def _mode(self, path: str, known: bytes | None) -> dict:
        """Say how a file is to be uploaded, and its checksum where it is there already."""
        mode, oid = ("lfs", _sha256) if self.hub.lfs and path.endswith(LARGE) else ("regular", _git)
        return {
            "path": path,
            "uploadMode": mode,
            "shouldIgnore": False,
            "oid": known and oid(known),
        }

    def _added(self, operation: dict) -> tuple[str, bytes]:
        """Return path and content of a file that a commit adds."""
        value = operation["value"]
        if operation["key"] == "lfsFile":
            return value["path"], self.hub.stored[value["oid"]]
        return value["path"], base64.b64decode(value["content"])

    def _lfs_batch(self, id: str, asked: dict) -> None:
        if self._may_write(id):
            for each in asked["objects"]:
                each["actions"] = {"upload": {"href": f"{self.hub.url}/lfs/{each['oid']}"}}
            self._json({"transfer": "basic", "objects": asked["objects"]})

    def _store(self, checksum: str) -> None:
        """Keep a large file; its address, as that of S3, needs no token."""
        self.hub.stored[_sha256(self.body)] = self.body
        self._json({}, 200 if checksum in self.hub.stored else 400)

    def _json(self, value: list | dict, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, code: str = "", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", "X-Error-Code": code, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
