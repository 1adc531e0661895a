"""Sorting and quantiles of the short runs of values that wallets have."""

from features.kernel import Float64s, kernel

_SHORT = 32


@kernel
def sort_values(values: Float64s) -> None:
    """Sort in place; insertion for short runs, which most wallets have, halves the time."""
    if values.size > _SHORT:
        values.sort()
        return
    for i in range(1, values.size):
        value = values[i]
        j = i - 1
        while j >= 0 and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value


@kernel
def quantile(ordered: Float64s, share: float) -> float:
    """Quantile of ascending values by linear interpolation (Hyndman and Fan 1996, type 7)."""
    at = share * (ordered.size - 1)
    low = int(at)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low] + (at - low) * (ordered[high] - ordered[low]))
