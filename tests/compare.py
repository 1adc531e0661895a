"""The shipped comparisons of feature tables, with a tally of what was compared."""

import importlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.checks import compare
from features.checks.suite import Twin, equal_to, twin_table
from features.checks.worlds import World
from features.view import View

__all__ = ["TALLY", "close", "identical", "same_bits", "twin_of", "twin_table"]
TALLY: Counter[str] = Counter()  # shown at the end of a test run, see conftest.py


def identical(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Same columns and, bit for bit, the same values."""
    TALLY["cells, bit for bit"] += compare.same_bits(left, right)


def same_bits(
    left: npt.NDArray[np.float64], right: npt.NDArray[np.float64], columns: Sequence[str]
) -> None:
    """Equal to the last bit, nan too; rows are named by their number."""
    index = pd.MultiIndex.from_product([range(len(left)), [pd.Timestamp(0)]])
    identical(*(pd.DataFrame(values, index, list(columns)) for values in (left, right)))


def close(
    left: pd.DataFrame, right: pd.DataFrame, *, rtol: float, scale: float | npt.ArrayLike = 1.0
) -> None:
    """Equal up to rounding, see :func:`features.checks.compare.close`."""
    TALLY["cells, up to rounding"] += compare.close(left, right, rtol=rtol, scale=scale)


def twin_of(view: View) -> Twin:
    """Slow twin of a view: the function of its name in the file or folder of its name."""
    name = view.name
    folder = Path(__file__).parent / "naive" / name
    module = f"tests.naive.{name}.{name}" if folder.is_dir() else f"tests.naive.{name}"
    return cast("Twin", getattr(importlib.import_module(module), name))


def with_naive(world: World, view: View) -> None:
    """Compare a view with its slow twin, with labels and without."""
    check = equal_to(twin_of(view))
    TALLY["cells, up to rounding"] += check((view,), world, np.random.default_rng())
