"""The keys in memory, so that a request waits for no database; a thread keeps them up to date."""

import hmac
import threading
import time
from typing import NamedTuple

from serving.access.bucket import Bucket
from serving.access.caller import Caller
from serving.access.key_text import presented
from serving.access.keys import Key, all_keys, note_use, now_us
from serving.records import Records, RecordsError

REFRESH_S = 1.0
COARSE_US = 3_600 * 1_000_000  # the last use is written down once an hour and key


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
        given = presented(text)
        if given is None:
            return "what was sent is no key of walletrisk: it may be cut short"
        held = self._held.get(given.id)
        if held is None or not hmac.compare_digest(held.key.digest, given.digest):
            return "the key is not known here"
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
        used, self._used_at_us = self._used_at_us, {}
        try:
            if used:
                note_use(self._records, used)
            found = all_keys(self._records)
        except RecordsError:
            self._used_at_us = used | self._used_at_us
            raise
        self._held = {key.id: self._hold(key) for key in found}
        self._read_at = time.monotonic()

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join()

    def _hold(self, key: Key) -> Held:
        rate = self._rate_per_s if key.rate_per_s is None else key.rate_per_s
        before = self._held.get(key.id)
        bucket = None if before is None else before.bucket
        if rate is None:
            bucket = None
        elif bucket is None or bucket.rate_per_s != rate:
            bucket = Bucket(rate, time.monotonic())
        return Held(key, Caller(key.name, key.scopes), bucket)

    def _keep_up(self) -> None:
        while not self._stop.wait(REFRESH_S):
            try:
                self.refresh()
            except RecordsError:
                continue  # age_s tells; readyz and the log say that the database is away
