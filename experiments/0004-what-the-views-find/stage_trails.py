"""Real trails: the Ronin theft, the EasyFi heist and Tornado Cash, as far as the files go."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import incidents
import numpy as np
import pandas as pd
from incidents import RONIN_EXPLOITER, Incident, known
from matplotlib.figure import Figure
from scipy.stats import binomtest
from trail_figure import Edge, draw_trail, short

from experiments.common import arms
from experiments.common.results import Measure
from features import Ledger, feature_table, fifo, haircut, trace

VIEWS = ("layering", "exposure")
RECEIVED = ("exposure_theft_direct_in_amount", "exposure_theft_indirect_in_amount")
PROVEN = ("exposure_theft_direct_in_share", "exposure_theft_indirect_in_share")
LIKELY = 0.99


class Policy(Protocol):
    """A taint policy, as :func:`features.haircut`."""

    def __call__(
        self, ledger: Ledger, spine: pd.DataFrame, *, labels: pd.DataFrame
    ) -> pd.DataFrame:
        """Lines of what was traced."""


def _table(
    incident: Incident, wallets: "list[str] | pd.Index", labels: pd.DataFrame
) -> pd.DataFrame:
    views = arms.views_named(VIEWS)
    table = feature_table(incident.ledger, incident.spine(wallets), labels=labels, views=views)
    return table.droplevel("as_of")


def _share_of(table: pd.DataFrame, category: str, side: str) -> pd.Series:
    """Direct and indirect exposure together, a share."""
    start = f"exposure_{category}"
    return table[f"{start}_direct_{side}_share"] + table[f"{start}_indirect_{side}_share"]


def ronin(folder: Path) -> Iterator[Measure]:
    """The exploiter's wallet and what is behind it."""
    incident = incidents.read_ronin(folder)
    transfers = incident.transfers
    into = transfers.loc[transfers["recipient"] == RONIN_EXPLOITER, "amount"].sum()
    out = transfers.loc[transfers["sender"] == RONIN_EXPLOITER, "amount"].sum()
    ends = pd.Index(sorted({*transfers["sender"], *transfers["recipient"]} - {RONIN_EXPLOITER}))
    table = _table(incident, ends, known([RONIN_EXPLOITER], "illicit", "theft"))
    hops = table["exposure_theft_in_hops"]
    share = _share_of(table, "theft", "in")[hops.notna()]
    received = table[list(RECEIVED)].sum(axis=1)
    at = "trails ronin:"
    yield Measure(f"{at} transfers with an amount", float(len(transfers)), "")
    yield Measure(f"{at} sent by the exploiter", float(out), "ETH")
    yield Measure(f"{at} received by the exploiter in the file", float(into), "ETH")
    for hop in sorted(hops.dropna().unique()):
        some = hops == hop
        yield Measure(f"{at} wallets at {hop:.0f} hops from the exploiter", float(some.sum()), "")
        yield Measure(
            f"{at} traced to wallets at {hop:.0f} hops", float(received[some].sum()), "ETH"
        )
    yield Measure(f"{at} wallets at 3 hops and more", float((hops > 2).sum()), "")
    yield Measure(
        f"{at} of the wallets behind the exploiter, exposed with {LIKELY:.0%} and more",
        float((share >= LIKELY).mean()), "",
    )  # fmt: skip
    depth = table["layering_depth_backward_hops"][hops == 2]
    yield Measure(
        f"{at} of the wallets at 2 hops, layering depth backward is 2",
        float((depth >= 2).mean()), "",
    )  # fmt: skip
    yield from listed_wallets(incident, folder)


def ofac_listed(folder: Path) -> set[str]:
    """Ethereum addresses on the OFAC list, as the label file has them."""
    rows = pd.read_parquet(folder.parent / "ethereum_labels" / "labels.parquet")
    return set(rows.loc[rows["category"] == "ofac-sanctions-lists", "address"])


