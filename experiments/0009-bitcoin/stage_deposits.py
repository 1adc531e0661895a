"""Deposit addresses of exchanges in real transfers of Ethereum, and what they bring closer."""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.common.results import Measure
from features import Ledger
from features.clusters import Clusters
from features.clusters.deposits import deposits
from features.contracts.categories import CATEGORIES, category_place

LATE = np.iinfo(np.int64).max


def measure(data: Path) -> list[Measure]:
    """What is found with the exchanges of public lists, as if they had been known at the start."""
    moved = pd.read_parquet(data / "ethereum_phishing" / "transactions.parquet")
    ledger = Ledger.from_transfers(_transfers(moved.drop_duplicates("tx_hash")), chain="ethereum")
    exchanges = _exchanges(pd.read_parquet(data / "ethereum_labels" / "labels.parquet"))
    begin = time.perf_counter()
    found = deposits(ledger, exchanges)
    seconds = time.perf_counter() - begin
    clusters = Clusters()
    clusters.append(found.wallets, found.spends)
    late = np.full(len(found.wallets), LATE)
    roots, sizes = clusters.roots(found.wallets, late), clusters.sizes(found.wallets, late)
    labels = pd.read_parquet(data / "ethereum_phishing" / "labels.parquet")
    phishing = labels["address"][labels["label"] == "illicit"].astype(str).str.lower()
    addresses = set(found.labels["wallet"])
    paid = _paid(moved, phishing, set(exchanges["wallet"]))
    closer = _paid(moved, phishing, set(exchanges["wallet"]) | addresses)
    here = int((ledger.codes(exchanges["wallet"]) >= 0).sum())
    return [
        Measure("deposits: exchanges' wallets in the ledger", here, ""),
        Measure("deposits: addresses", len(addresses), ""),
        Measure(
            "deposits: of them, paid someone else later",
            int(found.labels["until"].notna().sum()), "",
        ),
        Measure("deposits: of them, listed as phishing", len(addresses & set(phishing)), ""),
        Measure("deposits: merges of customers", int(found.spends.time.size), ""),
        Measure("deposits: customers of several wallets", len(set(roots.tolist())), ""),
        Measure("deposits: wallets of the largest", int(sizes.max()), ""),
        Measure("deposits: phishing wallets that paid an exchange", paid, ""),
        Measure("deposits: that paid one or a deposit address", closer, ""),
        Measure("deposits: finding them", seconds, "s"),
    ]  # fmt: skip


def _paid(moved: pd.DataFrame, wallets: "pd.Series[str]", points: set[str]) -> int:
    """Wallets with a sending above 0.01 ether to one of some others."""
    sent = moved[moved["sender"].isin(wallets) & (moved["value_eth"] > 0.01)]
    return int(sent["sender"][sent["recipient"].isin(points)].nunique())


def _transfers(moved: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tx_id": moved["tx_hash"].astype(str),
            "timestamp": pd.to_datetime(moved["timestamp"], unit="s", utc=True),
            "sender": moved["sender"].astype(str),
            "recipient": moved["recipient"].astype(str),
            "amount": moved["value_eth"].astype(float),
            "asset": "ETH",
        }
    )


def _exchanges(listed: pd.DataFrame) -> pd.DataFrame:
    place = CATEGORIES.index("exchange")
    chosen = listed[[category_place(str(word)) == place for word in listed["category"]]]
    wallets = chosen["address"].astype(str).str.lower().drop_duplicates()
    return pd.DataFrame(
        {
            "wallet": wallets,
            "label": "licit",
            "category": "exchange",
            "known_at": pd.Timestamp("2015-01-01", tz="UTC"),
        }
    )
