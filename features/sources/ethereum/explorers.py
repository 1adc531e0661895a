"""Files that block explorers offer for one address: Etherscan's kin, and Blockscout.

Etherscan writes whole units with thousands separators, today's price into a column's name, and
nothing for success; Blockscout writes raw integers, and an ISO time below ``UnixTimestamp``. What a
file says of today's prices is never read.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import pandas as pd

from features.errors import SourceError
from features.sources.ethereum.combined import NO_DECIMALS, Reading, top_level
from features.sources.ethereum.moves import MOVES, Sieve
from features.sources.ethereum.rules import MAX_DECIMALS, NATIVE_DECIMALS
from features.sources.ethereum.sheets import instants

Rows = pd.DataFrame
Names = Sequence[str]
FAILED_CALLS = "calls that failed"
_TX = ("Txhash", "Transaction Hash")
_SCAN_VALUE = re.compile(r"Value_(IN|OUT)\((\w+)\)")
_SUCCESS, _FAILURE = ("", "0", "1", "ok", "success"), ("error", "fail", "revert")


def recognise(path: Path, names: Names) -> Callable[[Path, Reading], Rows] | None:
    """What reads an explorer's file with such columns; None where it is none.

    Raises
    ------
    SourceError
        It is of a kind that cannot be read rightly.
    """
    held = set(names)
    if {"TxHash", "BlockNumber", "UnixTimestamp", "FromAddress", "ToAddress"} <= held:
        if "TokensTransferred" in held:
            return _blockscout_tokens
        if "CallType" in held:
            raise SourceError(
                f"{path}: Blockscout's internal transactions do not tell which of them a failure "
                "around them undid; read a node or an export of traces instead"
            )
        return _blockscout if {"Value", "Status", "ContractAddress"} <= held else None
    if not held & set(_TX) or not {"UnixTimestamp", "Blockno", "From"} <= held:
        return None
    if {"TokenSymbol", "ContractAddress", "To"} <= held and held & {"TokenValue", "Value"}:
        return None if "TokenId" in held or "TokenID" in held else _scan_tokens
    if not any(map(_SCAN_VALUE.match, names)):
        return None
    return _scan_internal if "TxTo" in held else _scan


def _scan(path: Path, reading: Reading) -> Rows:
    rows = _rows(path)
    failed = [
        _failed(status, code, path)
        for status, code in zip(rows["Status"], rows["ErrCode"], strict=True)
    ]
    status = pd.Series(np.where(failed, "0", "1"), index=rows.index, dtype="str")
    raw = _scan_values(path, rows, reading.chain.native)
    sent = _named(path, rows, _first(rows, _TX), "Blockno", "From", "To").assign(
        status=status, created=_address(rows["ContractAddress"]), raw=raw
    )
    return _dated(path, rows, top_level(sent, None, reading), reading.chain.native)


def _scan_internal(path: Path, reading: Reading) -> Rows:
    rows = _rows(path)
    raw = _scan_values(path, rows, reading.chain.native)
    called = _named(path, rows, _first(rows, _TX), "Blockno", "From", "TxTo")
    recipient = called["recipient"].fillna(_address(rows["ContractAddress"]))
    sieve = Sieve(called.assign(raw=raw, recipient=recipient, top=False), reading.left_out)
    ended = [
        status == "1" or _failed(status, code, path)  # here 1 is an error, as the explorer shows it
        for status, code in zip(rows["Status"], rows["ErrCode"], strict=True)
    ]
    sieve.drop(ended, FAILED_CALLS)
    return _dated(path, rows, sieve.rows, reading.chain.native)


def _scan_tokens(path: Path, reading: Reading) -> Rows:
    rows = _rows(path)
    value = rows["TokenValue" if "TokenValue" in rows else "Value"]
    raw = _numbers(path, value)
    moved = _named(path, rows, _first(rows, _TX), "Blockno", "From", "To")
    moved = moved.assign(raw=raw, asset=_address(rows["ContractAddress"]), decimals=0, top=False)
    return _finished(path, rows, moved)


def _blockscout(path: Path, reading: Reading) -> Rows:
    rows = _rows(path)
    status = rows["Status"].map({"ok": "1", "error": "0"})  # none before receipts told it
    sent = _named(path, rows, "TxHash", "BlockNumber", "FromAddress", "ToAddress").assign(
        status=status,
        created=_address(rows["ContractAddress"]),
        raw=_numbers(path, rows["Value"]),
    )
    return _dated(path, rows, top_level(sent, None, reading), reading.chain.native)


def _blockscout_tokens(path: Path, reading: Reading) -> Rows:
    rows = _rows(path)
    decimals = pd.to_numeric(rows["TokenDecimals"], errors="coerce")
    moved = _named(path, rows, "TxHash", "BlockNumber", "FromAddress", "ToAddress").assign(
        raw=_numbers(path, rows["TokensTransferred"]),
        asset=_address(rows["TokenContractAddress"]),
        decimals=decimals.where(decimals.between(1, MAX_DECIMALS)),
        top=False,
    )
    sieve = Sieve(moved, reading.left_out)
    sieve.drop(sieve.rows["decimals"].isna(), NO_DECIMALS)
    return _finished(path, rows, sieve.rows)


def _rows(path: Path) -> Rows:
    """All cells as text; a row may end in a comma too many, and a name may occur twice."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = csv.DictReader(file)
            names = list(dict.fromkeys(cells.fieldnames or ()))
            read = [[row[name] or "" for name in names] for row in cells]
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError(f"{path}: cannot be read as CSV: {error}") from None
    return pd.DataFrame(read, columns=names, dtype="str")


