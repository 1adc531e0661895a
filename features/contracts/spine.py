"""The spine: for which wallet, as of which instant, to compute."""

from collections.abc import Callable
from typing import Literal, overload

import pandas as pd

from features.contracts.addresses import wallets
from features.contracts.checked import Checked, trusted
from features.contracts.received import Received, row_name
from features.contracts.times import AHEAD, latest_allowed
from features.errors import SpineError

REQUIRED = ("wallet", "as_of")


class Spine(Checked):
    """A checked spine."""


@overload
def check_spine(
    frame: pd.DataFrame,
    on_error: Literal["raise"] = ...,
    *,
    chain: str | None = ...,
    name_row: Callable[[int], str] = ...,
) -> Spine: ...
@overload
def check_spine(
    frame: pd.DataFrame,
    on_error: Literal["quarantine"],
    *,
    chain: str | None = ...,
    name_row: Callable[[int], str] = ...,
) -> tuple[Spine, pd.DataFrame]: ...
def check_spine(
    frame: pd.DataFrame,
    on_error: Literal["raise", "quarantine"] = "raise",
    *,
    chain: str | None = None,
    name_row: Callable[[int], str] = row_name,
) -> Spine | tuple[Spine, pd.DataFrame]:
    """Check a spine and bring it into its types; order and duplicates are kept.

    What is checked already is handed back.

    Parameters
    ----------
    frame : DataFrame, shape (n, 2)
        ``wallet``, str of 1 to 256 characters, and ``as_of``, datetimes with a time zone or ISO
        8601 texts with an offset, not later than now (two hours are allowed, as to clocks of
        blocks). No other columns. The index does not matter.
    on_error : {"raise", "quarantine"}
        What happens to bad rows. A missing, unknown or wrongly typed column raises either way.
    chain : str, optional
        Whose addresses the wallets are, as in :func:`features.check_transfers`.
    name_row : callable
        How messages name a row.

    Returns
    -------
    spine : Spine, shape (n, 2)
        A DataFrame; ``wallet`` str, ``as_of`` datetime64[us, UTC].
    bad : DataFrame
        Only with "quarantine": the bad rows as received, with ``reason``, indexed by row number.

    Raises
    ------
    SpineError
        The frame breaks the contract; the message names rule, rows and values.

    Examples
    --------
    >>> spine = check_spine(pd.DataFrame({"wallet": ["w2", "w1"], "as_of": "2024-01-01T00:00:00Z"}))
    >>> spine["wallet"].tolist(), spine["as_of"].dtype
    (['w2', 'w1'], datetime64[us, UTC])
    """
    if on_error == "raise" and trusted(frame, Spine, chain):
        return frame
    received = Received(frame, "spine", SpineError, name_row, chain=chain)
    if on_error not in ("raise", "quarantine"):
        raise received.fail(f"on_error must be 'raise' or 'quarantine', received {on_error!r}")
    received.check_columns(REQUIRED)
    spine = pd.DataFrame({"wallet": wallets(received, "wallet"), "as_of": received.times("as_of")})
    latest = latest_allowed()
    late = (spine["as_of"] > latest).to_numpy()
    received.note(f"as_of is later than now, {latest - AHEAD:%Y-%m-%d %H:%M} UTC", late, "as_of")
    if on_error == "raise":
        received.raise_problems()
        return Spine.seal(spine, chain)
    good = spine.loc[~received.bad()].reset_index(drop=True)
    return Spine.seal(good, chain), received.quarantined()
