"""Many wallets at once: rows, scores and reasons of several in one call each, with the same bits.

Views of the next few are computed while the last few are told: views leave the interpreter free,
and telling does not. A model that reads more than a row is asked of many parts at once, since a
call of it costs more than a row; its scores are those of single questions to 1e-9.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from features.table import compute_rows
from serving.scoring import arrived
from serving.scoring.evidence import Evidence
from training.models.estimator import Where

if TYPE_CHECKING:
    from serving.scoring.scorer import Scorer
    from training.models.estimator import Inputs
    from training.risk_model import Scores

# a writer waits for the views of so much work at once: about four milliseconds
PART_WORK = 13_000
ROW_WORK = 800  # of a row, in transfers that are read
MOST_READ = 10_000  # of a side

Float64s = npt.NDArray[np.float64]
_Found = TypeVar("_Found")
THREADS = min(4, os.cpu_count() or 1)  # of views; what is told of them keeps up with a few
JUDGED_ROWS = 256  # of a model that reads more than a row, at once
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


class Read(NamedTuple):
    """What was read of the ledger for several questions.

    Attributes
    ----------
    values : float64 array, shape (n, columns of the model's views)
    inputs : Inputs of n rows, drawn
    arrived : Transfers of them that the model reads, where any wants reasons
    last_time : int or None
    transfers, retractions : int
        Where the ledger stood.
    seconds : float
        Of all.
    """

    values: Float64s
    inputs: "Inputs"
    arrived: arrived.Read | None
    last_time: int | None
    transfers: int
    retractions: int
    seconds: float


class Rows(NamedTuple):
    """What was computed of several questions.

    Attributes
    ----------
    values : float64 array, shape (n, columns of the model's views)
    scores : n Scores of one row each
    arrived : n Arrived, or None
    last_time : int or None
    transfers, retractions : int
        Where the ledger stood.
    seconds : dict of str to float
        Of one of them, by stage.
    """

    values: Float64s
    scores: Sequence["Scores"]
    arrived: Sequence[arrived.Arrived | None]
    last_time: int | None
    transfers: int
    retractions: int
    seconds: dict[str, float]


def told_many(
    scorer: "Scorer", asked: Sequence[Plain]
) -> Iterator[tuple[dict[str, Any], Evidence]]:
    """Answer each as :meth:`serving.scoring.scorer.Scorer.told` does, in order."""
    parts = [*_parts(scorer, asked)]
    computed = _ahead(lambda part: _computed(scorer, part), parts)
    if not scorer.tabular:
        computed = _judged_together(scorer, parts)
    for part, rows in zip(parts, computed, strict=True):
        for at, question in enumerate(part):
            yield scorer.tell_row(question, rows, at)


def _ahead(
    work: Callable[[Sequence[Plain]], _Found], parts: Sequence[Sequence[Plain]]
) -> Iterator[_Found]:
    """Work on the next few parts while the last are used."""
    coming = deque(_AHEAD.submit(work, part) for part in parts[:THREADS])
    for _, later in zip_longest(parts, parts[THREADS:]):
        done = coming.popleft().result()
        if later is not None:
            coming.append(_AHEAD.submit(work, later))
        yield done


def _judged_together(scorer: "Scorer", parts: Sequence[Sequence[Plain]]) -> Iterator[Rows]:
    """Read part by part, so that a writer waits for one only; then one call of the model."""
    reads = _ahead(lambda part: _read(scorer, part), parts)
    waiting: list[tuple[Sequence[Plain], Read]] = []
    for at, one in enumerate(zip(parts, reads, strict=True)):
        waiting.append(one)
        more = at + 1 < len(parts) and len(parts[at + 1])
        rows = sum(len(part) for part, _ in waiting)
        if not more or rows + more > JUDGED_ROWS:
            yield from _judged(scorer, waiting)
            waiting = []


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
    (rows,) = _judged(scorer, [(part, _read(scorer, part))])
    return rows


def _read(scorer: "Scorer", part: Sequence[Plain]) -> Read:
    model, held = scorer.model, scorer.held
    started = time.perf_counter()
    instants = np.array([one.as_of for one in part], np.int64)
    context = np.stack([one.own for one in part])
    with held.lock.shared():
        ledger = held.ledger
        codes = np.array([ledger.code(one.wallet) for one in part], np.int32)
        values = compute_rows(ledger, codes, instants, labels=held.events, views=model.views)
        where = Where(ledger, codes, instants, held.events)
        inputs = model.rows.inputs(values, context, where).drawn()
        stood = ledger.last_time, ledger.n_transfers, ledger.provenance.retractions
        wanted = any(one.reasons or one.groups for one in part)
        near = arrived.Read.of(ledger, inputs) if wanted else None
    return Read(values, inputs, near, *stood, time.perf_counter() - started)


def _judged(scorer: "Scorer", read: Sequence[tuple[Sequence[Plain], Read]]) -> Iterator[Rows]:
    """Score several parts by one call of the model; by two where only some want reasons."""
    began = time.perf_counter()
    reads = [one for _, one in read]
    values, inputs = reads[0].values, reads[0].inputs
    if len(reads) > 1:
        values = np.concatenate([one.values for one in reads])
        inputs = inputs.joined([one.inputs for one in reads])
    explained = np.array([one.reasons or one.groups for part, _ in read for one in part])
    scores: dict[int, Scores] = {}
    for reasons in np.unique(explained).tolist():
        rows = np.flatnonzero(explained == reasons)
        some = inputs if rows.size == len(values) else inputs.take(rows)
        found = scorer.model.rows.scores(some, values[rows], reasons=reasons)
        scores |= {row: found.row(at) for at, row in enumerate(rows.tolist())}
    took, start = (time.perf_counter() - began) / len(values), 0
    for part, one in read:
        stop = start + len(part)
        seconds = {"view": one.seconds / len(part), "model": took}
        said = [scores[row] for row in range(start, stop)]
        yield Rows(
            one.values, said, arrived.of_rows(one.arrived, said),
            one.last_time, one.transfers, one.retractions, seconds,
        )  # fmt: skip
        start = stop
