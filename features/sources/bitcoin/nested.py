"""Exports with a row a transaction that holds lists of inputs and outputs.

* bitcoin-etl (https://github.com/blockchain-etl/bitcoin-etl): JSON lines, or parquet from the same
  tables at BigQuery. Its inputs are filled in by ``bitcoinetl enrich_transactions``; without that
  step they have no addresses and no values, and are refused.
* GraphSense: the raw table ``transaction`` as parquet, hashes in binary.

Values are satoshi in both.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq

from features.errors import SourceError
from features.sources.bitcoin.records import Found, Head, Read, Records
from features.sources.bitcoin.scripts import joint, owner_of_hex
from features.sources.tables import PARQUET

_UNSPENDABLE = "6a"  # how OP_RETURN begins, for which bitcoin-etl makes an address up


class Names(NamedTuple):
    """What a format calls its columns."""

    format: str
    txid: str
    time: str
    block: str
    coinbase: str


BITCOIN_ETL = Names("bitcoin-etl", "hash", "block_timestamp", "block_number", "is_coinbase")
GRAPHSENSE = Names("graphsense", "tx_hash", "timestamp", "block_id", "coinbase")


def bitcoin_etl(paths: Sequence[Path]) -> Found:
    """Transactions of bitcoin-etl.

    Parameters
    ----------
    paths : sequence of Path
        JSON lines, or parquet.

    Raises
    ------
    SourceError
        A file is no such export, or its inputs are not filled in.
    """
    return Found(_joined(paths, BITCOIN_ETL))


def graphsense(paths: Sequence[Path]) -> Found:
    """Transactions of GraphSense.

    Parameters
    ----------
    paths : sequence of Path
        Parquet files of the raw table ``transaction``.

    Raises
    ------
    SourceError
        A file is no such export.
    """
    return Found(_joined(paths, GRAPHSENSE))


def _joined(paths: Sequence[Path], names: Names) -> Records:
    return records(pa.concat_tables([_table(path, names) for path in paths]), names)


def _schema(names: Names) -> pa.Schema:
    """What is read of JSON lines; all else is passed over."""
    coin: Any = pa.struct(
        [
            ("addresses", pa.list_(pa.string())),
            ("value", pa.int64()),
            ("script_hex", pa.string()),
        ]
    )
    columns: list[tuple[str, Any]] = [
        (names.txid, pa.string()),
        (names.time, pa.int64()),
        (names.block, pa.int64()),
        (names.coinbase, pa.bool_()),
        ("inputs", pa.list_(coin)),
        ("outputs", pa.list_(coin)),
    ]
    return pa.schema(columns)


def _table(path: Path, names: Names) -> Any:
    schema = _schema(names)
    try:
        if path.suffix in PARQUET:
            return _narrowed(pq.read_table(path, columns=schema.names), schema)
        how = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        found = pj.read_json(path, parse_options=how).select(schema.names)
    except (OSError, KeyError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(f"{path}: cannot be read as {names.format}: {reason}") from None
    absent = [name for name in schema.names if found[name].null_count == found.num_rows]
    if absent and found.num_rows:
        raise SourceError(f"{path}: not transactions of {names.format}: no {', '.join(absent)}")
    return found


def _narrowed(table: Any, schema: pa.Schema) -> Any:
    """A parquet table with the types of ``schema``: hashes in hex, times in seconds."""
    columns = {}
    for field in schema:
        column = table[field.name].combine_chunks()
        if field.name in ("inputs", "outputs"):
            columns[field.name] = _narrowed_coins(column)
        elif pa.types.is_timestamp(column.type):
            columns[field.name] = column.cast(pa.timestamp("s")).cast(pa.int64())
        elif pa.types.is_binary(column.type) or pa.types.is_fixed_size_binary(column.type):
            columns[field.name] = _hex(column)
        else:
            columns[field.name] = column.cast(field.type)
    return pa.table(columns)


def _narrowed_coins(column: Any) -> Any:
    flat = column.flatten()
    script = flat.field("script_hex") if _has(flat, "script_hex") else pa.nulls(len(flat))
    if pa.types.is_binary(script.type):
        script = _hex(script)
    coins = pa.StructArray.from_arrays(
        [
            flat.field("addresses").cast(pa.list_(pa.string())),
            flat.field("value").cast(pa.int64()),
            script.cast(pa.string()),
        ],
        names=["addresses", "value", "script_hex"],
    )
    return cast("Any", pa.ListArray).from_arrays(pa.array(_first(column), pa.int32()), coins)


def _has(flat: Any, name: str) -> bool:
    return bool(flat.type.get_field_index(name) >= 0)


def _hex(column: Any) -> Any:
    texts = [None if each is None else each.hex() for each in column.to_pylist()]
    return pa.array(texts, pa.string())


def records(table: Any, names: Names) -> Records:
    """Transactions of a table with the columns of a format."""
    head = Head(
        table[names.txid].combine_chunks().cast(pa.large_string()),
        np.asarray(table[names.time].combine_chunks(), dtype=np.int64),
        np.asarray(table[names.block].combine_chunks(), dtype=np.int64),
    )
    inputs, outputs = (table[side].combine_chunks() for side in ("inputs", "outputs"))
    made = np.asarray(table[names.coinbase].combine_chunks().fill_null(False))
    nothing = (np.diff(_first(inputs)) == 0) & ~made
    if nothing.any():
        raise SourceError(
            f"{int(nothing.sum())} transactions have no inputs and are no coinbase, the first "
            f"{head.txid[int(np.flatnonzero(nothing)[0])]}"
        )
    return Records.of(head, _coins(inputs, pays=True), _coins(outputs, pays=False))


def _first(column: Any) -> Any:
    """First of each list's entries among all, and their number; null is an empty list."""
    length = np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)
    return np.concatenate([[0], np.cumsum(length)])


def _coins(column: Any, *, pays: bool) -> Read:
    flat: Any = column.flatten()
    return Read(_first(column), _owners(flat, pays=pays), flat.field("value"))


def _owners(flat: Any, *, pays: bool) -> Any:
    """Name of each coin's owner, null where there is none or it is not known.

    The script of an input is what unlocks it, and does not say whose it was.
    """
    addresses = flat.field("addresses")
    first = _first(addresses)
    number = np.diff(first)
    every: Any = addresses.flatten().cast(pa.large_string())
    place = np.where(number == 1, first[:-1], -1)
    found: Any = every.take(pa.array(place, mask=place < 0))
    script = flat.field("script_hex")
    odd = number != 1
    if not pays:
        odd |= np.asarray(pc.fill_null(pc.starts_with(script, _UNSPENDABLE), False))
    at = np.flatnonzero(odd)
    if not at.size:
        return found
    texts = found.to_pylist()
    for each in at.tolist():
        if number[each] > 1:
            texts[each] = joint(addresses[each].as_py())
        else:
            known = None if pays else script[each].as_py()
            texts[each] = None if known is None else owner_of_hex(known)
    return pa.array(texts, pa.large_string())