def _named(path: Path, rows: Rows, *names: str) -> Rows:
    """Transaction, block, sender and recipient by our names."""
    tx, block, sender, recipient = names
    number = pd.to_numeric(rows[block], errors="coerce")
    if number.isna().any():
        raise SourceError(
            f"{path}: {block} {rows.loc[number.isna(), block].iloc[0]!r} is no number"
        )
    return pd.DataFrame(
        {
            "tx_id": rows[tx].str.strip().str.lower(),
            "block": number.astype("int64"),
            "sender": _address(rows[sender]),
            "recipient": _address(rows[recipient]),
        }
    )


def _first(rows: Rows, names: Names) -> str:
    return next(name for name in names if name in rows)


def _address(cells: pd.Series) -> pd.Series:
    """In lower case; missing where there is none."""
    texts = cells.str.strip().str.lower()
    return texts.mask(texts == "")


def _scan_values(path: Path, rows: Rows, native: str) -> pd.Series:
    """Wei of each row, which came in or went out; raises where they are of another asset."""
    found = {m[1]: (m[0], m[2]) for m in map(_SCAN_VALUE.match, map(str, rows)) if m}
    (into, held), (out, _) = found["IN"], found["OUT"]
    if held != native:
        raise SourceError(f"{path}: holds {held}, but the chain's own is {native}")
    raw = [
        max((_plain(path, text, NATIVE_DECIMALS) for text in pair), key=int)
        for pair in zip(rows[into], rows[out], strict=True)
    ]
    return pd.Series(raw, index=rows.index, dtype="str")


def _numbers(path: Path, cells: pd.Series) -> pd.Series:
    return pd.Series([_plain(path, text, 0) for text in cells], index=cells.index, dtype="str")


def _plain(path: Path, text: str, decimals: int) -> str:
    """A number such as 1,234.5, or none for zero, as plain digits, in raw units."""
    try:
        number = Decimal(text.replace(",", "").strip() or "0").scaleb(decimals)
    except InvalidOperation:
        number = Decimal("nan")
    if not (number.is_finite() and number >= 0):
        raise SourceError(f"{path}: {text!r} is no amount")
    return f"{number.to_integral_value() if decimals else number:f}"


def _failed(status: str, code: str, path: Path) -> bool:
    """Whether a transaction failed; raises on a word that nobody knows."""
    word = status.strip().lower()
    if word.startswith(_FAILURE) or code.strip():
        return True
    if word not in _SUCCESS:
        raise SourceError(f"{path}: status {status!r} is neither a success nor an error")
    return False


def _dated(path: Path, rows: Rows, moved: Rows, native: str) -> Rows:
    return _finished(path, rows, moved.assign(asset=native, decimals=NATIVE_DECIMALS))


def _finished(path: Path, rows: Rows, moved: Rows) -> Rows:
    times = instants(path, rows.loc[moved.index, "UnixTimestamp"])
    return moved.assign(timestamp=times)[list(MOVES)]


EXPLORERS: Mapping[str, str] = {
    "Etherscan": "transactions, internal transactions, ERC-20 token transfers",
    "Blockscout": "transactions, token transfers",
}
