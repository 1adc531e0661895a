"""Hashes that addresses carry a part of: Keccak-256 and double SHA-256, of short messages.

A library's call takes 10 to 40 us an address, and a chain has hundreds of millions of them. These
find typing mistakes; nothing secret depends on them.
"""

import math

import numpy as np
import numpy.typing as npt

from features.kernel.arrays import UInt64s
from features.kernel.compiler import inner_kernel

UInt8s = npt.NDArray[np.uint8]

KECCAK_LANES = 50  # uint64 of working memory: the state, and room for one step
SHA256_WORDS = 80  # the same: the schedule, eight of the state, eight at work
KECCAK, SHA3 = 0x01, 0x06  # first byte of the padding: Ethereum kept the one before the standard
LONGEST_KECCAK, LONGEST_SHA256 = 135, 55  # bytes of a message of one block

_PRIMES = [n for n in range(2, 312) if all(n % d for d in range(2, math.isqrt(n) + 1))]
_LOW = np.uint64(0xFFFFFFFF)


def _cube_root(n: int) -> int:
    root: int = round(n ** (1 / 3))
    while root**3 > n:
        root -= 1
    while (root + 1) ** 3 <= n:
        root += 1
    return root


# FIPS 180-4, 4.2.2 and 5.3.3: fractions of the cube and square roots of the first primes
_ROUNDS = np.array([_cube_root(p << 96) & 0xFFFFFFFF for p in _PRIMES], dtype=np.uint64)
_START = np.array([math.isqrt(p << 64) & 0xFFFFFFFF for p in _PRIMES[:8]], dtype=np.uint64)
# FIPS 202, 3.2: constants of iota; for each lane in the order of pi, how far rho turns it
_IOTA = np.array(
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
        0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ],
    dtype=np.uint64,
)  # fmt: skip
_TURN = np.array([(t + 1) * (t + 2) // 2 % 64 for t in range(24)], dtype=np.uint64)
_LANE = np.array(
    [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1]
)


@inner_kernel
def keccak(message: UInt8s, size: int, padding: int, state: UInt64s) -> None:
    """Hash the first ``size`` bytes of a message (at most 135) into ``state[:4]``, little-endian.

    Parameters
    ----------
    message : uint8 array
    size : int
    padding : int
        ``KECCAK`` or ``SHA3``.
    state : uint64 array, shape (50,)
        Working memory, of any content.
    """
    for lane in range(25):
        state[lane] = 0
    for at in range(size):
        state[at >> 3] ^= np.uint64(message[at]) << np.uint64(8 * (at & 7))
    state[size >> 3] ^= np.uint64(padding) << np.uint64(8 * (size & 7))
    state[16] ^= np.uint64(0x80) << np.uint64(56)
    for turn in range(24):
        _keccak_round(state, _IOTA[turn])


@inner_kernel
def _keccak_round(state: UInt64s, iota: np.uint64) -> None:
    """One round on ``state[:25]``; the rest is working memory. FIPS 202, 3.2."""
    for x in range(5):
        state[25 + x] = state[x] ^ state[5 + x] ^ state[10 + x] ^ state[15 + x] ^ state[20 + x]
    for x in range(5):
        mixed = state[25 + (x + 4) % 5] ^ _left(state[25 + (x + 1) % 5], np.uint64(1))
        for y in range(0, 25, 5):
            state[y + x] ^= mixed
    moved = state[1]
    for step in range(24):
        lane = _LANE[step]
        kept = state[lane]
        state[lane] = _left(moved, _TURN[step])
        moved = kept
    for y in range(0, 25, 5):
        for x in range(5):
            state[25 + x] = state[y + x]
        for x in range(5):
            state[y + x] ^= ~state[25 + (x + 1) % 5] & state[25 + (x + 2) % 5]
    state[0] ^= iota


@inner_kernel
def _left(lane: np.uint64, places: np.uint64) -> np.uint64:
    """Turn 64 bits to the left, by 1 to 63 places."""
    return (lane << places) | (lane >> (np.uint64(64) - places))


@inner_kernel
def sha256(message: UInt8s, size: int, words: UInt64s) -> None:
    """Hash the first ``size`` bytes of a message (at most 55) into ``words[64:72]``, big-endian.

    Parameters
    ----------
    message : uint8 array
    size : int
    words : uint64 array, shape (80,)
        Working memory, of any content; each holds 32 bits. FIPS 180-4, 6.2.
    """
    for at in range(16):
        words[at] = 0
    for at in range(size):
        words[at >> 2] |= np.uint64(message[at]) << np.uint64(24 - 8 * (at & 3))
    words[size >> 2] |= np.uint64(0x80) << np.uint64(24 - 8 * (size & 3))
    words[15] = 8 * size
    for at in range(16, 64):
        early, late = words[at - 15], words[at - 2]
        small = _right(early, 7) ^ _right(early, 18) ^ (early >> np.uint64(3))
        large = _right(late, 17) ^ _right(late, 19) ^ (late >> np.uint64(10))
        words[at] = (words[at - 16] + small + words[at - 7] + large) & _LOW
    for at in range(8):
        words[64 + at] = words[72 + at] = _START[at]
    for at in range(64):
        _sha256_round(words, _ROUNDS[at] + words[at])
    for at in range(8):
        words[64 + at] = (words[64 + at] + words[72 + at]) & _LOW


@inner_kernel
def _sha256_round(words: UInt64s, added: np.uint64) -> None:
    """One round on ``words[72:80]``."""
    a, b, c, e = words[72], words[73], words[74], words[76]
    chosen = (e & words[77]) ^ (~e & words[78])
    first = words[79] + (_right(e, 6) ^ _right(e, 11) ^ _right(e, 25)) + chosen + added
    second = (_right(a, 2) ^ _right(a, 13) ^ _right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    for at in range(79, 72, -1):
        words[at] = words[at - 1]
    words[76] = (words[76] + first) & _LOW
    words[72] = (first + second) & _LOW


@inner_kernel
def _right(word: np.uint64, places: int) -> np.uint64:
    """Turn 32 bits to the right, by 1 to 31 places."""
    return ((word >> np.uint64(places)) | (word << np.uint64(32 - places))) & _LOW
