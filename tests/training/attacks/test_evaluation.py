"""Attacks are measured on each victim alone, and leave no trace."""

from typing import cast

import numpy as np
import pandas as pd
import pytest

from features import Ledger, check_labels, feature_table
from features.errors import RiskError
from tests.compare import identical
from tests.strategies import at, spine, transfers
from training import RiskModel, Trained, evaluate_attacks, victims_of
from training.attacks import Attack, Move
from training.attacks.declared import COPY, HOPS, delay, dust, poison, round_trips, self_loops
from training.attacks.ground import Ground, Outcome
from training.bands import BANDS
from training.scores import Scores, statuses

PAIRS = transfers(
    (second, *((f"a{i}", f"b{i}") if second % 2 else (f"b{i}", f"a{i}")), 1.0 + i)
    for i in range(8)
    for second in range(6)
)
VICTIMS = [f"a{i}" for i in range(8)]
NOW = at(1000)


class Counting:
    """A model of base rate 0.01: log-odds rise with the transfers that came in after ``NOW``."""

    base_rate, reads_labels = 0.01, False

    def score_spine(self, ledger: Ledger, rows: pd.DataFrame, labels: object) -> Scores:
        assert labels is None
        counts = feature_table(ledger, rows)[["coverage_in_count", "coverage_out_count"]].to_numpy()
        log_odds = np.log(0.01 / 0.99) + (counts[:, 0] - 3.0)
        said = 1 / (1 + np.exp(-log_odds))
        return Scores(said, log_odds, statuses(counts.sum(axis=1), 3), said, said, None)


COUNTING = cast("RiskModel", Counting())


@pytest.fixture
def small() -> Ledger:
    return Ledger.from_transfers(PAIRS)


def measured(ledger: Ledger, *attacks: Attack, victims: pd.DataFrame | None = None) -> pd.DataFrame:
    asked = spine(VICTIMS, NOW) if victims is None else victims
    return evaluate_attacks(COUNTING, ledger, asked, attacks=attacks)


def test_bands_and_shifts_are_those_of_the_model(small: Ledger) -> None:
    table = measured(small, dust(1, 0.5), dust(2, 0.5), dust(5, 0.5), self_loops(1))
    assert table["up"].tolist() == [0.0, 1.0, 1.0, 0.0]
    assert table["in_low"].tolist() == [8, 0, 0, 8]
    assert table["in_medium"].tolist() == [0, 8, 0, 0]
    assert table["in_severe"].tolist() == [0, 0, 8, 0]
    np.testing.assert_allclose(table["shift_median"], [1.0, 2.0, 5.0, 1.0])
    np.testing.assert_allclose(table["shift_most"], table["shift_least"])
    assert table["transactions"].tolist() == [1, 2, 5, 1]
    assert table["victims"].tolist() == [8] * 4
    assert table["down_high"].tolist() == pytest.approx([0.3694] * 4, abs=1e-4)


def test_dust_moves_nothing(small: Ledger) -> None:
    table = measured(small, dust(3, None), dust(100, 0.00099), dust(100, None, many=True))
    assert table["shift_most"].tolist() == [0.0, 0.0, 0.0]


def test_before_is_as_of_the_same_instant_without_the_trick(small: Ledger) -> None:
    table = measured(small, delay("a week", 7 * 86_400.0))
    assert table["shift_most"].tolist() == [0.0]


def test_the_ledger_is_left_as_it_was(small: Ledger) -> None:
    rows = spine([*VICTIMS, "b0"], at(10**7))
    before, wallets = feature_table(small, rows), small.n_wallets
    measured(small, dust(10, 0.1), round_trips(3))
    identical(before, feature_table(small, rows))
    assert small.n_wallets == wallets


def test_a_victim_that_is_not_scored_has_no_band(small: Ledger) -> None:
    asked = spine(["a0", "nobody"], NOW)
    (row,) = measured(small, dust(2, 0.5), victims=asked).to_dict("records")
    assert (row["in_unknown"], row["in_medium"]) == (1, 1)


