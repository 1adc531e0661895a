"""The slow twin of the view of labelled wallets around a wallet."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import islice, takewhile
from typing import NamedTuple

from tests.naive.exposure.reading import label_of
from tests.naive.past import NAN, Past, Row, Transfer, is_pseudo, ratio

GROUPS = {
    "scam": {"phishing"}, "theft": {"theft", "ransomware"}, "market": {"darknet", "abuse"},
    "child_abuse": {"child_sexual_abuse"},
    "sanctioned": {"sanctioned"}, "mixer": {"mixer"},
    "service": {"gambling", "exchange", "mining"},
}  # fmt: skip
SIDES = ("in", "out")


class World(NamedTuple):
    """A past, and category and label of the wallets that are labelled in it."""

    past: Past
    labels: dict[str, tuple[str, str]]

    def is_labelled(self, wallet: str, known: str) -> bool:
        return wallet in self.labels and self.labels[wallet][1] == known


def around(past: Past, wallet: str) -> Row:
    """One row of the view of labelled wallets around a wallet."""
    names = {label.wallet for label in past.labels or []}
    labels = {name: label for name in names if (label := label_of(past, name))}
    row: Row = {}
    whole = True
    for forward, d in enumerate(SIDES):
        columns, all_read = _side(World(past, labels), wallet, forward)
        row |= {name.format(d=d): value for name, value in columns.items()}
        whole &= all_read
    row["truncated_ratio"] = float(not whole)
    return {f"around_{name}": NAN if past.labels is None else value for name, value in row.items()}


def _side(world: World, wallet: str, forward: int) -> tuple[Row, bool]:
    """Columns of one side, and whether everything was read."""
    past = world.past
    own = past.sides(wallet)[forward]
    ends = [(_end(t, forward), t) for t in own[-512:]]
    names = [end for end, t in ends if end != wallet and _counts(past, t)]
    latest = list(dict.fromkeys(reversed(names)))
    whole = len(latest) <= 64 and len(own) <= 512
    latest = latest[:64]
    degree = {name: len(past.sides(name)[not forward]) for name in latest}
    row = _counted(world, "{d}", latest)
    for known in ("illicit", "licit"):
        weights = [1 / degree[name] for name in latest if world.is_labelled(name, known)]
        row[f"{known}_{{d}}_share"] = ratio(len(weights), len(latest))
        row[f"{known}_{{d}}_ratio"] = sum(weights)
    for step in (0, 1):
        columns, all_read = _behind(world, wallet, latest, step)
        row |= columns
        whole &= all_read
    return (row if latest else dict.fromkeys(row, NAN)), whole


def _behind(world: World, wallet: str, latest: list[str], step: int) -> tuple[Row, bool]:
    """Columns of those who paid the counterparties, or whom they paid."""
    left, hubs, whole, met = 8192, 0, True, list[str]()
    parts: dict[str, list[float]] = {"illicit": [0.0], "licit": [0.0]}
    for between in latest:
        moved = world.past.sides(between)[step]
        if len(moved) > 1000 or is_pseudo(between):
            hubs += 1
        elif len(moved) > left:
            whole = False
        else:
            left -= len(moved)
            others = [t for t in moved if _end(t, step) != wallet]
            known_ends = [t for t in others if _end(t, step) in world.labels]
            apart = [t for t in known_ends if t.sender != t.recipient]
            ends = [_end(t, step) for t in apart if _counts(world.past, t)]
            met += ends
            for known, values in parts.items():
                hits = sum(world.is_labelled(end, known) for end in ends)
                values.append(ratio(hits, len(others) or 1))
    name = f"{{d}}_{SIDES[step]}"
    row = _counted(world, name, met)
    for known, values in parts.items():
        row[f"{known}_{name}_share"], row[f"{known}_{name}_ratio"] = max(values), sum(values)
    row[f"hub_{name}_share"] = ratio(hubs, len(latest))
    return row, whole


def _end(transfer: Transfer, forward: int) -> str:
    """Who is at the other end of what was received, or sent."""
    return transfer.recipient if forward else transfer.sender


def _counts(past: Past, transfer: Transfer) -> bool:
    """Whether a transfer is no dust for its recipient."""
    received = past.received.get(transfer.recipient, [])
    at = bisect_left(received, transfer.time, key=lambda t: t.time)
    return any(
        t == transfer
        for t in takewhile(lambda t: t.time == transfer.time, islice(received, at, None))
    )


def _counted(world: World, step: str, met: Iterable[str]) -> Row:
    """How many labelled wallets of each kind were met."""
    labels = [world.labels[name] for name in set(met) if name in world.labels]
    counts = {known: sum(label == known for _, label in labels) for known in ("illicit", "licit")}
    row: Row = {f"{known}_{step}_count": n for known, n in counts.items()}
    for group, some in GROUPS.items():
        row[f"{group}_{step}_count"] = sum(category in some for category, _ in labels)
    row[f"illicit_of_known_{step}_share"] = ratio(counts["illicit"], sum(counts.values()))
    return row
