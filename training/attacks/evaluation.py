"""Measure attacks: how many wallets change their band, by how much, and what that costs.

Every victim is attacked by itself: what is done to one reaches no row of another. Before and after
are scores as of the same instant, a microsecond after the attack's last transfer: time that passes
is no part of an attack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from features.contracts.labels import check_labels
from features.contracts.spine import check_spine
from features.errors import RiskError
from training.attacks.declared import ATTACKS
from training.attacks.ground import Float64, Ground, Outcome
from training.attacks.moves import Attack, Cost
from training.bands import BANDS, LOWEST, band_thresholds

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

CONFIDENCE = 0.95


class Victims(NamedTuple):
    """Spines (n, 2) of wallets to attack: see :func:`victims_of`."""

    low: pd.DataFrame
    caught: pd.DataFrame


def victims_of(
    model: RiskModel, scores: pd.DataFrame, bands: Mapping[str, float] = BANDS
) -> Victims:
    """Choose whom to frame, licit wallets of the lowest band, and whom to hide, illicit ones above.

    Parameters
    ----------
    model
        The one that scored.
    scores
        Index (wallet, as_of); ``y_true`` and ``probability``, as ``Trained.scores`` has them.
    bands
        See :data:`training.bands.BANDS`.
    """
    lowest = min(band_thresholds(model.base_rate, bands).values())
    low = (scores["probability"] < lowest).to_numpy()
    illicit = (scores["y_true"] == 1).to_numpy()
    rows = scores.index.to_frame(index=False)
    return Victims(rows[low & ~illicit], rows[~low & illicit])


def evaluate_attacks(
    model: RiskModel,
    ledger: Ledger,
    victims: pd.DataFrame,
    *,
    labels: pd.DataFrame | None = None,
    attacks: Sequence[Attack] = ATTACKS,
    bands: Mapping[str, float] = BANDS,
    seed: int = 0,
) -> pd.DataFrame:
    """Attack wallets, each by itself, and say what becomes of their bands.

    Parameters
    ----------
    model
        Any kind.
    ledger
        Is left as it is.
    victims
        Spine (n, 2): which wallets, and when their attack begins; see :func:`victims_of`.
    labels
        Known wallets: the model reads them if it learnt from them, and attacks send from them.
    attacks
        Those of :data:`ATTACKS`, or others.
    bands
        Where bands begin, as multiples of the odds at the base rate.
    seed
        Of which known wallet pays which victim, and of which wallets may be copied.

    Returns
    -------
    DataFrame
        A row an attack: ``attack``, ``size``, ``by``; ``victims``, those that can be attacked so;
        ``up`` and ``down``, shares whose band rose and fell, with the ends of the exact binomial
        95 % interval as ``_low`` and ``_high``; ``shift_median``, ``shift_most`` and
        ``shift_least``, of the change in log-odds; ``in_<band>``, how many are in a band after it
        (``in_unknown``: not scored); ``transactions``, ``wallets``, ``given`` and ``kept``, medians
        of the cost (:class:`training.attacks.Cost`), and ``given_usual`` and ``kept_usual`` as
        multiples of what the victim usually moves. nan where there is no victim.

    Raises
    ------
    RiskError
        If an attack needs labels and none were given, or an input breaks its contract.
    """
    lacking = [one.name for one in attacks if one.reads == "bad" and labels is None]
    if lacking:
        raise RiskError(f"the attack {lacking[0]!r} needs labels, to know illicit wallets")
    known = None if labels is None else check_labels(labels)
    ground = Ground(model, ledger, known, bands)
    targets = ground.targets(check_spine(victims), attacks, known, seed)
    return pd.DataFrame(
        [_row(attack, ground.outcome(attack, targets), bands) for attack in attacks]
    )


def _row(attack: Attack, outcome: Outcome, bands: Mapping[str, float]) -> dict[str, object]:
    """One line of the answer."""
    moved = outcome.band_after - outcome.band_before
    shift = outcome.after - outcome.before
    counts = np.bincount(outcome.band_after + 1, minlength=len(bands) + 2).tolist()
    names = ("unknown", LOWEST, *bands)
    return {
        "attack": attack.name,
        "size": attack.size,
        "by": attack.by,
        "victims": len(shift),
        **_share("up", int((moved > 0).sum()), len(moved)),
        **_share("down", int((moved < 0).sum()), len(moved)),
        "shift_median": _of(np.median, shift),
        "shift_most": _of(np.max, shift),
        "shift_least": _of(np.min, shift),
        **{f"in_{name}": count for name, count in zip(names, counts, strict=True)},
        **_costs(outcome),
    }


def _share(name: str, moved: int, of: int) -> dict[str, float]:
    """A share and its interval: exact, as a bootstrap of no mover would be sure of none."""
    from scipy.stats import binomtest

    if not of:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float("nan"))
    interval = binomtest(moved, of).proportion_ci(CONFIDENCE)
    return {name: moved / of, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _costs(outcome: Outcome) -> dict[str, float]:
    """Medians of what the attack costs on its targets."""
    table = np.array(outcome.costs).reshape(-1, len(Cost._fields))
    usual = np.array([target.usual for target in outcome.targets])
    found = {name: _of(np.median, table[:, at]) for at, name in enumerate(Cost._fields)}
    for name in ("given", "kept"):
        found[f"{name}_usual"] = _of(np.median, table[:, Cost._fields.index(name)] / usual)
    return found


def _of(statistic: Callable[[Float64], np.floating], values: Float64) -> float:
    """A statistic of values (n,); nan where there are none."""
    return float(statistic(values)) if len(values) else float("nan")
