"""What the head of a request says of its sender."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

_FORWARDING = (b"x-forwarded", b"x-real-ip", b"forwarded", b"via", b"cf-", b"true-client-ip")


class Credentials(NamedTuple):
    """Who a request says it is from.

    Parameters
    ----------
    key : str, optional
        Text of a key, or of what was sent in its place.
    forwarded : bool
        Whether a proxy says that it passed the request on.
    page : bool
        Whether a browser wants a page.
    fetch_site, origin, host : bytes, optional
        Headers by which browsers say whose page sends a request.
    """

    key: str | None
    forwarded: bool
    page: bool
    fetch_site: bytes | None
    origin: bytes | None
    host: bytes | None

    @property
    def foreign_page(self) -> bool:
        """Whether a page of another site sends this, with what its reader's browser has saved."""
        if self.fetch_site is not None:
            return self.fetch_site not in (b"same-origin", b"none")
        if self.origin is None:
            return False
        return urlsplit(self.origin).netloc.lower() != (self.host or b"").lower()


def credentials(headers: Iterable[tuple[bytes, bytes]]) -> Credentials:
    """Read a head, names in lower case; ``Authorization`` goes before ``X-API-Key``.

    Examples
    --------
    >>> credentials([(b"authorization", b"Bearer k")]).key, credentials([]).key
    ('k', None)
    >>> credentials([(b"authorization", b"Basic bmFtZTpr")]).key
    'k'
    """
    found = {}
    forwarded = False
    for name, value in headers:
        found[name] = value
        forwarded = forwarded or name.startswith(_FORWARDING)
    key = _of_authorization(found.get(b"authorization"))
    if key is None and b"x-api-key" in found:
        key = found[b"x-api-key"].decode("latin-1").strip()
    return Credentials(
        key,
        forwarded,
        b"text/html" in found.get(b"accept", b""),
        found.get(b"sec-fetch-site"),
        found.get(b"origin"),
        found.get(b"host"),
    )


def _of_authorization(value: bytes | None) -> str | None:
    if value is None:
        return None
    scheme, _, rest = value.partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip().decode("latin-1")
    if scheme.lower() != b"basic":
        return None
    try:
        name, _, password = b64decode(rest.strip(), validate=True).partition(b":")
    except Base64Error:
        return ""
    return (password or name).decode("latin-1")
