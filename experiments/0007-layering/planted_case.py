"""The planted world, asked: rows of both halves of its period, their columns and their truth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.common import arms
from experiments.common.laundering import PlantedWorld, Sizes, labels, plant
from features import Ledger, feature_table
from features.views import VIEWS

CHOICES = ("rest", "mixing", "swapped", "reused")
KNOWN = {False: "thieves unknown", True: "thieves known"}
Rows = pd.DataFrame


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much to measure.

    Parameters
    ----------
    sizes : Sizes
        Of the world.
    train, test : int
        Ordinary wallets that are asked about, in either half.
    illicit : int
        Illicit wallets of the first half that are learnt from, at most.
    """

    sizes: Sizes
    train: int
    test: int
    illicit: int


FULL = Amounts(Sizes(), train=15_000, test=25_000, illicit=5_000)
QUICK = Amounts(Sizes(wallets=4_000, transfers=16_000, schemes=12), 800, 1_200, 500)


@dataclass(frozen=True, slots=True)
class Case:
    """One world, asked.

    Parameters
    ----------
    rows : DataFrame of shape (n, ...)
        wallet, as_of, late (of the second half), illicit, role, and what is graded of its theft.
    table : DataFrame of shape (n, columns)
        Of the views that read no labels.
    exposed : dict of DataFrame
        Of the view that does, by whether the thieves are known.
    world_share : float
        Illicit wallets over all, in the second half of the world.
    """

    rows: Rows
    table: pd.DataFrame
    exposed: dict[bool, pd.DataFrame]
    world_share: float

    def whole(self, *, thieves: bool) -> pd.DataFrame:
        """All columns, with labels of the exchanges and perhaps of the thieves."""
        return pd.concat([self.table, self.exposed[thieves]], axis=1)


def read_case(seed: int, amounts: Amounts) -> Case:
    """Generate a world, ask about some of its wallets, and compute all columns."""
    world = plant(seed, amounts.sizes)
    ledger = Ledger.from_transfers(world.transfers)
    rows, world_share = asked(world, amounts, np.random.default_rng(seed))
    spine = rows[["wallet", "as_of"]]
    plain = tuple(view for view in VIEWS if view.name not in arms.LABELS)
    exposure = arms.views_named(arms.EXPOSURE)
    exposed = {
        known: feature_table(
            ledger, spine, labels=labels(world, thieves=known), views=exposure, threads=2
        )
        for known in KNOWN
    }
    table = feature_table(ledger, spine, views=plain, threads=2)
    return Case(rows, table, exposed, world_share)


def asked(world: PlantedWorld, amounts: Amounts, random: np.random.Generator) -> tuple[Rows, float]:
    """Rows of both halves, and the share of illicit wallets in the second.

    Thieves, exchanges and routers are no rows: who knows them need not ask.
    """
    moments = own_transfers(world)
    late = (moments["timestamp"] >= world.middle).to_numpy()
    no_row = {*world.schemes["thief"]}
    no_row |= {*world.ordinary.loc[world.ordinary["role"].isin(["exchange", "router"]), "wallet"]}
    bad = world.illicit[world.illicit["role"] != "thief"].drop_duplicates("wallet")
    parts, shares = [], []
    for half, n_ordinary in ((False, amounts.train), (True, amounts.test)):
        of_half = moments[late == half]
        once = of_half.iloc[random.permutation(len(of_half))].drop_duplicates("wallet")
        ordinary = once[~once["wallet"].isin({*bad["wallet"], *no_row})]
        mine = bad[bad["scheme"] % 2 == half]
        illicit = after_the_money(of_half, mine, random)
        shares.append(len(illicit) / (len(illicit) + len(ordinary)))
        illicit = illicit.head(len(illicit) if half else amounts.illicit)
        parts.append(pd.concat([illicit, ordinary.head(n_ordinary)]).assign(late=half))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"timestamp": "as_of"})
    rows["as_of"] = rows["as_of"] + pd.Timedelta(1, "us")
    return with_truth(rows, bad, world), shares[1]


def own_transfers(world: PlantedWorld) -> pd.DataFrame:
    """Every wallet with the instant of every transfer of its own: wallet, timestamp."""
    ends = [
        world.transfers[[end, "timestamp"]].rename(columns={end: "wallet"})
        for end in ("sender", "recipient")
    ]
    return pd.concat(ends, ignore_index=True)


def after_the_money(moments: Rows, bad: Rows, random: np.random.Generator) -> Rows:
    """One moment of each illicit wallet; of one with business of its own, after the money came."""
    of = moments[moments["wallet"].isin({*bad["wallet"]})].merge(bad, on="wallet")
    of = of[of["fresh"] | (of["timestamp"] >= of["reached"])]
    chosen = of.iloc[random.permutation(len(of))].drop_duplicates("wallet")
    return chosen[["wallet", "timestamp"]]


def with_truth(rows: Rows, bad: Rows, world: PlantedWorld) -> Rows:
    """Rows with their truth: illicit, role, hop and what their theft was like."""
    told = bad.merge(world.schemes, left_on="scheme", right_index=True, suffixes=("", "_scheme"))
    told = told.rename(columns={"role": "place", "hop": "hops from the thief"})
    graded = ["scheme", "place", "fresh", "hops", "hops from the thief", "parts", *CHOICES]
    truth = told.set_index("wallet")[graded]
    roles = world.ordinary.drop_duplicates("wallet").set_index("wallet")["role"]
    whole = rows.join(truth, on="wallet").join(roles, on="wallet")
    return whole.assign(
        illicit=whole["scheme"].notna().astype(np.int8), role=whole["role"].fillna("other")
    )
