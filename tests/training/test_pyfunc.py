from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from features import Ledger
from training import RiskModel, Trained
from training.pyfunc import PyfuncModel, _load_pyfunc
from training.risk_model import ModelError


class ReadsLedger:
    """Stands for a graph network: says which ledger, and which rows, it was asked about."""

    kind = "graphsage"
    estimator = SimpleNamespace(reads="ledger")

    def score(
        self, ledger: Ledger, spine: pd.DataFrame, *, labels: pd.DataFrame | None
    ) -> pd.DataFrame:
        assert labels is None
        said = {"probability": ledger.n_transfers / 1e6, "status": "scored"}
        return pd.DataFrame(said, index=pd.MultiIndex.from_frame(spine))


def graph_model() -> PyfuncModel:
    return PyfuncModel(ReadsLedger())  # type: ignore[arg-type]


def test_a_folder_predicts_as_the_model_does(
    trained: Trained, table: pd.DataFrame, tmp_path: Path
) -> None:
    trained.model.save(tmp_path / "model")
    loaded = _load_pyfunc(str(tmp_path / "model"))
    assert isinstance(loaded.model, RiskModel)
    said = loaded.predict(table)
    pd.testing.assert_frame_equal(said, trained.model.score_table(table), check_exact=True)


def test_a_graph_network_is_told_its_ledger(ledger: Ledger, tmp_path: Path) -> None:
    ledger.save(tmp_path / "ledger")
    frame = pd.DataFrame({"wallet": ["w00001"], "as_of": [ledger.last_timestamp]})
    params = {"ledger": str(tmp_path / "ledger")}
    said = graph_model().predict(frame, params=params)
    assert said["probability"].tolist() == [ledger.n_transfers / 1e6]
    assert said.index.equals(frame.index)


@pytest.mark.parametrize("params", [None, {}, {"ledger": ""}])
def test_without_a_ledger_it_says_what_it_needs(params: dict[str, str] | None) -> None:
    with pytest.raises(ModelError, match=r'params=\{"ledger": path of a ledger folder\}'):
        graph_model().predict(pd.DataFrame(), params=params)


def test_a_graph_network_needs_wallet_and_as_of() -> None:
    with pytest.raises(ModelError, match=r"needs columns \['as_of'\]"):
        graph_model().predict(pd.DataFrame({"wallet": ["w"]}), params={"ledger": "x"})