def listed_wallets(incident: Incident, folder: Path) -> Iterator[Measure]:
    """How much of what the exploiter sent went to wallets that OFAC listed later."""
    listed = sorted(ofac_listed(folder) - {RONIN_EXPLOITER})
    table = _table(incident, [RONIN_EXPLOITER], known(listed, "illicit", "sanctioned"))
    at = "trails ronin: sent by the exploiter to listed wallets,"
    direct = table["exposure_sanctioned_direct_out_share"].iloc[0]
    yield Measure(f"{at} direct", float(direct), "")
    indirect = table["exposure_sanctioned_indirect_out_share"].iloc[0]
    yield Measure(f"{at} indirect", float(indirect), "")


def ronin_edges(folder: Path) -> list[Edge]:
    """Transfers from the exploiter to the last wallets of the file, each with the value traced.

    The trails that prove how much theft each last wallet received, one transfer once.
    """
    incident = incidents.read_ronin(folder)
    labels = known([RONIN_EXPLOITER], "illicit", "theft")
    ends = sorted({*incident.transfers["recipient"]} - {*incident.transfers["sender"]})
    views = arms.views_named(("exposure",))
    trails = pd.concat(
        [
            trace(incident.ledger, wallet, incident.as_of, labels=labels, views=views)
            for wallet in ends
        ]
    )
    trails = trails[
        trails["columns"].str.split(", ").map(lambda names: not {*PROVEN}.isdisjoint(names))
    ]
    keys = ["tx_id", "position", "sender", "recipient", "hop"]
    amounts = trails.groupby(keys, as_index=False)["traced_amount"].sum()
    wanted = amounts[["sender", "recipient", "hop", "traced_amount"]]
    return [Edge(*row) for row in wanted.itertuples(index=False, name=None)]


def ronin_figure(folder: Path) -> Figure:
    """The trail from the exploiter to where the file ends."""
    listed = ofac_listed(folder)

    def role(wallet: str) -> str:
        if wallet == RONIN_EXPLOITER:
            return "source"
        return "listed" if wallet in listed else "other"

    def name(wallet: str) -> str:
        return "Ronin exploiter" if wallet == RONIN_EXPLOITER else short(wallet)

    return draw_trail(
        ronin_edges(folder), role, name,
        "Where the Ronin exploiter's ETH is traced to, March to May 2022 (ETH)",
        ["labelled wallet", "one hop", "two hops: the file ends"],
    )  # fmt: skip


def easyfi(folder: Path) -> Iterator[Measure]:
    """The thief's dollars, and why only dollars can be followed."""
    rows = incidents.read_heist_rows(folder)
    moved = rows[(rows["value"] > 0) & ~rows["tokenSymbol"].isin(incidents.DECIMALS)]
    eighteen = moved[moved["tokenSymbol"].fillna("ETH").isin(["ETH", "EASY", "WETH", "DAI"])]
    power = np.floor(np.log10(eighteen["value"]))
    at = "trails easyfi:"
    yield Measure(
        f"{at} ETH, WETH, EASY and DAI amounts written as x times 10^15",
        float((power == 15).mean()),
        "",
    )
    names = incidents.heist_names(folder)
    heist, central = names.index[names["role"] == "heist"], names.index[names["role"] == "exchange"]
    for asset in incidents.DECIMALS:
        incident = incidents.read_easyfi(folder, asset)
        transfers = incident.transfers
        sent = transfers[transfers["sender"].isin(heist) & ~transfers["recipient"].isin(heist)]
        role = sent["recipient"].map(names["role"]).fillna("unknown")
        yield Measure(
            f"{at} {asset} sent by the thief's wallets", float(sent["amount"].sum()), asset
        )
        for who in ("service", "exchange", "unknown"):
            value = sent.loc[role == who, "amount"].sum()
            yield Measure(f"{at} {asset} of it to a wallet of role {who}", float(value), asset)
        table = _table(incident, heist, known(central, "licit", "exchange"))
        reached = (
            table["exposure_exchange_direct_out_amount"].sum(),
            table["exposure_exchange_indirect_out_amount"].sum(),
        )
        for kind, value in zip(("direct", "indirect"), reached, strict=True):
            yield Measure(f"{at} {asset} traced to a central exchange, {kind}", float(value), asset)


