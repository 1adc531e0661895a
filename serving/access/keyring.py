"""The keys in memory, so that a request waits for no database; a thread keeps them up to date."""

import hmac
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from serving.access.bucket import Bucket
from serving.access.caller import Caller
from serving.access.key_text import is_whole, read
from serving.access.keys import Key, all_keys, note_use
from serving.audit.errors import AuditError
from serving.clock import now_us
from serving.records import Records, RecordsError

REFRESH_S = 1.0
COARSE_US = 3_600 * 1_000_000  # the last use is written down once an hour and key


Tell: TypeAlias = Callable[[str, dict[str, Any]], object]  # kind of what happened, and facts


class Held(NamedTuple):
    """A key in use: who has it, and how often it may ask."""

    key: Key
    caller: Caller
    bucket: Bucket | None


class KeyRing:
    """Keys of the records as they were at most a second ago.

    While the database is away, the keys stay as they were read last: :attr:`age_s` says how old
    that is.

    Parameters
    ----------
    records : Records
    rate_per_s : float, optional
        Limit of keys that have none of their own.

    Raises
    ------
    RecordsError
        They cannot be read.
    """

    def __init__(self, records: Records, rate_per_s: float | None) -> None:
        self._records = records
        self._rate_per_s = rate_per_s
        self._held: dict[str, Held] = {}
        self._used_at_us: dict[str, int] = {}
        self._read_at = 0.0
        self._stop = threading.Event()
        self._reading = threading.Lock()
        self._tell: Tell = _tell_nobody
        self.refresh()
        self._thread = threading.Thread(target=self._keep_up, name="keys", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """Keys that are neither expired nor revoked."""
        now = now_us()
        return sum(one.key.state(now) == "live" for one in self._held.values())

    @property
    def age_s(self) -> float:
        """Seconds since the keys were read."""
        return time.monotonic() - self._read_at

    def find(self, text: str) -> Held | str:
        """Key with this text, or the reason why it opens nothing."""
        given = read(text)
        held = None if given is None else self._held.get(given.id)
        if given is None or held is None or not hmac.compare_digest(held.key.digest, given.digest):
            if is_whole(text):
                return "the key is not known here"
            return "what was sent is no key of walletrisk: it may be cut short"
        return self.of(given.id)

    def of(self, id_: str) -> Held | str:
        """Key of an id that showed its text before, or the reason why it opens nothing any more."""
        held = self._held.get(id_)
        if held is None:
            return "the key is not known here"
        now = now_us()
        state = held.key.state(now)
        if state != "live":
            return f"the key {held.key.id} is {state}"
        if now - (held.key.last_used_at_us or 0) > COARSE_US:
            self._used_at_us[held.key.id] = now
        return held

    def refresh(self) -> None:
        """Read the keys, and write down which were used.

        Raises
        ------
        RecordsError
            The database does not answer; the keys stay as they were.
        """
        with self._reading:
            used, self._used_at_us = self._used_at_us, {}
            try:
                if used:
                    note_use(self._records, used)
                found = all_keys(self._records)
            except RecordsError:
                self._used_at_us = used | self._used_at_us
                raise
            changed = [key for key in found if self._is_news(key)]
            self._held = {key.id: self._hold(key) for key in found}
            self._read_at = time.monotonic()
        for key in changed:
            self._tell("key", _facts(key))

    def report_to(self, tell: Tell) -> None:
        """Tell which keys open the endpoint now, and from now on what becomes of each."""
        with self._reading:
            self._tell = tell
            now = now_us()
            live = [one.key for one in self._held.values() if one.key.state(now) == "live"]
        tell("keys", {"live": [_facts(key) for key in live]})

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(timeout=1)  # a database that is away may keep it

    def _hold(self, key: Key) -> Held:
        rate = self._rate_per_s if key.rate_per_s is None else key.rate_per_s
        before = self._held.get(key.id)
        bucket = None if before is None else before.bucket
        if rate is None:
            bucket = None
        elif bucket is None or bucket.rate_per_s != rate:
            bucket = Bucket(rate, time.monotonic())
        return Held(key, Caller(key.name, key.scopes), bucket)

    def _is_news(self, key: Key) -> bool:
        """Whether a key is new, or ends otherwise than it did."""
        held = self._held.get(key.id)
        before = None if held is None else (held.key.expires_at_us, held.key.revoked_at_us)
        return before != (key.expires_at_us, key.revoked_at_us)

    def _keep_up(self) -> None:
        while not self._stop.wait(REFRESH_S):
            try:
                self.refresh()
            except (RecordsError, AuditError):
                continue  # age_s tells; readyz and the log say what is away


def _facts(key: Key) -> dict[str, Any]:
    """What an auditor must know of a key."""
    return key.facts(now_us()) | {"expires_at_us": key.expires_at_us}


def _tell_nobody(_: str, __: dict[str, Any]) -> None:
    """Until there is an audit."""
