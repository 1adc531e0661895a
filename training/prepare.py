"""``walletrisk prepare``: from a ledger and labels to the file that ``walletrisk train`` reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from features.contracts.spine import Spine
from features.errors import RiskError
from features.ledger import Ledger
from features.sources.files import read_labels
from features.sources.known import TableOptions
from features.sources.tables import write_table
from training.origins import rolling_origins
from training.questions import Known, Questions, known_by_then, questions
from training.splits import out_of_time_shares

_TEMPLATE = """\
# What walletrisk train learns from; walletrisk train --reference prints every key.

[data]
ledger = {ledger}
spine = {spine}
labels = {labels}
# exposure = {labels}   # lets features read who deals with known wallets; score needs --labels then
{written}
[split]
test_share = {test_share}       # the latest rows
calibrate_share = {calibrate_share}  # of what comes before
origins = {origins}            # stretches of the test rows, each with a model of its own

[model]
model = "lightgbm"
base_rate = {base_rate}       # your statement about the world
min_transfers = {least}
"""
TEST_SHARE, CALIBRATE_SHARE, ORIGINS, LEAST = 0.4, 0.2, 3, 3


class Prepared(NamedTuple):
    """What was written, and what is in it."""

    config: Path
    spine: Path
    asked: Questions
    origins: list[Known]

    def text(self) -> str:
        """Lines for a reader."""
        rows = self.asked.spine
        illicit, licit = self.origins[0].learnt
        tested = [sum(one.tested[kind] for one in self.origins) for kind in (0, 1)]
        lines = [
            f"{self.spine}: {len(rows)} rows, from {rows['as_of'].min():%Y-%m-%d} to "
            f"{rows['as_of'].max():%Y-%m-%d}; {illicit} illicit and {licit} licit to learn from "
            f"at first, {tested[0]} and {tested[1]} to test on"
        ]
        lines += [
            f"left out: {n} labelled wallets {why}"
            for n, why in (
                (self.asked.strangers, "that the ledger does not hold"),
                (self.asked.thin, f"with fewer than {LEAST} transfers"),
            )
            if n
        ]
        return "\n".join([*lines, f"{self.config}: look through it, then walletrisk train"])

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "config": str(self.config),
            "spine": str(self.spine),
            "rows": len(self.asked.spine),
            "strangers": self.asked.strangers,
            "thin": self.asked.thin,
            "origins": [one._asdict() for one in self.origins],
        }


def prepare(
    ledger: Path, labels: Path, to: Path, *, base_rate: float, written: TableOptions
) -> Prepared:
    """Write a configuration for the labelled wallets of a ledger, and its spine beside it.

    Parameters
    ----------
    ledger, labels
        What is there: a ledger's folder, a file of labels.
    to
        The configuration; the spine is ``NAME.spine.parquet``.
    base_rate
        See :class:`training.config.TrainConfig`.
    written
        How the labels are written.

    Raises
    ------
    RiskError
        ``to`` is there already, a file cannot be read, or there is too little to learn from or to
        test on; nothing is written then.
    """
    spine = to.with_name(f"{to.stem}.spine.parquet")
    for path in (to, spine):
        if path.exists():
            raise RiskError(f"{path} exists, and may have been edited; choose another --to")
    if not 0 < base_rate < 1:
        raise RiskError(f"--base-rate must lie between 0 and 1, received {base_rate}")
    opened = Ledger.open(ledger)
    known = read_labels(labels, **written.of("labels"), chain=opened.chain)
    asked = questions(opened, known, LEAST)
    if asked.spine.empty:
        raise RiskError(
            f"{labels}: of its wallets with a verdict {asked.strangers} are not in {ledger}, and "
            f"{asked.thin} have fewer than {LEAST} transfers there: none can be learnt from"
        )
    origins = _origins(asked.spine, known)
    write_table(asked.spine, spine)
    facts = {
        name: json.dumps(os.path.relpath(path.resolve(), to.resolve().parent))
        for name, path in (("ledger", ledger), ("spine", spine), ("labels", labels))
    }
    text = _TEMPLATE.format(
        **facts, written=_keys(written), test_share=TEST_SHARE, calibrate_share=CALIBRATE_SHARE,
        origins=len(origins), base_rate=base_rate, least=LEAST,
    )  # fmt: skip
    to.write_text(text, encoding="utf-8")
    return Prepared(to, spine, asked, origins)


def _origins(spine: Spine, labels: pd.DataFrame) -> list[Known]:
    """Rows of as many origins as have both kinds to test on, at most ``ORIGINS``.

    Raises
    ------
    RiskError
        There is none.
    """
    whole = out_of_time_shares(spine, test_share=TEST_SHARE, calibrate_share=CALIBRATE_SHARE)
    most = min(ORIGINS, spine["as_of"][whole.slices(spine["as_of"])["test"]].nunique())
    for number in range(most, 0, -1):
        splits = rolling_origins(spine, whole, number)
        origins = [known_by_then(spine, labels, split) for split in splits]
        if all(count for one in origins for kinds in one for count in kinds):
            return origins
    (learnt, tested) = origins[0]
    raise RiskError(
        f"to learn from there are {learnt[0]} illicit and {learnt[1]} licit wallets, and to test "
        f"on {tested[0]} and {tested[1]}: some of each are needed. The test begins at "
        f"{whole.test_from:%Y-%m-%dT%H:%MZ}, and only labels that were known before it (known_at) "
        "can be learnt from"
    )


def _keys(written: TableOptions) -> str:
    """How labels are written, as keys of the configuration; the map does not touch the spine."""
    columns = written.of("labels")["columns"].items()
    options = {
        "map": ",".join(f"labels.{name}={column}" for name, column in columns),
        "time_unit": written.time_unit,
        "timezone": written.timezone,
    }
    return "".join(f"{name} = {json.dumps(one)}\n" for name, one in options.items() if one)
