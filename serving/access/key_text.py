"""What a key looks like: a prefix that scanners of secrets find, and a checksum.

``wrk_`` + 10 characters that name the key + ``_`` + 43 random ones + 6 of a checksum. The random
part has 256 bits, so a plain SHA-256 of it is what is kept: a slow hash makes guessing of words
costly, and nobody guesses 256 bits. What was cut off or mistyped is seen without a look at the
database.
"""

import hashlib
import re
import secrets
import string
import zlib
from typing import NamedTuple

PREFIX = "wrk_"
NAME_CHARACTERS, SECRET_CHARACTERS, CHECK_CHARACTERS = 10, 43, 6  # 62 ** 43 > 2 ** 256
_ALPHABET = string.digits + string.ascii_letters
_FORM = re.compile(
    rf"{PREFIX}([0-9A-Za-z]{{{NAME_CHARACTERS}}})_"
    rf"[0-9A-Za-z]{{{SECRET_CHARACTERS}}}([0-9A-Za-z]{{{CHECK_CHARACTERS}}})"
)


class Presented(NamedTuple):
    """A key as it came with a request: which it says it is, and its digest."""

    id: str
    digest: bytes


def new_key() -> tuple[str, Presented]:
    """Make a key: its text, which is nowhere kept, and what is.

    Examples
    --------
    >>> text, kept = new_key()
    >>> presented(text) == kept
    True
    """
    name = "".join(secrets.choice(_ALPHABET) for _ in range(NAME_CHARACTERS))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_CHARACTERS))
    text = f"{PREFIX}{name}_{secret}"
    text += _checksum(text)
    return text, Presented(name, _digest(text))


def presented(text: str) -> Presented | None:
    """Read a key; None if it is none, such as one that was cut off.

    Examples
    --------
    >>> presented("wrk_0123456789_secret") is None
    True
    """
    return read(text) if is_whole(text) else None


def read(text: str) -> Presented | None:
    """Read what has the form of a key, its checksum unseen: another text has another digest."""
    found = _FORM.fullmatch(text)
    return None if found is None else Presented(found[1], _digest(text))


def is_whole(text: str) -> bool:
    """Whether the checksum is that of the rest."""
    found = _FORM.fullmatch(text)
    return found is not None and _checksum(text[:-CHECK_CHARACTERS]) == found[2]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _checksum(text: str) -> str:
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECK_CHARACTERS):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits += _ALPHABET[digit]
    return digits
