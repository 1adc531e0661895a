"""Where tuning looks: of each kind, the parameters worth trying and between what."""

from __future__ import annotations

from typing import NamedTuple

from features.errors import RiskError


class Between(NamedTuple):
    """Values from low to high, both among them; even in logarithms where ``log``.

    Whole numbers where both ends are ``int``.
    """

    low: float
    high: float
    log: bool = False


Space = dict[str, Between]

_NETWORK: Space = {
    "hidden": Between(16, 64, log=True),
    "dropout": Between(0.1, 0.6),
    "learning_rate": Between(0.0005, 0.01, log=True),
    "weight_decay": Between(0.001, 0.3, log=True),
    "hide_labels": Between(0.0, 0.6),
    "batch_rows": Between(64, 512, log=True),
}
SPACES: dict[str, Space] = {
    "logistic": {"inverse_penalty": Between(0.001, 10.0, log=True)},
    "lightgbm": {
        "trees": Between(150, 1000, log=True),
        "leaves": Between(4, 32, log=True),
        "learning_rate": Between(0.02, 0.2, log=True),
        "min_leaf_rows": Between(5, 60, log=True),
        "l2": Between(0.1, 50.0, log=True),
        "column_share": Between(0.05, 0.8, log=True),
        "row_share": Between(0.4, 1.0),
    },
    "random_forest": {"min_samples_leaf": Between(1, 30, log=True)},
    "extra_trees": {"min_samples_leaf": Between(1, 30, log=True)},
    "hist_boosting": {
        "max_iter": Between(100, 600, log=True),
        "learning_rate": Between(0.02, 0.2, log=True),
        "max_leaf_nodes": Between(4, 32, log=True),
        "min_samples_leaf": Between(5, 60, log=True),
        "l2_regularization": Between(0.1, 50.0, log=True),
        "max_features": Between(0.05, 0.8, log=True),
    },
    "stack": {"inverse_penalty": Between(0.001, 10.0, log=True)},
    **dict.fromkeys(("graphsage", "gatv2", "gine", "pna"), _NETWORK),
}


def space_of(kind: str) -> Space:
    """Return the space of a kind, or raise RiskError with the kinds that have one."""
    if kind not in SPACES:
        raise RiskError(
            f"no search space is declared for model {kind!r}; there are those of "
            f"{', '.join(SPACES)}, and training.tune.tune takes another as space="
        )
    return SPACES[kind]
