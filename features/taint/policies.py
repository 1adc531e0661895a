"""Taint policies: how much of a wallet's money came from, or went to, labelled wallets.

One search, three policies (Möser, Böhme and Breuker 2014; Anderson, Shumailov and Ahmed 2018). The
exposure view is the haircut with tighter caps; these functions look further, for one case at hand.
A path ends at the first labelled wallet, and the wallet's own label never counts.

Of a wallet at most ``CAPS.read`` transfers are read before the one that is followed. Of those
before them the sums are known: what they paid for is "unknown" (:mod:`features.taint.reading`).
"""

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd

from features.contracts.categories import CATEGORIES
from features.contracts.labels import VERDICTS
from features.contracts.spine import check_spine
from features.ledger import Ledger
from features.past import (
    Past,
    Question,
    TracedPast,
    ask,
    label_events,
    past_of_spine,
    traced_past,
)
from features.taint.paths import found
from features.taint.pieces import Caps, Search, empty_search
from features.taint.search import fifo_search, haircut_search, poison_search
from features.taint.service import SERVICE

CAPS = Caps(followed=256, read=256, hops=16, floor=1e-6, service=SERVICE)
_COLUMNS = ("direction", "category", "label", "hops", "amount")
# direction, category, label, hops, amount
Line = tuple[str, str, str, int | None, float]
_Policy = Callable[[TracedPast, Question, bool, Search], list[Line]]


def haircut(ledger: Ledger, spine: pd.DataFrame, *, labels: pd.DataFrame) -> pd.DataFrame:
    """Trace pro rata: a sending takes the same part of everything that a wallet holds.

    Parameters
    ----------
    ledger : Ledger
    spine : DataFrame of shape (n, 2)
        ``wallet`` and ``as_of``.
    labels : DataFrame
        Known wallets; those with ``known_at < as_of`` count, and not those with ``until < as_of``.

    Returns
    -------
    DataFrame
        ``wallet``, ``as_of``, ``direction`` ("received", "sent"), ``category`` and ``label`` of the
        labelled wallets, ``hops`` to them, ``amount`` in whole units of the asset. The last line of
        each direction, "unknown", is what was traced to none, what older receipts than are read
        paid for among it; all lines sum to the value moved.

    Raises
    ------
    SpineError, LabelsError
        An input breaks its contract.

    References
    ----------
    Möser, Böhme and Breuker (2014), Towards risk scoring of Bitcoin transactions.

    Examples
    --------
    >>> transfers = pd.DataFrame({
    ...     "tx_id": ["t1", "t2", "t3"], "sender": ["thief", "x", "a"],
    ...     "recipient": ["a", "a", "b"], "amount": [1.0, 3.0, 2.0], "asset": "ETH",
    ...     "timestamp": pd.date_range("2026-01-01", periods=3, tz="UTC")})
    >>> known = pd.DataFrame({"wallet": ["thief"], "label": ["illicit"], "category": ["theft"],
    ...     "known_at": pd.to_datetime(["2026-01-02T00:00Z"])})
    >>> asked = pd.DataFrame({"wallet": ["b"], "as_of": pd.to_datetime(["2026-02-01T00:00Z"])})
    >>> found = haircut(Ledger.from_transfers(transfers), asked, labels=known)
    >>> print(found[["category", "hops", "amount"]].to_string(index=False))
    category  hops  amount
       theft     2     0.5
     unknown  <NA>     1.5
    """
    return _table(ledger, spine, labels, partial(additive_lines, haircut_search))


def fifo(ledger: Ledger, spine: pd.DataFrame, *, labels: pd.DataFrame) -> pd.DataFrame:
    """Trace first in, first out: a sending takes what a wallet received first and still holds.

    Parameters and result are those of :func:`haircut`.

    Notes
    -----
    What a wallet received before the transfers that are read and still holds is spent first.

    References
    ----------
    Clayton's case (1816); Anderson, Shumailov and Ahmed (2018), Making Bitcoin legal.
    """
    return _table(ledger, spine, labels, partial(additive_lines, fifo_search))


