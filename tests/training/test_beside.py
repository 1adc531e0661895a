"""What is said beside a score in Python, and that it moves no score."""

import pandas as pd
import pytest

from features import Ledger
from training.beside import BESIDE
from training.scores import SAID
from training.trained import Trained


@pytest.fixture
def asked(ledger: Ledger) -> pd.DataFrame:
    last = ledger.last_timestamp
    assert last is not None
    wallets = [ledger.wallet(0), "on a list"]
    days = [pd.Timedelta(0), pd.Timedelta(400, "D")]
    return pd.DataFrame(
        [(wallet, last + late) for late in days for wallet in wallets], columns=["wallet", "as_of"]
    )


def listed(as_of: pd.Timestamp, *wallets: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"wallet": wallets, "label": "illicit", "category": "sanctioned", "known_at": as_of}
    )


def test_a_list_is_told_also_of_a_wallet_that_the_ledger_lacks_and_moves_no_score(
    trained: Trained, ledger: Ledger, asked: pd.DataFrame
) -> None:
    early = ledger.last_timestamp - pd.Timedelta(1, "D")  # type: ignore[operator]
    others = trained.model.score(ledger, asked, listed(early, "somebody"))
    own = trained.model.score(ledger, asked, listed(early, "somebody", *asked["wallet"].head(2)))
    pd.testing.assert_frame_equal(others[list(SAID)], own[list(SAID)], check_exact=True)
    assert [one["sanctioned"] for one in own["known"]] == [True] * 4
    assert [one["entries"] for one in others["known"]] == [[]] * 4
    assert own["status"].iloc[1] == "unknown_wallet"


def test_a_ledger_that_ends_long_before_is_stale(
    trained: Trained, ledger: Ledger, asked: pd.DataFrame
) -> None:
    known = listed(asked["as_of"].min(), "somebody")
    said = trained.model.score(ledger, asked, known)
    assert list(said.columns[-3:]) == list(BESIDE)
    assert said["stale"].tolist() == [False, False, True, True]
    assert said["ledger_age_s"].tolist() == [0.0, 0.0, 400 * 86_400.0, 400 * 86_400.0]
