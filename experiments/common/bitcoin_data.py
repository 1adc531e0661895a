"""The real transactions of shared data, read where they are there."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.sources.bitcoin.records import NOBODY, SATOSHI, Head, Read, Records

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("WALLETRISK_DATA", ROOT.parent / "shared" / "data"))
BLOCKS, COINJOINS = DATA / "bitcoin_blocks", DATA / "bitcoin_coinjoin"


@cache
def block_data() -> Records:
    """Transactions of 286 blocks, but those whose inputs are from blocks that are not there."""
    every, inputs, outputs = _tables(BLOCKS)
    every = every[every["network"] == "mainnet"]
    inputs = inputs[inputs["prev_txid"].notna()]
    lacking = inputs["address"].isna() | inputs["value_sat"].isna()
    return _records(every[~every["txid"].isin(inputs["txid"][lacking])], inputs, outputs)


def coinjoin_data() -> tuple[Records, pd.Series]:
    """Labelled CoinJoins and what followed them, and the labels of each."""
    every, inputs, outputs = _tables(COINJOINS)
    return _records(every, inputs, outputs), every["labels"]


def _tables(folder: Path) -> list[pd.DataFrame]:
    keys = {"transactions": ["txid"], "inputs": ["txid", "n"], "outputs": ["txid", "n"]}
    return [
        pd.read_parquet(folder / f"{name}.parquet").drop_duplicates(key)
        for name, key in keys.items()
    ]


def _records(every: pd.DataFrame, inputs: pd.DataFrame, outputs: pd.DataFrame) -> Records:
    row = pd.Series(np.arange(len(every)), index=every["txid"])

    def read(side: pd.DataFrame) -> Any:
        side = side.assign(row=side["txid"].map(row)).dropna(subset="row").sort_values(["row", "n"])
        first = np.searchsorted(side["row"].to_numpy(), np.arange(len(every) + 1))
        owner = pa.array([a if isinstance(a, str) else None for a in side["address"]])
        return Read(first, owner.cast(pa.large_string()), side["value_sat"].astype("int64"))

    head = Head(
        pa.array(every["txid"], pa.large_string()),
        every["block_time"].to_numpy(),
        np.zeros(len(every), dtype=np.int64),
    )
    return Records.of(head, read(inputs), read(outputs))


def balances_by_transfers(frame: pd.DataFrame) -> "pd.Series[int]":
    """What each address of transfers got less what it sent and paid in fees, in satoshi."""
    amount, fee = (np.rint(frame[name] * SATOSHI).astype(np.int64) for name in ("amount", "fee"))
    gained = amount.groupby(frame["recipient"].to_numpy()).sum()
    spent = (amount + fee).groupby(frame["sender"].to_numpy()).sum()
    balance: pd.Series[int] = gained.sub(spent, fill_value=0)
    return balance


def balances_by_coins(records: Records) -> "pd.Series[int]":
    """What each address of transactions got less what it put in, in satoshi."""
    coins = np.zeros(len(records.owners), dtype=np.int64)
    np.subtract.at(coins, records.inputs.owner, records.inputs.value)
    owned = records.outputs.owner != NOBODY
    np.add.at(coins, records.outputs.owner[owned], records.outputs.value[owned])
    return pd.Series(coins, index=records.owners.to_pylist())
