"""Where attacks are tried: a ledger of its own, on which each victim is attacked by itself."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.attacks.declared import MOST_COPIED
from training.attacks.moves import FRESH, Attack, Cost, Move, Step, Target, extra_cost, transfers_of
from training.attacks.targets import Records, apart, low_pattern, targets_of
from training.bands import band_thresholds

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

RETRACT_PER_COPY = 500  # transfers that are copied in the time that taking back one takes
UNKNOWN = -1  # place of the band of a wallet that is not scored


class Outcome(NamedTuple):
    """What became of n targets.

    Attributes
    ----------
    targets : list of Target
    costs : list of Cost, more than without the trick
    before, after : float64 arrays, shape (n,), log-odds
    band_before, band_after : int64 arrays, shape (n,), 0 the lowest, -1 not scored
    """

    targets: list[Target]
    costs: list[Cost]
    before: Float64
    after: Float64
    band_before: Int64
    band_after: Int64


class Scored(NamedTuple):
    """Log-odds and bands (n,) of targets."""

    log_odds: Float64
    band: Int64


class Ground:
    """A copy of a ledger to attack on, and the model that watches.

    Parameters
    ----------
    model, ledger, labels, bands
        As :func:`training.evaluate_attacks` takes them, labels checked.
    """

    def __init__(
        self,
        model: RiskModel,
        ledger: Ledger,
        labels: pd.DataFrame | None,
        bands: Mapping[str, float],
    ) -> None:
        self._model, self._ledger = model, copy.deepcopy(ledger)
        self._labels = labels if model.reads_labels else None
        self._borders = np.array(list(band_thresholds(model.base_rate, bands).values()))
        self._serial = 0

    def targets(
        self,
        victims: pd.DataFrame,
        attacks: Sequence[Attack],
        labels: pd.DataFrame | None,
        seed: int,
    ) -> list[Target]:
        """Return a target a row of a checked spine, with what the attacks must know of it."""
        pattern: tuple[Step, ...] = ()
        if len(victims) and any(attack.reads == "pattern" for attack in attacks):
            latest = victims["as_of"].max()
            pattern = low_pattern(
                self._model, self._ledger, latest, self._labels, most=MOST_COPIED, seed=seed
            )
        bad_for = labels if any(attack.reads == "bad" for attack in attacks) else None
        return targets_of(self._ledger, victims, bad_for, pattern, seed)

    def outcome(self, attack: Attack, targets: Sequence[Target]) -> Outcome:
        """Attack the targets on which it can be done, and score each before and after."""
        able = [one for one in targets if not attack.reads or getattr(one, attack.reads)]
        moves, plain = ([way(one) for one in able] for way in (attack.moves, attack.plain))
        both = list(zip(able, moves, plain, strict=True))
        ends = np.array([_end(one, [*some, *other]) for one, some, other in both], np.int64)
        costs = [extra_cost(some, other, one, attack.by) for one, some, other in both]
        before, after = (self._attacked(way, able, ends) for way in (plain, moves))
        return Outcome(able, costs, before.log_odds, after.log_odds, before.band, after.band)

    def _attacked(self, moves: list[list[Move]], targets: list[Target], ends: Int64) -> Scored:
        """Score targets (n,) as of ``ends``, each after what is done to it and to no other."""
        if not any(moves):
            return self._scored(self._ledger, targets, ends)
        found = Scored(np.empty(len(targets)), np.empty(len(targets), np.int64))
        for group in self._groups(moves, targets):
            members = [targets[at] for at in group]
            done = [(move, targets[at].as_of) for at in group for move in moves[at]]
            self._serial += 1
            frame = transfers_of(done, self._ledger.unit, str(self._serial))
            found.log_odds[group], found.band[group] = self._scored_after(
                frame, members, ends[group]
            )
        return found

    def _scored_after(self, frame: pd.DataFrame, targets: list[Target], ends: Int64) -> Scored:
        """Score targets with some more transfers in the ledger, which are gone afterwards.

        Taking back costs time for each of them, a copy for each of the ledger's.
        """
        many = len(frame) * RETRACT_PER_COPY > self._ledger.n_transfers
        ledger = copy.deepcopy(self._ledger) if many else self._ledger
        ledger.append(frame)
        scored = self._scored(ledger, targets, ends)
        if not many:
            # the latest first: taking back is quickest from the end of a wallet's transfers
            ledger.retract(frame["tx_id"].tolist()[::-1])
        return scored

    def _groups(self, moves: list[list[Move]], targets: list[Target]) -> list[list[int]]:
        """Numbers of targets that can be attacked at once without reaching one another."""
        touched = [_known(some, one) for some, one in zip(moves, targets, strict=True)]
        codes = iter(self._ledger.codes(list(chain.from_iterable(touched))).tolist())
        return apart(Records(self._ledger), [[next(codes) for _ in some] for some in touched])

    def _scored(self, ledger: Ledger, targets: list[Target], ends: Int64) -> Scored:
        wallets = [one.wallet for one in targets]
        spine = pd.DataFrame({"wallet": pd.Series(wallets, dtype="str")})
        spine["as_of"] = pd.to_datetime(ends, unit="us", utc=True)
        scores = self._model.score_spine(ledger, spine, self._labels)
        band = np.searchsorted(self._borders, scores.probability, side="right")
        band[np.array(scores.status, object) != "scored"] = UNKNOWN
        return Scored(scores.log_odds, band.astype(np.int64))


def _end(target: Target, moves: Sequence[Move]) -> int:
    """A microsecond after the last of some moves."""
    last = max((move.after_s for move in moves), default=0.0)
    return target.as_of + round(last * 1e6) + 1


def _known(moves: Sequence[Move], target: Target) -> list[str]:
    """Wallets that an attack touches and that are not fresh, the target among them."""
    ends = {name for move in moves for name in move[1:3] if not name.startswith(FRESH)}
    return sorted(ends | {target.wallet})
