"""Questions for labelled wallets, and the file that training reads."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import Ledger, RiskError, check_labels, feature_table
from features.sources.files import read_labels
from features.sources.known import TableOptions, read_spine
from tests.training.conftest import START, make_ledger
from training.config import RunConfig
from training.prepare import prepare
from training.questions import questions
from walletrisk import run

LEAST = 3


def labels_of(ledger: Ledger, *, known_at: pd.Timestamp = START) -> pd.DataFrame:
    wallets = [ledger.wallet(code) for code in range(ledger.n_wallets)]
    label = np.where(np.arange(len(wallets)) % 3 == 0, "illicit", "licit")
    return check_labels(pd.DataFrame({"wallet": wallets, "label": label, "known_at": known_at}))


def test_each_labelled_wallet_is_asked_about_once_right_after_a_transfer() -> None:
    ledger = make_ledger()
    spine = questions(ledger, labels_of(ledger), LEAST).spine
    assert sorted(spine["wallet"]) == sorted(labels_of(ledger)["wallet"])
    assert spine["as_of"].is_monotonic_increasing
    table = feature_table(ledger, spine)
    seen = table["coverage_in_count"] + table["coverage_out_count"]
    assert seen.min() >= LEAST
    idle = table[["timing_recency_in_s", "timing_recency_out_s"]].min(axis=1)
    np.testing.assert_allclose(idle, 1e-6, rtol=1e-3)
    share = seen / [_transfers(ledger, wallet) for wallet in spine["wallet"]]
    assert share.min() < 0.3  # early in its life
    assert share.max() > 0.9  # and late


def _transfers(ledger: Ledger, wallet: str) -> int:
    code = ledger.code(wallet)
    return int(ledger.incoming.side.count[code] + ledger.outgoing.side.count[code])


def test_labels_do_not_decide_when_a_wallet_is_asked_about() -> None:
    ledger = make_ledger()
    labels = labels_of(ledger)
    other = labels["label"].map({"illicit": "licit", "licit": "illicit"})
    swapped = check_labels(
        pd.DataFrame(labels).assign(label=other, known_at=START + pd.Timedelta(9, "D"))
    )
    pd.testing.assert_frame_equal(
        questions(ledger, labels, LEAST).spine, questions(ledger, swapped, LEAST).spine
    )


def test_wallets_that_cannot_be_asked_about_are_counted() -> None:
    ledger = make_ledger()
    rows = pd.DataFrame(labels_of(ledger))[["wallet", "label", "known_at"]]
    strangers = pd.DataFrame({"wallet": ["x", "y"], "label": "licit", "known_at": START})
    mixer = pd.DataFrame({"wallet": ["z"], "label": "none", "category": "mixer", "known_at": START})
    labels = check_labels(pd.concat([rows, rows, strangers, mixer], ignore_index=True))
    asked = questions(ledger, labels, 28)
    assert (asked.strangers, asked.thin) == (2, ledger.n_wallets - len(asked.spine))
    assert 0 < asked.thin < ledger.n_wallets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ledger = make_ledger()
    ledger.save(tmp_path / "ledger")
    labels = labels_of(ledger).rename(columns={"wallet": "address"})
    labels.to_csv(tmp_path / "labels.csv", index=False)
    return tmp_path


WRITTEN = TableOptions("wallet=address")


def test_what_is_written_is_what_train_reads(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "own").mkdir()
    to = folder / "own" / "train.toml"
    given = ["--labels", str(folder / "labels.csv"), "--map", "wallet=address"]
    line = ["prepare", str(folder / "ledger"), *given, "--base-rate", "0.02", "--to", str(to)]
    assert run(line) == 0
    assert "60 rows" in capsys.readouterr().out
    config = RunConfig.read(to)
    assert config.model.base_rate == 0.02
    assert config.split.origins == 3
    assert config.data.labels.resolve() == folder / "labels.csv"
    assert config.data.written == TableOptions("labels.wallet=address")
    assert tomllib.loads(to.read_text())["data"]["ledger"] == "../ledger"
    assert run(line) == 2
    assert "may have been edited" in capsys.readouterr().err


def test_how_labels_are_written_does_not_touch_the_spine(folder: Path) -> None:
    labels = pd.read_csv(folder / "labels.csv", parse_dates=["known_at"])
    labels["known_at"] = labels["known_at"].astype("int64") // 1_000_000
    labels.to_csv(folder / "unix.csv", index=False)
    written = TableOptions("wallet=address,known_at=known_at", "s")
    to = folder / "train.toml"
    done = prepare(folder / "ledger", folder / "unix.csv", to, base_rate=0.01, written=written)
    data = RunConfig.read(to).data
    assert data.spine is not None
    pd.testing.assert_frame_equal(read_spine(data.spine, data.written), done.asked.spine)
    assert len(read_labels(data.labels, **data.written.of("labels"))) == len(labels)


def test_too_little_to_learn_from_is_said_before_anything_is_written(folder: Path) -> None:
    ledger, labels, to = folder / "ledger", folder / "labels.csv", folder / "train.toml"
    for base_rate in (0.0, 1.0, float("nan")):
        with pytest.raises(RiskError, match="must lie between 0 and 1"):
            prepare(ledger, labels, to, base_rate=base_rate, written=WRITTEN)
    late = labels_of(Ledger.open(ledger), known_at=START + pd.Timedelta(1_000, "D"))
    late.to_csv(folder / "late.csv", index=False)
    with pytest.raises(RiskError, match="there are 0 illicit and 0 licit wallets, and to test on"):
        prepare(ledger, folder / "late.csv", to, base_rate=0.01, written=TableOptions())
    strangers = pd.DataFrame({"wallet": ["x", "y"], "label": "licit", "known_at": START})
    strangers.to_csv(folder / "strangers.csv", index=False)
    with pytest.raises(RiskError, match="2 are not in"):
        prepare(ledger, folder / "strangers.csv", to, base_rate=0.01, written=TableOptions())
    assert sorted(path.suffix for path in folder.iterdir()) == ["", ".csv", ".csv", ".csv"]


def test_fewer_origins_are_taken_where_thieves_are_few(folder: Path) -> None:
    labels = pd.read_csv(folder / "labels.csv")
    illicit = np.flatnonzero(labels["label"] == "illicit")
    labels.loc[illicit[2:], "label"] = "licit"
    spine = questions(
        Ledger.open(folder / "ledger"),
        check_labels(labels.rename(columns={"address": "wallet"})),
        LEAST,
    ).spine
    ends = spine["wallet"].iloc[[0, -1]].tolist()  # one to learn from, one in the last stretch
    labels["label"] = np.where(labels["address"].isin(ends), "illicit", "licit")
    labels.to_csv(folder / "few.csv", index=False)
    to = folder / "train.toml"
    done = prepare(folder / "ledger", folder / "few.csv", to, base_rate=0.01, written=WRITTEN)
    assert RunConfig.read(to).split.origins == len(done.origins) == 1
