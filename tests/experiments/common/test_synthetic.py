import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from experiments.common.synthetic import PATTERNS, START, Sizes, Synthetic, generate, labels, write
from features import Ledger, check_labels, check_transfers

SIZES = Sizes(transfers=20_000, wallets=2_000, days=9, planted_share=0.05)


@pytest.fixture(scope="module")
def synthetic() -> Synthetic:
    return generate(11, SIZES)


@pytest.fixture(scope="module")
def frame(synthetic: Synthetic) -> pd.DataFrame:
    return synthetic.transfers.to_pandas()


def test_sizes(frame: pd.DataFrame) -> None:
    assert len(frame) == SIZES.transfers
    assert len(set(frame["sender"]) | set(frame["recipient"])) <= SIZES.wallets
    assert frame["timestamp"].is_monotonic_increasing
    assert frame["timestamp"].min() >= START
    assert frame["timestamp"].max() < START + pd.Timedelta(days=SIZES.days)


def test_meets_the_contract_of_transfers(frame: pd.DataFrame) -> None:
    checked = check_transfers(frame)
    assert len(checked) == SIZES.transfers
    assert checked.attrs["duplicates"] == 0
    assert (checked["amount"] > 0).all()
    assert Ledger.from_transfers(frame).n_transfers == SIZES.transfers


def test_names_look_like_those_of_a_chain(frame: pd.DataFrame) -> None:
    assert frame["sender"].str.fullmatch("0x[0-9a-f]{40}").all()
    assert frame["tx_id"].str.fullmatch("0x[0-9a-f]{64}").all()
    assert frame["tx_id"].is_unique


def test_the_same_seed_gives_the_same_table(synthetic: Synthetic) -> None:
    again = generate(11, SIZES)
    assert again.transfers.equals(synthetic.transfers)
    pd.testing.assert_frame_equal(again.planted, synthetic.planted)
    assert not generate(12, SIZES).transfers.equals(synthetic.transfers)


def test_degrees_have_a_heavy_tail(frame: pd.DataFrame) -> None:
    for side in ("sender", "recipient"):
        counts = frame[side].value_counts()
        assert counts.iloc[0] > 20 * counts.median()


def test_a_part_of_the_amounts_is_round(frame: pd.DataFrame) -> None:
    digits = frame["amount"] / 10 ** np.floor(np.log10(frame["amount"]))
    share = np.isclose(digits, digits.round(), rtol=1e-9).mean()
    assert 0.08 < share < 0.25


def test_every_pattern_is_planted(synthetic: Synthetic, frame: pd.DataFrame) -> None:
    assert set(synthetic.planted["pattern"]) == set(PATTERNS)
    ends = set(frame["sender"]) | set(frame["recipient"])
    assert set(synthetic.planted["wallet"]) <= ends


def test_nothing_planted() -> None:
    plain = generate(3, Sizes(transfers=500, wallets=100, planted_share=0.0))
    assert plain.transfers.num_rows == 500
    assert plain.planted.empty


@pytest.mark.parametrize("width", [4, 7, 10])
@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_a_pattern_forwards_in_time(name: str, width: int) -> None:
    source, target, step, share = PATTERNS[name](width)
    assert len(source) == len(target) == len(step) == len(share)
    assert (source != target).all()
    assert (share > 0).all()
    for wallet in np.intersect1d(source, target):
        if name == "cycle" and wallet == 0:
            continue  # it starts the cycle and ends it
        assert step[target == wallet].max() < step[source == wallet].min()
        assert share[target == wallet].sum() == pytest.approx(share[source == wallet].sum())


def test_labels_meet_their_contract(synthetic: Synthetic) -> None:
    found = labels(synthetic, n_licit=50, seed=1)
    assert len(check_labels(found)) == len(found)
    illicit = found[found["label"] == "illicit"]
    assert set(illicit["wallet"]) == set(synthetic.planted["wallet"])
    assert (found["label"] == "licit").sum() == 50
    assert found["wallet"].is_unique


def test_write_keeps_everything(
    synthetic: Synthetic, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("synthetic") / "transfers.parquet"
    write(synthetic, path)
    assert pq.read_table(path).equals(synthetic.transfers)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"transfers": 0}, "transfers >= 1"),
        ({"wallets": 99}, "wallets >= 100"),
        ({"planted_share": 1.5}, r"planted_share must be in \[0, 1\]"),
    ],
)
def test_sizes_that_make_no_sense(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sizes(**wrong)
