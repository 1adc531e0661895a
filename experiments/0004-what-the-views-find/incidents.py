"""Ledgers and labels of three real incidents: Ronin (Lazarus), EasyFi, Tornado Cash."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.common.arms import end_of
from features import Ledger, check_labels, check_transfers

KNOWN_AT = pd.Timestamp("2015-07-30", tz="UTC")  # before the first block
RONIN_EXPLOITER = "0x098b716b8aaf21512996dc57eb0615e2383e2f96"
POOLS = ("0.1", "1.0", "10.0", "100.0")  # ETH a deposit
CENTRAL = ("binance", "bilaxy", "okex", "poloniex", "yunbi", "crypto.com", "bitstamp", "hitbtc")
DECIMALS = {"USDC": 6, "USDT": 6}


@dataclass(frozen=True, slots=True)
class Incident:
    """One ledger and the transfers in it."""

    ledger: Ledger
    transfers: pd.DataFrame

    @property
    def as_of(self) -> pd.Timestamp:
        """A microsecond after the last transfer."""
        return end_of(self.ledger)

    def spine(self, wallets: "list[str] | pd.Index") -> pd.DataFrame:
        """Wallets as of the end."""
        return pd.DataFrame({"wallet": list(wallets), "as_of": self.as_of})


def known(wallets: "list[str] | pd.Index", label: str, category: str) -> pd.DataFrame:
    """Labels that hold from the start."""
    frame = pd.DataFrame({"wallet": list(wallets)})
    return check_labels(frame.assign(label=label, category=category, known_at=KNOWN_AT))


def _incident(transfers: pd.DataFrame, asset: str) -> Incident:
    ids = pd.Series(np.arange(len(transfers))).astype("str").to_numpy()
    checked = check_transfers(transfers.assign(tx_id=ids, asset=asset))
    return Incident(Ledger.from_transfers(checked), checked)


def read_ronin(folder: Path) -> Incident:
    """ETH around the wallet that took the Ronin bridge's funds on 23 March 2022."""
    rows = pd.read_parquet(folder / "lazarus_ronin_txs.parquet")
    rows = rows[rows["total_eth"] > 0]
    transfers = pd.DataFrame(
        {
            "timestamp": pd.to_datetime(rows["block_time"], utc=True),
            "sender": "0x" + rows["from"].str[2:],
            "recipient": "0x" + rows["to"].str[2:],
            "amount": rows["total_eth"],
        }
    )
    return _incident(transfers, "ETH")


def read_heist_rows(folder: Path) -> pd.DataFrame:
    """Transfers of the EasyFi graph as they are in the file, second copies left out."""
    rows = pd.read_parquet(folder / "heist_graph_txs.parquet")
    rows["value"] = pd.to_numeric(rows["value"])
    failed = rows["isError"] == 1
    return rows[~failed].drop_duplicates(["hash", "from", "to", "value", "tokenSymbol"])


def read_easyfi(folder: Path, asset: str) -> Incident:
    """Transfers of one token of six decimals around the EasyFi thief of 19 April 2021."""
    rows = read_heist_rows(folder)
    rows = rows[(rows["tokenSymbol"] == asset) & (rows["value"] > 0)]
    transfers = pd.DataFrame(
        {
            "timestamp": pd.to_datetime(rows["timeStamp"], unit="s", utc=True),
            "sender": rows["from"],
            "recipient": rows["to"],
            "amount": rows["value"] / 10 ** DECIMALS[asset],
        }
    )
    return _incident(transfers, asset)


def heist_names(folder: Path) -> pd.DataFrame:
    """Name and role (heist, exchange, service) of the addresses that the EasyFi graph names."""
    rows = pd.read_parquet(folder / "heist_graph_addresses.parquet").dropna(subset=["name_tag"])
    rows = rows.drop_duplicates("address").set_index("address")
    central = rows["name_tag"].str.lower().str.startswith(CENTRAL)
    role = np.where(rows["label"] == "heist", "heist", np.where(central, "exchange", "service"))
    return pd.DataFrame({"name": rows["name_tag"], "role": role}, index=rows.index)


def read_tornado(folder: Path) -> Incident:
    """Deposits into and withdrawals from the four ETH pools, each pool one wallet."""
    rows = pd.read_parquet(folder / "mixer_history.parquet").sort_values("timeStamp", kind="stable")
    pool = "tornado " + rows["pool_eth"].astype("str") + " ETH"
    deposit = rows["action"] == "d"
    amount = rows["amt"].where(deposit, rows["amt"] / 1e18)
    transfers = pd.DataFrame(
        {
            "timestamp": pd.to_datetime(rows["timeStamp"], unit="s", utc=True),
            "sender": rows["account"].where(deposit, pool),
            "recipient": pool.where(deposit, rows["account"]),
            "amount": amount,
        }
    )
    return _incident(transfers, "ETH")


def tornado_links(folder: Path) -> pd.DataFrame:
    """Pairs of depositor and withdrawer that others linked by heuristics, not one and the same."""
    links = pd.read_parquet(folder / "heuristic_links.parquet")
    links = links[links["sender"] != links["receiver"]]
    return links[["sender", "receiver"]].drop_duplicates(ignore_index=True)
