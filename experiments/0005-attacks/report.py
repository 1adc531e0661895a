"""The tables and the figure of framing and hiding, before and after."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.attacks import ATTACKS

BEGIN, END = "<!-- {} -->", "<!-- end of {} -->"
KEYS = ["goal", "attack", "size", "case"]
WAYS = {"framing": "up", "hiding": "down"}
MOVED = {
    "framing": "low licit wallets whose band rises",
    "hiding": "caught wallets whose band falls",
}
THRESHOLD = 0.1  # per cent: payments below it are drawn by their number
ORDER = {(attack.name, attack.size): place for place, attack in enumerate(ATTACKS)}


def fill_tables(readme: Path, before: pd.DataFrame, after: pd.DataFrame | None) -> None:
    """Replace what is between the markers of each goal by its table.

    Raises
    ------
    ValueError
        When the README lacks a marker.
    """
    text = readme.read_text()
    for goal in WAYS:
        begin, end = BEGIN.format(goal), END.format(goal)
        if begin not in text or end not in text:
            raise ValueError(f"{readme.name} must hold the lines {begin} and {end}")
        head, tail = text.partition(begin)[0], text.partition(end)[2]
        text = f"{head}{begin}\n{_table(goal, before, after)}\n{end}{tail}"
    readme.write_text(text)


def _table(goal: str, before: pd.DataFrame, after: pd.DataFrame | None) -> str:
    """Markdown: an attack a row, its cost, and a column a case."""
    shown = (before if after is None else after).loc[lambda rows: rows["goal"] == goal]
    place = [
        ORDER[attack, size] for attack, size in zip(shown["attack"], shown["size"], strict=True)
    ]
    shown = shown.assign(place=place).sort_values("place", kind="stable")
    found = {"before": _cells(before), "after": {} if after is None else _cells(after)}
    names = list(dict.fromkeys(shown["case"]))
    head = ["attack", "size", "payments", "wallets", "given", "kept"]
    head += [f"{name}: before, after (of)" for name in names]
    lines = [_line(head), "|---" * len(head) + "|"]
    for (attack, size), rows in shown.groupby(["attack", "size"], sort=False):
        cost = rows.iloc[0]
        line = [str(attack), str(size), f"{cost['transactions']:,.0f}", f"{cost['wallets']:,.0f}"]
        line += [_times(cost["given_usual"]), _times(cost["kept_usual"])]
        for name in names:
            key = goal, str(attack), str(size), str(name)
            line.append(_cell(found["before"].get(key), found["after"].get(key)))
        lines.append(_line(line))
    return "\n".join(lines)


def _cells(table: pd.DataFrame) -> dict[tuple[str, ...], tuple[float, int]]:
    """Share moved where the goal wants, and of how many victims, by goal, attack, size, case."""
    return {
        tuple(str(row[key]) for key in KEYS): (row[WAYS[row["goal"]]], row["victims"])
        for row in table.to_dict("records")
    }


def _cell(before: tuple[float, int] | None, after: tuple[float, int] | None) -> str:
    some = after or before
    if some is None or not some[1]:
        return ""
    return f"{_percent(before)}, {_percent(after)} ({some[1]:,})"


def _percent(cell: tuple[float, int] | None) -> str:
    return "?" if cell is None or not cell[1] else f"{100 * cell[0]:.3g} %"


def _times(value: float) -> str:
    return "0" if abs(value) < 1e-6 else f"{value:.3g}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def figure(before: pd.DataFrame, after: pd.DataFrame | None) -> Figure:
    """Share of wallets that payments from one fresh wallet move; dotted is before."""
    shown = Figure(figsize=(10, 7), layout="constrained")
    rows = shown.subplots(2, 2, sharex="col", sharey=True)
    for goal, (left, right) in zip(WAYS, rows, strict=True):
        for table, style in ((before, ":"), (after, "-")):
            if table is not None:
                _curves(table, goal, style, left, right)
        left.set_ylabel(MOVED[goal])
    for axes, label in zip(
        rows[1],
        (
            f"payments of just below {THRESHOLD} % of what the wallet usually moves",
            "each of 100 payments, % of what the wallet usually moves",
        ),
        strict=True,
    ):
        axes.set_xlabel(label)
    for axes in rows.flat:
        axes.set_xscale("log")
        axes.set_ylim(-0.02, 1.02)
        axes.grid(alpha=0.3)
    rows[0, 0].legend(fontsize=8, title="dotted: before")
    return shown


def _curves(table: pd.DataFrame, goal: str, style: str, left: Axes, right: Axes) -> None:
    """Draw a curve a case: by number of payments, and by their size."""
    rows = table[(table["goal"] == goal) & (table["attack"] == "payments from one fresh wallet")]
    of = rows["size"].str.extract(r"^([\d,]+) of ([\d.e-]+) %$").dropna()
    rows = rows.loc[of.index].assign(
        count=of[0].str.replace(",", "").astype(int), share=of[1].astype(float)
    )
    for place, (case, mine) in enumerate(rows.groupby("case", sort=False)):
        for axes, some, by in (
            (left, mine[mine["share"] < THRESHOLD], "count"),
            (right, mine[mine["count"] == 100], "share"),
        ):
            line = some.sort_values(by)
            axes.plot(
                line[by], line[WAYS[goal]], style, marker="o", color=f"C{place}", label=str(case)
            )
