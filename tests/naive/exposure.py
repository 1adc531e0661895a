"""The slow twin of the exposure view and of the taint policies.

A policy says how a part of a transfer splits over the transfers before it (or after it, for what
was sent); the search follows the largest part until it has followed as many as it may.
"""

from collections.abc import Callable
from typing import NamedTuple

from features.contracts.categories import CATEGORIES, category_place
from features.past import HISTORY_CAP
from features.taint.pieces import Caps
from features.taint.reach import ReachCaps
from features.taint.reading import SCANNED
from features.views.exposure import CAPS as VIEW_CAPS
from features.views.exposure import REACH_CAPS, TOLD
from tests.naive.past import NAN, Label, Past, Row, Transfer, ratio


class Part(NamedTuple):
    """``value`` of a transfer's amount, from ``offset`` on, so many hops from the wallet."""

    transfer: Transfer
    value: float
    offset: float
    hops: int
    path: tuple[Transfer, ...]  # from the wallet on, the transfer itself included
    sure: bool = True  # all that came before it was read in each wallet on its path


class End(NamedTuple):
    """Value that reached a labelled wallet."""

    category: str
    label: str
    hops: int
    value: float
    path: tuple[Transfer, ...]


class Search(NamedTuple):
    """Ends that were found, and the value that was followed to an end or made unsure by a cap."""

    ends: list[End]
    total: float
    searched: float
    dropped: float
    service: float  # of the value that was followed to an end, at a wallet like a service
    nearest: float  # hops to one, nan: to none


class Entry(NamedTuple):
    """A transfer of a wallet: what was settled inside its transaction and what was not."""

    transfer: Transfer
    amount: float
    inside: float = 0.0
    same: bool = False  # of the transaction that is followed, and settled in part


class Known(NamedTuple):
    """What is known of a wallet around one transfer; sums of what else came before."""

    wallet: str
    before: list[Entry]
    itself: Entry
    after: list[Entry]
    received: float
    sent: float


Pieces = list[tuple[Transfer, float, float]]  # transfer, value, offset
Rest = tuple[float, float]  # value that no transfer holds; value that was paid by older money
Split = Callable[[Known, float, float], tuple[Pieces, Rest]]


def exposure(past: Past, wallet: str) -> Row:
    """One row of the exposure view."""
    row: Row = {}
    known = past.labels is not None
    truncated = 0.0 if known else NAN
    for d, forward in (("in", False), ("out", True)):
        empty = not past.read(wallet)[forward] or not known
        found = search(past, wallet, HAIRCUT[forward], VIEW_CAPS, forward=forward)
        paths, least_service, cut = reached(past, wallet, REACH_CAPS, forward=forward)
        row[f"paths_truncated_{d}_ratio"] = NAN if empty else float(cut)
        for group in ("illicit", "licit", *CATEGORIES):
            ends = [end for end in found.ends if group in (end.label, end.category)]
            for kind, hops in (("direct", {1}), ("indirect", range(2, VIEW_CAPS.hops + 1))):
                amount = sum(end.value for end in ends if end.hops in hops)
                row[f"{group}_{kind}_{d}_amount"] = NAN if empty else amount
                row[f"{group}_{kind}_{d}_share"] = NAN if empty else ratio(amount, found.total)
            nearest = [end.hops for end in ends]
            nearest += [
                hops for (label, category), hops in paths.items() if group in (label, category)
            ]
            row[f"{group}_{d}_hops"] = min(nearest, default=NAN)
        near = [hops for hops in (found.nearest, least_service) if hops == hops]
        row[f"service_like_{d}_hops"] = min(near, default=NAN)
        row[f"service_like_{d}_share"] = NAN if empty else ratio(found.service, found.total)
        own, read = past.sides(wallet)[forward], past.read(wallet)[forward]
        part = len(read) / len(own) if own else NAN
        row[f"searched_{d}_share"] = NAN if empty else ratio(found.searched, found.total) * part
        if known and (found.dropped > TOLD * found.total or len(own) > len(read)):
            truncated = 1.0
    return {
        f"exposure_{name}": value for name, value in (row | {"truncated_ratio": truncated}).items()
    }


