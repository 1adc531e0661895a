"""Slow twin of the allocation rules: how a part of a transfer splits over others of a wallet."""

from collections.abc import Callable

from tests.naive.exposure.reading import Entry, Known
from tests.naive.past import Transfer

Pieces = list[tuple[Transfer, float, float]]  # transfer, value, offset
Rest = tuple[float, float]  # value that no transfer holds; value that was paid by older money
Split = Callable[[Known, float, float], tuple[Pieces, Rest]]


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
