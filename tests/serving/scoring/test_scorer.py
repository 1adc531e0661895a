"""The scorer says what model and feature table say, bit for bit, and explains it."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from features import Ledger, RiskError, check_transfers, feature_table
from serving.ledger_settings import Bands
from serving.schemas.values import microseconds
from serving.scoring.evidence import Question
from serving.scoring.scorer import Scorer
from serving.scoring.self_check import check_itself
from tests.serving.conftest import LATER, START, World, build, random_transfers
from training import RiskModel
from training.bands import BandRows, BandTable

INSTANTS = [START + pd.Timedelta(days, "D") for days in (-1, 30, 120, 250, 400)]
WALLETS = [*(f"w{number}" for number in range(0, 60, 7)), "nobody", "newcomer"]


def scorer_of(world: World) -> Scorer:
    ledger, model, labels = world.open()
    return Scorer(ledger, model, labels=labels, bands=Bands())


def test_a_model_of_labelled_wallets_is_not_served_without_labels(world: World) -> None:
    ledger, model, _ = world.open()
    with pytest.raises(RiskError, match="give labels to score"):
        Scorer(ledger, model, labels=None, bands=Bands())


@pytest.fixture
def scorer(world: World) -> Scorer:
    return scorer_of(world)


@pytest.fixture(scope="session")
def linear(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("linear"), "logistic")


@pytest.mark.parametrize("kind", ["trees", "linear"])
def test_endpoint_equals_batch_bit_for_bit(world: World, linear: World, kind: str) -> None:
    chosen = world if kind == "trees" else linear
    scorer = scorer_of(chosen)
    ledger, model, labels = chosen.open()
    spine = pd.MultiIndex.from_product([WALLETS, INSTANTS], names=["wallet", "as_of"]).to_frame(
        index=False
    )
    with threadpool_limits(2):  # of linear algebra, which must not decide what a row says
        said = model.score(ledger, spine, labels=labels)
        direct = model.predict_proba(feature_table(ledger, spine, labels=labels))
    for row, (wallet, as_of) in enumerate(spine.itertuples(index=False)):
        answer = scorer.score(wallet, microseconds(as_of))
        bare = scorer.score(wallet, microseconds(as_of), reasons=False, groups=False)
        assert answer["probability"] == bare["probability"] == said["probability"].iloc[row]
        assert answer["status"] == said["status"].iloc[row]
        ends = said[["probability_low", "probability_high"]].iloc[row].tolist()
        assert [answer["probability_low"], answer["probability_high"]] == [
            None if np.isnan(end) else end for end in ends
        ]
        if answer["status"] == "scored":
            assert answer["probability"] == direct[row]
            assert ends[0] <= answer["probability"] <= ends[1]
    assert set(said["status"]) == {"scored", "unknown_wallet", "insufficient_data"}


@pytest.mark.parametrize("wallet", WALLETS)
def test_reasons_add_up(scorer: Scorer, wallet: str) -> None:
    answer = scorer.score(wallet, microseconds(LATER))
    parts = [reason["contribution"] for reason in answer["reasons"]]
    assert parts == sorted(parts, key=abs, reverse=True)
    assert len(parts) <= 5
    total = answer["base_log_odds"] + sum(parts) + answer["other_log_odds"]
    assert total == pytest.approx(answer["log_odds"], abs=1e-9)
    odds = answer["probability"] / (1 - answer["probability"])
    assert np.log(odds) == pytest.approx(answer["log_odds"], abs=1e-9)


@pytest.mark.parametrize("wallet", WALLETS)
def test_groups_add_up_from_the_base_rate(scorer: Scorer, wallet: str) -> None:
    answer = scorer.score(wallet, microseconds(LATER), reasons=False)
    assert answer["reasons"] is answer["other_log_odds"] is None
    parts = [group["contribution"] for group in answer["groups"]]
    assert len(parts) <= 5
    total = answer["base_log_odds"] + sum(parts) + answer["other_groups_log_odds"]
    assert total == pytest.approx(answer["log_odds"], abs=1e-9)
    base = answer["base_rate"] / (1 - answer["base_rate"])
    assert answer["base_log_odds"] == pytest.approx(np.log(base), abs=1e-6)


def test_a_group_names_columns_with_value_and_percentile(scorer: Scorer) -> None:
    answer = scorer.score("w3", microseconds(LATER))
    everything = {reason["feature"]: reason for reason in answer["reasons"]}
    for group in answer["groups"]:
        assert group["sentence"].endswith(" times.")
        assert 1 <= len(group["columns"]) <= 3
        for column in group["columns"]:
            assert (column["percentile"] is None) == (column["value"] is None)
            same = everything.get(column["feature"])
            assert same is None or same | {"percentile": column["percentile"]} == column


def test_a_reason_is_a_row_of_the_table(world: World, scorer: Scorer) -> None:
    ledger, _, labels = world.open()
    table = feature_table(ledger, pd.DataFrame({"wallet": ["w3"], "as_of": [LATER]}), labels=labels)
    answer = scorer.score("w3", microseconds(LATER))
    assert answer["reasons"]
    for reason in answer["reasons"]:
        value = float(table[reason["feature"]].iloc[0])  # nan, not defined, is null
        assert reason["value"] == (None if np.isnan(value) else pytest.approx(value, rel=0))
        assert reason["meaning"] != reason["feature"]


def test_unknown_is_not_safe(scorer: Scorer) -> None:
    answer = scorer.score("nobody", microseconds(LATER))
    assert answer["status"] == "unknown_wallet"
    assert answer["band"] == "unknown"
    assert answer["probability"] == answer["base_rate"] == 0.02
    assert answer["probability_low"] is answer["probability_high"] is None
    assert answer["reasons"] == []
    assert answer["base_log_odds"] == answer["log_odds"]
    assert answer["coverage"]["age_s"] is None


def test_coverage_counts_what_was_known(world: World, scorer: Scorer) -> None:
    transfers = random_transfers()
    before = transfers[transfers["timestamp"] < LATER]
    ours = before[(before["sender"] == "w7") | (before["recipient"] == "w7")]
    coverage = scorer.score("w7", microseconds(LATER))["coverage"]
    assert coverage["transfers_in"] == (ours["recipient"] == "w7").sum()
    assert coverage["transfers_out"] == (ours["sender"] == "w7").sum()
    assert coverage["age_s"] == (LATER - ours["timestamp"].min()).total_seconds()
    last = world.open()[0].last_timestamp
    assert last is not None
    assert pd.Timestamp(coverage["ledger_last_timestamp"]) == last


@pytest.mark.parametrize(
    ("probability", "band"),
    [(0.0, "low"), (0.0576, "low"), (0.0577, "medium"), (0.29, "high"), (0.68, "severe")],
)
def test_bands(scorer: Scorer, probability: float, band: str) -> None:
    assert scorer.band(probability) == band


def test_later_transfers_change_no_past_score(scorer: Scorer) -> None:
    def everything() -> list[dict[str, Any]]:
        answers = [scorer.score(wallet, microseconds(LATER)) for wallet in WALLETS]
        for answer in answers:
            answer["coverage"].pop("ledger_last_timestamp")
        return answers

    before = everything()
    new = random_transfers(transfers=2_500, seed=1)
    new["tx_id"] = "later-" + new["tx_id"]
    new.loc[new["timestamp"] < LATER, "timestamp"] = LATER
    scorer.held.insert(check_transfers(new))
    assert scorer.score("w1", microseconds(INSTANTS[-1]))["coverage"]["transfers_in"] > 50
    assert everything() == before


def test_a_labelled_wallet_counts_once_it_appears(world: World, scorer: Scorer) -> None:
    new = check_transfers(
        pd.DataFrame(
            {
                "tx_id": ["n1", "n2", "n3"],
                "timestamp": [LATER - pd.Timedelta(hours, "h") for hours in (3, 2, 1)],
                "sender": ["w2", "w4", "newcomer"],
                "recipient": ["newcomer", "newcomer", "fresh"],
                "amount": [1.0, 2.0, 2.5],
                "asset": "ETH",
            }
        )
    )
    scorer.held.insert(new)
    ledger, model, labels = world.open()
    ledger.append(new)
    for wallet in ("w2", "newcomer", "fresh"):
        spine = pd.DataFrame({"wallet": [wallet], "as_of": [LATER]})
        answer = scorer.score(wallet, microseconds(LATER))
        said = model.score(ledger, spine, labels=labels)
        assert answer["probability"] == said["probability"].iloc[0]
    rows = feature_table(
        ledger, pd.DataFrame({"wallet": ["fresh"], "as_of": [LATER]}), labels=labels
    )
    values = scorer._compute(
        Question("fresh", microseconds(LATER), "wallet", ()), np.empty(0), False
    ).values
    names = list(scorer._column)
    np.testing.assert_array_equal(values, rows[names].iloc[0].to_numpy())


def test_scores_and_appends_take_turns(scorer: Scorer) -> None:
    new = random_transfers(transfers=3_000, seed=2)
    new["tx_id"] = "more-" + new["tx_id"]
    checked = check_transfers(new)
    expected = {
        wallet: scorer.score(wallet, microseconds(START - pd.Timedelta(1, "D")))["probability"]
        for wallet in WALLETS
    }
    writer = threading.Thread(target=scorer.held.insert, args=(checked,))
    writer.start()
    while writer.is_alive():
        for wallet, probability in expected.items():
            early = scorer.score(wallet, microseconds(START - pd.Timedelta(1, "D")))
            assert early["probability"] == probability
    writer.join()
    assert scorer.held.ledger.n_transfers == 3_900


def test_the_self_check_finds_reasons_that_do_not_add_up(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_itself(scorer)
    honest = scorer.score

    def crooked(wallet: str, as_of: int) -> dict[str, object]:
        answer = honest(wallet, as_of)
        return answer | {"log_odds": answer["log_odds"] + 1e-6}

    monkeypatch.setattr(scorer, "score", crooked)
    with pytest.raises(RiskError, match="failed its self-check"):
        check_itself(scorer)


def test_an_empty_ledger_scores_nobody(world: World) -> None:
    _, model, labels = world.open()
    empty = Ledger.from_transfers(random_transfers().iloc[:0])
    scorer = Scorer(empty, model, labels=labels, bands=Bands())
    check_itself(scorer)
    answer = scorer.score("w1", microseconds(LATER))
    assert answer["status"] == "unknown_wallet"
    assert answer["coverage"]["ledger_last_timestamp"] is None


def test_a_graph_network_is_scored_by_its_neighbourhood(tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric")
    world = build(tmp_path, "graphsage", epochs=1, hidden=4)
    scorer = scorer_of(world)
    assert not scorer.tabular
    check_itself(scorer)
    ledger, _, labels = world.open()
    model = RiskModel.load(world.model)
    for wallet in WALLETS:
        spine = pd.DataFrame({"wallet": [wallet], "as_of": [LATER]})
        said = model.score(ledger, spine, labels=labels)
        answer = scorer.score(wallet, microseconds(LATER))
        bare = scorer.score(wallet, microseconds(LATER), reasons=False, groups=False)
        assert answer["probability"] == bare["probability"] == said["probability"].iloc[0]
        assert bare["log_odds"] == pytest.approx(answer["log_odds"], abs=1e-9)
        assert {reason["feature"] for reason in answer["reasons"]} <= {
            "own", "senders", "recipients", "labels", "sequence",
        }  # fmt: skip
        assert all(reason["value"] is None for reason in answer["reasons"])


def test_a_band_table_is_of_one_model_and_says_its_unit(world: World, tmp_path: Path) -> None:
    ledger, model, labels = world.open()
    as_of = [LATER, LATER + pd.Timedelta(1, "h")]
    table = BandTable(
        name="team", thresholds={"high": 0.03}, unit="probability", chosen_by="hand", seen={},
        rows=BandRows(count=2, illicit=1, first=as_of[0], last=as_of[1]),
        model_version=model.version, base_rate=model.base_rate, made_at=as_of[0],
    )  # fmt: skip
    scorer = Scorer(ledger, model, labels=labels, bands=table)
    assert [scorer.band(one) for one in (0.029, 0.03, 0.99)] == ["low", "high", "high"]
    assert scorer.bands == {
        "version": "team", "thresholds": {"high": 0.03}, "unit": "probability", "chosen_by": "hand",
    }  # fmt: skip
    other = table.model_copy(update={"model_version": "0"})
    with pytest.raises(RiskError, match=r"'team' was chosen for model 0 at base rate 0.02"):
        Scorer(ledger, model, labels=labels, bands=other)
    (tmp_path / "bands.json").write_text(table.model_dump_json())
    assert BandTable.read(tmp_path / "bands.json") == table


def test_default_bands_say_in_words_what_they_are(scorer: Scorer) -> None:
    said = scorer.bands
    assert said["unit"] == "probability that a wallet is illicit, where 0.02 of all wallets are"
    assert said["chosen_by"] == (
        "multiples of the odds at the base rate: 3 (medium), 20 (high), 100 (severe) times"
    )
