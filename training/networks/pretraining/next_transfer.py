"""Questions without a label: what a wallet does next, right after one of its transfers.

A row stands one microsecond after a transfer of its wallet, as the rows of a spine do that
``walletrisk prepare`` writes. Had it stood at the next transfer, the age of the latest one would
have told the gap. All that is asked and all that is answered lies before one cut-off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from features.kernel import SECOND
from features.past import PSEUDO

if TYPE_CHECKING:
    from features.ledger import Ledger
    from features.ledger.side import Side

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

USUAL_OF = 16  # latest transfers a side, whose mean logarithm is a wallet's usual value
KNOWN_OF = 256  # latest transfers a side, whose other ends are known: bounds the cost of hubs
MOST_FACTOR = 100.0  # how often the usual value the next one is taken to be at most, or that part
ATTEMPTS = 200  # wallets tried for one question


class Questions(NamedTuple):
    """Rows, and what came next.

    Attributes
    ----------
    codes, as_of
        int32 (n,) wallet codes and int64 (n,) microseconds since 1970 UTC.
    gap
        float64 (n,), log(1 + seconds) from the latest transfer to the next.
    value
        float64 (n,), logarithm of the next one's value over the wallet's usual one: no unit.
    new
        float64 (n,), 1 where its other end is none of the wallet's latest.
    sent
        float64 (n,), 1 where the wallet sent it.
    """

    codes: NDArray[np.int32]
    as_of: Int64
    gap: Float64
    value: Float64
    new: Float64
    sent: Float64


def draw_questions(ledger: Ledger, cut_off: int, size: int, seed: tuple[int, ...]) -> Questions:
    """Draw wallets alike, whatever they did, and one of the transfers of each.

    Parameters
    ----------
    ledger
        Whose wallets; no label of them is read.
    cut_off
        Microseconds since 1970 UTC; no transfer at or after it is read.
    size
        Number of questions.
    seed
        The same seed draws the same questions.

    Raises
    ------
    RiskError
        If hardly any wallet has two transfers before the cut-off.
    """
    generator = np.random.default_rng(seed)
    sides = ledger.incoming.side, ledger.outgoing.side
    wallets = ledger.n_wallets
    kind, found = ledger.kinds.kind, list[tuple[float, ...]]()
    for _ in range(ATTEMPTS * size if wallets else 0):
        code, at = int(generator.integers(wallets)), float(generator.random())
        asked = None if kind[code] == PSEUDO else _question(sides, code, at, cut_off)
        if asked is not None:
            found.append((code, *asked))
        if len(found) == size:
            break
    else:
        raise RiskError(
            f"the ledger has too few wallets with two transfers before the cut-off: of "
            f"{ATTEMPTS * size} drawn {len(found)} had, wanted {size}"
        )
    codes, as_of, *answers = (np.array(column) for column in zip(*found, strict=True))
    gap, value, new, sent = (answer.astype(np.float64) for answer in answers)
    return Questions(codes.astype(np.int32), as_of.astype(np.int64), gap, value, new, sent)


def _question(
    sides: tuple[Side, Side], code: int, at: float, cut_off: int
) -> tuple[int, float, float, float, float] | None:
    """Ask after the transfer at a share of a wallet's history; None where no other follows."""
    held = [_held(side, code) for side in sides]
    firsts = [one.start for one in held]
    times = [side.time[one] for side, one in zip(sides, held, strict=True)]
    times = [time[: np.searchsorted(time, cut_off)] for time in times]
    merged = np.sort(np.concatenate(times))
    if merged.size < 2:
        return None
    latest = int(merged[int(at * (merged.size - 1))])
    as_of = latest + 1
    ends = [int(np.searchsorted(time, as_of)) for time in times]
    following = [
        int(time[end]) if end < time.size else cut_off
        for time, end in zip(times, ends, strict=True)
    ]
    if min(following) >= cut_off:
        return None
    sent = int(following[1] < following[0])
    side, place = sides[sent], firsts[sent] + ends[sent]
    value, usual = side.amount[place], _usual(sides, firsts, ends)
    if not value > 0 or not np.isfinite(usual):
        return None
    apart = float(np.clip(np.log(value) - usual, -np.log(MOST_FACTOR), np.log(MOST_FACTOR)))
    other = side.counterparty[place]
    known = any(
        (one.counterparty[max(first, first + end - KNOWN_OF) : first + end] == other).any()
        for one, first, end in zip(sides, firsts, ends, strict=True)
    )
    gap = float(np.log1p((following[sent] - latest) / SECOND))
    return as_of, gap, apart, float(not known), float(sent)


def _held(side: Side, code: int) -> slice[int, int]:
    """Places of a wallet's transfers on one side; none of a wallet that came after it was made."""
    if code >= side.start.size:
        return slice(0, 0)
    first = int(side.start[code])
    return slice(first, first + int(side.count[code]))


def _usual(sides: tuple[Side, Side], firsts: list[int], ends: list[int]) -> float:
    """Mean logarithm of a wallet's latest values; nan where it has none above 0."""
    latest = np.concatenate([
        side.amount[max(first, first + end - USUAL_OF) : first + end]
        for side, first, end in zip(sides, firsts, ends, strict=True)
    ])  # fmt: skip
    latest = latest[latest > 0]
    return float(np.log(latest).mean()) if latest.size else np.nan
