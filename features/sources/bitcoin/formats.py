"""The formats of Bitcoin, each a function from files to transactions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from features.contracts.wallet_kinds import PSEUDO_PREFIX
from features.errors import SourceError
from features.sources.bitcoin.blockchair import blockchair
from features.sources.bitcoin.esplora import esplora
from features.sources.bitcoin.flows import stand_between, transfers
from features.sources.bitcoin.mixes import mixes
from features.sources.bitcoin.nested import bitcoin_etl, graphsense
from features.sources.bitcoin.raw_files import raw_blocks
from features.sources.bitcoin.records import Found

BITCOIN: Mapping[str, Callable[[Sequence[Path]], Found]] = {
    "bitcoin-blocks": raw_blocks,
    "bitcoin-etl": bitcoin_etl,
    "blockchair": blockchair,
    "esplora": esplora,
    "graphsense": graphsense,
}


def read_transactions(name: str, paths: Sequence[Path]) -> Found:
    """Read files of one of the formats; raises SourceError for another."""
    if name not in BITCOIN:
        raise SourceError(
            f"unknown format {name!r} of transactions; there are {', '.join(BITCOIN)}"
        )
    return BITCOIN[name](paths)


def reader(name: str) -> Callable[[Sequence[Path]], tuple[pd.DataFrame, pd.DataFrame]]:
    """A :class:`features.sources.formats.Reader`: transfers, and CoinJoins as labels."""

    def read(paths: Sequence[Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
        found = read_transactions(name, paths)
        between = stand_between(found.records)
        frame = transfers(found.records, between)
        frame.attrs["left_out"] = dict(found.left_out)
        standing = int(between.sum() - found.records.coinbase.sum())
        if standing:
            frame.attrs["notes"] = (
                f"{standing} CoinJoins and transactions of very many are wallets {PSEUDO_PREFIX}ID "
                "between payers and payees",
            )
        return frame, mixes(found.records)

    return read
