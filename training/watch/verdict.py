"""From measures of a window to one sentence: what is wrong, and whether to train again.

Three answers: ``nothing`` to do, ``shift`` the probabilities to another prior (the ranking is kept,
nothing is learnt), ``retrain``. Columns that moved are no reason by themselves: most windows differ
from training in some column, and a model may rank them as well as before. So what counts is what
labels say of the ranking; without labels, whether the window's rows lie where the model learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from training.watch.prior import Priors
from training.watch.rows import RowsOutside

Action = Literal["nothing", "shift", "retrain"]

FACTOR = 2.0  # by which a prior may be off: the tolerance of the gate's check at the base rate
MANY_OUTSIDE = 0.05  # share of rows beyond what was learnt; it is .01 where nothing changed
UNLIKELY = 0.01  # chance of so many of them
LARGE_PSI = 0.25  # of scores, beyond what another prior explains; the usual rule of thumb
TOLD_APART = 0.9  # AUC of telling rows of the window from training rows at the same prior
RANKING_LOST = 0.05  # of PR-AUC at the prevalence of training


class Signs(NamedTuple):
    """What a verdict is made from; see :class:`training.watch.monitor.Watched`.

    Attributes
    ----------
    base_rate
        What the model's probabilities are for.
    priors, outside, unexplained_psi, unexplained_chance, judged
        Of the window.
    pr_auc
        Of the training rows, out of fold.
    """

    base_rate: float
    priors: Priors
    outside: RowsOutside
    unexplained_psi: float
    unexplained_chance: float
    judged: Mapping[str, float]
    pr_auc: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, the sentence that says so, and every finding behind it.

    Parameters
    ----------
    action
        See the module.
    sentence
        What is wrong and whether to train again.
    findings
        A sentence each, the weightiest first; also those that are no reason to act.
    prior_trusted
        Whether the estimate of the prior can be used.
    """

    action: Action
    sentence: str
    findings: tuple[str, ...]
    prior_trusted: bool


def verdict_of(signs: Signs) -> Verdict:
    """Weigh the signs."""
    strange, lost = _strange(signs), _ranking_lost(signs)
    off = _prior_off(signs)
    trusted = not strange
    findings = tuple(one for one in (lost, *strange, off) if one)
    if lost:
        action: Action = "retrain"
        sentence = f"Train again: {lost}."
    elif strange and not signs.judged:
        action = "retrain"
        sentence = (
            f"Train again with labels of such wallets: {strange[0]}, and without labels nothing "
            "says that the model still ranks them."
        )
    elif off and trusted:
        action = "shift"
        sentence = (
            f"Shift the probabilities, there is no need to train again: {off}; that share explains "
            "the scores."
        )
    else:
        action = "nothing"
        sentence = f"No need to train again: {_calm(signs, strange)}."
    return Verdict(action, sentence, findings, trusted)


def _calm(signs: Signs, strange: tuple[str, ...]) -> str:
    if signs.judged:
        kept = (
            f"labels say that the model ranks as at training (PR-AUC "
            f"{signs.judged['pr_auc_at_trained_prevalence']:.3f} at its prevalence, "
            f"{signs.pr_auc:.3f} then)"
        )
        return f"{kept}, although {strange[0]}" if strange else kept
    return "rows and scores of the window look as at training, but for the share of illicit wallets"


def _ranking_lost(signs: Signs) -> str:
    """Say that labels show a worse ranking, beyond chance and beyond what matters."""
    if not signs.judged:
        return ""
    name = "pr_auc_at_trained_prevalence"
    now, high = signs.judged[name], signs.judged[f"{name}_high"]
    if high >= signs.pr_auc or now > signs.pr_auc - RANKING_LOST:
        return ""
    return (
        f"the model ranks worse than at training, PR-AUC {now:.3f} (at most {high:.3f}) where it "
        f"was {signs.pr_auc:.3f}, both at the prevalence of training"
    )


def _strange(signs: Signs) -> tuple[str, ...]:
    """Say how the window lies outside what was learnt, beyond another share of illicit wallets."""
    found = []
    if signs.unexplained_psi >= max(LARGE_PSI, signs.unexplained_chance):
        found.append(
            "scores are spread as no share of illicit wallets explains (PSI "
            f"{signs.unexplained_psi:.2f}, {LARGE_PSI:g} is large)"
        )
    if signs.outside.share >= MANY_OUTSIDE and signs.outside.chance < UNLIKELY:
        found.append(
            f"{signs.outside.share:.0%} of the rows lie beyond what the model learnt from, 1 % is "
            "usual"
        )
    if signs.outside.at_prior_auc >= TOLD_APART:
        first = ", ".join(str(name) for name in signs.outside.telling.index[:3])
        found.append(
            f"a classifier tells rows of the window from training rows with AUC "
            f"{signs.outside.at_prior_auc:.2f}, by {first} first"
        )
    if signs.priors.disagreement >= FACTOR:
        found.append(
            f"two estimates of the share of illicit wallets differ by a factor of "
            f"{signs.priors.disagreement:.1f} ({signs.priors.em.share:.2%} and "
            f"{signs.priors.confusion.share:.2%}), so that wallets of a class score "
            "otherwise than at training"
        )
    return tuple(found)


def _prior_off(signs: Signs) -> str:
    """Say that the share of illicit wallets is surely another than the base rate by the factor."""
    share, low, high = signs.priors.em
    if low <= signs.base_rate * FACTOR and high >= signs.base_rate / FACTOR:
        return ""
    return (
        f"about {share:.2%} of these wallets are illicit by their scores ({low:.2%} to "
        f"{high:.2%}), and the probabilities are for {signs.base_rate:.2%}"
    )
