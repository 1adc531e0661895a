"""What was read goes into a ledger, its labels and its bad rows into files beside it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import SourceError
from features.ledger import Ledger
from features.ledger.folder import holds_ledger
from features.ledger.lock import writing
from features.sources.formats import Source
from features.sources.tables import is_csv


@dataclass(frozen=True, slots=True)
class Ingested:
    """What was added to a ledger, and what was written beside it."""

    ledger: str
    added: int
    transfers: int
    wallets: int
    labels: int | None = None
    labels_file: str | None = None
    bad_rows: int = 0
    bad_rows_file: str | None = None

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    def text(self) -> str:
        """A line a file, for a reader."""
        lines = [
            f"{self.ledger}: {self.added} transfers added, {self.transfers} in all, "
            f"{self.wallets} wallets"
        ]
        if self.labels_file is not None:
            lines.append(f"{self.labels_file}: {self.labels} labels")
        if self.bad_rows_file is not None:
            lines.append(
                f"{self.bad_rows_file}: {self.bad_rows} bad rows left out, each with its reason"
            )
        return "\n".join(lines)


def put_away(found: Source, to: Path, labels_out: Path | None = None) -> Ingested:
    """Save what was read.

    Parameters
    ----------
    found : Source
    to : Path
        Ledger folder; transfers are appended to one that is there. Bad rows go to
        ``NAME.quarantine.csv`` beside it.
    labels_out : Path, optional
        File for the labels, parquet or csv.

    Raises
    ------
    SourceError
        Labels are asked for and there are none, or their file is of another kind.
    TransfersError, LedgerError
        The transfers do not fit the ledger.
    """
    with writing(to):
        labels = {} if labels_out is None else _write_labels(found.labels, labels_out)
        ledger, added = _added(found.transfers, to)
        ledger.save(to)
    bad: dict[str, Any] = {}
    if found.bad is not None and len(found.bad):
        beside = to.with_name(f"{to.name}.quarantine.csv")
        found.bad.to_csv(beside)
        bad = {"bad_rows": len(found.bad), "bad_rows_file": str(beside)}
    return Ingested(str(to), added, ledger.n_transfers, ledger.n_wallets, **labels, **bad)


def _added(transfers: pd.DataFrame, to: Path) -> tuple[Ledger, int]:
    """The ledger of a folder with transfers added, and how many were new."""
    if holds_ledger(to):
        ledger = Ledger.open(to)
        return ledger, ledger.append(transfers)
    ledger = Ledger.from_transfers(transfers)
    return ledger, ledger.n_transfers


def _write_labels(labels: pd.DataFrame | None, path: Path) -> dict[str, Any]:
    if labels is None:
        raise SourceError(f"{path}: this format holds no labels")
    if is_csv(path):
        labels.to_csv(path, index=False)
    else:
        labels.to_parquet(path, index=False)
    return {"labels": len(labels), "labels_file": str(path)}
