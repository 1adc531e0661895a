"""Planted typologies of IBM AMLworld: which of them each pattern's own columns find.

The licit rows are two for each laundering row where the world has a thousand, so a flag rate here
is no detection rate there: it says whether a column sees the shape it is named after.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import arms
import numpy as np
import pandas as pd
from arms import Bools, Float64s
from matplotlib.figure import Figure
from scipy.stats import binomtest

from experiments.common.results import Measure
from features import Ledger, check_transfers, feature_table

BUDGET = 0.01
OWN = {
    "FAN-IN": "patterns_fan_in",
    "FAN-OUT": "patterns_fan_out",
    "CYCLE": "patterns_cycle",
    "SCATTER-GATHER": "patterns_scatter_gather",
    "GATHER-SCATTER": "patterns_gather_scatter",
    "BIPARTITE": "patterns_bipartite",
    "STACK": "patterns_stack",
    "RANDOM": "layering_depth",
}
SHAPES = ("layering", "patterns")
SIZES = ("coverage_in_count", "coverage_out_count")  # how busy a wallet is: the baseline
# Shares and dwell times are left out: most licit wallets of the sample were left one transfer, so
# that "it receives and sends" alone would tell the two apart. A cap that bit is no find.
UNITS = ("_count", "_hops")
NO_EVIDENCE = ("truncated",)
LONGEST = 6  # transfers of the longest cycle that the columns mean
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


def measure(folder: Path) -> tuple[list[Measure], pd.DataFrame]:
    """All figures of the stage, and for the figure one row a typology."""
    world = read_world(folder)
    as_of = arms.end_of(world.ledger)
    spine = pd.DataFrame({"wallet": world.wallets, "as_of": as_of})
    table = feature_table(world.ledger, spine, views=arms.views_named(("coverage", *SHAPES)))
    names = arms.column_names(SHAPES, scale_free=True)
    every, every_rate = flags_of(table, evidence(names), world.licit_only)
    busy, busy_rate = flags_of(table, list(SIZES), world.licit_only)
    large = sizes(world)
    found = [
        Measure("amlworld: wallets", float(len(world.wallets)), ""),
        Measure("amlworld: wallets of licit rows only", float(world.licit_only.sum()), ""),
        Measure("amlworld: licit-only wallets flagged by any shape", every_rate, "", target=BUDGET),
        Measure("amlworld: licit-only wallets flagged as busiest", busy_rate, "", target=BUDGET),
    ]
    rows = []
    for typology, start in OWN.items():
        attempts = large.index[large["typology"] == typology]
        own, rate = flags_of(table, evidence(names, start), world.licit_only)
        by_own, by_every, by_size = (
            found_shares(world, flags, attempts) for flags in (own, every, busy)
        )
        at = f"amlworld {typology.lower()}:"
        measures = [
            share(f"{at} a wallet flagged by its own columns", by_own["one"]),
            share(f"{at} half its wallets flagged by its own columns", by_own["half"]),
            share(f"{at} a wallet flagged by any shape", by_every["one"]),
            share(f"{at} half its wallets flagged by any shape", by_every["half"]),
            share(f"{at} a wallet flagged as busiest", by_size["one"]),
        ]
        chance = chance_share(world, attempts, BUDGET)
        found += [
            Measure(f"{at} attempts of {SMALLEST} transfers and more", float(len(attempts)), ""),
            Measure(f"{at} licit-only wallets flagged by its own columns", rate, "", target=BUDGET),
            *measures,
            Measure(f"{at} a wallet flagged if 1 % were drawn by lot", chance, ""),
        ]
        if typology == "CYCLE":
            found += cycles_by_length(world, by_own["half"])
        rows.append((typology, *(one.value for one in measures), chance))
    found += shapes_of_attempts(world)
    heads = ["typology", "one", "half", "any one", "any half", "busy", "chance"]
    return found, pd.DataFrame(rows, columns=heads)


def cycles_by_length(world: World, found: pd.Series) -> Iterator[Measure]:
    """Cycles found among those that the columns mean, and among the others."""
    parts = dict(iter(world.transfers.groupby("attempt")))
    short = pd.Series([len(parts[one]) <= LONGEST for one in found.index], index=found.index)
    closing = pd.Series([_closes(parts[one]) for one in found.index], index=found.index)
    at = "amlworld cycle: half its wallets flagged,"
    for what, some in (
        (f"of {LONGEST} transfers and fewer, closing in time", short & closing),
        (f"of {LONGEST} transfers and fewer, not closing in time", short & ~closing),
        (f"of more than {LONGEST} transfers", ~short),
    ):
        yield share(f"{at} {int(some.sum())} attempts {what}", found[some])


def sizes(world: World) -> pd.DataFrame:
    """Attempts that are large enough to have a shape, by their number."""
    grouped = world.transfers.groupby("attempt")
    whole = pd.DataFrame({"typology": grouped["typology"].first(), "transfers": grouped.size()})
    return whole[whole["transfers"] >= SMALLEST]


def chance_share(world: World, attempts: pd.Index, rate: float) -> float:
    """Share of attempts of which flags at random, at this rate, would hit a wallet."""
    wallets = world.planted[world.planted["attempt"].isin(attempts)].groupby("attempt").size()
    return float((1 - (1 - rate) ** wallets).mean())


def shapes_of_attempts(world: World) -> Iterator[Measure]:
    """What the planted attempts are made of: why some can not be found."""
    rows = world.transfers[world.transfers["attempt"].isin(sizes(world).index)]
    parts: dict[str, list[pd.DataFrame]] = {}
    for (typology, _), part in rows.groupby(["typology", "attempt"]):
        parts.setdefault(str(typology), []).append(part)
    for typology, what, holds in (
        ("BIPARTITE", "attempts in which no wallet has two counterparties", _is_matching),
        ("STACK", "attempts of chains of two transfers only", _chains_of_two),
        ("CYCLE", f"attempts of more than {LONGEST} transfers", lambda part: len(part) > LONGEST),
        ("CYCLE", "attempts that close in order of time", _closes),
    ):
        found = pd.Series([holds(part) for part in parts[typology]])
        yield share(f"amlworld {typology.lower()}: {what}", found)
    for typology, some in parts.items():
        days = [_days(part) for part in some]
        name = f"amlworld {typology.lower()}: first to last transfer, median and extremes"
        yield Measure(name, float(np.median(days)), "d", min(days), max(days))


def _days(part: pd.DataFrame) -> float:
    return float((part["timestamp"].max() - part["timestamp"].min()) / pd.Timedelta(1, "D"))


def _is_matching(part: pd.DataFrame) -> bool:
    return part["sender"].is_unique and part["recipient"].is_unique


def _chains_of_two(part: pd.DataFrame) -> bool:
    """No wallet sends or receives twice, and what a recipient sends on is sent on no further."""
    if not _is_matching(part):
        return False
    onward = dict(zip(part["sender"], part["recipient"], strict=True))
    return all(onward.get(onward[start], "") not in onward for start in onward)


def _closes(part: pd.DataFrame) -> bool:
    """Each transfer goes on from the recipient of the one before, back to the first sender."""
    ordered = part.sort_values("timestamp", kind="stable")
    senders, recipients = ordered["sender"].tolist(), ordered["recipient"].tolist()
    return bool(senders[1:] == recipients[:-1] and recipients[-1] == senders[0])


def figure(rows: pd.DataFrame) -> Figure:
    """Share of attempts found, by typology."""
    picture = Figure(figsize=(8, 4.2), layout="constrained")
    axes = picture.subplots()
    at = np.arange(len(rows))
    bars = {
        "one": ("a wallet flagged by its own columns", "tab:blue", -0.3),
        "half": ("half its wallets, own columns", "tab:cyan", -0.1),
        "any one": ("a wallet flagged by any shape", "tab:orange", 0.1),
        "any half": ("half its wallets, any shape", "moccasin", 0.3),
    }
    for name, (label, colour, shift) in bars.items():
        axes.bar(at + shift, rows[name], width=0.2, label=label, color=colour)
    axes.plot(at, rows["busy"], "k_", markersize=28, label="a wallet flagged as one of the busiest")
    axes.plot(at, rows["chance"], "r_", markersize=28, label="a wallet flagged by lot, 1 %")
    axes.set_xticks(at, [name.lower().replace("-", "-\n") for name in rows["typology"]])
    axes.set_ylabel("share of planted attempts")
    axes.set_ylim(0, 1.02)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(
        fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False,
        markerscale=0.5,
    )  # fmt: skip
    return picture