def poison(ledger: Ledger, spine: pd.DataFrame, *, labels: pd.DataFrame) -> pd.DataFrame:
    """Trace any contact: a transfer is tainted whole by all that its sender received before it.

    But where the sender took most of it in the same transaction, a pool or a router, only by that.

    Parameters are those of :func:`haircut`, and so is the result, but one transfer counts for every
    category that taints it: amounts do not add up, and nothing is "unknown". ``hops`` is the least.

    References
    ----------
    Möser, Böhme and Breuker (2014), Towards risk scoring of Bitcoin transactions.
    """
    return _table(ledger, spine, labels, _poisoned)


def _table(
    ledger: Ledger, spine: pd.DataFrame, labels: pd.DataFrame, policy: _Policy
) -> pd.DataFrame:
    """Lines of both directions of each row, in their order."""
    checked = check_spine(spine, chain=ledger.chain)
    past = past_of_spine(ledger, checked, label_events(ledger, labels))
    given = traced_past(ledger, past)
    search, rows, lines = empty_search(CAPS, record=True), [], []
    for row in range(past.size):
        asked = ask(past, row)
        for forward in (False, True):
            of_side = policy(given, asked, forward, search)
            lines += of_side
            rows += [row] * len(of_side)
    table = pd.DataFrame(lines, columns=list(_COLUMNS))
    table = table.astype({"hops": "Int64", "amount": "float64"})
    return pd.concat([checked.iloc[rows].reset_index(drop=True), table], axis=1)


def additive_lines(
    follow: Callable[[TracedPast, Question, bool, Search], None],
    given: TracedPast, asked: Question, forward: bool, search: Search,
) -> list[Line]:  # fmt: skip
    """Lines of a policy under which value goes to one place only, of one side.

    Parameters
    ----------
    follow : function
        :func:`haircut_search` or :func:`fifo_search`.
    given : TracedPast
    asked : Question
    forward : bool
        Whether what was sent is followed, not what was received.
    search : Search
        With its ends recorded; it holds the sums of the side afterwards.
    """
    follow(given, asked, forward, search)
    amounts: dict[tuple[str, str, int], float] = {}
    for category, label, hops, value in _ends(given.past, search):
        key = category, label, hops
        amounts[key] = amounts.get(key, 0.0) + value
    did = _direction(forward)
    lines: list[Line] = [(did, *key, amounts[key]) for key in sorted(amounts)]
    total = _total(search)
    unknown = max(total - sum(amounts.values()), 0.0)
    return [*lines, (did, "unknown", "unknown", None, unknown)] if total else lines


def _poisoned(given: TracedPast, asked: Question, forward: bool, search: Search) -> list[Line]:
    """Lines of the policy under which one transfer may count many times."""
    own = asked.sent if forward else asked.received
    tainted: dict[tuple[str, str], tuple[int, float]] = {}
    for place in range(own.first, own.end):
        poison_search(given, asked.wallet, place, forward, search)
        nearest: dict[tuple[str, str], int] = {}
        for category, label, hops, _ in _ends(given.past, search):
            nearest[category, label] = min(hops, nearest.get((category, label), hops))
        for key, hops in nearest.items():
            least, amount = tainted.get(key, (hops, 0.0))
            tainted[key] = min(hops, least), amount + _total(search)
    return [(_direction(forward), *key, *tainted[key]) for key in sorted(tainted)]


def _ends(past: Past, search: Search) -> Iterator[tuple[str, str, int, float]]:
    """Category, label, hops and value of each labelled end that was found."""
    for end in found(search):
        label = VERDICTS[int(past.labels.label[end["event"]])]
        category = CATEGORIES[past.labels.category[end["event"]]]
        yield category, label, int(end["hops"]), float(end["value"])


def _total(search: Search) -> float:
    """Value of the side that was searched."""
    return float(search.tally["total"][0])


def _direction(forward: bool) -> str:
    return "sent" if forward else "received"
