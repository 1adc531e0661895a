"""What a wallet is by its name alone: a pseudo-wallet, or an address of a kind of script.

Readers of chains of coins make up names where a chain has no address (:mod:`features.sources`):
``tx:<txid>`` is a transaction that stands between its payers and payees. Who of them paid whom
nobody knows, so that no path leads through it, on whatever chain it is named. Kinds of scripts are
told of Bitcoin's chains, by the prefix of Base58Check and by version and length of the witness
program (BIP-141, BIP-173, BIP-350).
"""

from typing import Any, cast

import numpy as np
import pyarrow as pa

from features.contracts.addresses import rules_of
from features.contracts.spelling import BITCOIN, Rules
from features.kernel import Int8s, Int64s, inner_kernel, kernel
from features.kernel.checksums import UInt8s

OTHER, PSEUDO, P2PKH, P2SH, P2WPKH, P2WSH, P2TR, MULTISIG, NONSTANDARD = range(9)
PSEUDO_PREFIX = "tx:"
_MAIN_VERSION = 0x00  # of Base58Check, of an address that begins with 1
_KEY_PROGRAM, _SCRIPT_PROGRAM = 32, 52  # digits of base 32 of 20 and of 32 bytes
_CHECKSUM = 6


def _letters(text: str) -> UInt8s:
    return np.frombuffer(text.encode(), dtype=np.uint8)


_PSEUDO, _MULTISIG = _letters(PSEUDO_PREFIX), _letters("multisig:")
_NONSTANDARD = _letters("nonstandard")
_DIGITS = "1 2 3 m n q p"
_1, _2, _3, _M, _N, _Q, _P = (ord(digit) for digit in _DIGITS.split())


def wallet_kinds(names: pa.LargeStringArray, chain: str) -> Int8s:
    """Kind of each wallet.

    Parameters
    ----------
    names : large_string array, shape (n,)
        In the spelling of their chain, see :mod:`features.contracts.addresses`.
    chain : str
        Empty where nobody said.

    Returns
    -------
    int8 array, shape (n,)
        ``PSEUDO``; on a chain of Bitcoin the kind of script, ``P2PKH`` to ``NONSTANDARD``; else
        ``OTHER``.

    Examples
    --------
    >>> wallet_kinds(pa.array(["alice", "tx:4a5e"], pa.large_string()), "").tolist()
    [0, 1]
    """
    out = np.empty(len(names), dtype=np.int8)
    _, offsets, data = cast("list[Any]", names.buffers())
    if offsets is not None and len(names):
        ends = np.frombuffer(offsets, dtype=np.int64)[names.offset : names.offset + len(names) + 1]
        raw = np.frombuffer(b"" if data is None else data, dtype=np.uint8)
        for array in (ends, raw):  # as in features.kernel.text_hash: one kernel for all memory
            array.flags.writeable = False
        _fill(ends, raw, rules_of(chain), out)
    return out


@kernel
def _fill(ends: Int64s, data: UInt8s, rules: Rules, out: Int8s) -> None:
    """Kinds of n texts, the bytes ``[ends[i], ends[i + 1])`` of ``data``, into ``out`` (n,)."""
    on_bitcoin = rules.family == BITCOIN
    for i in range(out.size):
        first, end = ends[i], ends[i + 1]
        kind = OTHER
        if _begins(data, first, end, _PSEUDO):
            kind = PSEUDO
        elif on_bitcoin:
            kind = _script(data, first, end, rules)
        out[i] = kind


@inner_kernel
def _begins(data: UInt8s, first: int, end: int, letters: UInt8s) -> bool:
    """Whether a text begins with some letters."""
    if end - first < letters.size:
        return False
    same = True
    for k in range(letters.size):
        same &= data[first + k] == letters[k]
    return same


@inner_kernel
def _script(data: UInt8s, first: int, end: int, rules: Rules) -> int:
    """Kind of script of an address of a Bitcoin chain."""
    if first == end:
        return OTHER
    prefix = rules.prefix
    if _begins(data, first, end, prefix) and end - first > prefix.size + 1:
        at = first + prefix.size
        if data[at] == _1:
            return _witness(data[at + 1], end - at - 2 - _CHECKSUM)
    if _begins(data, first, end, _MULTISIG):
        return MULTISIG
    if _begins(data, first, end, _NONSTANDARD):
        return NONSTANDARD
    letter = data[first]
    if rules.versions[0] == _MAIN_VERSION:
        return P2PKH if letter == _1 else P2SH if letter == _3 else OTHER
    return P2PKH if letter in (_M, _N) else P2SH if letter == _2 else OTHER


@inner_kernel
def _witness(version: int, digits: int) -> int:
    """Kind of a witness program, by the digit of its version and its own number of digits."""
    if version == _Q and digits == _KEY_PROGRAM:
        return P2WPKH
    if version == _Q and digits == _SCRIPT_PROGRAM:
        return P2WSH
    return P2TR if version == _P and digits == _SCRIPT_PROGRAM else OTHER
