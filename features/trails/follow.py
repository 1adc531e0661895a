"""Follow value from a wallet's transfers along payments, the largest first.

Each transfer is one entry, however many paths lead to it: what arrives at it is added to what waits
there, and the shares in which it goes on are found once. In a round all entries with no less than a
level waiting are sent on in order of time, so that what meets again goes on as one; the next round
has an eighth of the level, down to the floor. The result does not depend on the order but for what
stays below the floor: payments are linear. (So a residual is pushed in approximate PageRank,
Andersen, Chung and Lang 2006, section 3; here along payments and in order of time.)

Between transfers of one instant a payment goes only to an entry that was found at a later hop: what
would run in a circle there is given to the other payments, or ends as circular.
"""

import heapq

from features.kernel import (
    Int8s,
    UInt64s,
    inner_kernel,
    kernel,
    slot_of,
)
from features.past import (
    PSEUDO,
    Past,
    Question,
    ask,
    event_at,
    place_across,
)
from features.past.transactions import in_transaction
from features.trails.following import (
    CIRCULAR,
    DUST_END,
    HIDDEN,
    LABELLED,
    LEFT,
    REST,
    SERVICE_LIKE,
    UNREAD,
    FlowCaps,
    Following,
    empty_following,
)
from features.trails.settlement import (
    FULL,
    IN_ONE_TRANSACTION_TRANSFERS,
    SERVICE,
    Settlements,
    empty_settlements,
    settled,
)


@inner_kernel
def _entry(past: Past, place: int, hop: int, forward: bool, memory: Following) -> int:
    """Place of the entry of a transfer, made now if there is none; -1: no room."""
    table, places, sums = memory.table, memory.places, memory.sums[0]
    slot = slot_of(table, places, table.size - 3, place)
    if table[slot]:
        return int(table[slot]) - 1
    if sums.entries == places.size:
        sums.full = True
        return -1
    at = sums.entries
    sums.entries += 1
    table[slot], places[at] = at + 1, place
    side = past.outgoing if forward else past.incoming
    entry = memory.entries[at]
    entry.time, entry.row, entry.far = (
        side.time[place],
        side.transfer[place],
        side.counterparty[place],
    )
    entry.hop, entry.first, entry.end = hop, -1, -1
    entry.why = memory.roles[entry.far]
    entry.event = event_at(past.labels, entry.far)
    if entry.why == 0 and entry.event >= 0:
        entry.why = LABELLED
    if entry.why == 0 and past.kind[entry.far] == PSEUDO:
        entry.why = HIDDEN
    return int(at)


@inner_kernel
def _link(past: Past, at: int, place: int, share: float, forward: bool, memory: Following) -> float:
    """Add a payment to an entry; returns the share that it may not take, as it closes a circle."""
    entry, sums, links = memory.entries[at], memory.sums[0], memory.links
    if sums.links == links.size:
        sums.full = True
        return 0.0
    other = _entry(past, place, entry.hop + 1, forward, memory)
    if other < 0:
        return 0.0
    target = memory.entries[other]
    if target.time == entry.time and target.hop <= entry.hop:
        return share
    link = links[sums.links]
    link.source, link.target, link.share = at, other, share
    sums.links += 1
    return 0.0


@inner_kernel
def _through_service(
    past: Past, hashes: UInt64s, at: int, forward: bool, memory: Following
) -> float:
    """Payments inside one transaction of a service-like wallet; returns what is circular."""
    entry = memory.entries[at]
    mine = past.outgoing if not forward else past.incoming
    theirs = past.outgoing if forward else past.incoming
    wallet, time, row = entry.far + 0, entry.time, entry.row  # an int64
    own, own_end = in_transaction(mine, hashes, wallet, time, row)
    other, other_end = in_transaction(theirs, hashes, wallet, time, row)
    if max(own_end - own, other_end - other) > IN_ONE_TRANSACTION_TRANSFERS:
        return 0.0
    of_own, of_other = 0.0, 0.0
    for k in range(own, own_end):
        of_own += mine.amount[k]
    for k in range(other, other_end):
        of_other += theirs.amount[k]
    circular = 0.0
    if of_own > 0.0 and of_other > 0.0:
        for k in range(other, other_end):
            share = theirs.amount[k] / max(of_own, of_other)
            circular += _link(past, at, k, share, forward, memory)
    return circular


@inner_kernel
def _through(
    past: Past, place: int, at: int, forward: bool, kept: tuple[Following, Settlements], own: int
) -> float:
    """Payments of a settled wallet; returns what is circular."""
    memory, settlements = kept
    wallet = settlements.wallets[own]
    side = past.incoming if forward else past.outgoing
    key = wallet.base + place - wallet.first
    first, end = settlements.starts[key], settlements.starts[key + 1]
    payments, whole, circular = settlements.payments, 0.0, 0.0
    if forward:
        for p in range(first, end):
            whole += payments[p].amount
    whole = max(whole, side.amount[place])
    for p in range(first, end):
        share = payments[p].amount / whole
        circular += _link(past, at, payments[p].other, share, forward, memory)
    return circular


