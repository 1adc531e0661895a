"""Many wallets at once: rows, scores and reasons of several in one call each, with the same bits.

Views of the next few are computed while the last few are told: views leave the interpreter free,
and telling does not.
"""

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.table import compute_rows
from serving.scoring.evidence import Evidence, seconds_of

if TYPE_CHECKING:
    from serving.scoring.scorer import Scorer
    from training.risk_model import Scores

# a writer waits for the views of so much work at once: about four milliseconds
PART_WORK = 13_000
ROW_WORK = 800  # of a row, in transfers that are read
MOST_READ = 10_000  # of a side

Float64s = npt.NDArray[np.float64]
THREADS = min(4, os.cpu_count() or 1)  # of views; what is told of them keeps up with a few
_AHEAD = ThreadPoolExecutor(THREADS, "views-ahead")


class Plain(NamedTuple):
    """A question about one wallet as things are.

    Attributes
    ----------
    wallet : str
        As :meth:`serving.scoring.held.Held.address` spells it.
    as_of : int, microseconds since 1970 UTC
    own : float64 array
        The user's own columns.
    reasons, groups : bool
    """

    wallet: str
    as_of: int
    own: Float64s
    reasons: bool
    groups: bool


class Rows(NamedTuple):
    """What was computed of several questions.

    Attributes
    ----------
    values : float64 array, shape (n, columns of the model's views)
    scores : Scores of n rows
    last_time : int or None
    transfers, retractions : int
        Where the ledger stood.
    seconds : dict of str to float
        Of one of them, by stage.
    """

    values: Float64s
    scores: "Scores"
    last_time: int | None
    transfers: int
    retractions: int
    seconds: dict[str, float]


def told_many(
    scorer: "Scorer", asked: Sequence[Plain]
) -> Iterator[tuple[dict[str, Any], Evidence]]:
    """Answer each as :meth:`serving.scoring.scorer.Scorer.told` does, in order.

    Parameters
    ----------
    scorer : Scorer
        Of a model that reads a row of the table.
    asked : sequence of Plain
    """
    parts = [*_parts(scorer, asked)]
    coming = deque(_AHEAD.submit(_computed, scorer, part) for part in parts[:THREADS])
    for part, later in zip_longest(parts, parts[THREADS:]):
        rows = coming.popleft().result()
        if later is not None:
            coming.append(_AHEAD.submit(_computed, scorer, later))
        for at, question in enumerate(part):
            yield scorer.tell_row(question, rows, at)


def _parts(scorer: "Scorer", asked: Sequence[Plain]) -> Iterator[Sequence[Plain]]:
    """Runs of questions of about equal work: a wallet with a long history is one by itself."""
    held, start, work = scorer.held, 0, 0
    with held.lock.shared():
        sides = (held.ledger.sides.incoming.count, held.ledger.sides.outgoing.count)
        codes = [held.ledger.code(one.wallet) for one in asked]
        reads = [
            ROW_WORK + sum(min(int(side[code]), MOST_READ) for side in sides if code >= 0)
            for code in codes
        ]
    for at, read in enumerate(reads):
        if at > start and work + read > PART_WORK:
            yield asked[start:at]
            start, work = at, 0
        work += read
    if start < len(asked):
        yield asked[start:]


def _computed(scorer: "Scorer", part: Sequence[Plain]) -> Rows:
    model, held = scorer.model, scorer.held
    started = time.perf_counter()
    instants = np.array([one.as_of for one in part], np.int64)
    with held.lock.shared():
        ledger = held.ledger
        codes = np.array([ledger.code(one.wallet) for one in part], np.int32)
        values = compute_rows(ledger, codes, instants, labels=held.events, views=model.views)
        stood = ledger.last_time, ledger.n_transfers, ledger.provenance.retractions
    viewed = time.perf_counter()
    explain = any(one.reasons or one.groups for one in part)
    scores = model.score_rows(values, context=np.stack([one.own for one in part]), reasons=explain)
    seconds = {stage: took / len(part) for stage, took in seconds_of(started, viewed).items()}
    return Rows(values, scores, *stood, seconds)
