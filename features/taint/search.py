"""The search for labelled wallets behind a wallet's receipts and beyond its sendings.

It follows pieces of value, one transfer of one path each, the largest first (ties: the one
discovered first, the latest transfer of a wallet first). No piece holds more than the one it came
from, so the pieces form one list in descending order that is followed from its head, and a cap on
its length loses the smallest. A path ends at a labelled wallet, whose funds cannot be told apart
by transfers, at the wallet the search is for, and at a pseudo-wallet, a transaction that hides who
paid whom (``hidden``). No hop is later than the one before it (earlier,
for what was sent); at one instant receipts come before sendings, so that money that moves on inside
a block is followed. Haircut is linear in the sources: the value that reaches a labelled
wallet is its exposure, and one search finds all categories.

Value that a wallet's older money paid, of transfers that are not read, is not followed
(``dropped``). A wallet with more of those than are summed may have held anything before. What is
known of it splits its value all the same, and all that is found through it counts as unsure.
"""

from features.kernel import Records, inner_kernel
from features.past import (
    PSEUDO,
    History,
    Past,
    PastSide,
    Question,
    TracedPast,
    event_at,
    ever_labelled,
)
from features.past.transactions import MOST
from features.taint.pieces import Piece, Search, begin, count, keep
from features.taint.reading import SCANNED, Small, Span, reached, read_around, read_before
from features.taint.rules import Part, Rest, fifo, haircut, inside_only, poison
from features.taint.service import is_service


@inner_kernel
def _worth_following(search: Search, at: int) -> bool:
    """Whether there is another piece and it is no less than the floor."""
    sums = search.tally[0]
    if at == sums.pieces:
        return False
    return bool(search.pieces[at].value >= search.caps.floor * sums.total)


@inner_kernel
def _part(past: Past, search: Search, at: int, forward: bool) -> Part:
    """What is followed with a piece, of its transfer."""
    piece = search.pieces[at]
    amount = past.outgoing.amount if forward else past.incoming.amount
    return Part(amount[piece.place], piece.value, piece.offset)


@inner_kernel
def _small(search: Search, part: Part) -> Small:
    """What is small beside a transfer: all that is looked at of it sums to no more than that."""
    caps = search.caps
    return Small(part.whole / (SCANNED * caps.read), caps.floor * part.whole)


@inner_kernel
def _read(given: TracedPast, search: Search, at: int, forward: bool, small: Small) -> Span:
    """Read the wallet that a piece came from or (``forward``) went to."""
    place, reading = search.pieces[at].place, search.reading
    if forward:
        return read_around(given, place, small, reading)
    return read_before(given, place, small, reading)


@inner_kernel
def _at_service(past: Past, search: Search, at: int, forward: bool) -> bool:
    """Whether a piece came from, or (``forward``) went to, a wallet like a service."""
    side, place = past.outgoing if forward else past.incoming, search.pieces[at].place
    instant = side.time[place] + (0 if forward else 1)
    return is_service(side, side.counterparty[place], instant, search.met)


@inner_kernel
def _ended(search: Search, sure: bool, value: float) -> None:
    """Count value that was followed to an end."""
    sums = search.tally[0]
    if sure:
        sums.searched += value
    else:
        sums.dropped += value


@inner_kernel
def _spread(
    past: Past, wallet: int, forward: bool, search: Search, at: int, span: Span, rest: Rest
) -> None:
    """Turn what the rule of a policy gave to each transfer into ends found and pieces to follow.

    Reads the entries of ``span`` and the value that none of them holds, ``rest``; ``at`` is the
    piece that was followed, ``wallet`` whom the search is for. Fills pieces, ends and sums.
    """
    reading, pieces, tally, labels = search.reading, search.pieces, search.tally, past.labels
    labelled, kind = labels.start, past.kind
    sums, followed = tally[0], pieces[at]
    sure = not span.earlier and (followed.parent < 0 or pieces[followed.parent].sure)
    followed.sure = sure
    _ended(search, sure and not span.later, rest.unknown)
    sums.dropped += rest.older
    if rest.service > 0.0:
        _ended(search, sure, rest.service)
        sums.service += rest.service
        if sums.nearest == 0 or followed.hops < sums.nearest:
            sums.nearest = followed.hops
    floor, hops = search.caps.floor * sums.total, followed.hops + 1
    first, end = reached(span, forward)
    for k in range(end - 1, first - 1, -1):
        entry = reading[k]
        value, other = entry.value, entry.wallet
        if value == 0.0:
            continue
        if other == wallet:
            _ended(search, sure, value)
            continue
        if value < floor:
            sums.dropped += value
            continue
        piece = Piece(value, entry.offset, entry.place, at, hops)
        event = event_at(labels, other) if ever_labelled(labelled, other) else -1
        if event >= 0:
            _ended(search, sure, value)
            count(search, labels, event, piece)
        elif kind[other] == PSEUDO:
            _ended(search, sure, value)
            sums.hidden += value
        elif hops == search.caps.hops:
            sums.dropped += value
        else:
            keep(pieces, tally, at + 1, piece)


