"""What experiment 0007 counts is right; its quick run works where its data are."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.quick_run import quick_run

FOLDER = Path(__file__).resolve().parents[2] / "experiments" / "0007-layering"
sys.path.insert(0, str(FOLDER))

from evasions import EVASIONS, PLAIN, Evasion  # noqa: E402 - its folder must be importable first
from planted_case import after_the_money  # noqa: E402
from stage_evasion import BEGIN_US, prices, target, tried  # noqa: E402
from stage_planted import Judged, flags  # noqa: E402


def test_no_more_ordinary_rows_are_flagged_than_allowed() -> None:
    scores = np.arange(200.0)
    y_true = (np.arange(200) >= 100).astype(np.int8)
    found = flags(scores, y_true, 0.02)
    assert found[:100].sum() == 2
    assert found[100:].all()
    assert not flags(np.ones(200), y_true, 0.5).any()  # a tie is flagged whole or not at all


def test_recall_is_of_the_illicit_rows_that_are_asked_about() -> None:
    test = pd.DataFrame({"illicit": [0] * 8 + [1] * 4, "role": ["mover", *["other"] * 11]})
    judged = Judged(test, np.array([9.0, *range(7), 8.0, 7.0, 1.0, 0.0]))
    assert judged.recall(0.125) == 0.5
    assert judged.recall(0.125, np.array([False] * 10 + [True] * 2)) == 0
    assert judged.false_flags(0.125) == 1
    assert np.isnan(judged.recall(0.125, np.zeros(12, bool)))


def test_a_wallet_with_business_of_its_own_is_asked_about_after_the_money() -> None:
    days = pd.date_range("2026-01-01", periods=6, tz="UTC")
    moments = pd.DataFrame({"wallet": ["a", "b"] * 3, "timestamp": days})
    bad = pd.DataFrame({"wallet": ["a", "b"], "fresh": [False, True], "reached": [days[4]] * 2})
    for seed in range(9):
        rows = after_the_money(moments, bad, np.random.default_rng(seed)).set_index("wallet")
        assert rows.loc["a", "timestamp"] == days[4]
        assert rows.loc["b", "timestamp"] in days[1::2]


@pytest.mark.parametrize("evasion", EVASIONS, ids=lambda one: f"{one.name}, {one.level}")
def test_an_evasion_spends_only_what_it_has(evasion: Evasion) -> None:
    asked = target()
    moves = sorted(evasion.moves(asked), key=lambda move: move.after_s)
    paid = {move.recipient for move in moves}
    balance = dict.fromkeys(paid, 0.0)
    for move in moves:
        assert move.amount > 0
        assert move.after_s >= 0
        if move.sender in paid:  # the others have their money from outside
            balance[move.sender] -= move.amount
            assert balance[move.sender] > -1e-3
        balance[move.recipient] += move.amount
    assert balance[asked.wallet] > 0
    stolen = sum(move.amount for move in moves if move.sender == asked.bad)
    assert stolen == pytest.approx(PLAIN.value)


def test_what_halves_a_column_is_priced() -> None:
    before = pd.Series({"depth_a_share": 1.0, "depth_b_hops": 6.0, "depth_truncated_ratio": 0.0})
    assert pd.Timestamp("2024-03-01", tz="UTC").value // 1_000 == BEGIN_US
    results = [tried(one, before, row_of=lambda moves: before / len(moves)) for one in EVASIONS[:2]]
    table = prices(results)
    assert set(table["column"]) == {"depth_a_share", "depth_b_hops"}
    assert set(table["level"]) == {"20 a hop"}
    assert (table["transactions"] == 60).all()
    assert (table["own money at hand over the theft"] == 0).all()


def test_quick_run(tmp_path: Path) -> None:
    stages = ("--stage", "planted", "--stage", "evasion")
    _, measures = quick_run("0007-layering/run.py", tmp_path, *stages)
    assert measures["planted: label shuffle, recall at 1 % false flags"] < 0.2
    known = measures["planted: thieves known, with flows, recall at 1 % false flags"]
    assert known > measures["planted: label shuffle, recall at 1 % false flags"]