def search(past: Past, wallet: str, split: Split, caps: Caps, *, forward: bool) -> Search:
    """Follow the value of one side."""
    own = list(reversed(past.read(wallet)[forward]))
    total = searched = dropped = service = 0.0
    nearest = NAN
    for transfer in own:
        total += transfer.amount
    ends, parts = [], []
    for transfer in own:
        end = label_of(past, far(transfer, forward)) if far(transfer, forward) != wallet else None
        if far(transfer, forward) == wallet:
            searched += transfer.amount
        elif end and transfer.amount:
            searched += transfer.amount
            ends.append(End(*end, 1, transfer.amount, (transfer,)))
        elif transfer.amount:
            parts.append(Part(transfer, transfer.amount, 0.0, 1, (transfer,)))
    followed = 0
    parts.sort(key=lambda part: -part.value)
    while parts and followed < caps.followed and parts[0].value >= caps.floor * total:
        part = parts.pop(0)
        followed += 1
        pieces, (rest, older, left), earlier, later = expand(
            past, part, split, caps, forward=forward
        )
        sure = part.sure and not earlier
        ended = 0.0 if later else rest
        dropped += rest - ended + older
        ended, service = ended + left, service + left
        if left:
            nearest = min(part.hops, nearest) if nearest == nearest else part.hops
        for transfer, value, offset in reversed(pieces):
            other, hops, path = far(transfer, forward), part.hops + 1, (*part.path, transfer)
            if value == 0:
                continue
            if other == wallet:
                ended += value
            elif value < caps.floor * total:
                dropped += value
            elif end := label_of(past, other):
                ended += value
                ends.append(End(*end, hops, value, path))
            elif hops == caps.hops:
                dropped += value
            else:
                parts.append(Part(transfer, value, offset, hops, path, sure))
        if sure:
            searched += ended
        else:
            dropped += ended
        parts.sort(key=lambda part: -part.value)  # stable: of equal ones the first discovered
    dropped += sum(part.value for part in parts)
    return Search(ends, total, searched, dropped, service, nearest)


def expand(
    past: Past, part: Part, split: Split, caps: Caps, *, forward: bool
) -> tuple[Pieces, tuple[float, float, float], bool, bool]:
    """Split a part over the transfers of the wallet at its far end.

    Also: the value that they do not hold, of unknown origin, of older money, left at a wallet like
    a service; and whether earlier and later ones are missing.
    """
    known, earlier, later = around(past, part.transfer, caps, forward=forward)
    if like_a_service(past, part.transfer, caps.service, forward=forward):
        through = part.value * known.itself.inside / (known.itself.inside + known.itself.amount)
        pieces = together(known, inside(known, through))
        return pieces, (0.0, 0.0, part.value - through), earlier, later and forward
    pieces, rest = split(known, part.value, part.offset)
    return pieces, (*rest, 0.0), earlier, later and forward


def like_a_service(past: Past, itself: Transfer, service: int, *, forward: bool) -> bool:
    """Whether the wallet at the far end of a transfer had so many counterparties before it."""
    side = past.sides(far(itself, forward))[forward]
    before = [t for t in side if (t.time < itself.time if forward else t.time <= itself.time)]
    return len({far(t, forward) for t in before[-HISTORY_CAP:]}) >= service


