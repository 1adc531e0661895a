"""All checks of a view, on random worlds."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.checks.compare import close
from features.checks.nine import NINE, Check, Views, rows_of
from features.checks.plain_past import PlainPast, label_list, micros, plain_past, transfer_list
from features.checks.unasked import dust_moves_no_column, dust_moves_no_trail
from features.checks.worlds import World, random_world
from features.errors import RiskError, ViewError
from features.table import feature_table
from features.view import View

Twin = Callable[[PlainPast, str], Mapping[str, float]]
CHECKS: tuple[Check, ...] = (*NINE, dust_moves_no_column, dust_moves_no_trail)
WORLDS = 20


class Checked(NamedTuple):
    """What was compared: random worlds, and cells of the feature table by check."""

    worlds: int
    cells: dict[str, int]


def check_view(
    view: View, *, twin: Twin | None = None, seed: int = 0, worlds: int = WORLDS
) -> Checked:
    """Check a view on random worlds: nine checks, two on dust, and a slow twin if there is one.

    Parameters
    ----------
    view : View
    twin : callable, optional
        ``twin(past, wallet)`` gives one row, as a dict of column name to value, of a
        :class:`PlainPast`: the same definitions in plain Python, written apart from the view.
    seed : int
        Of the worlds; the same seed draws the same ones.
    worlds : int
        How many, at least 1.

    Returns
    -------
    Checked

    Raises
    ------
    ViewError
        At the first check that fails; it names check, column, wallet, ``as_of``, what was got and
        what was wanted.
    RiskError
        ``worlds`` is below 1.
    """
    if worlds < 1:
        raise RiskError(f"worlds must be at least 1, received {worlds}")
    checks = CHECKS if twin is None else (*CHECKS, equal_to(twin))
    random = np.random.default_rng(seed)
    cells: Counter[str] = Counter()
    for _ in range(worlds):
        world = random_world(random)
        for check in checks:
            cells[check.__name__] += run_check(check, (view,), world, random)
    return Checked(worlds, dict(cells))


def run_check(check: Check, views: Views, world: World, random: np.random.Generator) -> int:
    """Run one check; whatever is wrong becomes a :class:`ViewError` that names views and check."""
    what = f"view {', '.join(repr(view.name) for view in views)}, check {check.__name__}"
    try:
        return check(views, world, random)
    except ViewError as error:
        raise ViewError(f"{what}: {error}") from None
    except Exception as error:
        reason = f"raised {type(error).__name__}: {error}{_where_it_raises(views, world)}"
        raise ViewError(f"{what}: {reason}") from error


def equal_to(twin: Twin) -> Check:
    """The check that one view equals its slow twin, up to rounding, with labels and without."""

    def slow_twin(views: Views, world: World, random: np.random.Generator) -> int:
        ledger, scale = world.ledger(), world.largest_amounts()
        cells = 0
        for labels in (world.labels, None):
            fast = feature_table(ledger, world.spine, labels=labels, views=views)
            slow = twin_table(twin, world.transfers, world.spine, labels)
            if set(slow.columns) != set(fast.columns):
                differing = sorted(set(slow.columns) ^ set(fast.columns))
                raise ViewError(f"view and twin do not both have the columns {differing}")
            cells += close(fast, slow[list(fast.columns)], rtol=1e-9, scale=scale)
        return cells

    return slow_twin


def twin_table(
    twin: Twin, transfers: pd.DataFrame, spine: pd.DataFrame, labels: pd.DataFrame | None
) -> pd.DataFrame:
    """Compute the columns of a slow twin, of frames that meet their contracts."""
    everything = transfer_list(transfers)
    known = None if labels is None else label_list(labels)
    pasts = {
        as_of: plain_past(everything, known, micros(as_of)) for as_of in spine["as_of"].unique()
    }
    rows = [dict(twin(pasts[row.as_of], str(row.wallet))) for row in spine.itertuples()]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_frame(spine), dtype="float64")


def _where_it_raises(views: Views, world: World) -> str:
    """Name the first row of a world that raises when it is asked alone."""
    ledger = world.ledger()
    for row in range(len(world.spine)):
        asked = world.spine.iloc[[row]]
        try:
            rows_of(views, replace(world, spine=asked), ledger)
        except Exception:  # noqa: BLE001  # whatever a guest's view raises
            wallet, as_of = asked.iloc[0]
            return f", of wallet {wallet!r} as of {as_of.isoformat()}"
    return ""
