"""Addresses in plain Python, by their published rules; of EIP-55 the published examples alone."""

import hashlib

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
VERSIONS = {"bitcoin": (0x00, 0x05), "bitcoin-regtest": (0x6F, 0xC4), "tron": (0x41,)}
PREFIXES = {"bitcoin": "bc", "bitcoin-regtest": "bcrt", "tron": ""}


def base58check(payload: bytes) -> str:
    """Payload with its checksum, in base 58."""
    whole = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(whole, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + text


def bech32(prefix: str, version: int, program: bytes) -> str:
    """Segregated witness address: BIP-173 for version 0, BIP-350 for others."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    digits = [version, *(int(bits[at : at + 5], 2) for at in range(0, len(bits), 5))]
    constant = 0x2BC830A3 if version else 1
    remainder = _remainder(prefix, [*digits, *[0] * 6]) ^ constant
    digits += [remainder >> 5 * (5 - at) & 31 for at in range(6)]
    return prefix + "1" + "".join(BECH32[digit] for digit in digits)


def _remainder(prefix: str, digits: list[int]) -> int:
    value = 1
    letters = [ord(letter) for letter in prefix]
    for digit in [*(one >> 5 for one in letters), 0, *(one & 31 for one in letters), *digits]:
        top = value >> 25
        value = (value & 0x1FFFFFF) << 5 ^ digit
        for at, mask in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            value ^= mask if top >> at & 1 else 0
    return value


def canonical(text: str, chain: str) -> str | None:
    """Canonical spelling on Bitcoin or Tron, None for what is no address there."""
    text, prefix = text.strip(), PREFIXES[chain]
    if prefix and text.lower().startswith(f"{prefix}1"):
        return _segwit(text, prefix)
    number = 0
    for letter in text:
        if letter not in BASE58:
            return None
        number = 58 * number + BASE58.index(letter)
    if number >= 1 << 200:
        return None
    payload = number.to_bytes(25, "big")[:21]
    right = base58check(payload) == text and payload[0] in VERSIONS[chain]
    return text if right else None


def _segwit(text: str, prefix: str) -> str | None:
    lower = text.lower()
    if text not in (lower, text.upper()) or len(text) > 90:
        return None
    letters = lower[len(prefix) + 1 :]
    if len(letters) < 7 or set(letters) - set(BECH32):
        return None
    bits = "".join(f"{BECH32.index(letter):05b}" for letter in letters[1:-6])
    program = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
    version = BECH32.index(letters[0])
    lengths = (20, 32) if version == 0 else range(2, 41)
    if version > 16 or len(program) not in lengths:
        return None
    return lower if bech32(prefix, version, program) == lower else None