@inner_kernel
def _expand(
    past: Past, hashes: UInt64s, at: int, forward: bool, kept: tuple[Following, Settlements]
) -> None:
    """Find in which shares a transfer goes on, and what of it does not."""
    memory, settlements = kept
    entry, sums = memory.entries[at], memory.sums[0]
    entry.first = entry.end = sums.links
    entry.why_rest = REST
    side, across = (past.outgoing, past.incoming) if forward else (past.incoming, past.outgoing)
    place = place_across(side, memory.places[at], across)
    if place < 0:
        entry.why = DUST_END
        return
    own = settled(past, hashes, entry.far, settlements, memory.met, forward)
    circular = 0.0
    if own >= 0 and settlements.wallets[own].kind == SERVICE:
        circular = _through_service(past, hashes, at, forward, memory)
        entry.why_rest = SERVICE_LIKE
    elif own < 0 or settlements.wallets[own].kind == FULL:
        sums.full = True
        entry.why = LEFT
        return
    elif not 0 <= place - settlements.wallets[own].first < settlements.wallets[own].keys:
        entry.why = UNREAD
        return
    else:
        circular = _through(past, place, at, forward, kept, own)
    entry.end = sums.links
    _complete(memory, at, circular)


@inner_kernel
def _complete(memory: Following, at: int, circular: float) -> None:
    """Give what would run in a circle to the other payments; the rest ends here."""
    entry, links = memory.entries[at], memory.links
    given = 0.0
    for k in range(entry.first, entry.end):
        given += links[k].share
    if given > 0.0:
        scale = min((given + circular) / given, 1.0 / given)
        for k in range(entry.first, entry.end):
            links[k].share *= scale
        entry.rest = max(1.0 - given * scale, 0.0)
        return
    entry.rest = 1.0
    entry.why = entry.why_rest
    if circular > 0.0:
        entry.why = CIRCULAR


@kernel
def _rounds(
    past: Past, hashes: UInt64s, forward: bool, memory: Following, settlements: Settlements
) -> None:
    """Send on what waits, level by level."""
    entries, links, sums = memory.entries, memory.links, memory.sums[0]
    kept = (memory, settlements)
    level, floor = sums.total, memory.caps.floor_share * sums.total
    while level > floor and not sums.full:
        level = max(level / 8.0, floor)
        queue: list[tuple[int, int]] = [(0, 0)]  # tells numba its type
        queue.pop()
        for at in range(sums.entries):
            entry = entries[at]
            entry.queued = entry.why == 0 and entry.waiting >= level
            if entry.queued:
                heapq.heappush(queue, (entry.time if forward else -entry.time, at))
        while len(queue) > 0:
            at = heapq.heappop(queue)[1]
            entry = entries[at]
            entry.queued = False
            if entry.first < 0:
                _expand(past, hashes, at, forward, kept)
            if entry.why != 0:
                continue
            value, entry.waiting = entry.waiting, 0.0
            entry.sent_on += value
            for k in range(entry.first, entry.end):
                target = entries[links[k].target]
                target.waiting += value * links[k].share
                if not target.queued and target.why == 0 and target.waiting >= level:
                    target.queued = True
                    key = target.time if forward else -target.time
                    heapq.heappush(queue, (key, links[k].target + 0))  # an int64


@kernel
def _start(past: Past, question: Question, forward: bool, memory: Following) -> None:
    """Let the value of a wallet's own transfers wait to be followed."""
    side = past.outgoing if forward else past.incoming
    own = question.sent if forward else question.received
    for place in range(own.end - 1, own.first - 1, -1):
        if side.counterparty[place] == question.wallet or side.amount[place] == 0.0:
            continue
        at = _entry(past, place, 1, forward, memory)
        if at < 0:
            return
        memory.entries[at].asked += side.amount[place]
        memory.entries[at].waiting += side.amount[place]
        memory.sums[0].total += side.amount[place]


def follow(
    past: Past, hashes: UInt64s, forward: bool, caps: FlowCaps, roles: Int8s
) -> tuple[Following, int]:
    """Follow the value of the transfers of all wallets that a past asks about.

    Parameters
    ----------
    past : Past
        With one instant.
    hashes : uint64 array
        Of the transaction of each row of the ledger's log.
    forward : bool
        Follow what was sent onward; else what was received, back.
    caps : FlowCaps
    roles : int8 array, shape (wallets,)

    Returns
    -------
    Following, and how many of the wallets' own transfers were not read
    """
    memory = empty_following(caps, roles)
    unread = 0
    for row in range(past.size):
        asked = ask(past, row)
        own = asked.sent if forward else asked.received
        unread += own.total - (own.end - own.first)
        _start(past, asked, forward, memory)
    settlements = empty_settlements(caps.transfers, caps.read_transfers)
    _rounds(past, hashes, forward, memory, settlements)
    return memory, unread
