"""Wallets by two numbers: the hash that orders them in a ledger, and a check that nobody chooses.

Two names of one hash are two wallets, and whoever chooses names can make such. So each carries a
second number, from a family of hash functions that makes any two names equal with a chance of 2^-64
whatever they are, drawn anew for each build: the multilinear family of 32-bit words, twice (Lemire
and Kaser 2014, Strongly universal string hashing is fast, section 2). No result depends on it.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.contracts.received import MAX_NAME
from features.kernel import Int32s, Int64s, UInt64s, kernel, text_hashes
from features.ledger.external.texts import Bytes, parts

_WORDS = MAX_NAME + 2  # a character is at most four bytes; before them the length
_REMEMBERED = 1 << 21
_BITS = 26


class Wallets(NamedTuple):
    """The two numbers of some wallets, uint64 arrays of shape (n,)."""

    hashes: UInt64s
    checks: UInt64s


def keys_of(secret: int) -> UInt64s:
    """The function that a secret number chooses, shape (2, words)."""
    drawn = np.random.default_rng(secret).integers(0, 2**64, size=(2, _WORDS), dtype=np.uint64)
    return np.asarray(drawn, np.uint64)


def wallets_of(text: pa.LargeStringArray, keys: UInt64s) -> Wallets:
    """Both numbers of each name."""
    checks = np.empty(len(text), np.uint64)
    ends, raw = parts(text)
    _check_each(ends, raw, keys, checks)
    return Wallets(text_hashes(text), checks)


@kernel
def _check_each(ends: Int64s, data: Bytes, keys: UInt64s, out: UInt64s) -> None:
    """Second number of n texts, the bytes ``[ends[i], ends[i + 1])`` of ``data``."""
    for i in range(out.size):
        first, end = ends[i], ends[i + 1]
        size = np.uint64(end - first)
        one = keys[0, 0] + keys[0, 1] * size
        other = keys[1, 0] + keys[1, 1] * size
        at, k = first, 2
        while at < end:
            word = np.uint64(0)
            for j in range(at, min(at + 4, end)):
                word = word << np.uint64(8) | np.uint64(data[j])
            one += keys[0, k] * word
            other += keys[1, k] * word
            at, k = at + 4, k + 1
        out[i] = one >> np.uint64(32) << np.uint64(32) | other >> np.uint64(32)


class Seen:
    """The wallets that came lately, so that not each of their transfers writes their name."""

    def __init__(self) -> None:
        self._held = np.zeros((2, _REMEMBERED), np.uint64)

    def new(self, wallets: Wallets) -> Int64s:
        """Which of some wallets it did not remember, places; it does from now on."""
        marks = np.zeros(wallets.hashes.size, np.bool_)
        _remember(wallets, self._held, marks)
        return np.flatnonzero(marks)


@kernel
def _remember(wallets: Wallets, held: UInt64s, marks: npt.NDArray[np.bool_]) -> None:
    hashes, checks = wallets.hashes, wallets.checks
    mask = np.uint64(held.shape[1] - 1)
    for i in range(marks.size):
        at = hashes[i] & mask
        if held[0, at] != hashes[i] or held[1, at] != checks[i]:
            held[0, at], held[1, at] = hashes[i], checks[i]
            marks[i] = True


class Codes:
    """Finds the codes of wallets: their places in ascending order of hash.

    Parameters
    ----------
    known : Wallets
        By code.
    """

    def __init__(self, known: Wallets) -> None:
        hashes, checks = known
        bits = max(1, min(_BITS, int(hashes.size).bit_length()))
        self._hashes, self._shift = hashes, np.uint64(64 - bits)
        self._first = np.empty((1 << bits) + 1, np.int32)
        _fill_first(hashes, self._shift, self._first)
        same = np.flatnonzero(hashes[1:] == hashes[:-1])
        twins = np.unique(np.concatenate([same, same + 1]))
        keys = zip(hashes[twins].tolist(), checks[twins].tolist(), strict=True)
        self._twins = dict(zip(keys, twins.tolist(), strict=True))

    def of(self, wallets: Wallets) -> Int32s:
        """Code of each wallet, which all are known."""
        found = np.empty(wallets.hashes.size, np.int32)
        _find_each(wallets.hashes, self._hashes, self._first, self._shift, found)
        for at in np.flatnonzero(found < 0).tolist():  # only where two names share a hash
            found[at] = self._twins[int(wallets.hashes[at]), int(wallets.checks[at])]
        return found


@kernel
def _fill_first(hashes: UInt64s, shift: Any, first: Int32s) -> None:
    """The place at which hashes begin whose upper bits are at least each number."""
    at = 0
    for upper in range(first.size):
        while at < hashes.size and np.int64(hashes[at] >> shift) < upper:
            at += 1
        first[upper] = at


@kernel
def _find_each(wanted: UInt64s, hashes: UInt64s, first: Int32s, shift: Any, found: Int32s) -> None:
    """Place of each wanted hash, -1 where it stands there twice."""
    for i in range(found.size):
        one = wanted[i]
        at = first[np.int64(one >> shift)]
        while hashes[at] < one:
            at += 1
        twice = at + 1 < hashes.size and hashes[at + 1] == one
        found[i] = -1 if twice else at
