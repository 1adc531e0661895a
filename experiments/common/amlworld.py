"""IBM AMLworld HI-Small: its rows as one ledger of dollars, what was planted, who is flagged."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from experiments.common import arms
from experiments.common.arms import Bools, Float64s
from experiments.common.results import Measure
from features import Ledger, check_transfers

BUDGET = 0.01
# Shares and dwell times are left out: most licit wallets of the sample were left one transfer, so
# that "it receives and sends" alone would tell the two apart. A cap that bit is no find.
UNITS = ("_count", "_hops")
NO_EVIDENCE = ("truncated",)
SMALLEST = 3  # transfers; below, an attempt has no shape


@dataclass(frozen=True, slots=True)
class World:
    """All transfers in dollars, and what was planted."""

    ledger: Ledger
    planted: pd.DataFrame  # attempt, typology, wallet; one row an end of a planted transfer
    transfers: pd.DataFrame  # the planted ones: attempt, typology, sender, recipient, timestamp
    licit_only: Bools  # by wallet of `wallets`
    wallets: pd.Index


def dollar_rates(rows: pd.DataFrame) -> pd.Series:
    """Dollars per unit of each currency, from rows paid in one and received in another.

    Least squares over the logarithms of all their ratios, the dollar fixed at 1.
    """
    crossed = rows[rows["Receiving Currency"] != rows["Payment Currency"]]
    names = sorted({*rows["Receiving Currency"], *rows["Payment Currency"]})
    place = {name: at for at, name in enumerate(names)}
    design = np.zeros((len(crossed) + 1, len(names)))
    each = np.arange(len(crossed))
    np.add.at(design, (each, crossed["Payment Currency"].map(place)), 1.0)
    np.add.at(design, (each, crossed["Receiving Currency"].map(place)), -1.0)
    design[-1, place["US Dollar"]] = 1.0
    ratio = np.log((crossed["Amount Received"] / crossed["Amount Paid"]).to_numpy())
    found, _, rank, _ = np.linalg.lstsq(design, np.append(ratio, 0.0), rcond=None)
    if rank < len(names):
        raise ValueError(f"the rows do not tie all {len(names)} currencies to one another")
    return pd.Series(np.exp(found), index=names)


def read_world(folder: Path) -> World:
    """Read laundering and licit rows into one ledger of dollars."""
    rows = pd.read_parquet(folder / "hi_small_illicit_and_licit_sample.parquet")
    rates = dollar_rates(rows)
    sender = _account(rows["From Bank"], rows["Account"])
    recipient = _account(rows["To Bank"], rows["Account.1"])
    transfers = pd.DataFrame(
        {
            "tx_id": pd.Series(np.arange(len(rows))).astype("str"),
            "timestamp": rows["Timestamp"].dt.tz_localize("UTC"),
            "sender": sender,
            "recipient": recipient,
            "amount": rows["Amount Paid"] * rows["Payment Currency"].map(rates),
            "asset": "USD",
        }
    )
    laundering = rows["Is Laundering"] == 1
    touched = {*sender[laundering], *recipient[laundering]}
    wallets = pd.Index(sorted({*sender, *recipient}), name="wallet")
    planted = read_attempts(folder)
    ends = [
        planted[["attempt", "typology", end]].rename(columns={end: "wallet"})
        for end in ("sender", "recipient")
    ]
    return World(
        Ledger.from_transfers(check_transfers(transfers)),
        pd.concat(ends, ignore_index=True).drop_duplicates(ignore_index=True),
        planted,
        ~wallets.isin(touched),
        wallets,
    )


def read_attempts(folder: Path) -> pd.DataFrame:
    """Transfers of the pattern file: attempt, typology, sender, recipient, timestamp."""
    rows = pd.read_parquet(folder / "hi_small_patterns.parquet")
    return pd.DataFrame(
        {
            "attempt": rows["pattern_id"],
            "typology": rows["pattern"],
            "sender": _account(rows["from_bank"], rows["from_account"]),
            "recipient": _account(rows["to_bank"], rows["to_account"]),
            "timestamp": pd.to_datetime(rows["timestamp"], format="%Y/%m/%d %H:%M", utc=True),
        }
    )


def _account(bank: pd.Series, account: pd.Series) -> pd.Series:
    return bank.astype("int64").astype("str") + ":" + account


def evidence(names: tuple[str, ...], start: str = "") -> list[str]:
    """Columns that say how much of a shape there is."""
    return [
        name for name in names
        if name.startswith(start) and name.endswith(UNITS)
        and not any(word in name for word in NO_EVIDENCE)
    ]  # fmt: skip


def found_shares(world: World, flags: pd.Series, attempts: pd.Index) -> pd.DataFrame:
    """For each attempt, whether one of its wallets is flagged (``one``), and whether half are."""
    rows = world.planted[world.planted["attempt"].isin(attempts)]
    shares = rows["wallet"].map(flags).astype(float).groupby(rows["attempt"]).mean()
    return pd.DataFrame({"one": shares > 0, "half": shares >= 0.5})


def share(name: str, found: pd.Series) -> Measure:
    """A share of attempts with its 95 % interval (Wilson)."""
    interval = binomtest(int(found.sum()), len(found)).proportion_ci(method="wilson")
    return Measure(name, float(found.mean()), "", float(interval.low), float(interval.high))


def flags_of(table: pd.DataFrame, names: list[str], licit_only: Bools) -> tuple[pd.Series, float]:
    """Wallets that these columns flag together, and the share of licit-only ones among theirs."""
    rarity: Float64s = arms.joint_rarity(table[names], licit_only)
    flags = arms.flagged(rarity, licit_only, BUDGET)
    wallets = table.index.get_level_values("wallet")
    return pd.Series(flags, index=wallets), float(flags[licit_only].mean())


def sizes(world: World) -> pd.DataFrame:
    """Attempts that are large enough to have a shape, by their number."""
    grouped = world.transfers.groupby("attempt")
    whole = pd.DataFrame({"typology": grouped["typology"].first(), "transfers": grouped.size()})
    return whole[whole["transfers"] >= SMALLEST]
