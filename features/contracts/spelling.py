"""Whether a text is an address of a family of chains, by its digits and its checksum.

EIP-55 (mixed case of hexadecimal digits), Base58Check (Bitcoin, Tron), BIP-173 and BIP-350 (bech32
and bech32m of segregated witness).
"""

import hashlib
from typing import NamedTuple

import numpy as np

from features.kernel import Int8s, Int64s, UInt64s, inner_kernel, kernel
from features.kernel.checksums import (
    KECCAK,
    SHA256_WORDS,
    UInt8s,
    keccak,
    sha256,
)

# what is found of a text: two that need no more, then how it is to be written, then mistakes
FINE, LOWER, PREFIX, TRON_HEX = 0, 1, 2, 3
NO_ADDRESS, BAD_CASE, BAD_CHECKSUM, OTHER_CHAIN, BAD_WITNESS, MIXED_CASE, EMPTY = (
    10,
    11,
    12,
    13,
    14,
    15,
    16,
)
FREE, EVM, BITCOIN, TRON = 0, 1, 2, 3  # families
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_ANY_NAME, _HEXADECIMAL, _SEGWIT, _CHECKED, _TRON = 0, 1, 2, 3, 4  # kinds of spelling

_HEX_DIGITS = 40
_PAYLOAD_BYTES = 25  # of Base58Check: version, 20 of the key's or script's hash, 4 of the checksum
_CHECKED_BYTES = 21
_LONGEST_BECH32 = 90
_CHECKSUM_DIGITS = 6
_BECH32, _BECH32M = 1, 0x2BC830A3


def _values(alphabet: str) -> Int8s:
    """Value of every byte as a digit, -1 where it is none."""
    table = np.full(256, -1, dtype=np.int8)
    for value, digit in enumerate(alphabet):
        table[ord(digit)] = value
    return table


_HEX = _values("0123456789abcdef")
_HEX[[ord(digit) for digit in "ABCDEF"]] = range(10, 16)
_BASE58 = _values(BASE58)
_DIGIT32 = _values(BECH32)
_GENERATOR = np.array([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3])


class Rules(NamedTuple):
    """What tells an address of one chain from those of others.

    Parameters
    ----------
    family : int
        ``FREE``, ``EVM``, ``BITCOIN`` or ``TRON``.
    versions : int64 array, shape (2,)
        First byte of the Base58Check payloads; -1 for none.
    prefix : uint8 array
        Lower-case text before the "1" of a bech32 address; empty for none.
    """

    family: int
    versions: Int64s
    prefix: UInt8s


def base58check(version: int, payload: bytes) -> str:
    """Base58Check of a byte for the kind, and a payload such as a hash of 20 bytes."""
    data = bytes([version]) + payload
    data += hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    zeros = len(data) - len(data.lstrip(b"\0"))
    return BASE58[0] * zeros + text


@kernel
def judge(ends: Int64s, data: UInt8s, rules: Rules, out: Int8s) -> None:
    """Judge n texts, the bytes ``[ends[i], ends[i + 1])`` of ``data``, into ``out`` (n,)."""
    text = np.empty(_LONGEST_BECH32, dtype=np.uint8)
    state = np.empty(SHA256_WORDS, dtype=np.uint64)
    for i in range(out.size):
        first, end = ends[i], ends[i + 1]
        kind, prefix = _kind(data, first, end, rules)
        if first == end:
            found = EMPTY
        elif kind == _HEXADECIMAL:
            found = _hexadecimal(data, first, end, text, state)
        elif kind == _SEGWIT:
            found = _bech32(data, first, end, prefix, text)
        elif kind == _CHECKED:
            found = _base58(data, first, end, rules.versions, text, state)
        elif kind == _TRON:
            found = _tron_hex(data, first, end)
        else:
            found = FINE
        if rules.family == FREE and found not in (LOWER, BAD_CASE, EMPTY):
            found = FINE
        out[i] = found


@inner_kernel
def _kind(data: UInt8s, first: int, end: int, rules: Rules) -> tuple[int, int]:
    """Which spelling a text can be of, and how many letters its bech32 prefix would have."""
    size = end - first
    if rules.family == EVM:
        return _HEXADECIMAL, 0
    if rules.family == FREE:
        if size == 2 + _HEX_DIGITS and _begins_as_hex(data, first, end):
            return _HEXADECIMAL, 0
        # capitals, as in QR codes; what has the checksum of bech32 can mean nothing else
        if size > _CHECKSUM_DIGITS + 4 and (data[first] == ord("B") or data[first] == ord("T")):
            if data[first + 2] == ord("1"):
                return _SEGWIT, 2
            if data[first + 4] == ord("1"):
                return _SEGWIT, 4
        return _ANY_NAME, 0
    if rules.family == TRON and _begins_as_hex(data, first, end):
        return _TRON, 0
    if rules.family == BITCOIN and _has_prefix(data, first, end, rules.prefix):
        return _SEGWIT, rules.prefix.size
    return _CHECKED, 0