def test_without_victims_there_is_a_row_of_nan(small: Ledger) -> None:
    (row,) = measured(small, dust(2, None), victims=spine([], NOW)).to_dict("records")
    assert row["victims"] == 0
    assert np.isnan([row["up"], row["shift_median"], row["given"]]).all()


def test_attacks_from_known_wallets_need_labels(small: Ledger) -> None:
    with pytest.raises(RiskError, match="needs labels, to know illicit wallets"):
        measured(small, poison(0.1))


def test_victims_whom_an_attack_cannot_reach_are_left_out(
    small: Ledger, labels: pd.DataFrame
) -> None:
    nobody = labels.head(0)
    rows = spine(VICTIMS, NOW)
    table = evaluate_attacks(COUNTING, small, rows, labels=nobody, attacks=[poison(0.1), COPY])
    assert table["victims"].tolist() == [0, 0]  # nobody known, nobody worth copying


def test_victims_are_low_licit_and_caught_illicit_wallets(small: Ledger) -> None:
    index = pd.MultiIndex.from_frame(spine(["w0", "w1", "w2", "w3"], NOW))
    scores = pd.DataFrame({"y_true": [0, 0, 1, 1], "probability": [0.01, 0.5, 0.01, 0.5]}, index)
    low, caught = victims_of(COUNTING, scores)
    assert (low["wallet"].tolist(), caught["wallet"].tolist()) == (["w0"], ["w3"])
    table = measured(small, dust(1, None), victims=low)
    assert table["victims"].tolist() == [1]


@pytest.fixture(scope="module")
def world(
    trained: Trained, ledger: Ledger, labels: pd.DataFrame
) -> tuple[RiskModel, Ledger, pd.DataFrame, pd.DataFrame]:
    """A model that reads labels, a busy ledger, labels, and victims at two instants."""
    last = ledger.last_timestamp
    assert last is not None
    names = [f"w{number:05d}" for number in range(4)]
    early = spine(names[:2], last - pd.Timedelta(90, "D"))
    known = check_labels(labels.assign(known_at=labels["known_at"].min()))
    return trained.model, ledger, known, pd.concat([early, spine(names, last)])


def test_attacking_many_at_once_is_attacking_each_alone(
    world: tuple[RiskModel, Ledger, pd.DataFrame, pd.DataFrame],
) -> None:
    model, _, known, _ = world
    # four circles that never meet, so that there is something to do at once
    far = Ledger.from_transfers(
        transfers(
            (60 * step, f"w{i:05d}", f"w{(i + step) % 5 + 5 * (i // 5):05d}", 1.0 + i * step)
            for i in range(20)
            for step in range(1, 5)
        )
    )
    victims = spine([f"w{i:05d}" for i in range(20)], at(10**6))
    ground = Ground(model, far, known, BANDS)
    attacks = (dust(3, 0.1), dust(3, 0.1, known=True), round_trips(2), HOPS[1])
    for attack in attacks:
        targets = ground.targets(victims, attacks, known, 0)
        at_once = ground.outcome(attack, targets)
        alone = [ground.outcome(attack, [target]) for target in targets]
        assert [one.wallet for one in at_once.targets] == victims["wallet"].tolist()
        for name in Outcome._fields[1:]:
            expected = np.concatenate([getattr(one, name) for one in alone])
            np.testing.assert_array_equal(getattr(at_once, name), expected)
    nothing: list[list[Move]] = [[] for _ in targets]
    assert len(ground._groups(nothing, targets)) < len(targets)


def test_the_same_seed_gives_the_same_table(
    world: tuple[RiskModel, Ledger, pd.DataFrame, pd.DataFrame],
) -> None:
    model, busy, known, victims = world
    few = (dust(3, None), dust(2, 0.1, known=True), poison(0.1), round_trips(1), COPY, *HOPS[1:])
    table, again = (
        evaluate_attacks(model, busy, victims, labels=known, attacks=few, seed=3) for _ in range(2)
    )
    pd.testing.assert_frame_equal(table, again)
    assert (table["victims"] == len(victims)).all()
    assert table["size"].tolist() == [one.size for one in few]
