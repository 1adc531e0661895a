"""The history of a list, from the commits of its repository.

What a list says of its own date is wrong, by years at times. The instant at which a version was
committed is when it could be known: the committer's, since an author's date survives a later
rewriting; and never before that of the version it follows. The first version's labels may have been
known earlier. Of a branch only the first parents count: what it showed when.
"""

import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Self

import pandas as pd

from features.contracts.labels import check_labels
from features.contracts.times import UTC
from features.errors import RiskError, SourceError
from features.sources.labels.story import KEY

_OTHERS = ["original", "licence"]
_Key = tuple[object, ...]
Read = Callable[
    [Path], pd.DataFrame
]  # statements of one file, with the columns of ``KEY`` and ``_OTHERS``


class Version(NamedTuple):
    """One state of the files of a list: their blobs by path, and since when it could be known."""

    commit: str
    at: pd.Timestamp
    blobs: dict[str, str]


class Told(NamedTuple):
    """What the history of a list tells.

    Attributes
    ----------
    labels : DataFrame
        Checked, of all versions.
    versions : int
        How many in which a file was another one.
    first, last : Timestamp
        Of the first and the last of them.
    unreadable : Counter of str
        How many versions of a file could not be read, by file; the one before stands instead.
    """

    labels: pd.DataFrame
    versions: int
    first: pd.Timestamp
    last: pd.Timestamp
    unreadable: Counter[str]


def history(
    repository: Path, patterns: Sequence[str], read: Read,
    on_version: Callable[[int], None] = lambda _: None,
) -> Told:  # fmt: skip
    """Read every version of the files of a list.

    Parameters
    ----------
    repository : Path
        A clone; its current branch is read.
    patterns : sequence of str
        Which files, such as ``packs/*.yaml``; one without a slash is of any folder.
    read : callable
    on_version : callable
        Called with 1 after each version.

    Raises
    ------
    SourceError
        It is no repository, or no version has a file that the patterns name and that can be read.
    """
    states = _States()
    first: pd.Timestamp | None = None
    with tempfile.TemporaryDirectory() as folder, _Blobs(repository) as blobs:
        for version in versions(repository, patterns):
            if states.take(blobs, version, read, Path(folder)):
                first = version.at if first is None else first
            on_version(1)
    if first is None:
        raise SourceError(
            f"{repository}: no version has a file named {' or '.join(patterns)} that can be read"
        )
    return Told(states.labels(), states.changed, first, states.last, states.unreadable)


def versions(repository: Path, patterns: Sequence[str]) -> Iterator[Version]:
    """Versions of a repository in order of time, each with the files that patterns name."""
    latest, now, blobs = 0, time.time(), dict[str, str]()
    for commit, seconds, changes in _commits(repository):
        latest = max(latest, seconds)
        if latest > now:
            raise SourceError(f"{repository}: commit {commit[:12]} is dated later than now")
        for path, blob in changes:
            if _named(path, patterns):
                blobs[path] = blob
                if not blob.strip("0"):  # it is gone
                    del blobs[path]
        yield Version(commit, pd.Timestamp(latest, unit="s", tz="UTC").as_unit("us"), dict(blobs))


def _commits(repository: Path) -> Iterator[tuple[str, int, list[tuple[str, str]]]]:
    """Commits, oldest first: id, seconds since 1970, and (path, blob) of the files they change."""
    said = _git(
        repository, "log", "-z", "--first-parent", "--diff-merges=first-parent", "--root",
        "--reverse", "--raw", "--no-abbrev", "--no-renames", "--format=%H %ct", "HEAD",
    )  # fmt: skip
    commit, seconds, changes = "", 0, list[tuple[str, str]]()
    words = iter(said.decode("utf-8", "surrogateescape").split("\0"))
    for word in words:
        about = word.lstrip("\n")
        if about.startswith(":"):
            mode, blob = about.split()[1], about.split()[3]
            path = next(words)
            changes.append((path, _NO_BLOB if mode == _SUBMODULE else blob))
        elif about:
            if commit:
                yield commit, seconds, changes
            commit, _, date = about.partition(" ")
            seconds, changes = int(date), []
    if commit:
        yield commit, seconds, changes


_NO_BLOB, _SUBMODULE = "0", "160000"


