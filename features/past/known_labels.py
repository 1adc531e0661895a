"""Labels as kernels read them: per wallet, what was held of it from when on."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.categories import category_place
from features.contracts.labels import ILLICIT, LICIT, check_labels
from features.ledger import Ledger, microseconds


class LabelEvents(NamedTuple):
    """Label changes of all wallets; those of wallet ``c`` are ``[start[c], start[c + 1])``.

    Attributes
    ----------
    start : int64 array, shape (wallets + 1,); empty where no labels were given
    known_at : int64 array, shape (events,), microseconds since 1970 UTC, ascending in a wallet
    label : int8 array, shape (events,)
        The label that holds from ``known_at`` on: of all that is known then, the one of the highest
        confidence, of those the newest, of those illicit.
    category : int8 array, shape (events,)
        The category of that label, a place in ``features.contracts.categories.CATEGORIES``;
        between labels that agree in all else it is the first in the alphabetical order of their
        words.
    """

    start: npt.NDArray[np.int64]
    known_at: npt.NDArray[np.int64]
    label: npt.NDArray[np.int8]
    category: npt.NDArray[np.int8]


_NONE, _NEVER = np.empty(0, np.int8), np.empty(0, np.int64)
NO_LABELS = LabelEvents(_NEVER, _NEVER, _NONE, _NONE)


def label_events(ledger: Ledger, labels: pd.DataFrame | None) -> LabelEvents:
    """Arrange labels by the ledger's wallets; labels of other wallets are of no use to a feature.

    Raises
    ------
    LabelsError
        The labels break their contract.
    """
    if labels is None:
        return NO_LABELS
    checked = check_labels(labels, chain=ledger.chain)
    code = ledger.codes(checked["wallet"])
    held = code >= 0
    return arranged(checked.loc[held], code[held], ledger.n_wallets)


def arranged(checked: pd.DataFrame, code: npt.NDArray[np.int32], wallets: int) -> LabelEvents:
    """Arrange checked labels by the codes of their wallets.

    Parameters
    ----------
    checked : DataFrame, shape (n, columns)
        Labels as :func:`features.check_labels` returns them.
    code : int32 array, shape (n,)
        From 0 to below ``wallets``.
    wallets : int
    """
    known_at = microseconds(checked["known_at"])
    illicit = checked["label"].to_numpy() == "illicit"
    confidence = checked["confidence"].to_numpy()
    words, word = np.unique(checked["category"].to_numpy("object"), return_inverse=True)
    order = np.lexsort((-word, illicit, confidence, known_at, code))
    code, known_at = code[order], known_at[order]
    label = np.where(illicit[order], ILLICIT, LICIT).astype(np.int8)
    place = np.array([category_place(word) for word in words.tolist()], dtype=np.int8)
    category = place[word[order]]
    _hold_best(code, confidence[order], label, category)
    start = np.searchsorted(code, np.arange(wallets + 1)).astype(np.int64)
    return LabelEvents(start, known_at, label, category)


def _hold_best(
    code: npt.NDArray[np.int32], confidence: npt.NDArray[np.float64],
    label: npt.NDArray[np.int8], category: npt.NDArray[np.int8],
) -> None:  # fmt: skip
    """Let a label of lower confidence not replace a better one that was known before."""
    best = -1.0
    for i in range(code.size):
        if i == 0 or code[i] != code[i - 1]:
            best = -1.0
        if confidence[i] < best:
            label[i], category[i] = label[i - 1], category[i - 1]
        else:
            best = confidence[i]
