"""What was measured of the arms of a case, side by side, as a figure."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from network_arms import SINGLE, TREES

from experiments.common.arms import Float64s
from experiments.common.results import Measure


def bars(
    file: str, found: Sequence[Measure], ats: Sequence[str], best: str = TREES
) -> dict[str, Figure]:
    """PR-AUC of the arms of some cases, and what they have more than ``best``: for a file.

    Cases of which nothing was measured are left out; none is drawn where all of them are.
    """
    told = {one.name.removesuffix(" PR-AUC"): one for one in found if one.name.endswith("PR-AUC")}
    shown = {
        at: sorted(
            (name.removeprefix(f"{at} ") for name in told
             if name.startswith(f"{at} ") and " minus " not in name),
            key=_group,
        )
        for at in ats
    }  # fmt: skip
    shown = {at: names for at, names in shown.items() if names}
    if not shown:
        return {}
    figure = Figure(
        figsize=(11, 1.0 + 0.2 * sum(4 + len(names) for names in shown.values())),
        layout="constrained",
    )
    rows = figure.subplots(
        len(shown), 2, squeeze=False, sharey="row", width_ratios=(3, 2),
        height_ratios=[4 + len(names) for names in shown.values()],
    )  # fmt: skip
    for (area, gain), (at, names) in zip(rows, shown.items(), strict=True):
        values, error = _with_error([told[f"{at} {name}"] for name in names])
        area.barh(names, values, xerr=error, color="#8fb3d9")
        share = next(one.value for one in found if one.name == f"{at} prevalence")
        area.axvline(share, color="grey", linestyle=":")
        area.invert_yaxis()
        area.set_title(at, fontsize=10)
        area.set_xlim(0, 1)
        area.tick_params(labelsize=7)
        against = [name for name in names if f"{at} {name} minus {best}" in told]
        gain.set_visible(bool(against))
        if against:
            more, error = _with_error([told[f"{at} {name} minus {best}"] for name in against])
            gain.errorbar(more, against, xerr=error, fmt="o", color="#2f5f8f", markersize=4)
            gain.set_title(f"more than {best}, paired", fontsize=8)
            gain.axvline(0, color="grey", linewidth=0.8)
            gain.tick_params(labelsize=7)
    rows[-1, 0].set_xlabel("PR-AUC on test rows (95 %; dotted: prevalence)", fontsize=8)
    return {file: figure}


def _with_error(some: Sequence[Measure]) -> tuple[Float64s, Float64s]:
    """Values (n,), and how far their intervals reach down and up, (2, n)."""
    limits = np.array([(one.value, one.low, one.high) for one in some], dtype=np.float64).T
    return limits[0], np.abs(limits[1:] - limits[0])


def _group(name: str) -> tuple[bool, bool, bool, str]:
    """Place of an arm: trees, then networks by kind, then means of both, then single features."""
    kind = name.replace(",", "").split()[0]
    return name.startswith(SINGLE), name.endswith(", mean"), kind != TREES, kind
