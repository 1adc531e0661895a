"""Blockchair's daily dumps of inputs and outputs, tab-separated.

A row is an output; a row of an inputs file is an output with the transaction that spends it. Files
of both kinds are needed for the same days; which is which is told by the header. Values are
satoshi, times UTC without a zone. See https://blockchair.com/dumps.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from features.errors import SourceError
from features.kernel import Int64s
from features.sources.bitcoin.records import Found, Head, Read, Records
from features.sources.bitcoin.scripts import owner_of_hex

_COIN = {"value": pa.int64(), "recipient": pa.string(), "script_hex": pa.string()}
_OUTPUT: dict[str, Any] = {
    "block_id": pa.int64(), "transaction_hash": pa.string(), "index": pa.int64(),
    "time": pa.timestamp("s"), "is_from_coinbase": pa.int64(), "is_spendable": pa.int64(),
} | _COIN  # fmt: skip
_INPUT: dict[str, Any] = {
    "spending_transaction_hash": pa.string(), "spending_index": pa.int64(),
} | _COIN  # fmt: skip
_MARK = "spending_transaction_hash"  # a column of inputs only
_WITH_ADDRESS = "^(1|3|bc1|[mn2]|tb1)"  # other recipients are names of Blockchair's own


def blockchair(paths: Sequence[Path]) -> Found:
    """Transactions of dumps of inputs and outputs.

    Parameters
    ----------
    paths : sequence of Path
        ``.tsv`` or ``.tsv.gz``, of both kinds, in any order.

    Raises
    ------
    SourceError
        A file is no such dump, a kind is missing, or transactions have no inputs.
    """
    spent, got = [], []
    for path in paths:
        if _MARK in _header(path):
            spent.append(_table(path, _INPUT))
        else:
            got.append(_table(path, _OUTPUT))
    if not spent or not got:
        missing = "outputs" if spent else "inputs"
        raise SourceError(f"blockchair: needs files of inputs and of outputs, none is of {missing}")
    return Found(_records(pa.concat_tables(spent), pa.concat_tables(got)))


def _header(path: Path) -> list[str]:
    try:
        with pa.input_stream(path) as file:
            return file.read(1 << 12).partition(b"\n")[0].decode().strip().split("\t")
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise SourceError(f"{path}: cannot be read: {error}") from None


def _table(path: Path, columns: dict[str, Any]) -> Any:
    try:
        return pv.read_csv(
            path,
            parse_options=pv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=pv.ConvertOptions(
                column_types=columns, include_columns=list(columns), strings_can_be_null=True
            ),
        )
    except (OSError, KeyError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(f"{path}: cannot be read as a dump of Blockchair: {reason}") from None


def _records(spent: Any, got: Any) -> Records:
    """Transactions of the outputs, with the inputs that they spend."""
    coded: Any = got["transaction_hash"].combine_chunks().dictionary_encode()
    txid, of_output = coded.dictionary, np.asarray(coded.indices, dtype=np.int64)
    of_input = np.asarray(
        pc.fill_null(pc.index_in(spent[_MARK].combine_chunks(), value_set=txid), -1),
        dtype=np.int64,
    )
    opening = np.unique(of_output, return_index=True)[1]
    made = np.asarray(got["is_from_coinbase"].combine_chunks())[opening] == 1
    n = len(txid)
    unpaid = ~made & (np.bincount(of_input[of_input >= 0], minlength=n) == 0)
    if unpaid.any():
        raise SourceError(
            f"blockchair: {int(unpaid.sum())} of {n} transactions have no inputs in these files, "
            f"the first {txid[int(np.flatnonzero(unpaid)[0])]}; read the inputs of the same days"
        )
    _require_once(spent, _MARK, "spending_index")
    _require_once(got, "transaction_hash", "index")
    order = np.lexsort((np.asarray(spent["spending_index"].combine_chunks()), of_input))
    order = order[of_input[order] >= 0]  # spent by a transaction of another day
    places = np.lexsort((np.asarray(got["index"].combine_chunks()), of_output))
    seconds = got["time"].combine_chunks().cast(pa.int64())
    head = Head(
        txid.cast(pa.large_string()),
        np.asarray(seconds)[opening],
        np.asarray(got["block_id"].combine_chunks())[opening],
    )
    return Records.of(head, _read(spent, of_input, order, n), _read(got, of_output, places, n))


def _require_once(coins: Any, transaction: str, index: str) -> None:
    """Raise if a coin is there twice, whose value would count twice."""
    pairs = coins.select([transaction, index]).group_by([transaction, index]).aggregate([])
    again = coins.num_rows - pairs.num_rows
    if again:
        raise SourceError(
            f"blockchair: {again} rows repeat {transaction} and {index}: is a file named twice?"
        )


def _read(coins: Any, transaction: Int64s, order: Int64s, n: int) -> Read:
    first = np.searchsorted(transaction[order], np.arange(n + 1))
    sorted_coins = coins.take(pa.array(order))
    return Read(first, _owners(sorted_coins), sorted_coins["value"].combine_chunks())


def _owners(coins: Any) -> Any:
    recipient: Any = coins["recipient"].combine_chunks().cast(pa.large_string())
    plain = pc.fill_null(pc.match_substring_regex(recipient, _WITH_ADDRESS), False)
    at = np.flatnonzero(~np.asarray(plain))
    if not at.size:
        return recipient
    texts, scripts = recipient.to_pylist(), coins["script_hex"]
    for each in at.tolist():
        script = scripts[each].as_py()
        texts[each] = None if script is None else owner_of_hex(script)
    return pa.array(texts, pa.large_string())
