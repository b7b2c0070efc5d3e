"""A local server that speaks the Hugging Face hub's protocol, as far as downloads need it.

It serves what huggingface_hub and datasets ask for: a repository's commit and files (`/api/…`,
`/api/…/revision/…`, `/api/…/tree/…`, `/api/…/paths-info/…`) and the files themselves
(`/…/resolve/…`, HEAD and GET, with ranges). Large files carry SHA-256 as the hub's LFS does, small
ones git's checksum. Plain files lie under `/files/`.

Point HF_ENDPOINT at `Hub.url` before huggingface_hub is imported: it reads it only then.
"""

import hashlib
import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = (".parquet", ".safetensors", ".gz")
KINDS = {"models": "model", "datasets": "dataset"}
API = re.compile(
    r"/api/(?P<kinds>models|datasets)/(?P<id>[^/]+/[^/]+)"
    r"(/(?P<verb>revision|tree|paths-info)/(?P<revision>[^/]+)(/(?P<path>.+))?)?"
)
FILE = re.compile(
    r"/((?P<kinds>datasets)/)?(?P<id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)"
)

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
    """

    def __init__(self, repositories: dict[Repository, dict[str, bytes]]):
        self.requests: list[Request] = []
        self.files: dict[str, bytes] = {}
        self.wrong: dict[str, bytes] = {}
        self.xet = False
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


def _etag(path: str, content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if path.endswith(LARGE) else _git(content)


def _entry(path: str, content: bytes) -> dict:
    """Describe a file as the hub's listing does."""
    entry = {"type": "file", "path": path, "size": len(content), "oid": _git(content)}
    if path.endswith(LARGE):
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 134}
    return entry


def _sibling(path: str, content: bytes) -> dict:
    """Describe a file as the hub's account of a repository does."""
    sibling = {"rfilename": path, "size": len(content), "blobId": _git(content)}
    if path.endswith(LARGE):
        sha256 = hashlib.sha256(content).hexdigest()
        sibling["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
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
        if commits is None:
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
            self._json({"id": id, "sha": commit, "siblings": siblings, "tags": []})

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

    def _json(self, value: list | dict) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, code: str = "", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", "X-Error-Code": code, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
