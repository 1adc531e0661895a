"""Worlds in which value goes many ways: few labels, many ties, most money sent on."""

import numpy as np
import pandas as pd

from features.contracts.categories import CATEGORIES
from tests.strategies import WALLETS, World, at, transfers


def taint_world(seed: int) -> World:
    """60 transfers among seven wallets within 25 seconds, of which two are labelled."""
    random = np.random.default_rng(seed)
    n = 60
    names = np.array(WALLETS)
    amounts = random.integers(0, 17, n) / 8 if seed % 2 else random.lognormal(sigma=2, size=n)
    moves = zip(
        np.sort(random.integers(0, 25, n)).tolist(), random.choice(names, n).tolist(),
        random.choice(names, n).tolist(), amounts.tolist(), strict=True,
    )  # fmt: skip
    labelled = random.choice(names, 2, replace=False)
    labels = pd.DataFrame(
        {
            "wallet": labelled,
            "label": random.choice(["illicit", "licit", "none"], 2),
            "category": random.choice(CATEGORIES, 2),
            "known_at": [at(float(second)) for second in random.integers(-9, 15, 2)],
            "until": [at(float(random.integers(15, 27))), pd.NaT],
            "confidence": 1.0,
        }
    )
    spine = {
        "wallet": random.choice(names, 6),
        "as_of": [at(float(second)) for second in random.integers(9, 27, 6)],
    }
    frame = transfers(moves)
    # transfers of one instant are of one transaction as often as not
    opens = (frame["timestamp"].diff() != pd.Timedelta(0)) | (random.random(n) < 0.5)
    number = opens.cumsum()
    frame = frame.assign(
        tx_id=[f"t{k}" for k in number], position=frame.groupby(number).cumcount().astype("int32")
    )
    return World(frame, labels, pd.DataFrame(spine))
