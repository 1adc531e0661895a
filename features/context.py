"""A user's own columns, the context: what is known of a wallet beside its transfers.

Age of the customer record or risk of the country, say. A value must be what was known at
``as_of``: nothing here can check that. What is not given is nan, never 0.
"""

import numpy as np
import pandas as pd

from features.contracts.addresses import canonical
from features.contracts.received import show
from features.contracts.spine import check_spine
from features.errors import RiskError
from features.kernel import Rows
from features.ledger.counted import Counted
from features.view import View
from features.views import VIEWS

KEYS = ("wallet", "as_of")


def join_context(
    table: pd.DataFrame, context: pd.DataFrame, *, views: tuple[View, ...] = VIEWS
) -> pd.DataFrame:
    """Add a user's own columns to a feature table.

    Parameters
    ----------
    table : DataFrame
        Feature table, indexed by (wallet, as_of).
    context : DataFrame
        float64 columns, indexed by (wallet, as_of) without duplicates.
    views : tuple of View
        Those whose column names are taken.

    Returns
    -------
    DataFrame
        The rows of ``table`` in their order, its columns, then those of ``context``: nan where
        ``context`` has no row of that wallet and that very instant. Wallets of ``context`` may be
        in any spelling of the chain that the table was computed on.

    Raises
    ------
    RiskError
        An index is another, columns are not float64, named twice or as those of a view are, or a
        row is there twice.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples(
    ...     [(name, pd.Timestamp("2024-01-01", tz="UTC")) for name in ("w1", "w2")],
    ...     names=["wallet", "as_of"])
    >>> table = pd.DataFrame({"coverage_in_count": [3.0, 4.0]}, index=index)
    >>> kyc = pd.DataFrame({"kyc_age_days": [12.5]}, index=index[:1])
    >>> join_context(table, kyc)["kyc_age_days"].tolist()
    [12.5, nan]
    """
    if tuple(table.index.names) != KEYS:
        raise RiskError(
            f"a feature table is indexed by (wallet, as_of), got {list(table.index.names)}"
        )
    if tuple(context.index.names) != KEYS:
        raise RiskError(f"context: must be indexed by (wallet, as_of), got {_index(context)}")
    names = tuple(context.columns)
    check_context_names(names, views=views)
    taken = [name for name in names if name in table.columns]
    if taken:
        raise RiskError(f"context: the table has a column {taken[0]!r} already")
    chain = Counted.of_attrs(table.attrs).chain
    values = context_values(context, table.index.to_frame(index=False), names, chain=chain)
    added = pd.DataFrame(values, index=table.index, columns=list(names))
    joined = pd.concat([table, added], axis=1)
    joined.attrs = dict(table.attrs)
    return joined


def check_context_names(names: tuple[str, ...], *, views: tuple[View, ...] = VIEWS) -> None:
    """Raise RiskError unless the names are texts, different, and none begins as a view's do."""
    for place, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise RiskError(f"context: a column's name must be a text, got {name!r}")
        if name in names[:place]:
            raise RiskError(f"context: column {name!r} is there twice")
        clash = [view.name for view in views if name.startswith(f"{view.name}_")]
        if clash:
            raise RiskError(
                f"context: column {name!r} is named as those of the view {clash[0]!r} are; "
                "give it another first word"
            )


def context_values(
    context: pd.DataFrame | None,
    spine: pd.DataFrame,
    names: tuple[str, ...],
    *,
    chain: str | None = None,
) -> Rows:
    """Look up context columns for the rows of a spine.

    Parameters
    ----------
    context : DataFrame or None
        float64 columns, indexed by (wallet, as_of), or by wallet where one value holds for all
        instants asked about; None: nothing is given.
    spine : DataFrame, shape (n, 2)
        As :func:`features.check_spine` returns it.
    names : tuple of str
        The k columns wanted; one that ``context`` lacks is nan.
    chain : str, optional
        Whose addresses the wallets of ``context`` are, as in :func:`features.check_transfers`.

    Returns
    -------
    float64 array, shape (n, k)

    Raises
    ------
    RiskError
        The index is another, a row is there twice, a wallet is no address of the chain, a column is
        not float64 or not among ``names``.
    """
    values = np.full((len(spine), len(names)), np.nan)
    if context is None:
        return values
    index, asked = _keys(context, spine, chain)
    if not index.is_unique:
        first = index[index.duplicated()][0]
        raise RiskError(f"context: the row of {first} is there twice")
    if not context.columns.is_unique:
        raise RiskError(f"context: a column is there twice: {list(context.columns)}")
    strange = [str(name) for name in context.columns if name not in names]
    if strange:
        wanted = ", ".join(names) or "none"
        raise RiskError(f"context: columns that are not read: {', '.join(strange)}; read: {wanted}")
    other = {str(name): str(kind) for name, kind in context.dtypes.items() if kind != np.float64}
    if other:
        raise RiskError(f"context: columns must be float64, got {other}")
    row = index.get_indexer(asked)
    given = np.flatnonzero(pd.Index(names).isin(context.columns))
    found = context[[names[place] for place in given]].to_numpy()
    values[np.ix_(row >= 0, given)] = found[row[row >= 0]]
    return values


def _keys(
    context: pd.DataFrame, spine: pd.DataFrame, chain: str | None
) -> tuple[pd.Index, pd.Index]:
    """Index of the context, and the keys of the spine to be found in it."""
    if tuple(context.index.names) == KEYS:
        rows = check_spine(context.index.to_frame(index=False), chain=chain)
        return pd.MultiIndex.from_frame(rows), pd.MultiIndex.from_frame(spine[[*KEYS]])
    if context.index.names == ["wallet"]:
        return _spelled(context.index, chain), pd.Index(spine["wallet"])
    raise RiskError(f"context: must be indexed by (wallet, as_of) or wallet, got {_index(context)}")


def _spelled(wallets: pd.Index, chain: str | None) -> pd.Index:
    """Wallets as their chain writes them; raises RiskError for what is none."""
    spelled = canonical(wallets.astype("str").to_series(), chain)
    for problem in spelled.problems:
        raise RiskError(f"context: wallet {show(wallets[problem.rows[0]])} {problem.reason}")
    texts: pd.Index = pd.Index(spelled.texts.to_pandas(), dtype="str")
    return texts


def _index(context: pd.DataFrame) -> list[object]:
    return list(context.index.names)