def tornado(folder: Path) -> Iterator[Measure]:
    """What can be said of a mixer's users, and what tracing through the mixer is worth."""
    incident = incidents.read_tornado(folder)
    transfers = incident.transfers
    pools = sorted(name for name in {*transfers["sender"]} if name.startswith("tornado"))
    users = pd.Index(sorted({*transfers["sender"], *transfers["recipient"]} - {*pools}))
    table = _table(incident, users, known(pools, "illicit", "mixer"))
    at = "trails tornado:"
    yield Measure(f"{at} deposits and withdrawals", float(len(transfers)), "")
    yield Measure(f"{at} wallets beside the pools", float(len(users)), "")
    for side, what in (("out", "that sent to a pool"), ("in", "that received from one")):
        share = (table[f"exposure_mixer_direct_{side}_share"] > 0).mean()
        yield Measure(f"{at} wallets {what}, direct exposure", float(share), "")
    both = (table["exposure_mixer_direct_out_share"] > 0) & (
        table["exposure_mixer_direct_in_share"] > 0
    )
    yield Measure(f"{at} wallets that did both", float(both.mean()), "")
    yield from through_the_pool(incident, folder)


def through_the_pool(incident: Incident, folder: Path) -> Iterator[Measure]:
    """Exposure of a withdrawer to its depositor when the pools are taken for common wallets.

    Beside it the exposure to whoever deposited next to that depositor in the same pool: as near in
    time and of the same amount, so the same unless tracing sees through the mixer.
    """
    links = incidents.tornado_links(folder)
    links["neighbour"] = [
        _next_depositor(incident.transfers, sender, receiver)
        for sender, receiver in zip(links["sender"], links["receiver"], strict=True)
    ]
    links = links.dropna()[links["neighbour"] != links["receiver"]]
    for what, sources in (("linked depositor", "sender"), ("next depositor", "neighbour")):
        for name, policy in (("haircut", haircut), ("FIFO", fifo)):
            shares = np.array(
                [
                    _traced_to(incident, receiver, source, policy)
                    for source, receiver in zip(links[sources], links["receiver"], strict=True)
                ]
            )
            at = f"trails tornado: through the pool by {name}, withdrawer to {what},"
            some = int((shares > 0).sum())
            interval = binomtest(some, len(shares)).proportion_ci(method="wilson")
            share = some / len(shares)
            yield Measure(f"{at} of {len(shares)} pairs", share, "", interval.low, interval.high)
            low, middle, high = np.quantile(shares, [0.25, 0.5, 0.75])
            yield Measure(f"{at} share received (quartiles)", middle, "", low, high)


def _traced_to(incident: Incident, wallet: str, source: str, policy: Policy) -> float:
    """Share of what a wallet received that a policy traces to one other."""
    labels = known([source], "illicit", "theft")
    lines = policy(incident.ledger, incident.spine([wallet]), labels=labels)
    received = lines[lines["direction"] == "received"]
    return float(received.loc[received["category"] == "theft", "amount"].sum()) / float(
        received["amount"].sum()
    )


def _next_depositor(transfers: pd.DataFrame, sender: str, receiver: str) -> str | None:
    """Who deposited next to the deposit of a linked pair that its withdrawal followed soonest."""
    best, found = pd.Timedelta.max, None
    for pool in transfers.loc[transfers["recipient"] == receiver, "sender"].unique():
        out = transfers[(transfers["sender"] == pool) & (transfers["recipient"] == receiver)]
        deposits = transfers[transfers["recipient"] == pool].reset_index(drop=True)
        for place in np.flatnonzero(deposits["sender"] == sender):
            waits = out["timestamp"] - deposits["timestamp"][place]
            waits = waits[waits > pd.Timedelta(0)]
            others = deposits["sender"][place:][deposits["sender"][place:] != sender]
            if len(waits) and len(others) and waits.min() < best:
                best, found = waits.min(), str(others.iloc[0])
    return found


def measure(data: Path) -> list[Measure]:
    """All figures of the stage."""
    heists = data / "ethereum_incidents"
    return [*ronin(heists), *easyfi(heists), *tornado(data / "tornado_cash")]
