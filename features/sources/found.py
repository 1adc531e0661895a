"""Files by what a user names: a file, a folder, a pattern, or ``-`` for what comes in on stdin."""

import glob
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from features.errors import RiskError, SourceError
from features.ledger.folder import holds_ledger
from features.sources.tables import ENDINGS

STDIN = "-"
_ASIDE = ".quarantine.csv"  # what an earlier run left
_MAGIC = {b"PAR1": "stdin.parquet", b"ARRO": "stdin.arrow", b"\x1f\x8b": "stdin.csv.gz"}


class Found(NamedTuple):
    """Files, and what messages call those that have a name of ours."""

    paths: list[Path]
    names: dict[str, str]


@contextmanager
def found_files(named: Sequence[str | Path], *, folders: bool = True) -> Iterator[Found]:
    """Files that are named, in order of name within a folder or pattern.

    What comes in on stdin lies in a file until the end of the block: CSV, parquet or Arrow, by how
    it begins.

    Parameters
    ----------
    named : sequence of str or Path
    folders : bool
        Whether a folder stands for the tables in it; if not, it is taken as it is.

    Raises
    ------
    SourceError
        A folder or a pattern holds no table, or stdin is named more than once.
    """
    if sum(str(one) == STDIN for one in named) > 1:
        raise SourceError("stdin can be read once: name - once")
    with tempfile.TemporaryDirectory() as folder:
        found = Found([], {})
        for one in named:
            if str(one) == STDIN:
                path = _from_stdin(Path(folder))
                found.paths.append(path)
                found.names[str(path)] = path.name
            else:
                found.paths.extend(_expanded(Path(one), folders))
        try:
            yield found
        except RiskError as error:
            raise type(error)(str(error).replace(f"{folder}/", "")) from None


def _expanded(named: Path, folders: bool) -> list[Path]:
    if named.is_dir():
        return _tables(named) if folders else [named]
    if named.exists() or not glob.has_magic(str(named)):
        return [named]
    matched = sorted(Path(one) for one in glob.glob(str(named), recursive=True))  # noqa: PTH207
    if not matched:
        raise SourceError(f"{named}: no file matches")
    return [path for one in matched for path in _expanded(one, folders)]


def _tables(folder: Path) -> list[Path]:
    tables = _in_folder(folder)
    if not tables:
        raise SourceError(f"{folder}: holds no table; their names end in {', '.join(ENDINGS)}")
    return tables


def _in_folder(folder: Path) -> list[Path]:
    """Tables in a folder and those below it, but for hidden ones, ledgers and what was set aside.

    Names that begin with "_" are those that other programs give to what is no data.
    """
    tables = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")) or holds_ledger(path):
            continue
        if path.is_dir():
            tables += _in_folder(path)
        elif path.name.lower().endswith(ENDINGS) and not path.name.endswith(_ASIDE):
            tables.append(path)
    return tables


def _from_stdin(folder: Path) -> Path:
    source = sys.stdin.buffer
    head = source.read(4)
    name = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "stdin.csv")
    path = folder / name
    with path.open("wb") as file:
        file.write(head)
        shutil.copyfileobj(source, file)
    return path
