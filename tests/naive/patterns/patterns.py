"""The slow twin of the patterns view."""

from tests.naive.past import Past, Row
from tests.naive.patterns.bursts import bursts
from tests.naive.patterns.cycles import cycles
from tests.naive.patterns.intermediary import intermediary
from tests.naive.patterns.meetings import truncated
from tests.naive.patterns.scatter_gather import scatter_gather


def patterns(past: Past, wallet: str) -> Row:
    """One row of the patterns view."""
    return shapes(past, wallet) | cycles(past, wallet)


def shapes(past: Past, wallet: str) -> Row:
    """All but the cycles, whose slow search takes too long among many parallel transfers."""
    row = bursts(past, wallet) | scatter_gather(past, wallet) | intermediary(past, wallet)
    row["truncated_ratio"] = float(truncated(past, wallet))
    return {f"patterns_{name}": value for name, value in row.items()}
