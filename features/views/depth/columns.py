"""The columns of the depth view."""

from features.past import WINDOWS
from features.view import of_both, per_side, places
from features.views.depth.around import HUB
from features.views.depth.memory import FLOOR, FLOWS, HOP_CAP, PIECES
from features.views.depth.passing import MATCH
from features.views.depth.search import WALLET, WORK

GREATEST = 0.01  # least share of the value that a number of hops must have to be the greatest
THROUGH = (1, 2, 3, 5, 8)  # wallets
_COUNTED = ("1d", "30d", "fresh")  # flows of which shares are counted
_PASSING = (
    "through wallets that passed it on within {span}{fresh}: what they received and sent from so "
    f"long before to so long after agrees to {MATCH:g}, at most {HUB:,} transfers a side"
)
_HOPS = f"transfers between the wallet and where value {{did}} was before, at most {HOP_CAP}, "


def _passing(flow: str) -> str:
    """What passing on means in a flow; other words in braces stay."""
    fresh = ", their first transfer no longer before" if flow == "fresh" else ""
    return _PASSING.format(span=flow if flow in WINDOWS else "30d", fresh=fresh)


_SIDE = (
    *((f"mean_{flow}_{{d}}_hops", f"{_HOPS}mean by value, {_passing(flow)}") for flow in FLOWS),
    *(
        (
            f"greatest_{flow}_{{d}}_hops",
            f"{_HOPS}the most that {GREATEST:g} of it took, {_passing(flow)}",
        )
        for flow in FLOWS
    ),
    *(
        (
            f"through_{least}_{flow}_{{d}}_share",
            f"value {{did}} that came or went through at least {least} wallets, over the sum "
            f"{{did}}, {_passing(flow)}",
        )
        for flow in _COUNTED
        for least in THROUGH
    ),
    (
        "entered_{d}_s",
        "time between the wallet's own transfer and the first (ahead: last) on the way of its "
        f"value, mean by value, {_passing('30d')}",
    ),
    (
        "dwell_{d}_s",
        "time that value {did} rested with a wallet on its way, mean by value and wallet, "
        f"{_passing('30d')}; nan if it passed none",
    ),
    (
        "entries_{d}_count",
        "effective number (inverse Simpson) of transfers by which value {did} entered (ahead: "
        f"left) its way, {_passing('30d')}",
    ),
    (
        "paths_{d}_count",
        "effective number (inverse Simpson) of transfers that carry value {did} at one number of "
        f"hops, the greatest, {_passing('30d')}",
    ),
    (
        "services_{d}_share",
        "value {did} whose way ended at a wallet that behaves like a service, by more than "
        f"{HUB:,} transfers on a side from 30d before to 30d after, or at a transaction that hides "
        "who of many paid whom, over the sum {did}",
    ),
    (
        "searched_{d}_share",
        "value {did} that was followed to where it entered, to a service, to a transaction that "
        "hides who paid whom or to the wallet itself, "
        "over the sum {did}, times the part of the transfers {did} that are read",
    ),
)
_BOTH = (
    (
        "truncated_ratio",
        f"1 if a cap ended the search for more than {GREATEST:g} of the value of a side, or if "
        f"transfers of the side were not read, else 0: {HOP_CAP} hops, {PIECES:,} pieces, "
        f"{WORK:,} transfers looked at (a wallet counts as {WALLET}), pieces below {FLOOR:g} of "
        "the side's sum",
    ),
)
_EFFECTIVE = "inverse Simpson: Hill 1973; passing on, windows and caps are our own"
_SOURCES = {
    "entries": _EFFECTIVE,
    "paths": _EFFECTIVE,
    "": "time-respecting flows: Kempe, Kleinberg and Kumar 2002; passing on and caps are our own",
}
COLUMNS = (*per_side("depth", *_SIDE, sources=_SOURCES), *of_both("depth", *_BOTH))
OF, ALL = places(*_SIDE), places(*_BOTH)
MEAN = tuple(getattr(OF, f"mean_{flow}_hops") for flow in FLOWS)
GREATEST_OF = tuple(getattr(OF, f"greatest_{flow}_hops") for flow in FLOWS)
SHARES = tuple(  # flow, wallets, place
    (FLOWS.index(flow), least, getattr(OF, f"through_{least}_{flow}_share"))
    for flow in _COUNTED
    for least in THROUGH
)