class _Blobs:
    """The contents of blobs, from one git process that the first of them starts."""

    def __init__(self, repository: Path) -> None:
        self._command = ["git", "-C", str(repository), "cat-file", "--batch"]
        self._git: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._git is not None:
            self._git.kill()
            self._git.communicate()

    def read(self, blob: str) -> bytes:
        """Content of one; raises SourceError where the repository lacks it."""
        if self._git is None:
            self._git = subprocess.Popen(  # noqa: S603
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        asked, told = self._git.stdin, self._git.stdout
        assert asked is not None and told is not None  # noqa: S101, PT018 for the type checker
        asked.write(f"{blob}\n".encode())
        asked.flush()
        _, _, size = told.readline().decode().rstrip("\n").partition(" blob ")
        if not size:
            raise SourceError(f"git: the repository lacks {blob}")
        content = told.read(int(size) + 1)
        return content[:-1]


def _named(path: str, patterns: Sequence[str]) -> bool:
    name = PurePosixPath(path).name
    return any(fnmatch(path if "/" in pattern else name, pattern) for pattern in patterns)


@dataclass(slots=True)
class _States:
    """How many files hold each statement, and since when one does."""

    held: dict[str, str] = field(default_factory=dict)  # path to blob
    read: dict[str, list[_Key]] = field(default_factory=dict)  # blob to its statements
    files: Counter[_Key] = field(default_factory=Counter)
    since: dict[_Key, pd.Timestamp] = field(default_factory=dict)
    others: dict[_Key, _Key] = field(default_factory=dict)  # what is in the columns of ``_OTHERS``
    ended: list[tuple[_Key, pd.Timestamp, pd.Timestamp]] = field(default_factory=list)
    unreadable: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    last: pd.Timestamp = pd.NaT  # type: ignore[assignment]

    def take(self, blobs: _Blobs, version: Version, read: Read, folder: Path) -> bool:
        """Go on to a version; whether a file of it is another one."""
        touched = set[_Key]()
        for path in [path for path in self.held if path not in version.blobs]:
            touched |= self._let_go(path)
        for path, blob in version.blobs.items():
            if self.held.get(path) == blob:
                continue
            if blob not in self.read and not self._parse(blobs, path, blob, read, folder):
                self.unreadable[path] += 1
                continue
            touched |= self._let_go(path)
            touched |= set(self.read[blob])
            self.files.update(self.read[blob])
            self.held[path] = blob
        self._settle(touched, version.at)
        if touched:
            self.changed, self.last = self.changed + 1, version.at
        return bool(touched)

    def _let_go(self, path: str) -> set[_Key]:
        blob = self.held.pop(path, None)
        if blob is None:
            return set()
        keys = self.read[blob]
        self.files.subtract(keys)
        if blob not in self.held.values():
            del self.read[blob]
        return set(keys)

    def _settle(self, touched: set[_Key], at: pd.Timestamp) -> None:
        for key in touched:
            if self.files[key] > 0:
                self.since.setdefault(key, at)
            elif key in self.since:
                known_at = self.since.pop(key)
                if known_at < at:  # two versions of one instant: nobody saw the first
                    self.ended.append((key, known_at, at))

    def _parse(self, blobs: _Blobs, path: str, blob: str, read: Read, folder: Path) -> bool:
        file = folder / PurePosixPath(path).name
        file.write_bytes(blobs.read(blob))
        try:
            frame = read(file)
        except RiskError:
            return False
        keys = [*frame[KEY].itertuples(index=False, name=None)]
        for key, *others in zip(keys, *(frame[name] for name in _OTHERS), strict=True):
            self.others.setdefault(key, tuple(others))
        self.read[blob] = [*dict.fromkeys(keys)]
        return True

    def labels(self) -> pd.DataFrame:
        """All statements with their times."""
        rows = [*self.ended, *((key, known_at, pd.NaT) for key, known_at in self.since.items())]
        told = [(*key, *self.others[key]) for key, _, _ in rows]
        frame = pd.DataFrame(told, columns=[*KEY, *_OTHERS])
        known_at = pd.Series([row[1] for row in rows], dtype=UTC)
        until = pd.Series([row[2] for row in rows], dtype=UTC)
        return check_labels(frame.assign(known_at=known_at, until=until))


def _git(repository: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    except FileNotFoundError:
        raise SourceError("git is not installed; it reads the history of a list") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SourceError(f"{repository}: git: {lines[-1] if lines else 'failed'}") from None
    return done.stdout
