"""Which exported file is which, by its header, and its columns by our names.

Sources: ethereum-etl 2.4.2 and its public data set in BigQuery (ethereumetl.readthedocs.io/schema),
cryo 0.3.2. The columns were read off real exports of one chain.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from features.errors import SourceError
from features.sources.ethereum.sheets import header, instants, read_text


class Export(NamedTuple):
    """A kind of file: our names of its columns, and theirs.

    Attributes
    ----------
    kind : str
        What we make of it.
    tool : str
        Whose it is.
    columns : mapping of str to str
        A file is of this kind if it has all of these.
    more : mapping of str to str
        Read where they are there.
    """

    kind: str
    tool: str
    columns: Mapping[str, str]
    more: Mapping[str, str] = {}


_TX, _BLOCK, _TIME = {"tx_id": "transaction_hash"}, {"block": "block_number"}, "block_timestamp"
_PARTIES = {"sender": "from_address", "recipient": "to_address"}
_CHAIN = {"chain_id": "chain_id"}

EXPORTS = (
    Export(
        "transactions", "ethereum-etl",
        {"tx_id": "hash", "nonce": "nonce", **_BLOCK, **_PARTIES, "raw": "value"},
        {"time": _TIME, "status": "receipt_status", "created": "receipt_contract_address"},
    ),
    Export(
        "transactions", "cryo",
        {**_TX, "nonce": "nonce", **_BLOCK, **_PARTIES, "raw": "value_string", "status": "success"},
        {"time": "timestamp", **_CHAIN},
    ),
    Export(
        "receipts", "ethereum-etl",
        {**_TX, "created": "contract_address", "status": "status", "gas": "cumulative_gas_used"},
    ),
    Export(
        "traces", "ethereum-etl",
        {**_TX, **_BLOCK, **_PARTIES, "raw": "value", "type": "trace_type", "call": "call_type",
         "path": "trace_address", "error": "error"},
        {"time": _TIME, "status": "status"},
    ),
    Export(
        "traces", "cryo",
        {**_TX, **_BLOCK, "sender": "action_from", "recipient": "action_to", "raw": "action_value",
         "type": "action_type", "call": "action_call_type", "path": "trace_address",
         "error": "error", "created": "result_address"},
        {"time": "timestamp", **_CHAIN},
    ),
    Export(
        "logs", "ethereum-etl",
        {**_TX, **_BLOCK, "log": "log_index", "address": "address", "data": "data",
         "topics": "topics"},
        {"time": _TIME},
    ),
    Export(
        "logs", "cryo",
        {**_TX, **_BLOCK, "log": "log_index", "address": "address", "data": "data",
         **{f"topic{at}": f"topic{at}" for at in range(4)}},
        {"time": "timestamp", **_CHAIN},
    ),
    Export(
        "token_transfers", "ethereum-etl",
        {**_TX, **_BLOCK, "log": "log_index", "asset": "token_address", **_PARTIES, "raw": "value"},
        {"time": _TIME},
    ),
    Export(
        "token_transfers", "cryo",
        {**_TX, **_BLOCK, "log": "log_index", "asset": "erc20", **_PARTIES, "raw": "value_string"},
        {"time": "timestamp", **_CHAIN},
    ),
    Export(
        "native_transfers", "cryo",
        {**_TX, **_BLOCK, "index": "transfer_index", **_PARTIES},
    ),
    Export(
        "blocks", "ethereum-etl",
        {"block": "number", "hash": "hash", "parent": "parent_hash", "time": "timestamp"},
        {"withdrawals": "withdrawals"},
    ),
    Export("blocks", "cryo", {**_BLOCK, "author": "author", "time": "timestamp"}),
    Export(
        "tokens", "ethereum-etl",
        {"asset": "address", "symbol": "symbol", "name": "name", "decimals": "decimals"},
    ),
    Export(
        "tokens", "cryo",
        {"asset": "erc20", "symbol": "symbol", "name": "name", "decimals": "decimals"},
    ),
)  # fmt: skip
_NUMBER = "[0-9]{1,18}"
_GRAMMARS = {
    "block": (_NUMBER, "number of a block"),
    "raw": ("[0-9]{1,78}", "whole number of the smallest unit"),
    "data": ("0x([0-9a-fA-F]{2})*", "hexadecimal text"),
}
REFUSED = {
    "native_transfers": "cryo's native_transfers lists undone calls and delegate calls as payments "
    "and cannot tell them; export its traces instead"
}


def recognise(path: Path, names: Sequence[str]) -> Export | None:
    """The kind of a file with such columns; None where it is none of ours.

    Raises
    ------
    SourceError
        It is of a kind that cannot be trusted.
    """
    for export in EXPORTS:
        if set(export.columns.values()) <= set(names):
            if export.kind in REFUSED:
                raise SourceError(f"{path}: {REFUSED[export.kind]}")
            return export
    return None


def read_export(path: Path, export: Export) -> pd.DataFrame:
    """A file by our names; addresses and hashes in lower case, times as instants.

    Raises
    ------
    SourceError
        It cannot be read, or a time in it.
    """
    names = header(path)
    there = {ours: name for ours, name in export.more.items() if name in names}
    frame = read_text(path, {**export.columns, **there})
    for name in ("tx_id", "sender", "recipient", "created", "asset", "address"):
        if name in frame:
            frame[name] = frame[name].str.lower()
    if "time" in frame:
        frame["time"] = instants(path, frame["time"])
    if "topic0" in frame:
        topics = frame[[f"topic{at}" for at in range(4)]].fillna("").to_numpy().tolist()
        frame["topics"] = pd.Series(
            [",".join(filter(None, row)) for row in topics], index=frame.index, dtype="str"
        )
    for name, (grammar, what) in _GRAMMARS.items():
        if name in frame:
            _require(path, {**export.columns, **there}[name], frame[name], grammar, what)
    if "block" in frame:
        frame["block"] = frame["block"].astype("int64")
    return frame


def _require(path: Path, name: str, cells: pd.Series, grammar: str, what: str) -> None:
    """Raise where a text is not of a grammar; an empty cell may be, but for a block's number."""
    wrong = ~cells.str.fullmatch(grammar).fillna(grammar != _NUMBER)
    if wrong.any():
        received = cells[wrong].iloc[0]
        raise SourceError(f"{path}: {name} {received!r} is no {what}")
