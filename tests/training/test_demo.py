"""The choices of the demo."""

from pathlib import Path

import pandas as pd

from features import Ledger
from serving.journal.journal import Journal
from serving.ledger_settings import database_beside
from training.config import RunConfig
from training.demo import AS_OF, ASKED, Workspace, example_wallet, one_question_each, prepare

ROOT = Path(__file__).parents[2]


def test_every_wallet_is_asked_about_once_whatever_the_order() -> None:
    wallets = pd.Series([f"w{number}" for number in range(400)])
    spine = one_question_each(wallets)
    assert spine["wallet"].is_unique
    shares = spine["as_of"].value_counts(normalize=True)
    assert shares.index.sort_values().equals(AS_OF)
    assert shares.between(0.15, 0.35).all()
    turned = one_question_each(wallets[::-1]).iloc[::-1]
    pd.testing.assert_frame_equal(turned, spine)


def test_dates_of_the_questions_fall_into_the_slices(tmp_path: Path) -> None:
    work = Workspace(tmp_path / "run")
    prepare(ROOT / "demo", work)
    config = RunConfig.read(work.config)
    assert config.mlflow.tracking_uri == work.tracking_uri
    (split,) = config.split.splits(pd.read_parquet(work.spine))
    assert {name: AS_OF[mask].tolist() for name, mask in split.slices(AS_OF).items()} == {
        "train": AS_OF[:2].tolist(),
        "calibrate": AS_OF[2:3].tolist(),
        "test": AS_OF[3:].tolist(),
    }


def test_the_endpoint_takes_the_ledger_of_a_second_demo(tmp_path: Path) -> None:
    work = Workspace(tmp_path / "run")
    for _ in range(2):
        prepare(ROOT / "demo", work)
        journal = Journal(database_beside(work.ledger, "journal"))
        journal.bind(Ledger.open(work.ledger).provenance)
        journal.close()


def test_some_accounts_are_kept_from_the_training(tmp_path: Path) -> None:
    work = Workspace(tmp_path / "run")
    prepare(ROOT / "demo", work)
    spine, aside = pd.read_parquet(work.spine), pd.read_parquet(work.aside)
    assert not set(spine["wallet"]) & set(aside["wallet"])
    assert 0.04 < len(aside) / (len(aside) + len(spine)) < 0.06
    assert (aside["as_of"] == ASKED).all()


def test_example_is_the_highest_illicit_then_the_first_by_name() -> None:
    index = pd.MultiIndex.from_product(
        [["c", "b", "a", "d"], [AS_OF[-1]]], names=["wallet", "as_of"]
    )
    scores = pd.DataFrame({"probability": [0.8, 0.8, 0.1, 0.9]}, index)
    labels = pd.DataFrame(
        {"wallet": list("abcd"), "label": ["illicit"] * 3 + ["licit"], "known_at": AS_OF[0]}
    )
    assert example_wallet(scores, labels) == ("b", AS_OF[-1])
