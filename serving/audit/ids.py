"""Ids of answers: in the order of time, so that an old one is found without an index of all.

They are UUIDs of version 7 (RFC 9562, section 5.7) without hyphens: 48 bits of milliseconds since
1970, then 72 random bits beside version and variant.
"""

import re
import secrets

_RANDOM_BYTES = 9
_FORM = re.compile(r"[0-9a-f]{12}7[0-9a-f]{3}8[0-9a-f]{15}")

ID_PATTERN = f"^{_FORM.pattern}$"


def new_id(at_ms: int) -> str:
    """Id of what happens at an instant, milliseconds since 1970 UTC.

    Examples
    --------
    >>> new_id(1_795_000_000_000)[:13], is_id(new_id(0))
    ('01a1ee565e007', True)
    """
    random = secrets.token_hex(_RANDOM_BYTES)
    return f"{at_ms:012x}7{random[:3]}8{random[3:]}"


def is_id(text: str) -> bool:
    """Whether a text may be an id of ours."""
    return _FORM.fullmatch(text) is not None


def milliseconds_of(id_: str) -> int:
    """When it was made, milliseconds since 1970 UTC."""
    return int(id_[:12], 16)


def key_of(id_: str) -> int:
    """The random half, 64 bits, by which indexes know it."""
    return int(id_[16:], 16)
