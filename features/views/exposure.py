"""Exposure: value received from and sent to wallets that were labelled before ``as_of``.

Direct exposure is one hop: the sender or recipient is labelled. Indirect exposure is what pro-rata
tracing (haircut) finds behind the unlabelled senders and beyond the unlabelled recipients. The
wallet's own label never counts, and no path leads through a labelled wallet. Without labels every
column is nan.

There are two questions. *How much*: amounts and shares, pro rata. *Whether at all*: hops, along any
path in time that carries more than dust (:mod:`features.taint.reach`), which mixing with clean
money does not end. A path ends at a wallet that behaves like a service, too
(:mod:`features.taint.service`); ``service_like`` columns say so. And at a pseudo-wallet ``tx:...``,
a transaction that hides who of many paid whom: the origin of money out of it is not known, and a
``hidden`` column says how much that is.

Of what a wallet held before its transfers that are read the sums are known, and not where it came
from: value that it paid counts as not searched. Small transfers of a wallet are passed over, so
that they cannot push its history out of reach (:mod:`features.taint.reading`).
"""

from dataclasses import replace

import numpy as np

from features.contracts.categories import CATEGORY_WORDS
from features.contracts.wallet_kinds import PSEUDO_PREFIX
from features.kernel import Rows
from features.past import History, TracedPast, ask, inner_kernel, kernel, traced_past
from features.taint.paths import GroupColumns, path_trails
from features.taint.pieces import GROUPS, Caps, Search, empty_search
from features.taint.reach import Reach, ReachCaps, empty_reach, reach_search
from features.taint.reading import SCANNED
from features.taint.search import haircut_search
from features.taint.service import SERVICE
from features.view import Column, Trail, View, blocks, of_both, per_side, places

CAPS = Caps(followed=128, read=256, hops=12, floor=1e-5, service=SERVICE)
REACH_CAPS = ReachCaps(width=16, read=32, hops=16, floor=1e-3, service=SERVICE)

TOLD = 0.001  # of a side: what is not followed of it goes untold
_UNKNOWN = "; nan without labels"
_SOURCE = "haircut: Möser, Böhme and Breuker 2014; caps our own"
_WHOM = {
    "illicit": "labelled illicit",
    "licit": "labelled licit",
    "other": "labelled illicit or licit, but with none of the other categories",
}


def _templates(group: str) -> tuple[tuple[str, str], ...]:
    """Columns of one group of labelled wallets."""
    whom = _WHOM.get(group, f"labelled with category {group}")
    direct = f"value {{did}} whose {{who}} was {whom}"
    indirect = (
        f"value {{did}} that pro-rata tracing leads to wallets {whom}, through unlabelled wallets "
        f"only, at 2 to {CAPS.hops} hops"
    )
    share = f", over the sum {{did}}{_UNKNOWN}"
    return (
        (f"{group}_direct_{{d}}_amount", direct + _UNKNOWN),
        (f"{group}_direct_{{d}}_share", direct + share),
        (f"{group}_indirect_{{d}}_amount", indirect + _UNKNOWN),
        (f"{group}_indirect_{{d}}_share", indirect + share),
        (
            f"{group}_{{d}}_hops",
            f"fewest transfers, at most {REACH_CAPS.hops}, between the wallet and one {whom}, "
            f"along any path in time of transfers of at least {REACH_CAPS.floor} of the sum "
            f"{{did}} each (followed are {REACH_CAPS.read} transfers of each of the "
            f"{REACH_CAPS.width} wallets at each number of hops whose paths carry most), or along "
            "value {did} that was traced; "
            "nan if none was found or without labels",
        ),
    )


_SERVICE_LIKE = f"unlabelled wallets with at least {SERVICE} counterparties"
_SIDE = (
    *(template for group in GROUPS for template in _templates(group)),
    (
        "paths_truncated_{d}_ratio",
        "1 if a cap ended the search along any path, so that hops may be fewer or there may be "
        f"some: of each number of hops the {REACH_CAPS.width} wallets whose paths carry most, "
        f"{REACH_CAPS.read} transfers of each, {REACH_CAPS.hops} hops; else 0{_UNKNOWN}",
    ),
    (
        "service_like_{d}_hops",
        f"fewest transfers between the wallet and one of the {_SERVICE_LIKE} at which paths end; "
        "nan if none was found or without labels",
    ),
    (
        "service_like_{d}_share",
        f"value {{did}} that pro-rata tracing leads to {_SERVICE_LIKE}, where it ends, over the "
        f"sum {{did}}{_UNKNOWN}",
    ),
    (
        "hidden_{d}_share",
        f"value {{did}} that pro-rata tracing leads to a transaction ({PSEUDO_PREFIX}) that stands "
        "between its payers and payees, such as a CoinJoin or a coinbase: where the money was "
        f"before, or went on to, is unknown; over the sum {{did}}{_UNKNOWN}",
    ),
    (
        "searched_{d}_share",
        "value {did} that was followed to a labelled wallet, to the wallet itself, to one like a "
        "service, to a transaction that hides who paid whom or to where the ledger knows no more "
        "of it, over "
        f"the sum {{did}}, times the part of the transfers {{did}} that are read{_UNKNOWN}",
    ),
)
_BOTH = (
    (
        "truncated_ratio",
        f"1 if more than {TOLD} of the value of a side was not followed, or if transfers of the "
        f"side were not read, else 0: of each side the {CAPS.followed} largest pieces of value, "
        f"at all hops together, are followed, to {CAPS.hops} hops, through {CAPS.read} transfers "
        "of a wallet before each (and after, for what was sent) of at least "
        f"1/{SCANNED * CAPS.read} of it, "
        f"pieces below {CAPS.floor} of the side's sum are not; "
        f"exposure_searched_in_share and _out_share say how much was followed{_UNKNOWN}",
    ),
)
_OF, _ALL = places(*_SIDE), places(*_BOTH)  # of one side, of both


