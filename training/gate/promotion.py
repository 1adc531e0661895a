"""Make a version the champion if what its run logged passes the gate; nothing forces it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from features.errors import RiskError
from training.gate.comparison import CANDIDATE, CHAMPION, Comparison, compare
from training.gate.lines import GateLine, own_lines
from training.gate.logged import FILE, ROWS, Evidence

if TYPE_CHECKING:
    from training.tracking import Version

ASKS = "no worse than the champion"


@dataclass(frozen=True, slots=True)
class Promotion:
    """Outcome of :func:`promote`: the alias was set if no line failed."""

    version: str
    lines: tuple[GateLine, ...]

    @property
    def promoted(self) -> bool:
        """Whether the version is the champion now."""
        return all(line.passed is not False for line in self.lines)


def promote(
    version: str, *, name: str = "walletrisk", why: str = "", tracking_uri: str | None = None
) -> Promotion:
    """Make a registered version the champion if it passes the gate.

    Parameters
    ----------
    version
        Number of the version.
    name
        Registered name.
    why
        What for; kept in the registry with who and when.
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
    from training import registry, tracking

    candidate = tracking.find(name, version, tracking_uri=tracking_uri)
    champion = tracking.champion(name, tracking_uri=tracking_uri)
    evidence = evidence_of(candidate, tracking_uri=tracking_uri)
    promotion = Promotion(version, judge(candidate, champion, evidence, tracking_uri=tracking_uri))
    already = champion is not None and champion.number == candidate.number
    if promotion.promoted and not already:
        registry.crown(
            candidate, how="promote", why=why or promotion.lines[-1].detail,
            tracking_uri=tracking_uri,
        )  # fmt: skip
    return promotion


def judge(
    candidate: Version,
    champion: Version | None,
    evidence: Evidence | None,
    *,
    tracking_uri: str | None = None,
) -> tuple[GateLine, ...]:
    """Return every line: of the metrics, of the evidence, and last of the champion."""
    own = own_lines(candidate.metrics)
    if evidence is None:
        lacking = f"its run logged no {FILE}: train again with this release"
        return (*own, GateLine("evidence", False, lacking))
    last = champion_line(candidate, champion, evidence, tracking_uri=tracking_uri)
    return (*own, *evidence.lines, last)


def champion_line(
    candidate: Version,
    champion: Version | None,
    evidence: Evidence,
    *,
    tracking_uri: str | None = None,
) -> GateLine:
    """Return whether the candidate is no worse than the champion on the same rows.

    Parameters
    ----------
    candidate, champion
        Versions; None where there is no champion.
    evidence
        Of the candidate's run, which compared it with the then champion.
    tracking_uri
        MLflow store.

    Notes
    -----
    Where the champion changed since the run, the rows that both runs logged are compared, if they
    are the same rows of the same data. A champion that this release cannot load cannot serve
    either, and is not in the way.
    """
    if champion is None:
        return GateLine(ASKS, True, "there is no champion yet")
    if champion.number == candidate.number:
        return GateLine(ASKS, True, "it is the champion")
    rival = f"version {champion.number}"
    if evidence.champion != champion.number:
        try:
            found = compare_versions(
                candidate, champion, margin=evidence.margin, tracking_uri=tracking_uri
            )
        except RiskError as error:
            why = f"{rival} became champion after this run, and {error}: train again to compare"
            return GateLine(ASKS, False, why)
        return _verdict_line(found, rival)
    if evidence.broken:
        return GateLine(ASKS, True, f"{rival} is unusable: {evidence.broken}")
    if evidence.comparison is None:
        return GateLine(ASKS, False, f"{rival} could not be judged: {evidence.unusable}")
    return _verdict_line(evidence.comparison, rival)


def _verdict_line(found: Comparison, rival: str) -> GateLine:
    return GateLine(ASKS, found.verdict != "refused", f"{found.detail}; against {rival}")


def evidence_of(version: Version, *, tracking_uri: str | None) -> Evidence | None:
    """Read what the run of a version logged for the gate; None where it logged nothing."""
    from training import registry

    with tempfile.TemporaryDirectory() as folder:
        path = registry.logged(version, FILE, Path(folder), tracking_uri=tracking_uri)
        return None if path is None else Evidence.from_json(path.read_text(encoding="utf-8"))


def rows_of(version: Version, *, tracking_uri: str | None) -> pd.DataFrame:
    """Read the scored test rows that the run of a version logged.

    Raises
    ------
    RiskError
        If it logged none.
    """
    from training import registry

    with tempfile.TemporaryDirectory() as folder:
        path = registry.logged(version, ROWS, Path(folder), tracking_uri=tracking_uri)
        if path is None:
            raise RiskError(f"the run of version {version.number} logged no {ROWS}")
        return pd.read_parquet(path)


def compare_versions(
    candidate: Version, champion: Version, *, margin: float, tracking_uri: str | None = None
) -> Comparison:
    """Compare the recipes of two versions on the rows that both runs logged.

    Raises
    ------
    RiskError
        If they were not judged on the same rows of the same data.
    """
    told = [one.tags.get("data_sha256", "none") for one in (candidate, champion)]
    if told[0] != told[1]:
        raise RiskError(
            f"versions {candidate.number} and {champion.number} were judged on other data "
            f"(data_sha256 {told[0][:12]} and {told[1][:12]})"
        )
    mine, other = (rows_of(one, tracking_uri=tracking_uri) for one in (candidate, champion))
    if not mine.index.equals(other.index):
        raise RiskError(
            f"versions {candidate.number} and {champion.number} were judged on other rows"
        )
    scores = other.filter(regex=f"^{CANDIDATE}")
    theirs = scores.rename(columns=lambda name: name.replace(CANDIDATE, CHAMPION))
    ours = mine[["y_true", *mine.filter(regex=f"^{CANDIDATE}").columns]]
    # rows may repeat, so they are put side by side by place
    return compare(pd.concat([ours, theirs], axis=1), margin=margin)
