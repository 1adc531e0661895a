"""Transfers as they are taken in: dealt out to files by the hash of their transaction.

Each file holds the transfers whose hash begins with some bits, so that copies of one meet there,
and what stands in it, brought into order, is one stretch of the ledger's log. Names of wallets go
to files of their own, by the hash of the wallet.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.contracts.text import as_chunks, as_text
from features.contracts.times import microseconds
from features.kernel import Int32s, Int64s, Records, UInt64s, text_hashes
from features.ledger.external.identity import Seen, Wallets, keys_of, wallets_of
from features.ledger.external.store import Store
from features.ledger.external.texts import TextFile, parts
from features.ledger.slices import dealt

NUMBERS = ("value", "amount_usd", "fee")  # optional columns
_FIELDS = [
    ("hash", np.uint64), ("time", np.int64), ("amount", np.float64), ("row", np.int64),
    ("sender", np.uint64), ("sender_check", np.uint64), ("recipient", np.uint64),
    ("recipient_check", np.uint64), ("position", np.int32), ("asset", np.int32),
    ("length", np.int32),
]  # fmt: skip
NAME = np.dtype([("hash", np.uint64), ("check", np.uint64), ("length", np.int32)])


def record_of(columns: Iterable[str]) -> np.dtype[Any]:
    """What is kept of a transfer beside the text of its id, which ``length`` bytes are of."""
    held = set(columns)
    more: list[Any] = [(name, np.float64) for name in NUMBERS if name in held]
    more += [("block", np.int64)] if "block" in held else []
    return np.dtype([*_FIELDS, *more])


def taken_file(bucket: int) -> tuple[str, str]:
    """Names of the two files of one stretch of transfers: records, and the text of their ids."""
    return f"taken.{bucket}.records", f"taken.{bucket}.text"


def names_file(bucket: int) -> tuple[str, str]:
    """Names of the two files of one stretch of wallets."""
    return f"names.{bucket}.records", f"names.{bucket}.text"


class Taking:
    """Takes in transfers.

    Parameters
    ----------
    store : Store
    bits : int
        Of the hash, that say to which file a transfer goes.
    secret : int
        See :func:`features.ledger.external.identity.keys_of`.
    """

    def __init__(self, store: Store, bits: int, secret: int) -> None:
        self._store, self._bits = store, bits
        self._keys, self._seen = keys_of(secret), Seen()
        self._assets_file = TextFile(store, "assets")
        self._assets = {name: n for n, name in enumerate(self._assets_file.mapped().to_pylist())}

    def take(self, typed: pd.DataFrame, rows: Int64s) -> None:
        """Take in transfers in the contract's types, of which it is known at which row they were.

        Parameters
        ----------
        typed : DataFrame, shape (n, columns)
        rows : int64 array, shape (n,), ascending from call to call
        """
        text = as_text(typed["tx_id"])
        records = np.zeros(len(typed), record_of(typed.columns))
        records["hash"], records["row"] = text_hashes(text), rows
        records["time"] = microseconds(typed["timestamp"])
        records["asset"] = self._codes(typed["asset"])
        for name in (*NUMBERS, "amount", "position", "block"):
            if name in typed:
                records[name] = typed[name].to_numpy()
        for end in ("sender", "recipient"):
            records[end], records[f"{end}_check"] = self._wallets(as_text(typed[end]))
        self._deal(records, text, taken_file)

    def _wallets(self, text: pa.LargeStringArray) -> Wallets:
        """Numbers of wallets; names that did not come lately are kept."""
        wallets = wallets_of(text, self._keys)
        new = self._seen.new(wallets)
        records = np.zeros(new.size, NAME)
        records["hash"], records["check"] = wallets.hashes[new], wallets.checks[new]
        self._deal(records, text.take(new), names_file)
        return wallets

    def _codes(self, assets: pd.Series) -> Int32s:
        """Number of each asset, in the order in which they came."""
        coded: Any = as_chunks(assets).combine_chunks().dictionary_encode()
        distinct: list[str] = coded.dictionary.to_pylist()
        new = [name for name in distinct if name not in self._assets]
        if new:
            self._assets_file.append(pa.array(new, pa.large_string()))
        self._assets |= {name: len(self._assets) + n for n, name in enumerate(new)}
        code = np.array([self._assets[name] for name in distinct], np.int32)
        codes: Int32s = code[coded.indices.to_numpy()]
        return codes

    def _deal(self, records: Records, text: pa.LargeStringArray, file_of: Any) -> None:
        """Add records and their texts to the files that their hashes begin with."""
        bucket = upper(records["hash"], self._bits)
        count = np.bincount(bucket, minlength=1 << self._bits)
        order = np.empty(bucket.size, np.int64)
        order[dealt(bucket, count)] = np.arange(bucket.size)
        ends, raw = parts(text.take(order))
        records = records[order]
        records["length"] = np.diff(ends)
        edges = np.concatenate([[0], np.cumsum(count)])
        for at in np.flatnonzero(count).tolist():
            first, last = edges[at], edges[at + 1]
            in_records, in_text = file_of(at)
            self._store.append(in_records, records[first:last])
            self._store.append(in_text, raw[ends[first] : ends[last]])


def upper(hashes: UInt64s, bits: int) -> Int32s:
    """The first bits of hashes."""
    if not bits:
        return np.zeros(hashes.size, np.int32)
    return np.asarray(hashes >> np.uint64(64 - bits), np.int32)


def assets_of(store: Store) -> Sequence[str]:
    """The assets that were taken in, by number."""
    return [str(name) for name in TextFile(store, "assets").mapped().to_pylist()]
