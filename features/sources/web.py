"""JSON over HTTP with the standard library, tried again where that may help."""

import http.client
import json
import time
import urllib.error
import urllib.request
from base64 import b64encode
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from features.errors import SourceError

TIMEOUT_S = 60.0
PAUSES_S = (0.5, 2.0, 8.0)  # before another try
REFUSED = 500
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)


class UnreachableError(SourceError):
    """A server did not answer, or answered that it cannot for now."""


class Web:
    """A server that is asked by POST and answers JSON.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``; a name and password before the host are sent as basic
        authentication. Messages name the host only: all else may hold a key.

    Raises
    ------
    SourceError
        Another kind of address.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            begins = parts.scheme or parts.path[:8]
            raise SourceError(
                f"an address begins with http:// or https:// and names a host; this one: {begins!r}"
            )
        port = _port(parts)
        self.host = parts.hostname if port is None else f"{parts.hostname}:{port}"
        self.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._headers = {"Content-Type": "application/json", "User-Agent": "walletrisk"}
        if parts.username is not None:
            said = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {b64encode(said.encode()).decode()}"

    def post(self, body: Any, path: str = "") -> tuple[int, Any]:
        """Status and answer of a request that may be made twice.

        Raises
        ------
        UnreachableError
            The server does not answer, or answers something that is no JSON.
        """
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self.url + path,
            json.dumps(body, allow_nan=False).encode(),
            self._headers,
        )
        for pause in (*PAUSES_S, None):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                    return answer.status, self._parsed(answer.read(), answer.status)
            except urllib.error.HTTPError as error:
                said = error.read()
                # a node of Bitcoin answers a call that it refuses with 500 and the reason
                refused = error.code == REFUSED and said.lstrip()[:1] in (b"{", b"[")
                if pause is None or error.code not in _TRANSIENT or refused:
                    return error.code, self._parsed(said, error.code)
            except (OSError, http.client.HTTPException) as error:
                if pause is None:
                    reason = getattr(error, "reason", error)
                    raise UnreachableError(f"{self.host} cannot be reached: {reason}") from None
            time.sleep(pause)
        raise AssertionError  # the last try returns or raises

    def _parsed(self, answer: bytes, status: int) -> Any:
        try:
            return json.loads(answer)
        except ValueError:
            raise UnreachableError(f"{self.host} answered HTTP {status} and no JSON") from None


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        raise SourceError(f"an address with a port that is none: {error}") from None
