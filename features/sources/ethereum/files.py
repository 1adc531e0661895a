"""Exported files of an EVM chain, each recognised by its header: ``--format ethereum``."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from features.errors import SourceError
from features.sources.ethereum import explorers, exports
from features.sources.ethereum.combined import Reading, combine
from features.sources.ethereum.moves import as_transfers
from features.sources.ethereum.rules import EvmChain, evm_chain
from features.sources.ethereum.sheets import header

_KEYS = {
    "transactions": ["tx_id"],
    "receipts": ["tx_id"],
    "traces": ["tx_id", "path"],
    "logs": ["tx_id", "log"],
    "token_transfers": ["tx_id", "log"],
}


def read_ethereum(
    paths: Sequence[Path], *, asset: str | None = None, chain: str = "ethereum"
) -> tuple[pd.DataFrame, None]:
    """Read transfers of exported files, a :class:`features.sources.formats.Reader`.

    Parameters
    ----------
    paths : sequence of Path
        Any of: ethereum-etl (CSV, JSON lines) and its public data set (parquet): transactions,
        receipts, traces, logs, token_transfers, blocks, tokens; cryo (parquet, CSV) the same;
        Etherscan: transactions, internal, ERC-20; Blockscout: transactions, token transfers.
    asset : str, optional
        Read these only, parted by commas: the chain's own, such as ETH, and tokens' contracts.
    chain : str
        Name out of :data:`features.sources.ethereum.rules.EVM_CHAINS`.

    Returns
    -------
    transfers : DataFrame
        ``attrs["left_out"]`` counts what was left out, by reason; ``attrs["notes"]`` tells what
        else is missing.
    labels : None

    Raises
    ------
    SourceError
        A file is of no known kind, of another chain, or lacks another that belongs to it.
    """
    of = evm_chain(chain)
    reading = Reading(of, of.chosen(asset))
    left_out = reading.left_out
    parts, tables = [], dict[str, list[pd.DataFrame]]()
    for path in paths:
        names = header(path)
        if not names:
            left_out["empty files"] += 1
        elif read := explorers.recognise(path, names):
            moves = reading.only(read(path, reading), "asset")
            # a file at a time: two files of two addresses hold the same transfer
            parts.append(as_transfers(moves, left_out))
        elif export := exports.recognise(path, names):
            tables.setdefault(export.kind, []).append(_read(path, export, of))
        else:
            raise _unknown(path, names)
    if tables:
        whole = {kind: _one(kind, frames) for kind, frames in tables.items()}
        parts.append(as_transfers(combine(whole, reading), left_out))
    if not parts:
        raise SourceError("the files are empty")
    transfers = pd.concat(parts, ignore_index=True)
    transfers.attrs["left_out"] = dict(left_out)
    transfers.attrs["notes"] = list(dict.fromkeys(reading.notes))
    return transfers, None


def _read(path: Path, export: exports.Export, chain: EvmChain) -> pd.DataFrame:
    frame = exports.read_export(path, export)
    others = set(frame["chain_id"]) - {str(chain.chain_id)} if "chain_id" in frame else set()
    if others:
        raise SourceError(
            f"{path}: is of the chain number {min(others)}, expected {chain.chain_id}; "
            "name its chain"
        )
    return frame


def _one(kind: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The files of one kind as one; rows that two of them hold once."""
    whole = pd.concat(frames, ignore_index=True)
    keys = _KEYS.get(kind)
    if keys is None:
        return whole
    return whole[~whole.duplicated(keys) | whole["tx_id"].isna()].reset_index(drop=True)


def _unknown(path: Path, names: Sequence[str]) -> SourceError:
    tools = sorted({f"{one.tool} {one.kind}" for one in exports.EXPORTS if one.kind not in
                    exports.REFUSED})  # fmt: skip
    tools += [f"{tool} {kinds}" for tool, kinds in explorers.EXPLORERS.items()]
    return SourceError(
        f"{path}: its columns ({', '.join(names[:12])}) are those of no known export; "
        f"known are {', '.join(tools)}"
    )