@kernel
def settled(ends: Int64s, data: UInt8s, family: int, out: Int8s) -> None:
    """Mark texts in ``out`` (n,) that need no second look, 1 for yes.

    Those are lower-case 0x and 40 digits for ``EVM``; for ``FREE`` also what begins otherwise than
    an address of Ethereum or a bech32 one of Bitcoin does, without spaces around; and empty texts.
    """
    for i in range(out.size):
        out[i] = _plain(data, ends[i], ends[i + 1], family)


@inner_kernel
def _plain(data: UInt8s, first: int, end: int, family: int) -> int:
    size = end - first
    if size == 0:
        return 1
    if family not in (FREE, EVM):
        return 0
    if size == 2 + _HEX_DIGITS and data[first] == ord("0") and data[first + 1] == ord("x"):
        digits = 0
        for at in range(first + 2, end):  # without a way out, so that it is done many at a time
            digit = data[at]
            digits += (ord("0") <= digit <= ord("9")) | (ord("a") <= digit <= ord("f"))
        return 1 if digits == _HEX_DIGITS else 0
    if family == EVM:
        return 0
    for at in (first, end - 1):
        if data[at] <= ord(" ") or data[at] >= 0x7F:
            return 0
    one, two = data[first], data[first + 1] if size > 1 else np.uint8(0)
    begins_hex = one == ord("0") and two in (ord("x"), ord("X"))
    return 0 if begins_hex or (one in (ord("B"), ord("T")) and size >= 14) else 1


@inner_kernel
def _begins_as_hex(data: UInt8s, first: int, end: int) -> bool:
    """Whether a text begins with 0x, or with the 41 of Tron's hexadecimal addresses."""
    if end - first < 2 + _HEX_DIGITS:
        return False
    one, two = data[first], data[first + 1]
    if one == ord("0"):
        return bool(two == ord("x") or two == ord("X"))
    return end - first == 2 + _HEX_DIGITS and one == ord("4") and two == ord("1")


@inner_kernel
def _hexadecimal(data: UInt8s, first: int, end: int, text: UInt8s, state: UInt64s) -> int:
    """Judge 0x and 40 digits, or 40 digits alone; where cases are mixed, by EIP-55."""
    bare = end - first == _HEX_DIGITS
    start = first if bare else first + 2
    if end - start != _HEX_DIGITS:
        return NO_ADDRESS
    if not bare and not (data[first] == ord("0") and (data[first + 1] | 0x20) == ord("x")):
        return NO_ADDRESS
    capitals = smalls = 0
    for at in range(_HEX_DIGITS):
        digit = data[start + at]
        if _HEX[digit] < 0:
            return NO_ADDRESS
        text[at] = digit | 0x20 if digit >= ord("A") else digit
        capitals += ord("A") <= digit <= ord("F")
        smalls += digit >= ord("a")
    if capitals and smalls:
        keccak(text, _HEX_DIGITS, KECCAK, state)
        for at in range(_HEX_DIGITS):
            nibble = (state[at >> 4] >> np.uint64(8 * (at >> 1 & 7) + (4 - 4 * (at & 1)))) & 15
            digit = data[start + at]
            if digit >= ord("A") and (nibble >= 8) != (digit <= ord("F")):
                return BAD_CASE
    if bare:
        return PREFIX
    return LOWER if capitals or data[first + 1] == ord("X") else FINE


@inner_kernel
def _tron_hex(data: UInt8s, first: int, end: int) -> int:
    """Judge 41 and 40 digits, with 0x before them or not, or 0x and 40 digits."""
    start = first + 2 if data[first] == ord("0") else first
    for at in range(start, end):
        if _HEX[data[at]] < 0:
            return NO_ADDRESS
    if end - start == _HEX_DIGITS:
        return TRON_HEX
    tron = (
        end - start == _HEX_DIGITS + 2 and data[start] == ord("4") and data[start + 1] == ord("1")
    )
    return TRON_HEX if tron else NO_ADDRESS