def around(past: Past, itself: Transfer, caps: Caps, *, forward: bool) -> tuple[Known, bool, bool]:
    """What is read of the wallet at the far end of a transfer."""
    wallet = far(itself, forward)
    everything = merged(past, wallet)
    held = (itself, not forward) in everything
    if held:
        at = everything.index((itself, not forward))
        everything.pop(at)
    else:  # dust for its recipient: after what it received at that instant
        at = sum(
            (transfer.time, sending) <= (itself.time, False) for transfer, sending in everything
        )
    listed = [transfer for transfer, _ in everything]
    before, passed, others = nearest(listed[:at][::-1], caps.read, itself.amount)
    after, skipped, more = nearest(listed[at:], caps.read, itself.amount)
    if not forward:
        after = [t for t in listed[at:] if t.sender == wallet and together_with(t, itself)]
        after = [t for t in after if t.recipient != wallet][: caps.read]
    came = [t for t in others if t.recipient == wallet]
    went = [t for t in others if t.sender == wallet]
    rest = passed + came[:HISTORY_CAP] + went[:HISTORY_CAP]
    rest = [t for t in rest if t.sender != t.recipient]
    settled = settle(wallet, [*before[::-1], itself, *after], itself, held=held)
    n = len(before)
    known = Known(
        wallet, settled[:n], settled[n], settled[n + 1 :],
        sum(t.amount for t in rest if t.recipient == wallet),
        sum(t.amount for t in rest if t.sender == wallet),
    )  # fmt: skip
    missed = sum(t.amount for t in skipped) > caps.floor * itself.amount
    return known, max(len(came), len(went)) > HISTORY_CAP, bool(more) or missed


def nearest(
    listed: list[Transfer], read: int, whole: float
) -> tuple[list[Transfer], list[Transfer], list[Transfer]]:
    """The first so many; small ones that were passed over; those not looked at.

    Those to oneself are left out; ``whole`` is the amount beside which others are small.
    """
    taken: list[Transfer] = []
    passed: list[Transfer] = []
    least = whole / (SCANNED * read) if len(listed) > read else 0.0
    for place, transfer in enumerate(listed):
        if len(taken) == read or place == SCANNED * read:
            return taken, passed, listed[place:]
        if transfer.sender == transfer.recipient:
            continue
        (passed if transfer.amount < least else taken).append(transfer)
    return taken, passed, []


def together_with(one: Transfer, other: Transfer) -> bool:
    """Whether two are of one transaction, which has one instant."""
    return one.time == other.time and one.tx_id == other.tx_id


def settle(wallet: str, read: list[Transfer], itself: Transfer, *, held: bool) -> list[Entry]:
    """What came in and went out in one transaction cancels, each transfer of it pro rata."""
    counted = [t for t in read if held or t is not itself]
    entries = []
    for t in read:
        beside = [other for other in counted if together_with(other, t)]
        came = sum(other.amount for other in beside if other.recipient == wallet)
        went = sum(other.amount for other in beside if other.sender == wallet)
        if (t is itself and not held) or not min(came, went):
            entries.append(Entry(t, t.amount))
            continue
        part = min(came, went) / (came if t.recipient == wallet else went)
        same = held and together_with(t, itself)
        entries.append(Entry(t, t.amount * (1 - part), t.amount * part, same))
    return entries


def merged(past: Past, wallet: str) -> list[tuple[Transfer, bool]]:
    """A wallet's transfers, and whether it sent them: receipts before sendings at one instant."""
    received, sent = past.sides(wallet)
    both = [(transfer, False) for transfer in received] + [(transfer, True) for transfer in sent]
    return sorted(both, key=lambda each: (each[0].time, each[1]))


def far(transfer: Transfer, forward: bool) -> str:
    """The end of a transfer that a search comes to."""
    return transfer.recipient if forward else transfer.sender


def label_of(past: Past, wallet: str) -> tuple[str, str] | None:
    """Category and label of a wallet, as far as known."""

    def rank(label: Label) -> tuple[float, int, bool, str]:
        return -label.confidence, -label.known_at, not label.illicit, label.category

    best = min(
        (each for each in past.labels or [] if each.wallet == wallet), key=rank, default=None
    )
    if best is None:
        return None
    return CATEGORIES[category_place(best.category)], "illicit" if best.illicit else "licit"


