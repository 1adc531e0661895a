"""What lists say of a wallet itself, as of an instant.

A label of the wallet that is asked about moves no score (:mod:`features.past`), so this is said
beside the score. Lists hold wallets that no ledger knows, too.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from features.contracts.categories import CATEGORIES, category_place
from features.contracts.labels import NONE, UNSPECIFIED, Labels
from features.contracts.times import instant_text, microseconds

SANCTIONED = "sanctioned"
MOST_ENTRIES = 20  # of a wallet that are told
_TEXTS = ("label", "category", "original", "source")
_FOREVER = np.iinfo(np.int64).max


class KnownWallets:
    """Labels by wallet, looked up in less than a microsecond where there are none.

    Parameters
    ----------
    labels : Labels
        As :func:`features.check_labels` returns them.

    Examples
    --------
    >>> from features.contracts.labels import check_labels
    >>> lists = check_labels(pd.DataFrame({"wallet": ["w1"], "label": ["illicit"],
    ...     "category": ["Scam"], "source": ["a list"], "known_at": ["2024-01-01T00:00:00Z"]}))
    >>> told = KnownWallets(lists).told("w1", 1_800_000_000_000_000)
    >>> told["sanctioned"], told["entries"][0]["category"], told["entries"][0]["original"]
    (False, 'phishing', 'Scam')
    >>> KnownWallets(lists).told("w1", 0)
    {'sanctioned': False, 'entries': [], 'left_out': 0}
    """

    def __init__(self, labels: Labels) -> None:
        number, names = pd.factorize(labels["wallet"])
        order = np.argsort(number, kind="stable")
        held = labels.iloc[order]
        self._place = {name: place for place, name in enumerate(names.tolist())}
        self._start = np.searchsorted(number[order], np.arange(len(names) + 1))
        self._texts = []
        for name in _TEXTS:
            numbers, words = pd.factorize(held[name])
            self._texts.append((numbers, words.tolist()))
        self._known_at = microseconds(held["known_at"])
        ends = held["until"].notna().to_numpy()
        self._until = np.full(ends.size, _FOREVER)
        self._until[ends] = microseconds(held["until"].loc[ends])
        self._confidence = held["confidence"].to_numpy()

    def told(self, wallet: str, as_of: int) -> dict[str, Any]:
        """Say which labels of a wallet were known before an instant.

        Parameters
        ----------
        wallet : str
            In the spelling of the labels.
        as_of : int, microseconds since 1970 UTC

        Returns
        -------
        dict
            ``sanctioned``: whether one that has not ended says so. ``entries``: those with
            ``known_at < as_of``, at most ``MOST_ENTRIES``: first what has not ended, sanctions
            before others, the surest and newest before others. ``until`` is null where the label
            held, since an end is known only from then on. ``left_out``: how many more there are.
        """
        place = self._place.get(wallet)
        if place is None:
            return {"sanctioned": False, "entries": [], "left_out": 0}
        rows = range(*self._start[place : place + 2].tolist())
        entries = [self._entry(row, as_of) for row in rows if self._known_at[row] < as_of]
        _arrange(entries)
        return {
            "sanctioned": any(one["sanctioned"] and one["until"] is None for one in entries),
            "entries": entries[:MOST_ENTRIES],
            "left_out": max(0, len(entries) - MOST_ENTRIES),
        }

    def _entry(self, row: int, as_of: int) -> dict[str, Any]:
        """One label, as an answer tells it."""
        words: list[str] = [said[numbers[row]] for numbers, said in self._texts]
        verdict, category, original, source = words
        kinds = [_kind(word) for word in words[1:]]
        told = [word for word in (original, category) if word != UNSPECIFIED]
        until = int(self._until[row])
        return {
            "category": kinds[0],
            "original": told[0] if told else None,
            "label": None if verdict == NONE else verdict,
            "source": None if source == UNSPECIFIED else source,
            "known_at": instant_text(int(self._known_at[row])),
            "until": instant_text(until) if until < as_of else None,
            "confidence": float(self._confidence[row]),
            "sanctioned": SANCTIONED in kinds,
        }


@lru_cache(maxsize=4096)
def _kind(word: str) -> str:
    """Category of a word of a list; lists say few words, of many wallets."""
    return CATEGORIES[category_place(word)]


def _arrange(entries: list[dict[str, Any]]) -> None:
    """Sort entries by what matters most; at last by their texts, so that no order of rows does."""
    entries.sort(key=lambda one: (one["category"], one["source"] or "", one["original"] or ""))
    entries.sort(key=lambda one: (one["confidence"], one["known_at"]), reverse=True)
    entries.sort(
        key=lambda one: (
            one["until"] is not None, not one["sanctioned"], one["label"] != "illicit"
        )
    )  # fmt: skip
