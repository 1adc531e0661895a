from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features import Ledger, RiskError
from training import base_rate_check
from training.base_rate_check import ordinary_probability
from training.trained import Trained

NOW = pd.Timestamp("2026-01-01", tz="UTC")


def check(
    trained: Trained, ledger: Ledger, labels: pd.DataFrame, size: int = 10, seed: int = 0
) -> dict[str, float]:
    return ordinary_probability(trained.model, ledger, labels, as_of=NOW, size=size, seed=seed)


def everybody(ledger: Ledger) -> list[str]:
    return [ledger.wallet(code) for code in range(ledger.n_wallets)]


@pytest.fixture
def some(labels: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Labels of two wallets of the ledger."""
    return labels.head(2).assign(wallet=everybody(ledger)[:2])


def test_the_mean_is_over_scored_wallets_without_a_label(
    trained: Trained, ledger: Ledger, some: pd.DataFrame
) -> None:
    found = check(trained, ledger, some, size=10**6)
    wallets = [name for name in everybody(ledger) if name not in set(some["wallet"])]
    scores = trained.model.score(ledger, pd.DataFrame({"wallet": wallets, "as_of": NOW}), some)
    said = scores.loc[scores["status"] == "scored", "probability"]
    assert found["looked_at"] == len(wallets)
    assert found["wallets"] == len(said) > 1
    assert found["mean"] == pytest.approx(said.mean())
    assert found["factor"] == pytest.approx(said.mean() / trained.model.base_rate)
    half = 1.96 * said.to_numpy().std(ddof=1) / len(said) ** 0.5
    assert found["high"] - found["mean"] == pytest.approx(half, rel=1e-3)


def test_a_sample_is_drawn_by_its_seed_and_is_as_large_as_wanted(
    trained: Trained, ledger: Ledger, some: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_rate_check, "AT_ONCE", 7)
    first = check(trained, ledger, some, size=5)
    assert first["wallets"] == 5
    assert first["looked_at"] < ledger.n_wallets - 2
    assert check(trained, ledger, some, size=5) == first
    assert check(trained, ledger, some, size=5, seed=1)["mean"] != first["mean"]


def test_where_nobody_can_be_scored_that_is_told(
    trained: Trained, ledger: Ledger, labels: pd.DataFrame
) -> None:
    names = everybody(ledger)
    found = check(trained, ledger, pd.DataFrame({"wallet": names}))
    assert (found["wallets"], found["looked_at"]) == (0.0, 0.0)
    assert np.isnan(found["mean"])


def test_no_sample_is_refused(trained: Trained, ledger: Ledger, labels: pd.DataFrame) -> None:
    with pytest.raises(RiskError, match="size must be at least 1, got 0"):
        check(trained, ledger, labels, size=0)
