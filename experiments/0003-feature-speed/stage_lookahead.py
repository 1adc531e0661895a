"""Stage ``lookahead``: four transfers of one wallet, and how many its row knows of at each."""

from functools import partial
from pathlib import Path

import pandas as pd
from vertex_view import VERTEX

from experiments.common.processes import run_script
from experiments.common.results import Measure
from features import Ledger, feature_table

run = partial(run_script, Path(__file__).resolve().parent)

MINUTES = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC", unit="us")


def ours() -> list[float]:
    """Transfers sent in the last day, of one table with a row just after each of four."""
    transfers = pd.DataFrame(
        {
            "tx_id": list("abcd"), "timestamp": MINUTES, "sender": "1",
            "recipient": list("2345"), "amount": 25.0, "asset": "eth",
        }
    )  # fmt: skip
    spine = pd.DataFrame({"wallet": "1", "as_of": MINUTES + pd.Timedelta(microseconds=1)})
    table = feature_table(Ledger.from_transfers(transfers), spine, views=(VERTEX,))
    return table["vertex_transfers_out_1d_count"].tolist()


def measure(gfp: Path) -> list[Measure]:
    """Count the values that include a later transfer; the right answer is 1, 2, 3, 4.

    Parameters
    ----------
    gfp : pathlib.Path
        Interpreter that has snapml.
    """
    right = [1.0, 2.0, 3.0, 4.0]
    found = {
        f"snapml, {name}": row for name, row in run("gfp_work.py", "lookahead", python=gfp).items()
    }
    found["walletrisk, one table of four"] = ours()
    measures = []
    for name, degrees in found.items():
        print(f"  {name}: out-degrees {[int(degree) for degree in degrees]}")
        wrong = sum(degree != true for degree, true in zip(degrees, right, strict=True))
        target = 0.0 if name.startswith("walletrisk") else None
        label = f"lookahead: {name}, rows that saw the future"
        measures.append(Measure(label, float(wrong), "of 4 rows", target=target))
    return measures
