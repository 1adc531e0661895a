"""The files of one export together as movements: transactions with receipts, traces, tokens."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from features.contracts.times import UTC
from features.errors import SourceError
from features.sources.ethereum import traces
from features.sources.ethereum.answers import FAILED
from features.sources.ethereum.logs import token_moves
from features.sources.ethereum.moves import MOVES, Sieve, withdrawn
from features.sources.ethereum.rules import (
    MAX_DECIMALS,
    NATIVE_DECIMALS,
    PAYING_TRACES,
    EvmChain,
)

Tables = Mapping[str, pd.DataFrame]
NO_DECIMALS = "of tokens whose decimals nobody tells"
NOTHING = pd.DataFrame(columns=["tx_id", "block", "time", "sender", "recipient", "raw", "top"])
_NO = ("0", "0.0", "false", "False")


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of files, and what is to be said of it.

    Attributes
    ----------
    chain : EvmChain
    assets : frozenset of str or None
        Read these only.
    left_out : Counter of str
        How much was left out, by reason.
    notes : list of str
        What else a reader should know, a sentence each.
    """

    chain: EvmChain
    assets: frozenset[str] | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def wants(self, asset: str) -> bool:
        """Whether an asset is to be read."""
        return self.assets is None or asset in self.assets

    def only(self, rows: pd.DataFrame, column: str) -> pd.DataFrame:
        """Rows of the assets that are to be read."""
        return rows if self.assets is None else rows[rows[column].isin(self.assets)]


def combine(tables: Tables, reading: Reading) -> pd.DataFrame:
    """Movements of all files of an export.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By kind, as :func:`features.sources.ethereum.exports.read_export` gives them.
    reading : Reading

    Raises
    ------
    SourceError
        A file is missing without which the others cannot be read rightly.
    """
    moves = []
    native = reading.chain.native
    if reading.wants(native):
        moves.append(_ether(tables, reading).assign(asset=native, decimals=NATIVE_DECIMALS))
        moves.append(_withdrawals(tables.get("blocks")).assign(asset=native))
    if reading.assets != frozenset({native}):
        moves.append(_tokens(tables, reading))
    found = pd.concat([one for one in moves if len(one)] or moves[:1], ignore_index=True)
    return found.assign(timestamp=_times(found, tables))[list(MOVES)]


