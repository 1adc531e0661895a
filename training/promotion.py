"""The gate before the alias ``champion``: a model must earn it, and nothing forces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.tracking import Version

# measured anchor of published tree models on Elliptic: 0.0175
MAX_CALIBRATION_ERROR = 0.05


@dataclass(frozen=True, slots=True)
class GateLine:
    """One condition: what it asks, whether it holds, and the numbers."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """Outcome of :func:`promote`: the alias was set if every line passed."""

    version: str
    lines: tuple[GateLine, ...]

    @property
    def promoted(self) -> bool:
        """Whether the version is the champion now."""
        return all(line.passed for line in self.lines)


def promote(
    version: str, *, name: str = "walletrisk", tracking_uri: str | None = None
) -> Promotion:
    """Make a registered version the champion if it passes the gate.

    Parameters
    ----------
    version
        Number of the version.
    name
        Registered name.
    tracking_uri
        MLflow store; None: what MLflow is set to.

    Returns
    -------
    Promotion
        Every line of the gate, and whether the alias was set.

    Raises
    ------
    RiskError
        If there is no such version.
    """
    from training import tracking

    candidate = tracking.find(name, version, tracking_uri=tracking_uri)
    champion = tracking.champion(name, tracking_uri=tracking_uri)
    lines = (*own_lines(candidate.metrics), champion_line(candidate, champion))
    promotion = Promotion(version, lines)
    if promotion.promoted:
        tracking.crown(candidate, tracking_uri=tracking_uri)
    return promotion


def own_lines(metrics: Mapping[str, float]) -> tuple[GateLine, ...]:
    """Return the lines that need the candidate's numbers only.

    Parameters
    ----------
    metrics
        As :func:`training.train` gives them; a number that is missing or nan fails its line.
    """

    def number(name: str) -> float:
        return metrics.get(name, float("nan"))

    area, low, chance = number("pr_auc"), number("pr_auc_low"), number("prevalence")
    single, error = number("pr_auc_single_feature"), number("ece") - number("ece_chance")
    return (
        GateLine(
            "better than chance",
            low > chance,
            f"lower end of PR-AUC {low:.4f}, prevalence {chance:.4f}",
        ),
        GateLine(
            "better than the best single feature",
            area > single,
            f"PR-AUC {area:.4f}, single feature {single:.4f}",
        ),
        GateLine(
            "calibrated",
            error <= MAX_CALIBRATION_ERROR,
            f"calibration error beyond chance {error:.4f}, at most {MAX_CALIBRATION_ERROR}",
        ),
    )


def champion_line(candidate: Version, champion: Version | None) -> GateLine:
    """Return whether the candidate is no worse than the champion on the same data.

    Parameters
    ----------
    candidate
        Its run measured the then champion on its own test rows
        (tag ``champion_version``, metric ``champion_pr_auc``).
    champion
        The present champion, or None.

    Notes
    -----
    Numbers from different data are not compared: where the champion changed since the run, only
    equal data hashes count. A champion that this release cannot load cannot serve either; the
    run's tag ``champion_unusable`` says why, and it is not in the way.
    """
    asks = "not worse than the champion"
    if champion is None:
        return GateLine(asks, True, "there is no champion yet")
    if champion.number == candidate.number:
        return GateLine(asks, True, "it is the champion")
    area = candidate.metrics.get("pr_auc", float("nan"))
    if candidate.tags.get("champion_version") == champion.number:
        if "champion_unusable" in candidate.tags:
            why = candidate.tags["champion_unusable"]
            return GateLine(asks, True, f"version {champion.number} is unusable: {why}")
        other = candidate.metrics.get("champion_pr_auc", float("nan"))
    elif candidate.tags.get("data_sha256", "") == champion.tags.get("data_sha256"):
        other = champion.metrics.get("pr_auc", float("nan"))
    else:
        return GateLine(
            asks,
            False,
            f"version {champion.number} became champion after this run and saw other data: "
            "train again to compare",
        )
    return GateLine(
        asks, area >= other, f"PR-AUC {area:.4f}, version {champion.number} {other:.4f}"
    )
