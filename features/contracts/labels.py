"""The label contract: who says since when, and until when, what a wallet is.

A wallet without a row is unknown. A label can be used only after ``known_at``, the instant from
which it was known to us; when the wallet acted plays no part here. It may end at ``until``, as a
sanction does that is lifted, which is known only after ``until``: as of an instant before, it
holds. A label may say of which category a wallet is and not whether it is bad, such as of a victim,
a place for donations or a mixer: its verdict is ``none``.
"""

from collections.abc import Callable
from typing import Literal, overload

import numpy as np
import pandas as pd

from features.contracts.addresses import listed_wallets
from features.contracts.checked import Checked, trusted
from features.contracts.received import Received, row_name
from features.contracts.times import UTC
from features.errors import LabelsError

REQUIRED = ("wallet", "label", "known_at")
OPTIONAL = ("category", "original", "until", "source", "licence", "confidence")
LABELS = ("illicit", "licit")
NONE = "none"  # in place of a label: a category without a verdict
UNSPECIFIED = "unspecified"
UNLABELLED, LICIT, ILLICIT, NO_VERDICT = 0, 1, 2, 3  # labels as kernels read them
VERDICTS = {ILLICIT: "illicit", LICIT: "licit", NO_VERDICT: NONE}


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
        ``wallet``, str of 1 to 256 characters; ``label``, "illicit", "licit", or "none" (or
        missing) where ``category`` says what the wallet is without a verdict; ``known_at``,
        datetimes with a time zone or ISO 8601 texts with an offset. Optional: ``category``,
        ``original`` (what the source calls it), ``source`` and ``licence``, "unspecified" where
        missing; ``until``, as ``known_at`` and after it, missing where the label holds on;
        ``confidence`` in [0, 1], 1 if there is no such column. No other columns. The index does
        not matter.
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
        A DataFrame of all nine columns, in the order received, identical copies ignored.
        ``attrs["duplicates"]`` counts those copies, ``attrs["conflicts"]`` is the sorted list of
        wallets with both labels, whenever.
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
    """Choose one label a wallet: one with a verdict, highest confidence, then newest, then illicit.

    Parameters
    ----------
    labels : DataFrame
        As :func:`check_labels` returns them.
    as_of : Timestamp with a time zone, optional
        Only labels with ``known_at < as_of`` count, and not those with ``until < as_of``. When it
        is not given, all count that have no end.

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
    if as_of is not None and as_of.tzinfo is None:
        raise LabelsError(f"labels: as_of needs a time zone, received {as_of}")
    held = labels.loc[in_force(labels, as_of)]
    return ranked(held).drop_duplicates("wallet", ignore_index=True)


def in_force(labels: pd.DataFrame, as_of: pd.Timestamp | None = None) -> "pd.Series[bool]":
    """Whether each label was known, and its end was not, before an instant; after all if None."""
    until = labels["until"]
    if as_of is None:
        return until.isna()
    return known_before(labels, as_of) & (until.isna() | (until >= as_of))


def known_before(labels: pd.DataFrame, as_of: pd.Timestamp) -> "pd.Series[bool]":
    """Whether each label was known before an instant, and may have ended."""
    return labels["known_at"] < as_of


def ranked(labels: pd.DataFrame) -> pd.DataFrame:
    """Labels by wallet, the one that decides first; see :func:`labels_as_of`."""
    by = ["wallet", "without", "confidence", "known_at", "label", "category", "source"]
    marked = labels.assign(without=labels["label"] == NONE)
    order = marked.sort_values(by, ascending=[True, True, False, False, True, True, True])
    return order.drop(columns="without")


def _typed(received: Received) -> pd.DataFrame:
    frame = received.frame
    wallet, known_at = listed_wallets(received, "wallet"), received.times("known_at")
    until = pd.Series(pd.NaT, frame.index, dtype=UTC)
    if "until" in frame:
        until = received.times("until", missing_allowed=True)
        received.note("until is not after known_at", (until <= known_at).to_numpy(), "until")
    text = {
        column: received.names(column, default=UNSPECIFIED)
        if column in frame
        else pd.Series(UNSPECIFIED, frame.index, dtype="str")
        for column in ("category", "original", "source", "licence")
    }
    confidence = np.ones(len(frame))
    if "confidence" in frame:
        confidence = received.numbers("confidence", highest=1.0)
    columns = {
        "wallet": wallet,
        "label": _verdicts(received, text["category"]),
        "category": text["category"],
        "original": text["original"],
        "known_at": known_at,
        "until": until,
        "source": text["source"],
        "licence": text["licence"],
        "confidence": confidence,
    }
    return pd.DataFrame(columns)


def _verdicts(received: Received, category: "pd.Series[str]") -> "pd.Series[str]":
    """Labels, ``NONE`` where there is none and a category says what the wallet is."""
    label = received.names("label", default=NONE)
    unknown = ~label.isin((*LABELS, NONE)) & (label != "")
    received.note(f"label is not one of {', '.join((*LABELS, NONE))}", unknown.to_numpy(), "label")
    silent = (label == NONE) & (category == UNSPECIFIED)
    received.note("label is missing, and there is no category", silent.to_numpy(), "label")
    return label


def _conflicts(labels: pd.DataFrame) -> list[str]:
    judged = labels[labels["label"] != NONE]
    distinct = judged.drop_duplicates(["wallet", "label"])["wallet"]
    return sorted(distinct[distinct.duplicated()].tolist())
