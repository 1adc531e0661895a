"""What of a wallet's transfers is no conversion.

A transaction in which a wallet gives and takes is a conversion up to the lesser of the two sums: it
gave one asset for another, or got its change back. What it had before it has after, so that value
is not followed through whom it dealt with. What one sum exceeds the other by is an ordinary
receipt or sending.
"""

from features.kernel import Float64s, UInt64s
from features.past import History, PastSide, inner_kernel
from features.past.transactions import end_of_transaction, next_in_both, sum_of
from features.views.depth.around import Around


@inner_kernel
def kept_of(
    near: PastSide, far: PastSide, tx_hash: UInt64s, wallet: int, found: Around, kept: Float64s
) -> None:
    """Fill what of each transfer on the near side is no conversion, from ``kept[0]`` on.

    Of transfers to itself it is nothing.
    """
    amount, other, first = near.amount, near.counterparty, found.near_first
    for place in range(first, found.near_end):
        kept[place - first] = amount[place] if other[place] != wallet else 0.0
    i, j = first, found.far_first
    while True:
        left, across = History(i, found.near_end, 0), History(j, found.far_end, 0)
        i, j = next_in_both(near, far, tx_hash, left, across)
        if i == found.near_end:
            return
        i_end = end_of_transaction(near, tx_hash, i, found.near_end)
        j_end = end_of_transaction(far, tx_hash, j, found.far_end)
        whole = sum_of(near, i, i_end, wallet)
        rest = max(whole - sum_of(far, j, j_end, wallet), 0.0)
        for place in range(i, i_end):
            kept[place - first] *= rest / whole if whole > 0.0 else 0.0
        i, j = i_end, j_end
