"""Golden tables: a few rows of every view, as they were when its version was last raised.

``python -m tests.golden`` rewrites them. It refuses a value that changed under an unchanged name
while the view's version did not rise; a new view, or a new column, it writes at once.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from features import Ledger, feature_table
from features.sources.amlsim import read_amlsim
from features.view import View
from features.views.utxo.utxo import UTXO
from tests.coin_worlds import CHAIN, address
from tests.strategies import at, spine, transfers
from training.demo import one_question_each

FOLDER = Path(__file__).parent
DEMO = FOLDER.parents[1] / "demo" / "amlsim"
REWRITE = "python -m tests.golden"
_HUBS, _OTHERS = 6, 10
_SEED, _ADDRESSES, _TRANSACTIONS = 11, 40, 120
OF_COINS = (UTXO,)  # views that say nothing of the demo, which has none
_DIGITS = 12


class Demo(NamedTuple):
    """The bundled ledger and what the golden tables ask of it."""

    ledger: Ledger
    labels: pd.DataFrame | None
    spine: pd.DataFrame


def demo() -> Demo:
    """Ask about the wallets with the most transfers and some others, with labels."""
    files = [DEMO / f"fanin200cycle200_{of}.parquet" for of in ("transactions", "nodes")]
    transfers, labels = read_amlsim(files)
    asked = one_question_each(labels["wallet"])
    moved = pd.concat([transfers["sender"], transfers["recipient"]]).value_counts()
    ranked = asked.assign(moved=asked["wallet"].map(moved).fillna(0)).sort_values(
        ["moved", "wallet"], ascending=[False, True]
    )
    others = np.linspace(_HUBS, len(ranked) - 1, _OTHERS).astype(int)
    spine = ranked[["wallet", "as_of"]].iloc[[*range(_HUBS), *others]].reset_index(drop=True)
    return Demo(Ledger.from_transfers(transfers), labels, spine)


def coins() -> Demo:
    """Ask about addresses of a made chain of coins: payments, peelings, batches and CoinJoins."""
    random = np.random.default_rng(_SEED)
    names = [address(str(n), kind) for n in range(_ADDRESSES) for kind in ("p2pkh", "p2wpkh")]
    rows: list[tuple[float, str, str, float]] = []
    for n in range(_TRANSACTIONS):
        payers = random.choice(names[: 4 + n // 2], 1 + (n % 4 == 0), replace=False).tolist()
        payees = random.choice(names[: 8 + n // 2], 1 + int(random.integers(4)), replace=False)
        if n % 5 == 0:
            node = address(str(n), "tx")
            rows += [(n, payer, node, 4.0) for payer in payers]
            rows += [(n, node, payee, 1.0 + (k == 0)) for k, payee in enumerate(payees.tolist())]
        else:
            pairs = [(payer, payee) for payer in payers for payee in payees.tolist()]
            rows += [(n, *pair, float(random.integers(1, 9))) for pair in pairs]
    peeling = [names[0], *(address(f"new {n}", "p2tr" if n % 2 else "p2sh") for n in range(6))]
    for n, (here, there) in enumerate(pairwise(peeling), start=_TRANSACTIONS):
        rows += [(n, here, names[1], 1.0), (n, here, there, float(2 * _TRANSACTIONS - n))]
    rows.append((_TRANSACTIONS, address("made", "tx"), names[2], 6.0))
    frame = transfers((600.0 * n, payer, payee, value) for n, payer, payee, value in rows)
    frame = frame.assign(tx_id=[f"t{row[0]}" for row in rows])
    frame["position"] = frame.groupby("tx_id").cumcount().astype("int32")
    asked = spine([*names[:_OTHERS], *peeling[1:]], at(600.0 * 2 * _TRANSACTIONS))
    return Demo(Ledger.from_transfers(frame, chain=CHAIN), None, asked)


def compute(view: View, demo: Demo) -> dict[str, Any]:
    """Golden table of a view as it is now: name, version, questions and columns."""
    table = feature_table(demo.ledger, demo.spine, labels=demo.labels, views=(view,))
    asked = zip(demo.spine["wallet"], demo.spine["as_of"], strict=True)
    return {
        "view": view.name,
        "version": view.version,
        "rows": [f"{wallet} {as_of.isoformat()}" for wallet, as_of in asked],
        "columns": {name: [_rounded(value) for value in table[name]] for name in table},
    }


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.{_DIGITS}g}")


def read(name: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The committed table of a view; None where there is none."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def changed(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Say which values of columns that both tables have are others now, beyond rounding."""
    if old["rows"] != new["rows"]:
        return ["the rows that are asked"]
    return [
        f"{name} of {row}: {before} is now {now}"
        for name in old["columns"] if name in new["columns"]
        for row, before, now in zip(
            old["rows"], old["columns"][name], new["columns"][name], strict=True
        )
        if not _same(before, now)
    ]  # fmt: skip


def _same(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return before is now
    return bool(np.isclose(now, before, rtol=1e-9, atol=1e-12))


def verdict(old: dict[str, Any] | None, new: dict[str, Any]) -> str:
    """What stands between a committed table and the present one; empty where they agree."""
    name, version = new["view"], new["version"]
    if old is None:
        return f"view {name!r} has no golden table: run {REWRITE}"
    changes = changed(old, new)
    if changes and version <= old["version"]:
        return (
            f"view {name!r} changed and its version is still {version}: {changes[0]} "
            f"({len(changes)} values in all). If that is meant, raise the version in VIEW, then "
            f"run {REWRITE}"
        )
    if version != old["version"] or list(old["columns"]) != list(new["columns"]):
        return (
            f"the golden table of view {name!r} is of version {old['version']}, the view of "
            f"{version}, or their columns differ: run {REWRITE}"
        )
    return ""


def rewrite(view: View, demo: Demo, folder: Path = FOLDER) -> str:
    """Write the table of a view where it may change; returns a refusal, or an empty text."""
    old, new = read(view.name, folder), compute(view, demo)
    if old is not None and changed(old, new) and view.version <= old["version"]:
        return verdict(old, new)
    columns = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in new["columns"].items()
    )
    head = ",\n".join(
        f" {json.dumps(key)}: {json.dumps(new[key])}" for key in ("view", "version", "rows")
    )
    text = f'{{\n{head},\n "columns": {{\n{columns}\n }}\n}}\n'  # a line a column: readable diffs
    (folder / f"{view.name}.json").write_text(text, encoding="utf-8")
    return ""
