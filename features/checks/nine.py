"""The nine checks that every view passes, each on one world.

A check is a function of views, a world and a random generator. It returns the number of cells that
it compared, and raises :class:`features.errors.ViewError` at the first that is wrong.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from features.checks.compare import close, require, same_bits
from features.checks.worlds import STRANGER, WALLETS, World, other_names
from features.contracts.times import microseconds
from features.errors import ViewError
from features.ledger import Ledger
from features.table import compute_rows, feature_table
from features.view import View
from features.views import feature_columns

Views = tuple[View, ...]
Check = Callable[[Views, World, np.random.Generator], int]
_LONGEST_SHIFT_S = 200_000_000


def rows_of(views: Views, world: World, ledger: Ledger | None = None) -> pd.DataFrame:
    """The columns of views for what a world asks, of the world's ledger or of another one."""
    return feature_table(
        world.ledger() if ledger is None else ledger,
        world.spine,
        labels=world.labels,
        views=views,
    )


def no_look_ahead(views: Views, world: World, random: np.random.Generator) -> int:
    """Transfers and labels at ``as_of`` or later change nothing."""
    as_of = world.spine["as_of"].iloc[random.integers(len(world.spine))]
    known = world.until(as_of)
    return same_bits(rows_of(views, known, world.ledger()), rows_of(views, known))


def row_order(views: Views, world: World, random: np.random.Generator) -> int:
    """The order in which transfers and labels are given changes nothing."""
    return same_bits(rows_of(views, world.shuffled(random)), rows_of(views, world))


def batch(views: Views, world: World, random: np.random.Generator) -> int:
    """A row is the same alone as among others, whichever and in whatever order they are."""
    ledger = world.ledger()
    whole, labels = rows_of(views, world, ledger), world.events(ledger)
    codes, as_of = ledger.codes(world.spine["wallet"]), microseconds(world.spine["as_of"])
    each = [slice(row, row + 1) for row in range(codes.size)]
    rows = [
        compute_rows(ledger, codes[one], as_of[one], labels=labels, views=views) for one in each
    ]
    alone = pd.DataFrame(np.concatenate(rows), whole.index, whole.columns)
    picked = random.integers(len(world.spine), size=2 * len(world.spine))
    some = replace(world, spine=world.spine.iloc[picked])
    return same_bits(whole, alone) + same_bits(rows_of(views, some, ledger), alone.iloc[picked])


def grown_ledger(views: Views, world: World, random: np.random.Generator) -> int:
    """A ledger that grew out of order, and lost and regained a transaction, is a rebuilt one."""
    arriving = world.shuffled(random).transfers
    cuts = sorted(random.integers(0, len(arriving) + 1, 3).tolist())
    ledger = replace(world, transfers=arriving.iloc[: cuts[0]]).ledger()
    for first, end in zip(cuts, [*cuts[1:], len(arriving)], strict=True):
        ledger.append(arriving.iloc[first:end])
    taken = random.choice(world.transfers["tx_id"].unique(), 2).tolist()
    ledger.retract(taken)
    remaining = world.transfers[~world.transfers["tx_id"].isin(taken)]
    cells = 0
    if len(remaining):
        kept = replace(world, transfers=remaining)
        cells += same_bits(rows_of(views, kept, ledger), rows_of(views, kept))
    ledger.append(world.transfers)  # puts back what was taken
    return cells + same_bits(rows_of(views, world, ledger), rows_of(views, world))


def wallet_names(views: Views, world: World, random: np.random.Generator) -> int:
    """Other names of wallets change nothing; a pseudo-wallet is one by how its name begins."""
    # codes are in order of a hash of the name, so that other names mean other codes
    names = other_names(int(random.integers(2**32)))
    before, after = rows_of(views, world), rows_of(views, world.renamed(names))
    return same_bits(after.set_axis(before.index), before)


def time_shift(views: Views, world: World, random: np.random.Generator) -> int:
    """A shift of all times changes only what is called ``calendar``."""
    seconds = int(random.integers(-_LONGEST_SHIFT_S, _LONGEST_SHIFT_S))
    shifted = rows_of(views, world.shifted(pd.Timedelta(seconds=seconds)))
    before = rows_of(views, world)
    columns = [column.name for column in feature_columns(views) if not column.calendar]
    return same_bits(shifted.set_axis(before.index)[columns], before[columns])


def asset_unit(views: Views, world: World, random: np.random.Generator) -> int:
    """Another unit of the asset multiplies ``_amount`` columns and leaves scale-free ones."""
    # random amounts are at no threshold: equal to another, 0.9 of it, 1/1000 of the mean
    amounts = random.lognormal(sigma=3, size=len(world.transfers))
    drawn = world.with_amounts(amounts)
    before, after = rows_of(views, drawn), rows_of(views, drawn.with_amounts(amounts * 1000))
    absolute = [column.name for column in feature_columns(views) if column.name.endswith("_amount")]
    free = [column.name for column in feature_columns(views) if column.scale_free]
    return close(
        after[absolute], before[absolute] * 1000, rtol=1e-9, scale=1000 * amounts.max()
    ) + close(after[free], before[free], rtol=1e-9)


def empty_history(views: Views, world: World, random: np.random.Generator) -> int:
    """No history gives nan or 0, and no error, in a ledger with transfers and in one without."""
    first = world.transfers["timestamp"].min()
    spine = pd.DataFrame({"wallet": [STRANGER, *WALLETS], "as_of": first})
    cells = 0
    for transfers in (world.transfers, world.transfers.iloc[:0]):
        rows = rows_of(views, replace(world, transfers=transfers, spine=spine))
        values = rows.to_numpy()
        cells += require(np.isnan(values) | (values == 0), rows, "nan or 0 for an empty history")
    return cells


def schema(views: Views, world: World, random: np.random.Generator) -> int:
    """Index as asked, columns as declared, float64, values in the range of their unit."""
    rows = rows_of(views, world)
    if not rows.index.equals(pd.MultiIndex.from_frame(world.spine)):
        raise ViewError("the table is not indexed by what was asked")
    if set(rows.dtypes) != {np.dtype("float64")}:
        raise ViewError(
            f"got columns of types {sorted(map(str, set(rows.dtypes)))}, wanted float64"
        )
    values = rows.to_numpy()
    unit = rows.columns.str.rpartition("_").get_level_values(2)
    share, least = unit == "share", unit.isin(["share", "count", "hops", "amount"])
    require(~np.isinf(values), rows, "a finite number or nan")
    require(~(least & (values < 0)), rows, "at least 0, by its unit")
    return require(~(share & (values > 1 + 1e-12)), rows, "at most 1, as a share")


NINE: tuple[Check, ...] = (
    no_look_ahead, row_order, batch, grown_ledger, wallet_names, time_shift, asset_unit,
    empty_history, schema,
)  # fmt: skip
