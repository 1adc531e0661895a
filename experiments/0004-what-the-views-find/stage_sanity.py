"""Exposure on real wallets: figures that a compliance analyst would believe, or not.

Sources are the wallets of ten known exchanges and the labelled phishing wallets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.common import arms
from experiments.common import ethereum_phishing as protocol
from experiments.common.results import Measure
from features import Ledger, check_labels, feature_table, fifo, haircut, poison

EXCHANGES = (
    "Binance", "Bitfinex", "Bittrex", "Gemini", "HitBTC", "Huobi", "Kraken", "KuCoin", "Poloniex",
    "Upbit",
)  # fmt: skip
TAGS = "brianleect/etherscan-labels"
SENT = "amounts_total_out_amount"
TOP = 10
POLICIES = {"haircut": haircut, "FIFO": fifo, "poison": poison}
ASKED = 300  # wallets whose money is traced under every policy


@dataclass(frozen=True, slots=True)
class Exposed:
    """Exposure of every wallet of the ledger, who is a source, and the labels."""

    table: pd.DataFrame  # by wallet
    role: pd.Series  # exchange, phishing, licit, unlabelled
    labels: pd.DataFrame
    as_of: pd.Timestamp

    def of(self, role: str) -> pd.DataFrame:
        """Rows of the wallets of a role."""
        return self.table[(self.role == role).to_numpy()]


def exchange_wallets(folder: Path) -> dict[str, str]:
    """Wallets of the ten exchanges, by name tag."""
    rows = pd.read_parquet(folder / "labels.parquet")
    rows = rows[(rows["source"] == TAGS) & rows["label"].fillna("").str.startswith(EXCHANGES)]
    return dict(zip(rows["address"], rows["label"], strict=True))


def read_exposed(ledger: Ledger, data: Path, *, step: int = 1) -> Exposed:
    """Compute the exposure of every ``step``-th wallet, as of the end of the ledger."""
    names = exchange_wallets(data / "ethereum_labels")
    centres = protocol.read_labels()
    phishing = set(centres.loc[centres["label"] == "illicit", "wallet"]) - set(names)
    licit = set(centres.loc[centres["label"] == "licit", "wallet"]) - set(names)
    labels = pd.concat(
        [_labels(names, "licit", "exchange"), _labels(phishing, "illicit", "phishing")]
    )
    wallets = pd.Index(sorted(ledger.wallet(code) for code in range(0, ledger.n_wallets, step)))
    as_of = arms.end_of(ledger)
    spine = pd.DataFrame({"wallet": wallets, "as_of": as_of})
    views = arms.views_named(("amounts", *arms.EXPOSURE))
    table = feature_table(ledger, spine, labels=labels, views=views).droplevel("as_of")
    role = pd.Series("unlabelled", index=wallets)
    for some, name in ((licit, "licit"), (phishing, "phishing"), (names, "exchange")):
        role[wallets.isin(list(some))] = name
    return Exposed(table, role, labels, as_of)


def _labels(wallets: "set[str] | dict[str, str]", label: str, category: str) -> pd.DataFrame:
    frame = pd.DataFrame({"wallet": sorted(wallets)})
    return check_labels(frame.assign(label=label, category=category, known_at=protocol.KNOWN_AT))


def reached(table: pd.DataFrame, category: str, side: str) -> pd.DataFrame:
    """Shares of a side: direct, indirect, both."""
    start = f"exposure_{category}"
    direct = table[f"{start}_direct_{side}_share"].fillna(0.0)
    indirect = table[f"{start}_indirect_{side}_share"].fillna(0.0)
    return pd.DataFrame({"direct": direct, "indirect": indirect, "both": direct + indirect})


def who_is_exposed(exposed: Exposed) -> Iterator[Measure]:
    """How many wallets touch a source, by side."""
    table = exposed.of("unlabelled")
    at = "sanity:"
    yield Measure(f"{at} wallets", float(len(exposed.table)), "")
    for role in ("exchange", "phishing"):
        yield Measure(f"{at} {role} wallets in the ledger", float((exposed.role == role).sum()), "")
    for category in ("phishing", "exchange"):
        for side, verb in (("in", "received from"), ("out", "sent to")):
            shares = reached(table, category, side)
            start = f"{at} unlabelled wallets that {verb} {category} wallets,"
            yield Measure(f"{start} direct", float((shares["direct"] > 0).mean()), "")
            only = (shares["indirect"] > 0) & (shares["direct"] == 0)
            yield Measure(f"{start} indirect only", float(only.mean()), "")
            some = shares["both"][shares["both"] > 0]
            low, middle, high = np.quantile(some, [0.25, 0.5, 0.75]) if len(some) else [np.nan] * 3
            if len(some):
                yield Measure(
                    f"{start} share of the side where there is any (quartiles)",
                    float(middle), "", float(low), float(high),
                )  # fmt: skip


def cash_out(exposed: Exposed) -> Iterator[Measure]:
    """How much of what wallets of a role sent is traced to the ten exchanges, and how near."""
    for role in ("phishing", "licit", "unlabelled"):
        table = exposed.of(role)
        sent = table[table["exposure_exchange_direct_out_share"].notna()]
        start = f"sanity: sent by {role} wallets,"
        shares = reached(sent, "exchange", "out")
        amounts = {
            kind: sent[f"exposure_exchange_{kind}_out_amount"] for kind in ("direct", "indirect")
        }
        total = sent[SENT].sum()
        for kind, amount in amounts.items():
            name = f"{start} traced to an exchange, {kind}, share of value"
            yield Measure(name, float(amount.sum() / total), "")
        name = f"{start} mean share of a wallet traced to an exchange"
        yield Measure(name, float(shares["both"].mean()), "")
        hops = sent["exposure_exchange_out_hops"].dropna()
        for hop in (1, 2, 3):
            name = f"{start} wallets that reach an exchange in {hop} hops at the nearest"
            yield Measure(name, float((hops == hop).sum() / len(sent)), "")
        followed = sent["exposure_searched_out_share"].fillna(0.0)
        name = f"{start} mean share of a wallet followed to an end"
        yield Measure(name, float(followed.mean()), "")


def by_policy(exposed: Exposed, ledger: Ledger) -> Iterator[Measure]:
    """The same questions under three policies, with wide caps; wallets drawn by lot."""
    touched = reached(exposed.of("unlabelled"), "phishing", "in")["both"]
    sent = exposed.of("phishing")["exposure_exchange_direct_out_share"]
    for wallets, direction, category, what in (
        (sent.index[sent.notna()], "sent", "exchange", "phishing wallets' sendings, to exchanges"),
        (touched.index[touched > 0], "received", "phishing", "exposed wallets' receipts, phishing"),
    ):
        drawn = wallets.to_series().sample(min(ASKED, len(wallets)), random_state=0)
        spine = pd.DataFrame({"wallet": drawn.to_numpy(), "as_of": exposed.as_of})
        for name, policy in POLICIES.items():
            lines = policy(ledger, spine, labels=exposed.labels)
            lines = lines[lines["direction"] == direction]
            if name == "haircut":  # its lines sum to all that was moved
                moved = lines["amount"].sum()
            some = lines[lines["category"] == category]
            start = f"sanity: {what} by {name},"
            yield Measure(f"{start} share of value", float(some["amount"].sum() / moved), "")
            indirect = some.loc[some["hops"] > 1, "amount"].sum()
            if name != "poison":  # one line a category, whatever the hops
                yield Measure(f"{start} indirect part", float(indirect / moved), "")
            wide = some["wallet"].nunique() / len(drawn)
            yield Measure(f"{start} share of {len(drawn)} wallets", float(wide), "")


def top_exposed(exposed: Exposed) -> pd.DataFrame:
    """Unlabelled wallets that received most from phishing wallets."""
    table = exposed.of("unlabelled")
    found = pd.DataFrame(
        {
            "received_from_phishing_eth": table["exposure_phishing_direct_in_amount"]
            + table["exposure_phishing_indirect_in_amount"],
            "share_of_received": reached(table, "phishing", "in")["both"],
            "hops": table["exposure_phishing_in_hops"],
            "sent_to_exchanges_share": reached(table, "exchange", "out")["both"],
            "hops_to_exchange": table["exposure_exchange_out_hops"],
            "truncated": table["exposure_truncated_ratio"],
        }
    )
    return found.nlargest(TOP, "received_from_phishing_eth")


def measure(ledger: Ledger, data: Path, *, step: int = 1) -> tuple[list[Measure], Exposed]:
    """All figures of the stage, and the exposure they come from."""
    exposed = read_exposed(ledger, data, step=step)
    found = [*who_is_exposed(exposed), *cash_out(exposed), *by_policy(exposed, ledger)]
    return found, exposed


def figure(exposed: Exposed) -> Figure:
    """How exposed unlabelled wallets are, and how near exchanges are to phishing wallets."""
    picture = Figure(figsize=(9, 4), layout="constrained")
    left, right = picture.subplots(1, 2)
    bins = np.linspace(0, 1, 21)
    for side, label in (("in", "received from phishing"), ("out", "sent to phishing")):
        both = reached(exposed.of("unlabelled"), "phishing", side)["both"]
        left.hist(both[both > 0], bins=bins, histtype="step", linewidth=1.6, label=label)
    left.set_yscale("log")
    left.set_xlabel("share of the side, where there is any (haircut)")
    left.set_ylabel("unlabelled wallets")
    left.legend(fontsize=8)
    hops = np.arange(1, 6)
    for place, role in enumerate(("phishing", "licit", "unlabelled")):
        table = exposed.of(role)
        sent = table[table["exposure_exchange_direct_out_share"].notna()]
        nearest = sent["exposure_exchange_out_hops"]
        shares = [(nearest <= hop).sum() / max(len(sent), 1) for hop in hops]
        right.plot(
            hops, shares, marker="o", label=f"{role} ({len(sent):,} that sent)", color=f"C{place}"
        )
    right.set_xticks(hops)
    right.set_ylim(bottom=0)
    right.set_xlabel("hops to the nearest of ten exchanges")
    right.set_ylabel("share of wallets, cumulative")
    right.legend(fontsize=8, loc="lower right")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return picture
