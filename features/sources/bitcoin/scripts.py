"""Whose is an output? The address, or another name of who can spend it, of a locking script.

* The standard kinds have an address: P2PKH, P2SH (base58, BIP 13), witness programs (BIP 173, 350).
* A public key by itself has none; it gets that of its hash, P2PKH, as its owner is the same.
* Bare multisig is owned by several: ``multisig:`` and a hash of their addresses.
* What cannot be spent, ``OP_RETURN``, is nobody's.
* Anything else: ``nonstandard`` and a hash of the script, the name that bitcoin-etl gives it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from features.contracts.spelling import BECH32, base58check
from features.errors import SourceError

MULTISIG, NONSTANDARD = "multisig:", "nonstandard"
_HASH_CHARACTERS = 40
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_END, _BECH32M_END = 1, 0x2BC830A3
_RETURN, _CHECKSIG, _CHECKMULTISIG = 0x6A, 0xAC, 0xAE
_SMALLEST, _LARGEST = 0x51, 0x60  # OP_1, OP_16
_KEY_BYTES = (33, 65)
_PROGRAM_BYTES = range(2, 41)
_CACHED = 1 << 20


class Network(NamedTuple):
    """A network, and how it spells addresses."""

    chain: str
    key_hash: int
    script_hash: int
    prefix: str


MAIN = Network("bitcoin", 0, 5, "bc")
TEST = Network("bitcoin-testnet", 111, 196, "tb")
REGTEST = Network("bitcoin-regtest", 111, 196, "bcrt")
NETWORKS = {
    "main": MAIN, "test": TEST, "testnet": TEST, "testnet4": TEST, "signet": TEST,
    "regtest": REGTEST,
}  # fmt: skip  # as nodes name them


@lru_cache(maxsize=_CACHED)
def owner(script: bytes, network: Network = MAIN) -> str | None:
    """Name of who can spend an output, None for nobody.

    Examples
    --------
    >>> owner(bytes.fromhex("0014751e76e8199196d454941c45d1b3a323f1433bd6"))
    'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
    >>> owner(bytes.fromhex("6a0568656c6c6f")) is None
    True
    """
    if script[:1] == bytes([_RETURN]):
        return None
    size = len(script)
    if size == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return base58check(network.key_hash, script[3:23])
    if size == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":
        return base58check(network.script_hash, script[2:22])
    if size >= 4 and script[1] == size - 2 and size - 2 in _PROGRAM_BYTES:
        if script[0] == 0 and size - 2 in (20, 32):
            return _bech32(network.prefix, 0, script[2:])
        if _SMALLEST <= script[0] <= _LARGEST:
            return _bech32(network.prefix, script[0] - _SMALLEST + 1, script[2:])
    return _of_keys(script, network)


def owner_of_hex(script: str, network: Network = MAIN) -> str | None:
    """:func:`owner` of a script in hex; raises SourceError if it is not."""
    try:
        return owner(bytes.fromhex(script), network)
    except ValueError:
        raise SourceError(f"script {script[:80]!r} is not in hex") from None


def joint(addresses: Iterable[str]) -> str:
    """Name of who several addresses are together; of one, itself."""
    distinct = sorted(set(addresses))
    if len(distinct) == 1:
        return distinct[0]
    digest = hashlib.sha256(",".join(distinct).encode()).hexdigest()
    return f"{MULTISIG}{digest[:_HASH_CHARACTERS]}"


def _of_keys(script: bytes, network: Network) -> str:
    """The owner of a script that names public keys, or of one that is not standard."""
    keys = _keys(script)
    if keys:
        return joint(base58check(network.key_hash, _hash160(key)) for key in keys)
    return f"{NONSTANDARD}{hashlib.sha256(script).hexdigest()[:_HASH_CHARACTERS]}"


def _keys(script: bytes) -> Sequence[bytes]:
    """Public keys of ``KEY CHECKSIG`` and ``m KEY ... n CHECKMULTISIG``; none of another script."""
    if len(script) - 2 in _KEY_BYTES and script[0] == len(script) - 2 and script[-1] == _CHECKSIG:
        return [script[1:-1]]
    if len(script) < 3 or script[-1] != _CHECKMULTISIG:
        return []
    if not (_SMALLEST <= script[0] <= script[-2] <= _LARGEST):
        return []
    keys, at = [], 1
    while at < len(script) - 2:
        size = script[at]
        if size not in _KEY_BYTES:
            return []
        keys.append(script[at + 1 : at + 1 + size])
        at += 1 + size
    whole = at == len(script) - 2 and len(keys) == script[-2] - _SMALLEST + 1
    return keys if whole else []


def _hash160(data: bytes) -> bytes:
    return hashlib.new("ripemd160", hashlib.sha256(data).digest()).digest()


def _bech32(prefix: str, version: int, program: bytes) -> str:
    """A witness program as text (BIP 173; from version 1 on with the constant of BIP 350)."""
    bits = 8 * len(program)
    padded = -(-bits // 5)
    number = int.from_bytes(program) << (5 * padded - bits)
    values = [version, *(number >> 5 * place & 31 for place in range(padded - 1, -1, -1))]
    spread = [*(ord(one) >> 5 for one in prefix), 0, *(ord(one) & 31 for one in prefix)]
    rest = _remainder([*spread, *values, 0, 0, 0, 0, 0, 0])
    rest ^= _BECH32M_END if version else _BECH32_END
    values += [rest >> 5 * place & 31 for place in range(5, -1, -1)]
    return f"{prefix}1{''.join(BECH32[value] for value in values)}"


def _remainder(values: Iterable[int]) -> int:
    """Remainder of the checksum's code."""
    rest = 1
    for value in values:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                rest ^= generator
    return rest
