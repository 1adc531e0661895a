"""Print how long a ledger takes to open, and a row of features of one of its wallets."""

import json
import sys
import time

import numpy as np
import pandas as pd

from features import Ledger, feature_table
from features.views import VIEWS
from features.warmup import compile_once

ASKED = 200


def main(folder: str) -> None:
    compile_once(VIEWS)
    began = time.perf_counter()
    ledger = Ledger.open(folder)
    opened = time.perf_counter() - began
    codes = np.random.default_rng(0).integers(0, ledger.n_wallets, ASKED)
    rows = []
    for code in codes.tolist():
        spine = pd.DataFrame({"wallet": [ledger.wallet(code)], "as_of": [ledger.last_timestamp]})
        began = time.perf_counter()
        feature_table(ledger, spine)
        rows.append(1e3 * (time.perf_counter() - began))
    print(json.dumps({"open": opened, "row": np.median(rows), "slow": np.quantile(rows, 0.95)}))


if __name__ == "__main__":
    main(sys.argv[1])
