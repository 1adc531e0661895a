"""The evidence of a run: how it is written down, and read again when the version is judged."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pandas as pd

from features.errors import RiskError
from training.gate.comparison import Comparison
from training.gate.evasion import evasion_figure, evasion_text
from training.gate.lines import WORDS, GateLine

FORMAT = 1
FILE, REPORT, ROWS = "gate.json", "gate.md", "rows.parquet"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate judges.

    Parameters
    ----------
    lines
        Alarms and measurements, each with its outcome.
    champion
        Version that was the champion during the run, empty if there was none.
    unusable
        Why that one could not be judged although it may serve, empty if it was.
    broken
        Why it cannot be loaded by this release, empty if it can.
    comparison
        With it, or None.
    margin
        Stated for it.
    rows
        Test rows: those of ``Trained.scores``, and the scores of each fit.
    evasion
        See :func:`training.gate.evasion.evasion_suite`. Both are empty where only the text was
        read.
    """

    lines: tuple[GateLine, ...]
    champion: str
    unusable: str
    broken: str
    comparison: Comparison | None
    margin: float
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    evasion: pd.DataFrame = field(default_factory=pd.DataFrame)

    def to_json(self) -> str:
        """Return all but the frames."""
        nothing = pd.DataFrame()
        told: dict[str, Any] = asdict(replace(self, rows=nothing, evasion=nothing))
        del told["rows"], told["evasion"]
        return json.dumps({"format": FORMAT, **told}, indent=1) + "\n"

    def write(self, folder: Path) -> None:
        """Write ``gate.json``, ``gate.md``, ``rows.parquet`` and, if tried, the evasions."""
        (folder / FILE).write_text(self.to_json(), encoding="utf-8")
        (folder / REPORT).write_text(self.report, encoding="utf-8")
        self.rows.to_parquet(folder / ROWS)
        if len(self.evasion):
            self.evasion.to_csv(folder / "evasion.csv", index=False)
            evasion_figure(self.evasion).savefig(folder / "evasion.png", dpi=130)

    @property
    def report(self) -> str:
        """What was measured, in Markdown."""
        told = [f"| {WORDS[one.passed]} | {one.name} | {one.detail} |" for one in self.lines]
        parts = ["# Evidence for the gate", "", "| | line | measured |", "|---|---|---|", *told, ""]
        if self.comparison is not None:
            parts += [f"Against version {self.champion}: {self.comparison.detail}.", ""]
        elif self.champion:
            why = self.broken or self.unusable
            parts += [f"Not compared with version {self.champion}: {why}.", ""]
        if len(self.evasion):
            parts += ["## Evasion", "", evasion_text(self.evasion), "", "![](evasion.png)", ""]
        return "\n".join(parts)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        RiskError
            If it is of another format.
        """
        told = json.loads(text)
        found = told.pop("format", None)
        if found != FORMAT:
            raise RiskError(f"{FILE} has format {found!r}; this release reads {FORMAT}")
        told["lines"] = tuple(GateLine(**line) for line in told["lines"])
        if told["comparison"] is not None:
            told["comparison"] = Comparison(**told["comparison"])
        return cls(**told)
