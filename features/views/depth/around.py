"""A wallet's transfers around one of them."""

from typing import NamedTuple

from features.past import DAY, PastSide, few_between, inner_kernel
from features.past.few import is_before

HUB = 1_000
SPAN = 30 * DAY


class Around(NamedTuple):
    """Places ``[first, end)`` of a wallet's transfers on two sides.

    ``near`` is the side on which a search goes on: receipts, or (forward) sendings. A wallet
    without any on one of the sides, or with too ``many``, passes nothing on, and both are empty.
    """

    near_first: int
    near_end: int
    far_first: int
    far_end: int
    many: bool


@inner_kernel
def around(near: PastSide, far: PastSide, wallet: int, time: int) -> Around:
    """Transfers of a wallet up to ``SPAN`` before and after a time; none where one side has many.

    A wallet with more than ``HUB`` on a side behaves like a service: whose money it passes on
    cannot be told.
    """
    since, until = time - SPAN, time + SPAN + 1
    near_first, near_end = few_between(near, wallet, since, until, HUB)
    if near_first == near_end:
        return Around(0, 0, 0, 0, is_before(near, wallet, near_first, until))
    far_first, far_end = few_between(far, wallet, since, until, HUB)
    if far_first == far_end:
        return Around(0, 0, 0, 0, is_before(far, wallet, far_first, until))
    return Around(near_first, near_end, far_first, far_end, False)
