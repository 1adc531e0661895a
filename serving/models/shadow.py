"""A challenger scores what the champion scored, off the request path, and nobody waits for it.

The rows come from the champion's answers: where the challenger reads no other columns they are
scored as they are, many at once, in a library that lets go of Python's lock; other columns, and
what a model reads beside a row, are read of the ledger of that moment. What comes faster than it is
scored is dropped and counted.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.table import compute_rows
from serving.models.tally import Tally
from serving.observability import Metrics
from serving.scoring.many import Plain, told_many
from serving.scoring.scorer import Scorer

MOST_WAITING = 2_000
AT_ONCE = 100  # rows; a millisecond or two of Python's lock
PAUSE_S = 0.02
SHARE_OF_TIME = 0.2  # of a core, at most
UNKNOWN = "unknown"
_log = logging.getLogger("walletrisk.models")

Float64s = npt.NDArray[np.float64]


class Seen(NamedTuple):
    """One answer of the champion.

    Attributes
    ----------
    champion : Scorer
    wallet : str
        As :meth:`Held.address` spells it.
    as_of : int, microseconds since 1970 UTC
    values : float64 array
        The row it was computed from, named by ``champion.columns``.
    log_odds : float
    band : str
    """

    champion: Scorer
    wallet: str
    as_of: int
    values: Float64s
    log_odds: float
    band: str


class Shadow:
    """Compares a challenger with what answers, of one ledger.

    Parameters
    ----------
    ledger : str
        Its name in measures.
    metrics : Metrics
    share : float
        Of the answers that are compared.
    """

    def __init__(self, ledger: str, metrics: Metrics, share: float) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._share = share
        self._waiting: deque[Seen] = deque()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.challenger: Scorer | None = None
        self.tally: Tally | None = None
        self.dropped = 0
        self.failed = 0
        for what, count in (
            ("psi", lambda: 0.0 if self.tally is None else self.tally.psi),
            ("waiting", lambda: len(self._waiting)),
            ("dropped", lambda: self.dropped),
            ("failed", lambda: self.failed),
        ):
            metrics.models.shadow_state(ledger, what, count)

    def offer(self, seen: Seen) -> None:
        """Let an answer be compared some time, or not; costs the request a microsecond."""
        if self.challenger is None or (self._share < 1 and random.random() >= self._share):  # noqa: S311
            return
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
        else:
            self._waiting.append(seen)

    def start(self) -> None:
        """Compare in the background."""
        self._thread = threading.Thread(target=self._compare_on, name="shadow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Compare no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _compare_on(self) -> None:
        pause = PAUSE_S
        while not self._stopped.wait(pause):
            started = time.perf_counter()
            self.compare()
            # by the clock: while others compute this thread waits, too, and then rests longer
            spent = time.perf_counter() - started
            pause = max(PAUSE_S, spent * (1 / SHARE_OF_TIME - 1))

    def compare(self) -> None:
        """Compare some of the answers that wait."""
        challenger = self.challenger
        waiting = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        if challenger is None or not waiting:
            return
        for champion in dict.fromkeys(one.champion for one in waiting):
            seen = [one for one in waiting if one.champion is champion]
            try:
                self._compare(champion, challenger, seen)
            except Exception:  # noqa: BLE001 - the champion answers on, whatever the challenger does
                self.failed += len(seen)
                _log.error("a challenger could not be compared", exc_info=True)

    def _compare(self, champion: Scorer, challenger: Scorer, seen: Sequence[Seen]) -> None:
        versions = champion.model.version, challenger.model.version
        tally = self.tally
        if tally is None or (tally.champion, tally.challenger) != versions:
            tally = Tally(*versions)
        bands, log_odds = _scored(champion, challenger, seen)
        pairs = [*zip((one.band for one in seen), bands, strict=True)]
        tally.bands.update(pairs)
        both = np.array([UNKNOWN not in pair for pair in pairs])
        ours = np.array([one.log_odds for one in seen])[both]
        theirs = log_odds[both]
        tally.add(ours, theirs)
        self.tally = tally
        self._metrics.models.compared(self._ledger, (theirs - ours).tolist(), pairs)

    def facts(self) -> dict[str, Any]:
        """As :class:`serving.schemas.shadow.ShadowAnswer`, without what is told of the place."""
        tally = self.tally
        return {
            "share": self._share,
            "waiting": len(self._waiting),
            "dropped": self.dropped,
            "failed": self.failed,
            "comparison": None if tally is None else tally.facts(),
        }


def _scored(
    champion: Scorer, challenger: Scorer, seen: Sequence[Seen]
) -> tuple[list[str], Float64s]:
    """Bands and log-odds of the challenger."""
    if not challenger.tabular:
        context = _context(champion, challenger, seen)
        asked = [
            Plain(one.wallet, one.as_of, own, reasons=False, groups=False)
            for one, own in zip(seen, context, strict=True)
        ]
        told = [answer for answer, _ in told_many(challenger, asked)]
        return [one["band"] for one in told], np.array([one["log_odds"] for one in told])
    rows, context = _rows(champion, challenger, seen)
    scores = challenger.model.score_rows(rows, context=context)
    bands = [
        challenger.band(float(probability)) if status == "scored" else UNKNOWN
        for probability, status in zip(scores.probability, scores.status, strict=True)
    ]
    return bands, scores.log_odds


def _context(champion: Scorer, challenger: Scorer, seen: Sequence[Seen]) -> Float64s:
    """The user's own columns that the challenger reads; nan where the champion reads none such."""
    place = {name: at for at, name in enumerate(champion.columns)}
    own = challenger.model.context_names
    context = np.full((len(seen), len(own)), np.nan)
    for at, name in enumerate(own):
        if name in place:
            context[:, at] = [one.values[place[name]] for one in seen]
    return context


def _rows(champion: Scorer, challenger: Scorer, seen: Sequence[Seen]) -> tuple[Float64s, Float64s]:
    """Rows of the challenger's views, and of its context."""
    place = {name: at for at, name in enumerate(champion.columns)}
    context = _context(champion, challenger, seen)
    wanted = challenger.columns[: len(challenger.columns) - context.shape[1]]
    if all(name in place for name in wanted):
        values = np.stack([one.values for one in seen])
        return values[:, [place[name] for name in wanted]], context
    held = challenger.held
    rows = []
    for one in seen:
        with held.lock.shared():  # for one row at a time: writers wait here
            codes = np.array([held.ledger.code(one.wallet)], dtype=np.int32)
            rows.append(
                compute_rows(
                    held.ledger, codes, np.array([one.as_of]), labels=held.events,
                    views=challenger.model.views,
                )[0]
            )  # fmt: skip
    return np.stack(rows), context
