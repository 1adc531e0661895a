"""Events of tokens as movements."""

from collections import Counter
from collections.abc import Collection
from typing import Any

import pandas as pd

from features.sources.ethereum.moves import Sieve
from features.sources.ethereum.rules import DEPOSIT, ERC1155, TRANSFER, WITHDRAWAL

WORD = 66  # characters of 32 bytes in hex with 0x


def token_moves(
    logs: pd.DataFrame, wrapped: Collection[str], left_out: Counter[str]
) -> pd.DataFrame:
    """Movements of tokens among events: ``sender, recipient, raw, asset`` beside what came.

    Parameters
    ----------
    logs : DataFrame
        ``topics`` (joined by commas), ``data`` (hex), ``address`` of the contract, and any others.
    wrapped : collection of str
        Contracts whose deposits and withdrawals are movements too.
    left_out : Counter of str
        Counts events that tell of a movement and are not read.
    """
    joined = logs["topics"].fillna("").str.lower()
    topics = joined.str.split(",")
    first = topics.str[0].fillna("")
    words = logs["data"].fillna("0x").str.len()
    known = logs.assign(topics_=topics, first_=first, n_=joined.str.count(",") + 1, words_=words)
    Sieve(known, left_out).drop(first.isin(ERC1155), "ERC-1155 events")
    wraps = known[
        first.isin((DEPOSIT, WITHDRAWAL))
        & known["address"].isin(tuple(wrapped))
        & (known["n_"] == 2)
        & (known["words_"] == WORD)
    ]
    sieve = Sieve(known[first == TRANSFER], left_out)
    sieve.drop(sieve.rows["n_"] == 4, "ERC-721 transfers")
    odd = (sieve.rows["n_"] != 3) | (sieve.rows["words_"] != WORD)
    sieve.drop(odd, "transfer events of an unusual form")
    moved = sieve.rows
    return pd.concat([_parties(moved, moved["topics_"].str[2]), _wrapping(wraps)])


def _parties(events: pd.DataFrame, recipient: pd.Series) -> pd.DataFrame:
    return _amounts(events).assign(
        sender=events["topics_"].str[1].map(_address), recipient=recipient.map(_address)
    )


def _wrapping(events: pd.DataFrame) -> pd.DataFrame:
    """A deposit is a movement from the contract to the depositor, a withdrawal one back."""
    into = (events["first_"] == DEPOSIT).to_numpy(dtype=bool)
    owner = events["topics_"].str[1].map(_address)
    return _amounts(events).assign(
        sender=owner.where(~into, events["address"]), recipient=owner.where(into, events["address"])
    )


def _amounts(events: pd.DataFrame) -> pd.DataFrame:
    raw = [str(int(data, 16)) for data in events["data"]]
    named = events.assign(raw=pd.Series(raw, index=events.index, dtype="object"))
    named = named.assign(asset=events["address"], top=False)
    return named.drop(columns=["topics_", "first_", "n_", "words_"])


def _address(topic: Any) -> str:
    return f"0x{topic[-40:]}"
