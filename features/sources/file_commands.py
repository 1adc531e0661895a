"""What ``walletrisk ingest`` does with files."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from features.commands import say
from features.errors import SourceError
from features.progress import counter, progress
from features.sources.bitcoin.formats import BITCOIN
from features.sources.bitcoin.scripts import MAIN
from features.sources.dry_run import understand, understand_tables
from features.sources.files import TRANSFER_COLUMNS, parse_column_map
from features.sources.formats import Reading, Source, read_files
from features.sources.found import Found, found_files
from features.sources.guards import MOST_BAD, check_source
from features.sources.ingest import Ingested, chain_of, counting_of, put_away
from features.sources.large import Large, ingest_large
from features.sources.prices import PRICES, PriceTable
from features.sources.size import Size, default_memory, parse_size, size_of
from features.sources.writing import Decimal, TimeUnit, Writing

TABLE = "table"


class FileOptions(NamedTuple):
    """How files are read, and where what they hold goes; as the options of the command line."""

    source: str = TABLE
    columns: str | None = None
    asset: str | None = None
    time_unit: TimeUnit | None = None
    timezone: str | None = None
    unit: str | None = None
    decimal: Decimal | None = None
    chain: str | None = None
    unit_of_account: str | None = None
    prices: Path | None = None
    price_max_age: str | None = None
    labels_out: Path | None = None
    on_error: Literal["raise", "quarantine"] = "raise"
    most_bad: float | None = None
    memory: str | None = None
    dry_run: bool = False

    def mapped(self, of: Literal["transfers", "prices"]) -> dict[str, str] | None:
        """The column map of one kind of file; prices are named ``prices.price=...``."""
        if self.columns is None:
            return None
        allowed = [*TRANSFER_COLUMNS, *(f"prices.{name}" for name in PRICES.required)]
        named = parse_column_map(self.columns, allowed).items()
        if of == "transfers":
            return {name: column for name, column in named if "." not in name} or None
        return {n.removeprefix("prices."): column for n, column in named if "." in n} or None

    def price_table(self) -> PriceTable:
        """The prices, which are written as the transfers are."""
        writing = Writing(self.time_unit, self.timezone, decimal=self.decimal)
        return PriceTable(self.prices, self.price_max_age, self.mapped("prices"), writing)

    def given(self) -> dict[str, Any]:
        """Options of the reader that the user set."""
        options = {
            "columns": self.mapped("transfers"),
            "asset": self.asset, "time_unit": self.time_unit, "timezone": self.timezone,
            "unit": self.unit, "decimal": self.decimal,
        }  # fmt: skip
        return {name: value for name, value in options.items() if value is not None}


def ingest_files(files: Sequence[Path], to: Path, options: FileOptions, as_json: bool) -> None:
    """Read files into a ledger, and say what came of it.

    Raises
    ------
    RiskError
        The files, the options or the ledger cannot be used, or do not fit each other.
    """
    given, chain = options.given(), chain_of(to, options.chain)
    if chain is None and options.source in BITCOIN:
        chain = MAIN.chain
    counting = counting_of(options.unit_of_account, options.price_table())
    with found_files(files, folders=options.source == TABLE) as found, progress() as advance:
        if options.dry_run and options.source == TABLE:
            understood = understand_tables(found.paths, given, chain=chain)
            say(understood.text(), understood.facts(), as_json)
            return
        memory = default_memory() if options.memory is None else parse_size(options.memory)
        size = size_of(found.paths) if options.source == TABLE else Size(0, 0)
        most_bad = MOST_BAD if options.most_bad is None else options.most_bad
        how = Reading(options.on_error, counter(advance, "rows read", size.rows or None), chain)
        if size.memory > memory:
            if options.labels_out is not None:
                raise SourceError(f"{options.labels_out}: this format holds no labels")
            large = Large(
                found.paths, given, how, counting._replace(chain=chain), most_bad, memory,
                found.names,
            )  # fmt: skip
            done, warnings = ingest_large(large, size, to, advance)
            _say(done, warnings, as_json)
            return
        source = _named(read_files(options.source, found.paths, given, how), found)
        warnings = check_source(source, unit=options.unit, most_bad=most_bad)
        if options.dry_run:
            _warn(warnings)
            understood = understand(source)
            say(understood.text(), understood.facts(), as_json)
            return
        done = put_away(source, to, options.labels_out, counting._replace(chain=chain))
    _say(done, warnings, as_json)


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        sys.stderr.write(f"warning: {warning}\n")


def _say(done: Ingested, warnings: Sequence[str], as_json: bool) -> None:
    _warn(warnings)
    say(done.text(), {**done.facts(), "warnings": [*warnings]}, as_json)


def _named(source: Source, found: Found) -> Source:
    """Bad rows by the names of files that users know."""
    if source.bad is None or not found.names:
        return source
    return source._replace(bad=source.bad.rename(index=found.names))
