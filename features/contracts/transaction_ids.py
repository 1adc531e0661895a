"""One spelling a transaction: its hash in small letters, with 0x where its chain writes it so.

A transaction that is written in two ways would be there twice, and could not be taken back by the
other one. Ids that are no hash of 32 bytes, such as a bank's references, are taken as they are.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts import spelling
from features.contracts.addresses import rules_of
from features.contracts.text import as_text, bytes_of
from features.kernel import Int8s, Int64s, inner_kernel, kernel
from features.kernel.checksums import UInt8s

_DIGITS = 64
_HASH = re.compile(r"(0[xX])?([0-9a-fA-F]{64})")
_WITH, _WITHOUT, _EITHER = 1, 0, -1  # whether a chain writes 0x; _EITHER: as it was written
_PREFIX = {spelling.EVM: _WITH, spelling.BITCOIN: _WITHOUT, spelling.TRON: _WITHOUT}


def transaction_id(text: str, chain: str | None = None) -> str:
    """Write the id of a transaction in the one way of its chain.

    Parameters
    ----------
    text : str
    chain : str, optional
        A name of ``features.contracts.addresses.CHAINS``. Without one, and on chains of free names,
        a hash stays with or without 0x, as it was written.

    Raises
    ------
    RiskError
        The chain is unknown.

    Examples
    --------
    >>> transaction_id("AB" * 32, "ethereum") == transaction_id("0X" + "aB" * 32, "ethereum")
    True
    >>> transaction_id("Reference 7/A", "bank")
    'Reference 7/A'
    """
    if len(text) not in (_DIGITS, _DIGITS + 2):
        return text
    match = _HASH.fullmatch(text)
    if match is None:
        return text
    wanted = _PREFIX.get(rules_of(chain).family, _EITHER)
    prefix = "0x" if wanted == _WITH or (wanted == _EITHER and match[1]) else ""
    return prefix + match[2].lower()


def transaction_ids(texts: pd.Series, chain: str | None = None) -> pd.Series:
    """:func:`transaction_id` of many (n,): 30 ns for one that is as it should be."""
    wanted = _PREFIX.get(rules_of(chain).family, _EITHER)
    array = as_text(texts)
    marks = np.zeros(len(array), dtype=np.int8)
    _otherwise(*bytes_of(array), wanted, marks)
    rows = np.flatnonzero(marks)
    if not rows.size:
        return texts
    lower: Any = pc.ascii_lower(array.take(rows))
    begins = pc.starts_with(lower, "0x")
    if wanted == _WITH:
        lower = pc.if_else(begins, lower, pc.utf8_replace_slice(lower, 0, 0, "0x"))
    elif wanted == _WITHOUT:
        lower = pc.if_else(begins, pc.utf8_slice_codeunits(lower, 2), lower)
    written = pc.replace_with_mask(array, pa.array(marks != 0), lower)
    return pd.Series(written.to_pandas().to_numpy(), index=texts.index, dtype="str")


@kernel
def _otherwise(ends: Int64s, data: UInt8s, wanted: int, out: Int8s) -> None:
    """Mark in ``out`` (n,) the hashes that are to be written otherwise, 1 for yes.

    Text i is the bytes ``[ends[i], ends[i + 1])`` of ``data``.
    """
    for i in range(out.size):
        size = ends[i + 1] - ends[i]
        if size in (_DIGITS, _DIGITS + 2):
            out[i] = _is_otherwise(data, ends[i], size, wanted)


@inner_kernel
def _is_otherwise(data: UInt8s, first: int, size: int, wanted: int) -> bool:
    prefixed = size == _DIGITS + 2
    if prefixed and not (data[first] == ord("0") and data[first + 1] | 0x20 == ord("x")):
        return False
    capitals = int(prefixed and data[first + 1] == ord("X"))
    digits = 0
    for at in range(first + size - _DIGITS, first + size):
        byte = data[at]
        capital = ord("A") <= byte <= ord("F")
        capitals += capital
        digits += capital | (ord("0") <= byte <= ord("9")) | (ord("a") <= byte <= ord("f"))
    if digits != _DIGITS:
        return False
    return capitals > 0 or (wanted == _WITH and not prefixed) or (wanted == _WITHOUT and prefixed)