def _of_groups(name: str) -> tuple[int, ...]:
    """Places of the columns of all groups, such as ``{}_hops``."""
    return tuple(getattr(_OF, name.format(group)) for group in GROUPS)


_KINDS = "direct", "indirect"
# shape (2, groups): of the value found directly and indirectly
_AMOUNT = np.array([_of_groups(f"{{}}_{kind}_amount") for kind in _KINDS])
_SHARE = np.array([_of_groups(f"{{}}_{kind}_share") for kind in _KINDS])
_HOPS = np.array(_of_groups("{}_hops"))


@inner_kernel
def _side(search: Search, reach: Reach, own: History, line: Rows) -> None:
    """Columns of one side, of whose transfers ``own`` some are read."""
    amount, hops, sums = search.amount, search.hops, search.tally[0]
    total = sums.total
    for group in range(hops.size):
        for kind in range(2):
            line[_AMOUNT[kind, group]] = amount[kind, group]
            if total > 0.0:
                line[_SHARE[kind, group]] = amount[kind, group] / total
        nearest, reached = hops[group], reach.best[group].hops
        if reached > 0 and not nearest <= reached:  # nan where none was traced
            nearest = float(reached)
        line[_HOPS[group]] = nearest
    line[_OF.paths_truncated_ratio] = 1.0 if reach.tally[0].cut else 0.0
    near, reached = sums.nearest, reach.tally[0].service
    if near == 0 or 0 < reached < near:
        near = reached
    if near > 0:
        line[_OF.service_like_hops] = near
    if total > 0.0:
        line[_OF.service_like_share] = sums.service / total
        line[_OF.hidden_share] = sums.hidden / total
        read = (own.end - own.first) / own.total
        line[_OF.searched_share] = sums.searched / total * read


@kernel
def _exposure(given: TracedPast, search: Search, reach: Reach, out: Rows) -> None:
    past = given.past
    for row in range(out.shape[0]):
        asked = ask(past, row)
        received, sent, both = blocks(out[row], len(_OF))
        both[_ALL.truncated_ratio] = 0.0
        for forward, own, line in ((False, asked.received, received), (True, asked.sent, sent)):
            if own.first == own.end:
                continue
            haircut_search(given, asked, forward, search)
            reach_search(given, asked, forward, reach)
            _side(search, reach, own, line)
            sums = search.tally[0]
            unread = own.total > own.end - own.first
            if unread or sums.dropped > TOLD * sums.total:
                both[_ALL.truncated_ratio] = 1.0


def _compute(given: TracedPast, out: Rows) -> None:
    if given.past.labels.start.size:
        _exposure(given, empty_search(CAPS, record=False), empty_reach(REACH_CAPS), out)


def _trails(given: TracedPast) -> list[Trail]:
    """Paths that prove a row, found by the search that made the row."""
    past = given.past
    if not past.labels.start.size:
        return []
    asked, search, trails = ask(past, 0), empty_search(CAPS, record=True), list[Trail]()
    reach = empty_reach(REACH_CAPS)
    for forward, columns in ((False, _RECEIVED), (True, _SENT)):
        haircut_search(given, asked, forward, search)
        reach_search(given, asked, forward, reach)
        trails += path_trails(past, search, reach, columns, forward=forward)
    return trails


def _sourced(column: Column) -> Column:
    traced = "_indirect_" in column.name or column.name.endswith("_hops")
    return replace(column, source=_SOURCE) if traced else column


_COLUMNS = (*map(_sourced, per_side("exposure", *_SIDE)), *of_both("exposure", *_BOTH))


def _group_columns(columns: tuple[Column, ...]) -> list[GroupColumns]:
    """Names of the columns of each group, in the columns of one side."""
    names = [column.name for column in columns]
    direct, indirect = (
        [tuple(names[place] for place in both) for both in zip(*of_kind, strict=True)]
        for of_kind in zip(_AMOUNT.tolist(), _SHARE.tolist(), strict=True)
    )
    hops = [names[place] for place in _HOPS.tolist()]
    return [GroupColumns(*named) for named in zip(direct, indirect, hops, strict=True)]


_RECEIVED = _group_columns(_COLUMNS[: len(_OF)])
_SENT = _group_columns(_COLUMNS[len(_OF) : 2 * len(_OF)])

EXPOSURE = View("exposure", 6, _COLUMNS, _compute, _trails, CATEGORY_WORDS, traced_past)
