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
from training.attacks.moves import FRESH, Attack, Move, Moves, Step, Target, nothing, transfers_of
from training.attacks.targets import Records, apart, low_pattern, targets_of
from training.bands import band_thresholds

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

UNKNOWN = -1  # place of the band of a wallet that is not scored


class Outcome(NamedTuple):
    """What became of n targets.

    Attributes
    ----------
    targets : list of Target
    before, after : float64 arrays, shape (n,), log-odds
    band_before, band_after : int64 arrays, shape (n,), 0 the lowest, -1 not scored
    """

    targets: list[Target]
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
        ends = np.array([_end(attack, one) for one in able], np.int64)
        after = self._attacked(attack.moves, able, ends)
        if attack.plain is nothing:
            before = self._scored(able, ends)
        else:
            before = self._attacked(attack.plain, able, ends)
        return Outcome(able, before.log_odds, after.log_odds, before.band, after.band)

    def _attacked(self, moves: Moves, targets: Sequence[Target], ends: Int64) -> Scored:
        """Score targets (n,) as of ``ends``, each after what is done to it and to no other."""
        found = Scored(np.empty(len(targets)), np.empty(len(targets), np.int64))
        for group in self._groups(moves, targets):
            members = [targets[at].in_slot(slot) for slot, at in enumerate(group)]
            done = [moves(one) for one in members]
            self._serial += 1
            frame = transfers_of(
                (
                    (move, one.as_of)
                    for one, some in zip(members, done, strict=True)
                    for move in some
                ),
                self._ledger.asset,
                str(self._serial),
            )
            self._ledger.append(frame)
            scored = self._scored(members, ends[group])
            # the latest first: taking back is quickest from the end of a wallet's transfers
            self._ledger.retract(frame["tx_id"].tolist()[::-1])
            found.log_odds[group], found.band[group] = scored
        return found

    def _groups(self, moves: Moves, targets: Sequence[Target]) -> list[list[int]]:
        """Numbers of targets that can be attacked at once without reaching one another."""
        touched = [sorted(_known(moves(one), one)) for one in targets]
        codes = self._ledger.codes(list(chain.from_iterable(touched))).tolist()
        ends = np.cumsum([len(some) for some in touched]).tolist()
        parts = [codes[end - len(some) : end] for end, some in zip(ends, touched, strict=True)]
        return apart(Records(self._ledger), parts)

    def _scored(self, targets: Sequence[Target], ends: Int64) -> Scored:
        wallets = [one.wallet for one in targets]
        spine = pd.DataFrame({"wallet": pd.Series(wallets, dtype="str")})
        spine["as_of"] = pd.to_datetime(ends, unit="us", utc=True)
        scores = self._model.score_spine(self._ledger, spine, self._labels)
        band = np.searchsorted(self._borders, scores.probability, side="right")
        band[np.array(scores.status, object) != "scored"] = UNKNOWN
        return Scored(scores.log_odds, band.astype(np.int64))


def _end(attack: Attack, target: Target) -> int:
    """A microsecond after the last transfer, with the trick or without it."""
    done = [*attack.moves(target), *attack.plain(target)]
    last = max((move.after_s for move in done), default=0.0)
    return target.as_of + round(last * 1e6) + 1


def _known(moves: Sequence[Move], target: Target) -> set[str]:
    """Wallets that an attack touches and that the ledger holds, the target among them."""
    ends = {name for move in moves for name in move[1:3] if not name.startswith(FRESH)}
    return ends | {target.wallet}
