"""First in, first out: a sending is paid with what came in first and is not spent yet.

Clayton's case, 1816; Anderson, Shumailov and Ahmed 2018 for cryptocurrency.
"""

from typing import NamedTuple

from features.kernel import Float64s, inner_kernel


class Spent(NamedTuple):
    """What a sending left.

    Attributes
    ----------
    oldest : int
        First receipt of which something is left; where nothing is, the end of the receipts.
    reached : int
        Receipts from the former oldest to before this one were reached, some of which may be empty.
    uncovered : float
        What no receipt pays, whole units of the asset.
    """

    oldest: int
    reached: int
    uncovered: float


@inner_kernel
def spend(left: Float64s, taken: Float64s, oldest: int, end: int, due: float) -> Spent:
    """Take ``due`` from what is left of receipts ``[oldest, end)``, in their order.

    Parameters
    ----------
    left : float64 array, shape (receipts,)
        What is left of each receipt, whole units of the asset; is lowered.
    taken : float64 array, shape (receipts,)
        Gets what was taken of each that was reached; the others are as they were.
    oldest, end : int
    due : float, whole units of the asset
    """
    reached = oldest
    while due > 0.0 and oldest < end:
        piece = min(due, left[oldest])
        taken[oldest] = piece
        due -= piece
        left[oldest] -= piece
        reached = oldest + 1
        if left[oldest] == 0.0:
            oldest += 1
    return Spent(oldest, reached, due)