def paid_twice(known: Known) -> float:
    """What the wallet sent before and did not hold, as far as the mix of its receipts paid it."""
    balance, ever = max(known.received - known.sent, 0.0), known.received
    spent = min(max(known.sent - known.received, 0.0), ever)
    for entry in known.before:
        if entry.transfer.recipient == known.wallet:
            balance, ever = balance + entry.amount, ever + entry.amount
        else:
            spent = min(spent + max(entry.amount - balance, 0.0), ever)
            balance = max(balance - entry.amount, 0.0)
    return spent


def inside(known: Known, value: float) -> Pieces:
    """Value that was settled inside the transaction, over the other kind of its transfers."""
    came = known.itself.transfer.recipient == known.wallet
    beside = [
        entry for entry in (known.after if came else known.before)
        if entry.same and (entry.transfer.sender == known.wallet) == came
    ]  # fmt: skip
    settled = sum(entry.inside for entry in beside)
    return [(entry.transfer, value * entry.inside / settled, 0.0) for entry in beside if settled]


def together(known: Known, pieces: Pieces) -> Pieces:
    """Pieces of one transfer as one, in order of time."""
    order = [entry.transfer for entry in [*known.before, *known.after]]
    joined = []
    for transfer in order:
        of_it = [piece for piece in pieces if piece[0] == transfer and piece[1]]
        if of_it:
            value, offset = sum(piece[1] for piece in of_it), max(piece[2] for piece in of_it)
            joined.append((transfer, value, offset))
    return joined


def receipts(known: Known) -> list[Entry]:
    """What the wallet received before."""
    return [entry for entry in known.before if entry.transfer.recipient == known.wallet]


def haircut_back(known: Known, value: float, _offset: float) -> tuple[Pieces, Rest]:
    """Keep what is left of each receipt; a sending takes the same part of all."""
    older = max(known.received - known.sent, 0.0)
    left: dict[Transfer, float] = {}
    for entry in known.before:
        if entry.transfer.recipient == known.wallet:
            left[entry.transfer] = entry.amount
            continue
        balance = older + sum(left.values())
        kept = max(balance - entry.amount, 0.0) / balance if balance else 0.0
        older *= kept
        left = {transfer: amount * kept for transfer, amount in left.items()}
    whole, settled = known.itself.amount, known.itself.inside
    pieces = inside(known, value * settled / (whole + settled))
    value = value * whole / (whole + settled)
    balance = older + sum(left.values())
    covered = min(balance / whole, 1.0) if whole else 0.0
    if covered:
        pieces += [(t, value * covered * amount / balance, 0.0) for t, amount in left.items()]
    old = value * covered * older / balance if covered else 0.0
    ever = known.received + sum(entry.amount for entry in receipts(known))
    again = min(max(whole - balance, 0.0), ever - paid_twice(known))
    if again > 0:
        mix = value * again / whole / ever
        pieces += [(entry.transfer, entry.amount * mix, 0.0) for entry in receipts(known)]
        old += known.received * mix
    unknown = value * (1 - covered - max(again, 0.0) / whole) if whole else 0.0
    return together(known, pieces), (max(unknown, 0.0), old)


def haircut_ahead(known: Known, value: float, _offset: float) -> tuple[Pieces, Rest]:
    """Run the balance on from a receipt: each sending takes its part of what is left."""
    whole, settled = known.itself.amount, known.itself.inside
    pieces = inside(known, value * settled / (whole + settled))
    left = value * whole / (whole + settled)
    balance = held(known) + whole
    for entry in known.after:
        if entry.transfer.recipient == known.wallet:
            balance += entry.amount
            continue
        taken = min(entry.amount / balance, 1.0) if balance else 1.0
        pieces.append((entry.transfer, left * taken, 0.0))
        left = left * ((balance - entry.amount) / balance) if taken < 1 else 0.0
        balance = max(balance - entry.amount, 0.0)
    return together(known, pieces), (left, 0.0)


