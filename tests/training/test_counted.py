"""A model remembers what it learnt from counts in, and refuses what counts otherwise."""

from pathlib import Path

import pandas as pd
import pytest

from features import Ledger, RiskError, feature_table, join_context
from features.ledger.counted import MOST_ASSETS, Counted
from features.sources.feature_tables import read_feature_table
from features.views.coverage import COVERAGE
from tests.strategies import at, spine, transfers
from tests.training.conftest import made_split, quick
from training import RiskModel, TrainConfig, Trained, train
from training.evaluation import evaluate
from training.manifest import ModelError
from training.recipe import Recipe
from training.scores import COUNTS

MOVES = [(0, "a", "b", 2.0), (10, "b", "c", 1.0), (20, "c", "a", 1.0)]
ETHER = Counted("simulation", "USD", ("ETH",), 1)


def of_unit(unit: str, chain: str | None = None) -> Ledger:
    frame = transfers(MOVES).assign(asset=["ETH", "ETH", "USDC"], value=[4.0, 2.0, 1.0])
    return Ledger.from_transfers(frame, unit=unit, chain=chain)


def model_of(trained: Trained, counted: Counted) -> RiskModel:
    """The model of a fixture, as if it had learnt from another ledger."""
    said = {"chain": counted.chain, "unit": counted.unit, "assets": counted.assets}
    manifest = trained.model.manifest.model_copy(update=said)
    return RiskModel(trained.model.parts._replace(manifest=manifest))


def test_assets_are_told_by_how_many_transfers_are_of_them() -> None:
    assert Counted.of(of_unit("USD", "simulation")) == ("simulation", "USD", ("ETH", "USDC"), 2)
    assert Counted.of(Ledger.from_transfers(transfers(MOVES))) == ("", "ETH", ("ETH",), 1)
    many = transfers((k, "a", "b", 1.0) for k in range(MOST_ASSETS + 9))
    ledger = Ledger.from_transfers(many.assign(asset=[f"t{k}" for k in range(len(many))]), unit="U")
    assert (len(Counted.of(ledger).assets), Counted.of(ledger).n_assets) == (50, 59)
    ledger.retract([f"t{k}" for k in range(9)])
    assert Counted.of(ledger).n_assets == 50


def test_a_table_remembers_its_ledger_in_memory_and_on_disk(tmp_path: Path) -> None:
    table = feature_table(of_unit("USD", "simulation"), spine(["a"], at(30)), views=(COVERAGE,))
    table.to_parquet(tmp_path / "table.parquet")
    own = pd.DataFrame({"own": [1.0]}, index=table.index)
    for one in (table, read_feature_table(tmp_path / "table.parquet"), join_context(table, own)):
        assert Counted.of_attrs(one.attrs) == ("simulation", "USD", ("ETH", "USDC"), 2)
    assert Counted.of_attrs({}) == Counted.of_attrs({"ledger": "?"}) == Counted()


def test_a_ledger_in_another_unit_or_of_another_chain_is_refused(
    trained: Trained, labels: pd.DataFrame
) -> None:
    model, asked = model_of(trained, ETHER), spine(["a"], at(30))
    model.score(of_unit("USD", "simulation"), asked, labels)
    model.score(of_unit("USD"), asked, labels)  # nobody said which chain
    with pytest.raises(ModelError, match="counts in 'USD', the ledger counts in 'EUR'"):
        model.score(of_unit("EUR", "simulation"), asked, labels)
    with pytest.raises(ModelError, match="of the chain 'simulation', the ledger is of 'bank'"):
        model.explain_wallets(of_unit("USD", "bank"), asked, labels)
    bank = Ledger.from_transfers(transfers(MOVES).assign(asset="EUR"))
    with pytest.raises(ModelError, match="counts in 'USD', the ledger counts in 'EUR'"):
        model.score(bank, asked, labels)


def test_a_table_in_another_unit_is_refused(
    trained: Trained, table: pd.DataFrame, labels: pd.DataFrame
) -> None:
    model, other = model_of(trained, ETHER), table.iloc[:9].copy()
    model.predict_proba(other)
    other.attrs["ledger"] = Counted("", "EUR", ("EUR",), 1).facts()
    for judge in (model.predict_proba, model.score_table, lambda t: evaluate(model, t, labels)):
        with pytest.raises(ModelError, match="counts in 'USD', the table's ledger counts in 'EUR'"):
            judge(other)


def test_what_was_learnt_from_is_in_the_manifest(
    table: pd.DataFrame, labels: pd.DataFrame, tmp_path: Path
) -> None:
    told = table[[*COUNTS, "amounts_cv_in_ratio"]].copy()
    told.attrs["ledger"] = ETHER.facts()
    config = TrainConfig(
        model="logistic", base_rate=0.01, min_transfers=3, folds=2, parameters=quick("logistic")
    )
    trained = train(told, labels, made_split(table), config)
    trained.model.save(tmp_path / "model")
    manifest = RiskModel.load(tmp_path / "model").manifest
    assert (manifest.chain, manifest.unit, manifest.assets) == ("simulation", "USD", ("ETH",))
    assert manifest.facts["unit of account"] == "USD"
    with pytest.raises(
        RiskError, match=r"ledger counts in 'EUR', the ledger of the table .* 'USD'"
    ):
        Recipe.of(told, labels, config, ledger=of_unit("EUR"), views=())