@inner_kernel
def _base58(
    data: UInt8s, first: int, end: int, versions: Int64s, text: UInt8s, state: UInt64s
) -> int:
    """Judge Base58Check of 25 bytes; as many 1s lead as zero bytes, so that it has one spelling."""
    for at in range(_PAYLOAD_BYTES):
        text[at] = 0
    ones, counting = 0, True
    for place in range(first, end):
        carry = np.int64(_BASE58[data[place]])
        if carry < 0:
            return NO_ADDRESS
        counting = counting and carry == 0
        ones += counting
        for at in range(_PAYLOAD_BYTES - 1, -1, -1):
            carry += 58 * np.int64(text[at])
            text[at] = carry & 255
            carry >>= 8
        if carry:
            return NO_ADDRESS
    zeros = 0
    while zeros < _PAYLOAD_BYTES and text[zeros] == 0:
        zeros += 1
    if zeros != ones or end == first:
        return NO_ADDRESS
    return _payload(text, versions, state)


@inner_kernel
def _payload(text: UInt8s, versions: Int64s, state: UInt64s) -> int:
    """Judge 25 bytes by their checksum, the begin of a double SHA-256, and their version."""
    version = text[0]
    for at in range(_CHECKED_BYTES, _PAYLOAD_BYTES):
        text[32 + at] = text[at]
    sha256(text, _CHECKED_BYTES, state)
    for at in range(32):
        text[at] = (state[64 + (at >> 2)] >> np.uint64(24 - 8 * (at & 3))) & np.uint64(255)
    sha256(text, 32, state)
    for at in range(_PAYLOAD_BYTES - _CHECKED_BYTES):
        expected = (state[64] >> np.uint64(24 - 8 * at)) & np.uint64(255)
        if text[32 + _CHECKED_BYTES + at] != expected:
            return BAD_CHECKSUM
    return FINE if version == versions[0] or version == versions[1] else OTHER_CHAIN


@inner_kernel
def _has_prefix(data: UInt8s, first: int, end: int, prefix: UInt8s) -> bool:
    """Whether a text begins with the prefix, in any case, and the 1 after it."""
    if end - first <= prefix.size or data[first + prefix.size] != ord("1"):
        return False
    same = 0
    for at in range(prefix.size):
        same += data[first + at] | 0x20 == prefix[at]
    return same == prefix.size


@inner_kernel
def _bech32(data: UInt8s, first: int, end: int, prefix: int, text: UInt8s) -> int:
    """Judge a bech32 or bech32m address, whose 1 comes after ``prefix`` letters."""
    size = end - first
    start = prefix + 1
    if size > _LONGEST_BECH32 or size < start + 1 + _CHECKSUM_DIGITS:
        return NO_ADDRESS
    capitals = smalls = 0
    for at in range(size):
        letter = data[first + at]
        capitals += ord("A") <= letter <= ord("Z")
        smalls += ord("a") <= letter <= ord("z")
        text[at] = letter | 0x20 if ord("A") <= letter <= ord("Z") else letter
        if at >= start and _DIGIT32[text[at]] < 0:
            return NO_ADDRESS
    if capitals and smalls:
        return MIXED_CASE
    version = _DIGIT32[text[start]]
    if _polymod(text, prefix, size) != (_BECH32M if version else _BECH32):
        return BAD_CHECKSUM
    if not _is_program(text, start + 1, size - _CHECKSUM_DIGITS, version):
        return BAD_WITNESS
    return LOWER if capitals else FINE


@inner_kernel
def _polymod(text: UInt8s, prefix: int, size: int) -> int:
    """Remainder that the checksum of BIP-173 fixes, of the letters before and after the 1."""
    value = 1
    for at in range(prefix):
        value = _mixed(value, text[at] >> 5)
    value = _mixed(value, 0)
    for at in range(prefix):
        value = _mixed(value, text[at] & 31)
    for at in range(prefix + 1, size):
        value = _mixed(value, _DIGIT32[text[at]])
    return value


@inner_kernel
def _mixed(value: int, digit: int) -> int:
    top = value >> 25
    value = ((value & 0x1FFFFFF) << 5) ^ digit
    for at in range(5):
        if top >> at & 1:
            value ^= _GENERATOR[at]
    return value


@inner_kernel
def _is_program(text: UInt8s, first: int, end: int, version: int) -> bool:
    """Whether digits of five bits make a witness program: its length, its padding all zero."""
    bits = 5 * (end - first)
    size, padding = bits >> 3, bits & 7
    if version > 16 or padding > 4 or not 2 <= size <= 40:
        return False
    if version == 0 and size not in (20, 32):
        return False
    return bool(_DIGIT32[text[end - 1]] & ((1 << padding) - 1) == 0)
