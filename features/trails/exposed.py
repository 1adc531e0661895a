"""What a wallet is exposed to, as JSON holds it: the lines of the haircut policy, of one wallet."""

from typing import Any

import numpy as np

from features.ledger import Ledger
from features.past import LabelEvents, Question, TracedPast, ask, past_of, traced_past
from features.taint.pieces import Search, empty_search
from features.taint.policies import CAPS, additive_lines
from features.taint.search import haircut_search

TOLD = 0.001  # of a side: what is not followed of it goes untold
SIDES = ("received", "sent")


def exposure(ledger: Ledger, code: int, as_of: int, *, labels: LabelEvents) -> dict[str, Any]:
    """Trace pro rata what a wallet received and sent, as :func:`features.haircut` does.

    Parameters
    ----------
    ledger : Ledger
    code : int
        Of the wallet, -1 if it is unknown.
    as_of : int, microseconds since 1970 UTC
    labels : LabelEvents

    Returns
    -------
    dict
        ``unit`` of account, and for ``received`` and ``sent``
        what :func:`_side` says.
    """
    past = past_of(ledger, np.array([code], dtype=np.int32), np.array([as_of]), labels)
    given, search = traced_past(ledger, past), empty_search(CAPS, record=True)
    asked = ask(past, 0)
    sides = {name: _side(given, asked, forward, search) for forward, name in enumerate(SIDES)}
    return {"unit": ledger.unit, **sides}


def _side(given: TracedPast, asked: Question, forward: int, search: Search) -> dict[str, Any]:
    """Value of a side, of it what lies with labelled wallets, and what else became of it.

    ``lines`` are by category, verdict and hops, the largest first. The rest is
    ``service_like_value``, which led to unlabelled wallets like a service, where paths end, and
    ``unknown_value``. ``truncated``: a cap cut the search short, so that lines may be too small.
    """
    own = asked.sent if forward else asked.received
    lines = additive_lines(haircut_search, given, asked, bool(forward), search)
    sums = search.tally[0]
    total, service = float(sums["total"]), float(sums["service"])
    known = [
        {
            "category": category,
            "label": None if label == "none" else label,
            "kind": "direct" if hops == 1 else "indirect",
            "hops": hops,
            "value": amount,
            "share": amount / total,
        }
        for _, category, label, hops, amount in lines
        if hops is not None
    ]
    unknown = sum(amount for *_, hops, amount in lines if hops is None)
    unread = own.total > own.end - own.first
    return {
        "value": total,
        "lines": sorted(known, key=lambda line: -line["value"]),
        "service_like_value": service,
        "unknown_value": max(unknown - service, 0.0),
        "truncated": bool(unread or sums["dropped"] > TOLD * total),
    }
