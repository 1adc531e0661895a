"""Addresses of machines as texts have them."""

import ipaddress
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def in_digits(text: str) -> Address | None:
    """The address that a text is; None of a name.

    Examples
    --------
    >>> in_digits("127.0.0.1"), in_digits("localhost")
    (IPv4Address('127.0.0.1'), None)
    """
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
