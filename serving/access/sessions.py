"""Sessions of browsers, which cannot send a key with each request: a cookie stands for one.

A session holds no key, only its id: the key is looked up at each request, so that a revoked one
ends its sessions. They are in memory: a restart ends them all.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

COOKIE = "walletrisk_session"
IDLE_S = 30 * 60.0
LONGEST_S = 8 * 3_600.0
MOST = 1_000  # the one that was quiet for longest gives way


@dataclass(slots=True)
class Session:
    """One browser that showed a key.

    Parameters
    ----------
    key_id : str
    csrf : str
        What its forms must send back, which no page of another site can read.
    began, seen : float, seconds of :func:`time.monotonic`
    """

    key_id: str
    csrf: str
    began: float
    seen: float


@dataclass(slots=True)
class Sessions:
    """All sessions of one process, by the digest of what their cookies hold."""

    _held: OrderedDict[bytes, Session] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def begin(self, key_id: str) -> str:
        """Begin one, and return what its cookie holds."""
        token, now = secrets.token_urlsafe(32), time.monotonic()
        with self._lock:
            self._held[_digest(token)] = Session(key_id, secrets.token_urlsafe(32), now, now)
            if len(self._held) > MOST:
                self._held.popitem(last=False)
        return token

    def find(self, cookies: bytes) -> Session | None:
        """Session that the head ``Cookie`` of a request names, if it has not ended."""
        token = _token(cookies)
        if token is None:
            return None
        place, now = _digest(token), time.monotonic()
        with self._lock:
            found = self._held.pop(place, None)
            if found is None or now - found.seen > IDLE_S or now - found.began > LONGEST_S:
                return None
            found.seen = now
            self._held[place] = found
        return found

    def end(self, cookies: bytes) -> None:
        """Forget the session of these cookies."""
        token = _token(cookies)
        if token is not None:
            with self._lock:
                self._held.pop(_digest(token), None)

    def csrf(self, session: Session | None, caller: str) -> str:
        """What forms of this caller must send back; without a session it holds for the process."""
        if session is not None:
            return session.csrf
        return hmac.new(self._secret, caller.encode(), hashlib.sha256).hexdigest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("latin-1", "replace")).digest()


def _token(cookies: bytes) -> str | None:
    try:
        found = SimpleCookie(cookies.decode("latin-1")).get(COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value
