"""One hop: what the wallet's counterparties look like at the same instant.

Of each side the ``COUNTERPARTIES`` latest counterparties among the last ``TRANSFERS_SEEN``
transfers are looked at, the wallet itself and pseudo-wallets left out, and of each of them counts
of its whole history and amounts of its latest ``TRANSFERS_READ`` transfers a side.
"""

import math

import numpy as np

from features.contracts.wallet_kinds import PSEUDO_PREFIX
from features.kernel import Float64s, Int8s, Int32s, Rows
from features.past import (
    PSEUDO,
    SECOND,
    History,
    Past,
    PastSide,
    ask,
    cut,
    first_time,
    inner_kernel,
    kernel,
)
from features.view import View, blocks, per_side, places

COUNTERPARTIES, TRANSFERS_SEEN, TRANSFERS_READ = 32, 256, 64
_HUB = 1000  # transfers

_WHOM = (
    f"the wallet's latest {COUNTERPARTIES} {{whose}} (in its latest {TRANSFERS_SEEN} transfers "
    f"{{did}}; transactions {PSEUDO_PREFIX} that hide who paid whom are none)"
)
_SIDE = (
    (
        "{whose}_received_count",
        f"transfers that one of {_WHOM} received, geometric mean of 1 + n, less 1",
    ),
    (
        "{whose}_sent_count",
        f"transfers that one of {_WHOM} sent, geometric mean of 1 + n, less 1",
    ),
    ("{whose}_received_share", f"transfers received over all transfers, mean over {_WHOM}"),
    ("{whose}_age_s", f"age, from the first transfer to as_of, mean over {_WHOM}"),
    ("{whose}_fresh_share", f"share of {_WHOM} that have one transfer in all"),
    ("{whose}_hub_share", f"share of {_WHOM} that have {_HUB:,} transfers or more"),
    ("{whose}_never_sent_share", f"share of {_WHOM} that have sent nothing"),
    (
        "{whose}_pass_through_ratio",
        f"lesser over greater of the sums received and sent (latest {TRANSFERS_READ} transfers a "
        f"side; 0 if both are 0), mean over {_WHOM}",
    ),
)
_OF = places(*_SIDE)
_GEOMETRIC = (_OF.received_count, _OF.sent_count)


@inner_kernel
def _latest_counterparties(
    side: PastSide, kind: Int8s, history: History, wallet: int, found: Int32s
) -> int:
    """Fill ``found`` with different counterparties, the latest first, and return how many.

    The wallet itself is left out, and pseudo-wallets are, which are nobody's; ``found`` has shape
    (COUNTERPARTIES,).
    """
    counterparty, n = side.counterparty, 0
    for i in range(history.end - 1, max(history.first, history.end - TRANSFERS_SEEN) - 1, -1):
        other = counterparty[i]
        known = other == wallet or kind[other] == PSEUDO
        for k in range(n):
            known |= found[k] == other
        if not known:
            found[n] = other
            n += 1
            if n == COUNTERPARTIES:
                break
    return n


@inner_kernel
def _latest_total(amount: Float64s, history: History) -> float:
    """Sum of the latest ``TRANSFERS_READ`` amounts."""
    total = 0.0
    for i in range(history.end - min(history.total, TRANSFERS_READ), history.end):
        total += amount[i]
    return total


@inner_kernel
def _add(past: Past, received: History, sent: History, as_of: int, out: Float64s) -> None:
    """Add one counterparty, which has a transfer, to the sums of one side."""
    n_in, n_out = received.total, sent.total
    total_in = _latest_total(past.incoming.amount, received)
    total_out = _latest_total(past.outgoing.amount, sent)
    least, most = min(total_in, total_out), max(total_in, total_out)
    oldest = first_time(past.incoming.time, past.outgoing.time, received, sent)
    out[_OF.received_count] += math.log(1.0 + n_in)
    out[_OF.sent_count] += math.log(1.0 + n_out)
    out[_OF.received_share] += n_in / (n_in + n_out)
    out[_OF.age_s] += (as_of - oldest) / SECOND
    out[_OF.fresh_share] += n_in + n_out == 1
    out[_OF.hub_share] += n_in + n_out >= _HUB
    out[_OF.never_sent_share] += n_out == 0
    out[_OF.pass_through_ratio] += least / most if most > 0.0 else 0.0


@kernel
def _side(past: Past, found: Int32s, as_of: int, out: Float64s) -> None:
    """Fill the columns of one side: means over the wallets ``found``."""
    if found.size == 0:
        return
    for place in range(out.size):
        out[place] = 0.0
    for wallet in found:
        _add(past, cut(past.incoming, wallet), cut(past.outgoing, wallet), as_of, out)
    for place in range(out.size):
        out[place] /= found.size
    for place in _GEOMETRIC:
        out[place] = math.exp(out[place]) - 1.0


@kernel
def _one_hop(past: Past, out: Rows) -> None:
    found = np.empty(COUNTERPARTIES, dtype=np.int32)
    for row in range(out.shape[0]):
        asked = ask(past, row)
        received, sent, _ = blocks(out[row], len(_OF))
        n = _latest_counterparties(past.incoming, past.kind, asked.received, asked.wallet, found)
        _side(past, found[:n], asked.as_of, received)
        n = _latest_counterparties(past.outgoing, past.kind, asked.sent, asked.wallet, found)
        _side(past, found[:n], asked.as_of, sent)


ONE_HOP = View("one_hop", 2, per_side("one_hop", *_SIDE), _one_hop)