def _ether(tables: Tables, reading: Reading) -> pd.DataFrame:
    parts = []
    sent = tables.get("transactions")
    if "traces" in tables:
        told = _traces(tables["traces"])
        parts.append(traces.payments(told, reading.left_out))
        if sent is not None:  # a transaction that no trace tells of
            sent = sent[~sent["tx_id"].isin(told["tx_id"])]
    elif sent is not None:
        reading.notes.append("payments inside transactions are missing: the traces tell them")
    if sent is not None:
        parts.append(top_level(sent, tables.get("receipts"), reading))
    kept = [part.reindex(columns=NOTHING.columns) for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else NOTHING


def _traces(told: pd.DataFrame) -> pd.DataFrame:
    """Traces of any tool as :func:`features.sources.ethereum.traces.payments` takes them."""
    kind = told["type"].fillna("").str.lower()
    lost = told["tx_id"].isna() & kind.isin(PAYING_TRACES)
    if lost.any():
        raise SourceError(
            f"{int(lost.sum())} traces name no transaction, as extract_geth_traces of ethereum-etl "
            "leaves them, nor whether they were undone; export_traces tells both"
        )
    path = told["path"].fillna("").str.replace("_", ",")
    failed = traces.undone(told["tx_id"], path, told["error"].fillna(""))
    if "status" in told:
        failed |= told["status"].isin(_NO).to_numpy()
    call = told["call"].fillna("").str.lower().str.replace("_", "")
    recipient = told["recipient"]
    if "created" in told:
        recipient = recipient.fillna(told["created"])
    return told.assign(
        type=kind, path=path, call=call, failed=failed, recipient=recipient,
        raw=told["raw"].fillna("0"),
    )  # fmt: skip


def _withdrawals(blocks: pd.DataFrame | None) -> pd.DataFrame:
    if blocks is None or "withdrawals" not in blocks:
        return withdrawn([])
    listed = blocks.loc[blocks["withdrawals"].notna(), ["block", "withdrawals"]]
    return withdrawn(
        [
            (int(block), int(one["index"]), str(one["address"]).lower(), int(one["amount"]))
            for block, text in listed.to_numpy().tolist()
            for one in json.loads(f"[{text}]")
        ]
    )


def top_level(sent: pd.DataFrame, receipts: pd.DataFrame | None, reading: Reading) -> pd.DataFrame:
    """Payments of the transactions themselves, where no trace tells what came of them.

    Raises
    ------
    SourceError
        Nothing says whether they failed, though their blocks are of a time when receipts told it.
    """
    for name in ("status", "created"):
        told = sent.get(name, pd.Series(index=sent.index, dtype="str"))
        if receipts is not None:
            by_id = receipts.drop_duplicates("tx_id").set_index("tx_id")[name]
            told = told.fillna(sent["tx_id"].map(by_id))
        sent = sent.assign(**{name: told})
    sieve = Sieve(sent, reading.left_out)
    sieve.drop(sieve.rows["raw"].str.strip("0") == "", "of zero value")
    unknown, told_from = sieve.rows["status"].isna(), reading.chain.status_from
    if (unknown & (sieve.rows["block"] >= told_from)).any():
        example = sieve.rows.loc[unknown, "tx_id"].iloc[0]
        raise SourceError(
            f"{int(unknown.sum())} transactions, such as {example}, do not say whether they "
            "failed: add the receipts of the same blocks, or the traces"
        )
    if unknown.any():
        reading.notes.append(
            f"{int(unknown.sum())} payments of before block {told_from} are kept, of which nothing "
            "but traces could tell whether they failed"
        )
    sieve.drop(sieve.rows["status"].isin(_NO), FAILED)
    recipient = sieve.rows["recipient"].fillna(sieve.rows["created"])
    sieve.rows = sieve.rows.assign(recipient=recipient, top=True)
    sieve.drop(recipient.isna(), "contract creations that do not name the contract")
    return sieve.rows


def _tokens(tables: Tables, reading: Reading) -> pd.DataFrame:
    if "logs" in tables:
        moved = token_moves(
            reading.only(tables["logs"], "address"), reading.chain.wrapped, reading.left_out
        )
    elif "token_transfers" in tables:
        moved = reading.only(tables["token_transfers"], "asset").assign(top=False)
        reading.notes.append(
            "wrapping and unwrapping of the chain's own asset is missing: the logs tell it"
        )
    else:
        return NOTHING.assign(asset=None, decimals=None)
    if len(moved) and "tokens" not in tables:
        raise SourceError(
            "movements of tokens are in raw units: add the file of the tokens, with their decimals"
        )
    known = _decimals(tables["tokens"]) if len(moved) else pd.Series(dtype="float64")
    sieve = Sieve(moved.assign(decimals=moved["asset"].map(known)), reading.left_out)
    sieve.drop(sieve.rows["decimals"].isna(), NO_DECIMALS)
    return sieve.rows


def _decimals(tokens: pd.DataFrame) -> pd.Series:
    """Decimals by contract; exporters write 0 where they found none, and of numbered things."""
    numbers = pd.to_numeric(tokens["decimals"], errors="coerce")
    known = pd.Series(numbers.to_numpy(np.float64), index=tokens["asset"])
    known = known[known.between(1, MAX_DECIMALS)]
    return known[~known.index.duplicated(keep="last")]


def _times(moves: pd.DataFrame, tables: Tables) -> pd.Series:
    """Time of every movement: its own, or that of its block in another file."""
    own = pd.Series(pd.NaT, index=moves.index, dtype=UTC)
    if "time" in moves:
        own = pd.to_datetime(moves["time"], utc=True).astype(UTC)
    dated = [t[["block", "time"]] for t in tables.values() if {"block", "time"} <= set(t)]
    if dated:
        by_block = pd.concat(dated).drop_duplicates("block").set_index("block")["time"]
        own = own.fillna(moves["block"].map(by_block))
    if own.isna().any():
        block = moves.loc[own.isna(), "block"].iloc[0]
        raise SourceError(f"no file says when block {block} was: add the blocks of the same range")
    return own
