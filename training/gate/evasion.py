"""The evasion suite: what a launderer gains by hiding, what a framer does to others, and the cost.

Every attack is tried on illicit wallets that are caught and on licit ones of the lowest band, in
rising size, so that the report shows a curve and not a point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.attacks import evaluate_attacks, victims_of
from training.attacks.declared import (
    DELAYS,
    SHARES,
    address_poisoning,
    delay,
    dust,
    self_loops,
    split_receipt,
    split_sending,
    tainted_through_hub,
    through_hub,
)
from training.attacks.moves import Attack

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

DUSTINGS, PARTS, LOOPS = (1, 10, 100), (2, 5, 20, 100), (1, 10, 100)
CURVES: dict[str, tuple[Attack, ...]] = {
    "dust below what counts": tuple(dust(count, None) for count in DUSTINGS),
    "payments just above dust": tuple(dust(count, SHARES[1]) for count in DUSTINGS),
    "address poisoning": tuple(map(address_poisoning, DUSTINGS)),
    "own receipt in parts": tuple(map(split_receipt, PARTS)),
    "own sending in parts": tuple(map(split_sending, PARTS)),
    "waiting before sending on": tuple(delay(name, wait_s) for name, wait_s in DELAYS.items()),
    "own money through a hub": tuple(map(through_hub, (1, 10))),
    "transfers to itself": tuple(map(self_loops, LOOPS)),
    # sends from known illicit wallets, and so needs labels
    "known illicit money through a hub": (tainted_through_hub(),),
}
HIDE, FRAME = "hide", "frame"
COLOURS = ("#1f4e79", "#c0504d", "#4f9d69", "#8064a2", "#e08e2b", "#4bacc6", "#7f7f7f", "#a0522d",
           "#d16ba5")  # fmt: skip


def evasion_suite(
    model: RiskModel,
    ledger: Ledger,
    scores: pd.DataFrame,
    labels: pd.DataFrame | None,
    *,
    victims: int,
    seed: int,
) -> pd.DataFrame:
    """Try the suite on some caught illicit and some low licit wallets.

    Parameters
    ----------
    model
        That scores.
    ledger
        Is left as it is.
    scores
        Test rows; see ``Trained.scores``.
    labels
        That the model reads, or None.
    victims
        Of each kind, at most.
    seed
        Of their choice.

    Returns
    -------
    DataFrame
        As :func:`training.attacks.evaluate_attacks`, with ``curve``, one of :data:`CURVES`, and
        ``aim``: ``hide``, of illicit wallets, or ``frame``, of licit ones. Empty where there is no
        victim.
    """
    chosen = victims_of(model, scores)
    tried = [
        (curve, attack)
        for curve, attacks in CURVES.items()
        for attack in attacks
        if labels is not None or attack.reads != "bad"
    ]
    curves, attacks = zip(*tried, strict=True)
    parts = []
    for aim, spine in ((HIDE, chosen.caught), (FRAME, chosen.low)):
        some = spine.sample(min(victims, len(spine)), random_state=seed).sort_index()
        if len(some):
            found = evaluate_attacks(
                model, ledger, some.reset_index(drop=True), labels=labels, attacks=attacks,
                seed=seed,
            )  # fmt: skip
            parts.append(found.assign(aim=aim, curve=curves))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def evasion_text(found: pd.DataFrame) -> str:
    """Give the suite as a Markdown table: the strongest size of every attack, and its cost."""
    if found.empty:
        return "No wallet of the test rows could be attacked: none is caught, and none is low."
    lines = [
        "| aim | attack | size | by | victims | band moved | shift in log-odds | transactions | "
        "given, of the usual amount |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (aim, curve), rows in found.groupby(["aim", "curve"], sort=False):
        share = "down" if aim == HIDE else "up"
        shift = rows["shift_median"]
        one = rows.iloc[int(shift.argmin() if aim == HIDE else shift.argmax())]
        lines.append(
            f"| {aim} | {curve} | {one['size']} | {one['by']} | {one['victims']} "
            f"| {one[share]:.0%} {share} | {one['shift_median']:+.2f} "
            f"| {one['transactions']:.0f} | {one['given_usual']:.3g} |"
        )
    return "\n".join(lines)


def evasion_figure(found: pd.DataFrame) -> Figure:
    """Draw the median shift in log-odds against the transactions that an attack costs."""
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    FigureCanvasAgg(figure)
    both = figure.subplots(1, 2, sharey=True)
    titles = {
        HIDE: "caught illicit wallets: down is hidden",
        FRAME: "low licit wallets: up is framed",
    }
    for axes, (aim, title) in zip(both, titles.items(), strict=True):
        _panel(axes, found[found["aim"] == aim] if len(found) else found, title)
    both[0].set_ylabel("median shift in log-odds")
    handles, labels = both[0].get_legend_handles_labels()
    if not handles:
        handles, labels = both[1].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    victims = int(rows["victims"].max()) if len(rows) else 0
    axes.axhline(0, color="#8a8a8a", linewidth=0.8)
    groups = rows.groupby("curve", sort=False) if len(rows) else ()
    for colour, (name, line) in zip(COLOURS, groups, strict=False):
        cost = np.maximum(line["transactions"].to_numpy(np.float64), 1)
        axes.plot(cost, line["shift_median"], marker="o", color=colour, label=name)
    axes.set_xscale("log")
    axes.set(title=f"{title} ({victims} victims)", xlabel="transactions that it costs")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
