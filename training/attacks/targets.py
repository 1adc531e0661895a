"""What an attacker knows of wallets, read from the ledger: amounts, partners, whom to imitate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.labels import labels_as_of
from training.attacks.moves import FRESH, Step, Target

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

Int64 = NDArray[np.int64]

TRIED = 300  # wallets among which the one to copy is sought
LEAST_COPIED = 10  # transfers of a wallet that is worth copying


class Records:
    """Transfers of single wallets, out of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._sides = ledger.sides

    def side(self, code: int, *, received: bool) -> tuple[Int64, NDArray[np.float64], Int64]:
        """Times, amounts and counterparties (n,) of a wallet's transfers, in order of time."""
        side = self._sides.incoming if received else self._sides.outgoing
        if code < 0:
            return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64)
        held = slice(int(side.start[code]), int(side.start[code]) + int(side.count[code]))
        return side.time[held], side.amount[held], side.counterparty[held].astype(np.int64)

    def amounts(self, code: int, until: int, *, received: bool) -> NDArray[np.float64]:
        """Amounts (n,) of its transfers before an instant in microseconds."""
        time, amount, _ = self.side(code, received=received)
        return amount[: np.searchsorted(time, until)].copy()

    def around(self, code: int) -> set[int]:
        """Codes of the wallet and of all that ever dealt with it."""
        near = {code} if code >= 0 else set()
        for received in (True, False):
            near |= set(self.side(code, received=received)[2].tolist())
        return near


def targets_of(
    ledger: Ledger,
    victims: pd.DataFrame,
    labels: pd.DataFrame | None,
    pattern: tuple[Step, ...],
    seed: int,
) -> list[Target]:
    """Return a target a row of a checked spine, with a known illicit wallet drawn for each."""
    records, random = Records(ledger), np.random.default_rng(seed)
    instants = victims["as_of"].to_numpy("datetime64[us]").astype(np.int64)
    bad = _known_bad(ledger, victims, labels, random)
    codes = ledger.codes(victims["wallet"]).tolist()
    busiest = _busiest(ledger)
    return [
        Target(
            wallet,
            instant,
            records.amounts(code, instant, received=True),
            records.amounts(code, instant, received=False),
            whom,
            pattern,
            next((hub for hub in busiest if hub != wallet), f"{FRESH}hub"),
            slot,
        )
        for slot, (wallet, code, instant, whom) in enumerate(
            zip(victims["wallet"], codes, instants.tolist(), bad, strict=True)
        )
    ]


def _busiest(ledger: Ledger) -> list[str]:
    """The two wallets with most transfers, the busiest first."""
    sides = ledger.sides
    count = (sides.incoming.count + sides.outgoing.count)[: ledger.n_wallets]
    return [ledger.wallet(int(code)) for code in np.argsort(-count, kind="stable")[:2]]


def _known_bad(
    ledger: Ledger,
    victims: pd.DataFrame,
    labels: pd.DataFrame | None,
    random: np.random.Generator,
) -> list[str]:
    """A wallet of the ledger that was known to be illicit, for each victim; empty if none was."""
    if labels is None:
        return [""] * len(victims)
    chosen = [""] * len(victims)
    for as_of in victims["as_of"].unique():
        known = labels_as_of(labels, as_of)
        names = known.loc[known["label"] == "illicit", "wallet"]
        bad = names[ledger.codes(names) >= 0].to_numpy(object)
        for row in np.flatnonzero(victims["as_of"] == as_of).tolist():
            others = bad[bad != victims["wallet"].iat[row]]
            if others.size:
                chosen[row] = str(others[random.integers(others.size)])
    return chosen


def low_pattern(
    model: RiskModel,
    ledger: Ledger,
    as_of: pd.Timestamp,
    labels: pd.DataFrame | None,
    *,
    most: int,
    seed: int,
) -> tuple[Step, ...]:
    """Return what the wallet did that scores lowest, of some that have at most ``most`` transfers.

    This is what an attacker does who may ask the model as often as wanted.
    """
    sides = ledger.sides
    count = (sides.incoming.count + sides.outgoing.count)[: ledger.n_wallets]
    codes = np.flatnonzero((count >= LEAST_COPIED) & (count <= most))
    if not codes.size:
        return ()
    tried = np.random.default_rng(seed).permutation(codes)[:TRIED].tolist()
    spine = pd.DataFrame({"wallet": [ledger.wallet(code) for code in tried], "as_of": as_of})
    scores = model.score_spine(ledger, spine, labels)
    said = np.where(np.array(scores.status) == "scored", scores.log_odds, np.inf)
    return _steps(Records(ledger), tried[int(np.argmin(said))])


def _steps(records: Records, code: int) -> tuple[Step, ...]:
    both = [(*records.side(code, received=received), received) for received in (True, False)]
    moved = np.concatenate([amounts for _, amounts, *_ in both])
    usual = float(moved.mean()) or 1.0
    begin = min(int(time[0]) for time, *_ in both if time.size)
    rows = [
        (when, received, partner, amount)
        for times, amounts, partners, received in both
        for when, amount, partner in zip(
            times.tolist(), amounts.tolist(), partners.tolist(), strict=True
        )
    ]
    number = {partner: place for place, partner in enumerate(dict.fromkeys(row[2] for row in rows))}
    return tuple(
        Step((when - begin) / 1e6, received, number[partner], amount / usual)
        for when, received, partner, amount in sorted(rows)
    )


def apart(records: Records, touched: Sequence[Sequence[int]]) -> list[list[int]]:
    """Put targets into groups whose members have no wallet, and no partner of one, in common.

    What is done to one of a group can then not be a partner's partner of another.

    Parameters
    ----------
    records
        Of the ledger.
    touched
        Codes of the wallets that the attack on each target touches, its own among them.

    Returns
    -------
    list of list
        Numbers of targets; every number is in one group.
    """
    groups: list[tuple[list[int], set[int]]] = []
    known: dict[int, set[int]] = {}
    for number, codes in enumerate(touched):
        near: set[int] = set()
        for code in codes:
            if code not in known:
                known[code] = records.around(code)
            near |= known[code]
        for members, taken in groups:
            if taken.isdisjoint(near):
                members.append(number)
                taken.update(near)
                break
        else:
            groups.append(([number], near))
    return [members for members, _ in groups]
