"""The patterns view as a whole: its twin, its trails, what it reads at most."""

from hypothesis import given

from features.patterns import PATTERNS
from tests import compare
from tests.strategies import World, worlds


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, PATTERNS)