def held(known: Known) -> float:
    """Balance before the transfer, never below nothing."""
    balance = max(known.received - known.sent, 0.0)
    for entry in known.before:
        if entry.transfer.recipient == known.wallet:
            balance += entry.amount
        else:
            balance = max(balance - entry.amount, 0.0)
    return balance


Queue = list[tuple[Entry | None, float, float]]  # receipt (none: older money), left of it, spent


def fifo_back(known: Known, value: float, offset: float) -> tuple[Pieces, Rest]:
    """Queue the receipts, spend them in order, then take ``value`` after ``offset``."""
    whole, settled = known.itself.amount, known.itself.inside
    end = min(offset + value, whole + settled)
    scale = value / (end - offset)
    pieces = inside(known, max(min(end, settled) - offset, 0.0))
    first, end = max(offset, settled) - settled, max(end, settled) - settled
    queue: Queue = [(None, max(known.received - known.sent, 0.0), 0.0)]
    for entry in known.before:
        if entry.transfer.recipient == known.wallet:
            queue.append((entry, entry.amount, 0.0))
        else:
            _, queue = taken_from(queue, entry.amount)
    balance = sum(left for _, left, _ in queue)
    _, queue = taken_from(queue, first)
    taken, _ = taken_from(queue, end - first)
    pieces += [(e.transfer, amount, e.inside + spent) for e, amount, spent in taken if e]
    old = sum(amount for entry, amount, _ in taken if entry is None)
    ever = known.received + sum(entry.amount for entry in receipts(known))
    short = max(end - max(first, balance), 0.0)
    again = max(min(end, balance + ever - paid_twice(known)) - max(first, balance), 0.0)
    if again:
        pieces += [(e.transfer, e.amount / ever * again, 0.0) for e in receipts(known)]
        old += known.received / ever * again
    pieces = [(transfer, piece * scale, spent) for transfer, piece, spent in pieces]
    return together(known, pieces), (max(short - again, 0.0) * scale, old * scale)


def taken_from(queue: Queue, due: float) -> tuple[Queue, Queue]:
    """Pieces that sum to ``due`` from the head of a queue, and the queue without them."""
    taken, kept = [], []
    for receipt, amount, spent in queue:
        piece = min(due, amount)
        due -= piece
        if piece:
            taken.append((receipt, piece, spent))
        if amount > piece:
            kept.append((receipt, amount - piece, spent + piece))
    return taken, kept


def fifo_ahead(known: Known, value: float, offset: float) -> tuple[Pieces, Rest]:
    """Spend what came in earlier, then the first ``offset`` of the receipt, then ``value``."""
    whole, settled = known.itself.amount, known.itself.inside
    end = min(offset + value, whole + settled)
    scale = value / (end - offset)
    pieces = inside(known, max(min(end, settled) - offset, 0.0))
    first, end = max(offset, settled) - settled, max(end, settled) - settled
    ahead, left = held(known) + first, end - first
    for entry in known.after:
        if entry.transfer.sender == known.wallet:
            waited = min(ahead, entry.amount)
            ahead -= waited
            piece = min(entry.amount - waited, left)
            left -= piece
            pieces.append((entry.transfer, piece, entry.inside + waited))
    pieces = [(transfer, piece * scale, spent) for transfer, piece, spent in pieces]
    return together(known, pieces), (left * scale, 0.0)


HAIRCUT: tuple[Split, Split] = (haircut_back, haircut_ahead)
FIFO: tuple[Split, Split] = (fifo_back, fifo_ahead)


class Way(NamedTuple):
    """A path in time: its last transfer, and the smallest on it."""

    transfer: Transfer
    least: float


