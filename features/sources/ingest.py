"""What was read goes into a ledger, its labels and its bad rows into files beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from features.contracts.addresses import rules_of
from features.contracts.prices import Priced, Prices, priced
from features.contracts.transfers import check_transfers
from features.errors import SourceError
from features.ledger import Ledger
from features.ledger.folder import holds_ledger
from features.ledger.lock import writing
from features.ledger.manifest import read_manifest
from features.sources.formats import Source
from features.sources.prices import NO_PRICES, PriceTable
from features.sources.tables import write_table

PRICE_MAX_AGE = pd.Timedelta(days=7)  # a weekend and some holidays without trade


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
    chain: str = ""
    unit: str = ""
    unpriced: int = 0
    prices: Priced | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self) | {"prices": self.prices and self.prices._asdict()}

    def text(self) -> str:
        """A line a file, for a reader."""
        lines = [
            f"{self.ledger}: {self.added} transfers added, {self.transfers} in all, "
            f"{self.wallets} wallets"
        ]
        if self.prices is not None:
            lines.append(f"prices: {self.prices.text()}")
        if self.unpriced:
            lines.append(
                f"{self.ledger}: of {self.unpriced} transfers no value in {self.unit} is known; "
                "they count in no feature but coverage"
            )
        if self.labels_file is not None:
            lines.append(f"{self.labels_file}: {self.labels} labels")
        if self.bad_rows_file is not None:
            lines.append(
                f"{self.bad_rows_file}: {self.bad_rows} bad rows left out, each with its reason"
            )
        lines += [f"left out: {count} {reason}" for reason, count in self.left_out.items()]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)


class Counting(NamedTuple):
    """What a ledger is to count in.

    Attributes
    ----------
    chain, unit : str, optional
        Chain and unit of account; those of the ledger where it is there already.
    prices : Prices, optional
        In that unit.
    max_age : Timedelta
        Of a price that still counts.
    """

    chain: str | None = None
    unit: str | None = None
    prices: Prices | None = None
    max_age: pd.Timedelta = PRICE_MAX_AGE


AS_IT_IS = Counting()


def counting_of(unit: str | None, prices: PriceTable = NO_PRICES) -> Counting:
    """Read what was said of the unit of account and of prices.

    Raises
    ------
    SourceError
        The age is none, or stands alone; the file cannot be read.
    TransfersError
        The prices break their contract.
    """
    if prices.path is None:
        if prices.max_age is not None:
            raise SourceError("an age of prices is given, and no prices")
        if prices.columns:
            raise SourceError("columns of prices are mapped, and no prices are given")
        return Counting(unit=unit)
    oldest = PRICE_MAX_AGE if prices.max_age is None else _age(prices.max_age)
    return Counting(unit=unit, prices=prices.read(prices.path), max_age=oldest)


def _age(text: str) -> pd.Timedelta:
    try:
        age = pd.Timedelta(text)
    except ValueError:
        age = pd.Timedelta(0)
    if not age > pd.Timedelta(0):  # NaT is not
        raise SourceError(f"an age of prices is such as 12h or 7d, received {text!r}")
    return age


def chain_of(to: Path, named: str | None) -> str | None:
    """Chain of what is read into a folder: that of the ledger which is there, or the named one.

    Raises
    ------
    SourceError
        They are two.
    RiskError
        The chain is unknown.
    """
    rules_of(named)
    if not holds_ledger(to):
        return named
    held = read_manifest(to).chain
    if named and named != held:
        raise SourceError(
            f"{to} is a ledger of {held or 'no named chain'}, not of {named}; "
            "ingest into a folder of its own"
        )
    return held


def put_away(
    found: Source, to: Path, labels_out: Path | None = None, counting: Counting = AS_IT_IS
) -> Ingested:
    """Save what was read.

    Parameters
    ----------
    found : Source
    to : Path
        Ledger folder; transfers are appended to one that is there. Bad rows go to
        ``NAME.quarantine.csv`` beside it.
    labels_out : Path, optional
        File for the labels, parquet or csv.
    counting : Counting

    Raises
    ------
    SourceError
        Labels are asked for and there are none, or their file is of another kind.
    TransfersError, LedgerError
        The transfers do not fit the ledger.
    """
    with writing(to):
        labels = {} if labels_out is None else _write_labels(found.labels, labels_out)
        ledger, added, priced = added_to(found.transfers, to, counting)
        ledger.save(to)
    bad: dict[str, Any] = {}
    if found.bad is not None and len(found.bad):
        beside = aside_of(to)
        found.bad.to_csv(beside)
        bad = {"bad_rows": len(found.bad), "bad_rows_file": str(beside)}
    return Ingested(
        str(to), added, ledger.n_transfers, ledger.n_wallets, **labels, **bad,
        chain=ledger.chain, unit=ledger.unit, unpriced=ledger.n_unpriced, prices=priced,
        left_out=dict(found.left_out), notes=list(found.notes),
    )  # fmt: skip


def aside_of(to: Path) -> Path:
    """Where the bad rows of what goes into a ledger's folder are."""
    return to.with_name(f"{to.name}.quarantine.csv")


def added_to(
    transfers: pd.DataFrame, to: Path, counting: Counting, opened: Ledger | None = None
) -> tuple[Ledger, int, Priced | None]:
    """The ledger of a folder with transfers added, how many were new, and how they were priced.

    ``opened`` is that ledger, where it is open already; nothing is saved.

    Raises
    ------
    SourceError
        The ledger counts in another unit, or is of another chain.
    TransfersError, LedgerError
        The transfers do not fit the ledger.
    """
    if opened is not None or holds_ledger(to):
        ledger = opened if opened is not None else Ledger.open(to)
        for said, held, what in (
            (counting.unit, ledger.unit, "counts in"),
            (counting.chain, ledger.chain, "is of the chain"),
        ):
            if said and held and said != held:
                raise SourceError(f"ledger {to} {what} {held!r}, asked for is {said!r}")
        transfers, priced = _priced(transfers, counting._replace(unit=ledger.unit))
        return ledger, ledger.append(transfers), priced
    transfers, priced = _priced(transfers, counting)
    ledger = Ledger.from_transfers(transfers, chain=counting.chain, unit=counting.unit)
    return ledger, ledger.n_transfers, priced


def _priced(transfers: pd.DataFrame, counting: Counting) -> tuple[pd.DataFrame, Priced | None]:
    if counting.prices is None:
        return transfers, None
    if not counting.unit:
        raise SourceError("prices need the unit of account that they are in, such as USD")
    checked = check_transfers(transfers, chain=counting.chain)
    return priced(checked, counting.prices, counting.unit, counting.max_age)


def _write_labels(labels: pd.DataFrame | None, path: Path) -> dict[str, Any]:
    if labels is None:
        raise SourceError(f"{path}: this format holds no labels")
    write_table(labels, path)
    return {"labels": len(labels), "labels_file": str(path)}
