"""Where a model comes from: a folder, or a name in a registry, which may mean another one later."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple, Protocol

from features.errors import RiskError
from features.json_file import read_regular
from serving.child import environment
from training.manifest import MANIFEST
from training.registered import PREFIX

FETCH_S = 300.0
NICENESS = 10  # of a process that looks while others ask for scores
MAX_MANIFEST_BYTES = 64 << 20
SQLITE = "sqlite:///"


class Found(NamedTuple):
    """What a place holds now.

    Attributes
    ----------
    mark : str
        Tells it from all others that the place held or will hold.
    folder : Path or None
        To load it from; None where its mark was among those not wanted.
    """

    mark: str
    folder: Path | None


class Place(Protocol):
    """Where a model comes from."""

    def stamp(self) -> object:
        """Something cheap that is equal only while the place holds the same."""

    def fetch(self, room: Path, unless: Collection[str]) -> Found:
        """Look, and fetch into an empty folder what is not among some marks; RiskError if not."""

    def close(self) -> None:
        """Give up what is under way."""


def place_of(model: str, tracking_uri: str | None) -> Place:
    """Place that a setting names."""
    if model.startswith(PREFIX):
        return Registry(model, tracking_uri)
    return Folder(Path(model))


class Folder:
    """A model folder, in which another model may be put."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def stamp(self) -> object:
        """Size, time and number of every file: a copy that is not whole yet changes on."""
        return files_stamp(self._path)

    def fetch(self, room: Path, unless: Collection[str]) -> Found:
        """See :class:`Place`; it is read where it is, and its digests say whether it is whole."""
        try:
            manifest = read_regular(self._path / MANIFEST, MAX_MANIFEST_BYTES)
        except (RiskError, OSError) as error:
            raise RiskError(f"{self._path} is no model folder: {error}") from error
        mark = hashlib.sha256(manifest).hexdigest()[:16]
        return Found(mark, None if mark in unless else self._path)

    def close(self) -> None:
        """See :class:`Place`."""


class Registry:
    """A name in MLflow's registry; looked up by a process that ends when it has answered.

    Parameters
    ----------
    uri : str
        ``models:/name@alias`` or ``models:/name/version``.
    tracking_uri : str, optional
        MLflow store; None: what MLflow is set to.
    """

    def __init__(self, uri: str, tracking_uri: str | None) -> None:
        self._uri = uri
        self._tracking_uri = tracking_uri
        self._process: subprocess.Popen[str] | None = None
        self._closed = threading.Event()
        self._niceness = 0  # of the first look, for which a start waits

    def stamp(self) -> object:
        """Of a store in a file, the file's; of others nothing is known without asking."""
        where = self._tracking_uri or environment().get("MLFLOW_TRACKING_URI", "")
        if not where.startswith(SQLITE):
            return object()
        file = Path(where.removeprefix(SQLITE))
        return [_stamp(one) for one in (file, file.with_name(f"{file.name}-wal"))]

    def fetch(self, room: Path, unless: Collection[str]) -> Found:
        """See :class:`Place`."""
        asked = {
            "uri": self._uri,
            "tracking_uri": self._tracking_uri,
            "into": str(room),
            "unless": list(unless),
            "niceness": self._niceness,
        }
        self._niceness = NICENESS
        with subprocess.Popen(
            [sys.executable, "-m", "training.fetch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(),
        ) as process:
            self._process = process
            if self._closed.is_set():
                process.kill()
            try:
                answer, _ = process.communicate(json.dumps(asked) + "\n", timeout=FETCH_S)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise RiskError(f"{self._uri}: no answer within {FETCH_S:g} s") from error
            finally:
                self._process = None
        if process.returncode:
            raise RiskError(f"{self._uri}: the process that looks it up ended otherwise")
        said = json.loads(answer)
        if "error" in said:
            raise RiskError(f"{self._uri}: {said['error']}")
        return Found(said["mark"], None if said["folder"] is None else Path(said["folder"]))

    def close(self) -> None:
        """See :class:`Place`."""
        self._closed.set()
        process = self._process
        if process is not None:
            process.kill()


def files_stamp(path: Path | None) -> object:
    """Stamp of a file, or of a folder and the files in it."""
    if path is None:
        return None
    try:
        inside = sorted(path.iterdir()) if path.is_dir() else []
    except OSError:
        inside = []
    return [_stamp(one) for one in (path, *inside)]


def _stamp(path: Path) -> tuple[str, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path.name, found.st_size, found.st_mtime_ns, found.st_ino