@inner_kernel
def _finish(search: Search, at: int) -> None:
    """Count pieces that were not followed as dropped."""
    sums = search.tally[0]
    for k in range(at, sums.pieces):
        sums.dropped += search.pieces[k].value


@inner_kernel
def _begin(past: Past, asked: Question, forward: bool, search: Search) -> None:
    """Start from what is read of one side of the wallet's own transfers."""
    begin(past, asked.wallet, asked.sent if forward else asked.received, forward, search)


@inner_kernel
def haircut_search(given: TracedPast, asked: Question, forward: bool, search: Search) -> None:
    """Follow a side's value pro rata: receipts backward or (``forward``) sendings onward.

    Reads the transfers of the wallet asked about and of those that its value is followed to, fills
    the search.
    """
    past = given.past
    _begin(past, asked, forward, search)
    at = 0
    while _worth_following(search, at):
        part = _part(past, search, at, forward)
        span = _read(given, search, at, forward, _small(search, part))
        if _at_service(past, search, at, forward):
            rest = inside_only(search.reading, span, part, forward)
        else:
            rest = haircut(search.reading, span, part, forward)
        _spread(past, asked.wallet, forward, search, at, span, rest)
        at += 1
    _finish(search, at)


@inner_kernel
def fifo_search(given: TracedPast, asked: Question, forward: bool, search: Search) -> None:
    """Follow a side's value first in, first out; reads and fills what haircut does."""
    past = given.past
    _begin(past, asked, forward, search)
    at = 0
    while _worth_following(search, at):
        part = _part(past, search, at, forward)
        span = _read(given, search, at, forward, _small(search, part))
        if _at_service(past, search, at, forward):
            rest = inside_only(search.reading, span, part, forward)
        else:
            rest = fifo(search.reading, span, part, forward)
        _spread(past, asked.wallet, forward, search, at, span, rest)
        at += 1
    _finish(search, at)


@inner_kernel
def _was_reached(side: PastSide, pieces: Records, at: int, forward: bool) -> bool:
    """Whether what can be reached from a piece was reached from one before it.

    One that was followed inside one transaction alone covers nothing else.
    """
    time, counterparty, place = side.time, side.counterparty, pieces[at].place
    for k in range(at):
        other = pieces[k].place
        if pieces[k].inside:
            continue
        earlier, later = (other, place) if forward else (place, other)
        if counterparty[other] == counterparty[place] and time[earlier] <= time[later]:
            return True
    return False


@inner_kernel
def poison_search(
    given: TracedPast, wallet: int, place: int, forward: bool, search: Search
) -> None:
    """Find what taints the wallet's transfer at a place of the side that is searched.

    All pieces have one value, so that the list of pieces is the queue of a breadth-first search.
    """
    past = given.past
    begin(past, wallet, History(place, place + 1, 1), forward, search)
    side = past.outgoing if forward else past.incoming
    at = 0
    while _worth_following(search, at):
        search.pieces[at].inside = False
        if not _was_reached(side, search.pieces, at, forward):
            part = _part(past, search, at, forward)
            span = _read(given, search, at, forward, Small(0.0, 0.0))  # anything taints
            inside = search.reading[span.middle].inside > MOST * part.whole
            inside = inside or _at_service(past, search, at, forward)
            search.pieces[at].inside = inside
            rest = poison(search.reading, span, part, forward, inside)
            _spread(past, wallet, forward, search, at, span, rest)
        at += 1
    _finish(search, at)
