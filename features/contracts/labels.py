"""The label contract: who says since when that a wallet is illicit or licit.

A wallet without a row is unknown. A label can be used only after ``known_at``, the instant from
which it was known to us; when the wallet acted plays no part here.
"""

from collections.abc import Callable
from typing import Literal, overload

import numpy as np
import pandas as pd

from features.contracts.addresses import listed_wallets
from features.contracts.checked import Checked, trusted
from features.contracts.received import Received, row_name
from features.errors import LabelsError

REQUIRED = ("wallet", "label", "known_at")
OPTIONAL = ("category", "source", "confidence")
LABELS = ("illicit", "licit")
UNSPECIFIED = "unspecified"
UNLABELLED, LICIT, ILLICIT = 0, 1, 2  # labels as kernels read them


class Labels(Checked):
    """Checked labels."""


@overload
def check_labels(
    frame: pd.DataFrame,
    on_error: Literal["raise"] = ...,
    *,
    chain: str | None = ...,
    name_row: Callable[[int], str] = ...,
) -> Labels: ...
@overload
def check_labels(
    frame: pd.DataFrame,
    on_error: Literal["quarantine"],
    *,
    chain: str | None = ...,
    name_row: Callable[[int], str] = ...,
) -> tuple[Labels, pd.DataFrame]: ...
def check_labels(
    frame: pd.DataFrame,
    on_error: Literal["raise", "quarantine"] = "raise",
    *,
    chain: str | None = None,
    name_row: Callable[[int], str] = row_name,
) -> Labels | tuple[Labels, pd.DataFrame]:
    """Check labels against their contract and bring them into its types.

    What is checked already is handed back.

    Parameters
    ----------
    frame : DataFrame, shape (n, columns)
        ``wallet``, str of 1 to 256 characters; ``label``, "illicit" or "licit"; ``known_at``,
        datetimes with a time zone or ISO 8601 texts with an offset. Optional: ``category`` and
        ``source``, "unspecified" where missing; ``confidence`` in [0, 1], 1 if there is no such
        column. No other columns. The index does not matter.
    on_error : {"raise", "quarantine"}
        What happens to bad rows. A missing, unknown or wrongly typed column raises either way.
    chain : str, optional
        Whose addresses get the spelling that :func:`features.check_transfers` gives them. Wallets
        of other chains may be among the labels, and stay as they are.
    name_row : callable
        How messages name a row.

    Returns
    -------
    labels : Labels
        A DataFrame of all six columns, in the order received, identical copies ignored.
        ``attrs["duplicates"]`` counts those copies, ``attrs["conflicts"]`` is the sorted list of
        wallets with both labels.
    bad : DataFrame
        Only with "quarantine": the bad rows as received, with ``reason``, indexed by row number.

    Raises
    ------
    LabelsError
        The frame breaks the contract; the message names rule, rows and values.

    Examples
    --------
    >>> labels = check_labels(pd.DataFrame({
    ...     "wallet": ["w1", "w1", "w2"], "label": ["illicit", "licit", "licit"],
    ...     "known_at": pd.Timestamp("2024-01-01", tz="UTC")}))
    >>> labels.attrs["conflicts"]
    ['w1']
    """
    if on_error == "raise" and trusted(frame, Labels, chain):
        return frame
    received = Received(frame, "labels", LabelsError, name_row, chain=chain)
    if on_error not in ("raise", "quarantine"):
        raise received.fail(f"on_error must be 'raise' or 'quarantine', received {on_error!r}")
    received.check_columns(REQUIRED, OPTIONAL)
    typed = _typed(received)
    if on_error == "raise":
        received.raise_problems()
    kept = typed.loc[~received.bad()]
    good = kept.drop_duplicates(ignore_index=True)
    good.attrs["duplicates"] = len(kept) - len(good)
    good.attrs["conflicts"] = _conflicts(good)
    good = Labels.seal(good, chain)
    return good if on_error == "raise" else (good, received.quarantined())


def labels_as_of(labels: pd.DataFrame, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """Choose one label a wallet: highest confidence, then newest, then illicit.

    Parameters
    ----------
    labels : DataFrame
        As :func:`check_labels` returns them.
    as_of : Timestamp with a time zone, optional
        Only labels with ``known_at < as_of`` count. All count when it is not given.

    Returns
    -------
    DataFrame
        The columns of ``labels``, one row a wallet, in order of wallet.

    Raises
    ------
    LabelsError
        ``as_of`` has no time zone, or a column is missing.

    Notes
    -----
    Rows that agree even in their label are told apart by category, then by source, in alphabetical
    order, so that the order of the rows never decides.

    Examples
    --------
    >>> labels = check_labels(pd.DataFrame({
    ...     "wallet": ["w1", "w1"], "label": ["illicit", "licit"], "confidence": [0.6, 0.9],
    ...     "known_at": pd.to_datetime(["2024-01-01T00:00Z", "2025-01-01T00:00Z"])}))
    >>> labels_as_of(labels)["label"].tolist()
    ['licit']
    >>> labels_as_of(labels, pd.Timestamp("2025-01-01", tz="UTC"))["label"].tolist()
    ['illicit']
    """
    Received(labels, "labels", LabelsError).check_columns((*REQUIRED, *OPTIONAL))
    if as_of is not None:
        if as_of.tzinfo is None:
            raise LabelsError(f"labels: as_of needs a time zone, received {as_of}")
        labels = labels.loc[labels["known_at"] < as_of]
    by = ["wallet", "confidence", "known_at", "label", "category", "source"]
    ranked = labels.sort_values(by, ascending=[True, False, False, True, True, True])
    return ranked.drop_duplicates("wallet", ignore_index=True)


def _typed(received: Received) -> pd.DataFrame:
    frame = received.frame
    label = received.names("label")
    unknown = label.notna() & ~label.isin(LABELS) & (label != "")
    received.note(f"label is not one of {', '.join(LABELS)}", unknown.to_numpy(), "label")
    columns = {
        "wallet": listed_wallets(received, "wallet"),
        "label": label,
        "category": UNSPECIFIED,
        "known_at": received.times("known_at"),
        "source": UNSPECIFIED,
        "confidence": np.ones(len(frame)),
    }
    for column in ("category", "source"):
        if column in frame:
            columns[column] = received.names(column, default=UNSPECIFIED)
    if "confidence" in frame:
        columns["confidence"] = received.numbers("confidence", highest=1.0)
    return pd.DataFrame(columns).astype({"category": "str", "source": "str"})


def _conflicts(labels: pd.DataFrame) -> list[str]:
    distinct = labels.drop_duplicates(["wallet", "label"])["wallet"]
    return sorted(distinct[distinct.duplicated()].tolist())
