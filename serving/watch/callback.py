"""Where webhooks may go: what a URL may say, and which addresses a name may have.

Whoever may write chooses the URL, and this process can reach what he cannot. So a name is resolved
once, each of its addresses must be allowed, and the connection goes to one of those.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from features.errors import RiskError
from serving.addresses import Address, in_digits

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST_CHARACTERS = 2_000
# the form of what is taken, for the document; whether it is, and where it leads, is told below
URL = r'^https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?([/?][!-"$-~]*)?$'
_VISIBLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that is given out; the rest is special somewhere
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # the last 32 bits are an address of IPv4


class Callback(NamedTuple):
    """A URL that was looked at."""

    secure: bool
    host: str
    port: int
    target: str  # path and query, as they are sent


def parse_callback(url: str, networks: Iterable[Network] = ()) -> Callback:
    """Look at a URL.

    Parameters
    ----------
    url : str
    networks : iterable of network
        Allowed beside public ones.

    Raises
    ------
    RiskError
        It is none that webhooks may go to.
    """
    if len(url) > MOST_CHARACTERS or not _VISIBLE.fullmatch(url):
        raise RiskError(f"callback: 1 to {MOST_CHARACTERS} visible ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RiskError("callback: it is no URL") from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host):
        raise RiskError("callback: a URL such as https://risk.example/hooks")
    if parts.username is not None or parts.password is not None or "#" in url:
        raise RiskError("callback: no user, no password and no fragment in the URL")
    literal = in_digits(host)
    if parts.scheme == "http" and not (host == "localhost" or (literal and literal.is_loopback)):
        raise RiskError("callback: https, but for this machine itself")
    if literal is not None:
        require_allowed([literal], networks)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    secure = parts.scheme == "https"
    return Callback(secure, host, port if port is not None else (443 if secure else 80), target)


def require_allowed(addresses: Sequence[Address], networks: Iterable[Network]) -> None:
    """Raise RiskError unless each address is public, or of one of these networks."""
    allowed = tuple(networks)
    for address in addresses:
        plain = _embedded(address)
        if any(plain in network for network in allowed if network.version == plain.version):
            continue
        given_out = plain.version == 4 or plain in _UNICAST
        if not (given_out and plain.is_global) or plain.is_multicast:
            raise RiskError(
                "callback: its address is not public; WALLETRISK_WEBHOOK_NETWORKS names networks "
                "that are allowed, such as 10.1.0.0/16"
            )


def _embedded(address: Address) -> Address:
    """The address that packets reach in the end."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        teredo = address.teredo
        return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
    return address