def reached(
    past: Past, wallet: str, caps: ReachCaps, *, forward: bool
) -> tuple[dict[tuple[str, str], int], float, bool]:
    """Least hops to each label and category, and to a wallet like a service (nan: to none).

    And whether a cap left something out.
    """
    own = past.read(wallet)[forward]
    small = caps.floor * sum(t.amount for t in own)
    hops_to: dict[tuple[str, str], int] = {}
    service, cut = NAN, len(own) < len(past.sides(wallet)[forward])
    level: list[Way] = []
    followed: dict[str, int] = {}  # up to when, or from when on
    found = [Way(t, t.amount) for t in own[::-1] if t.amount and far(t, forward) != wallet]
    for hops in range(1, caps.hops + 1):
        level = []
        for way in found:
            other, time = far(way.transfer, forward), way.transfer.time
            if end := label_of(past, other):
                hops_to.setdefault((end[1], end[0]), hops)
            elif way.least >= small and hops == caps.hops:
                cut = True
            elif way.least >= small and not known_already(followed, other, time, forward):
                level, full = keep(level, way, caps.width, forward=forward)
                cut |= full
        found = []
        before = dict(followed)
        for way in level:
            other = far(way.transfer, forward)
            followed[other] = way.transfer.time
            if like_a_service(past, way.transfer, caps.service, forward=forward):
                service = min(hops, service) if service == service else hops
        for way in level:
            ways, more = onward(past, way, before, caps, small, forward=forward)
            found += ways
            cut |= more
        found = [way for way in found if far(way.transfer, forward) != wallet]
    return hops_to, service, cut


def known_already(followed: dict[str, int], other: str, time: int, forward: bool) -> bool:
    """Whether a wallet was followed from there before."""
    if other not in followed:
        return False
    return time >= followed[other] if forward else time <= followed[other]


def keep(level: list[Way], way: Way, width: int, *, forward: bool) -> tuple[list[Way], bool]:
    """The wallets of a number of hops, those first whose paths carry most, with another one.

    And whether one was left out.
    """
    other, time = far(way.transfer, forward), way.transfer.time
    for held in level:
        if far(held.transfer, forward) == other:
            if known_already({other: held.transfer.time}, other, time, forward):
                return level, False
            level = [each for each in level if each is not held]
    return sorted([*level, way], key=lambda each: -each.least)[:width], len(level) == width


def onward(
    past: Past, way: Way, before: dict[str, int], caps: ReachCaps, small: float, *, forward: bool
) -> tuple[list[Way], bool]:
    """Paths that are longer by one transfer, of those that were not followed before.

    And whether others were left unread.
    """
    wallet, time = far(way.transfer, forward), way.transfer.time
    side = past.sides(wallet)[forward]
    if forward:
        until = before.get(wallet)
        side = [t for t in side if t.time >= time and (until is None or t.time < until)]
    else:
        since = before.get(wallet)
        side = [t for t in side if t.time <= time and (since is None or t.time > since)][::-1]
    service = like_a_service(past, way.transfer, caps.service, forward=forward)
    if service:
        side = [t for t in side if t.time == time]
    ways: list[Transfer] = []
    for k, transfer in enumerate(side):
        if len(ways) == caps.read or k == SCANNED * caps.read:
            return _longer(ways, way), True
        inside = not service or together_with(transfer, way.transfer)
        if transfer.amount and transfer.amount >= small and inside:
            ways.append(transfer)
    return _longer(ways, way), False


def _longer(ways: list[Transfer], way: Way) -> list[Way]:
    others = [t for t in ways if t.sender != t.recipient]
    return [Way(t, min(way.least, t.amount)) for t in others]


def poisoned(
    past: Past, transfer: Transfer, wallet: str, *, forward: bool
) -> dict[tuple[str, str], int]:
    """Category and label of all that taints a transfer of a wallet, with the least hops."""
    least: dict[tuple[str, str], int] = {}
    level = [transfer]
    for hops in range(1, 17):
        following = []
        for each in level:
            other = far(each, forward)
            end = label_of(past, other)
            if other == wallet or not each.amount:
                continue
            if end:
                least.setdefault(end, hops)
                continue
            side = past.sides(other)[forward]
            following += [
                t for t in side if (t.time >= each.time if forward else t.time <= each.time)
            ]
        level = list(dict.fromkeys(following))
    return least
