"""Two more checks: what a wallet is sent unasked, below the threshold, moves no column or trail.

Anyone can send dust to anyone. Fresh wallets, some of them labelled, send some to wallets that
moved something before, which is when there is a scale to be small beside. Transfers of nothing go
either way: anyone can make one in the name of a wallet, too.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from features.checks.compare import same_bits
from features.checks.nine import Views, rows_of
from features.checks.worlds import World
from features.errors import ViewError
from features.ledger import Ledger
from features.view import Trail, View
from features.views import feature_columns

_PAYMENTS, _SENDERS = 30, 3  # at most
_LATER_US = 10**12  # after some transfer of the wallet
_SHARE = 1e-9  # of the least that the wallet moved, all payments together


def dust_moves_no_column(views: Views, world: World, random: np.random.Generator) -> int:
    """Dust changes no column but those that are called ``unasked``."""
    columns = [column.name for column in feature_columns(views) if not column.unasked]
    before, after = rows_of(views, world), rows_of(views, dusted(world, random))
    return same_bits(after[columns], before[columns])


def dust_moves_no_trail(views: Views, world: World, random: np.random.Generator) -> int:
    """Dust changes no trail: the same transfers, amounts and columns, in the same order."""
    other, compared = dusted(world, random), 0
    ledgers = world.ledger(), other.ledger()
    for view in views:
        for row in range(len(world.spine)):
            found = [
                _trails(view, each, ledger, row)
                for each, ledger in zip((world, other), ledgers, strict=True)
            ]
            if found[0] != found[1]:
                wallet, as_of = world.spine.iloc[row]
                raise ViewError(
                    f"trails of wallet {wallet!r} as of {as_of.isoformat()}: "
                    f"got {found[1]}, wanted {found[0]}"
                )
            compared += len(found[0])
    return compared


def dusted(world: World, random: np.random.Generator) -> World:
    """A world in which fresh wallets have sent dust to some wallets that moved something before."""
    paid, worth = [], "amount" if world.unit is None else "value"
    for n in range(int(random.integers(1, _PAYMENTS + 1))):
        moved = world.transfers[world.transfers[worth] > 0]
        if moved.empty:
            break
        one = moved.iloc[random.integers(len(moved))]
        wallet = one["recipient" if random.integers(2) else "sender"]
        least = moved.loc[(moved["sender"] == wallet) | (moved["recipient"] == wallet), worth]
        after = pd.Timedelta(int(random.integers(1, _LATER_US)), "us")
        amount = float(random.integers(2)) * least.min() * _SHARE / _PAYMENTS
        ends = f"sender of dust {random.integers(_SENDERS)}", wallet
        sender, recipient = ends if amount or random.integers(2) else ends[::-1]
        paid.append(
            one.to_dict()
            | {
                "tx_id": f"dust {n}",
                "position": 0,
                "timestamp": one["timestamp"] + after,
                "sender": sender,
                "recipient": recipient,
            }
            | dict.fromkeys(("amount", worth), amount)
        )
    if not paid:
        return world
    payments = pd.DataFrame(paid).astype(world.transfers.dtypes.to_dict())
    labels = world.labels
    if len(labels):  # known to be bad from the first label on
        labels = pd.concat([labels, labels.iloc[[0]].assign(wallet="sender of dust 0")])
    return replace(world, transfers=pd.concat([world.transfers, payments]), labels=labels)


def _trails(view: View, world: World, ledger: Ledger, row: int) -> list[tuple[object, ...]]:
    """The trails of one row, with transfers by id."""
    if view.trails is None:
        return []
    past = world.past(ledger).part(slice(row, row + 1))
    return [_named(trail, ledger) for trail in view.trails(view.given(ledger, past))]


def _named(trail: Trail, ledger: Ledger) -> tuple[object, ...]:
    ids = [(ledger.tx_id(row), int(ledger.position[row])) for row in trail.transfers.tolist()]
    return trail.columns, ids, trail.amounts.tolist(), trail.category
