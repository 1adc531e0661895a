"""Exports by real tools of one chain, which a node tells too: all read to the same transfers.

``exports/etl`` was written by ethereum-etl 2.4.2 and ``exports/cryo`` by cryo 0.3.2 from the chain
that ``tests.nodes.money`` builds; ``exports/samples`` are files of ethereum-etl's own tests (MIT).
"""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import SourceError, check_transfers
from features.sources.ethereum.files import read_ethereum
from features.sources.ethereum.node import EthereumNode
from features.sources.formats import read_files
from tests.nodes.anvil import WETH, running
from tests.nodes.money import build

EXPORTS = Path(__file__).parent / "exports"
ETL, CRYO, SAMPLES = EXPORTS / "etl", EXPORTS / "cryo", EXPORTS / "samples"
ALL = ("blocks", "traces", "logs", "tokens")
TOKEN = "0xa513e6e4b8f2a923d98304ec87f64353c4d5c853"
INNER = "payments inside transactions are missing: the traces tell them"
UNWRAPPED = "wrapping and unwrapping of the chain's own asset is missing: the logs tell it"


def etl(*names: str) -> list[Path]:
    return [ETL / f"{name}.csv" for name in names]


def cryo(*names: str) -> list[Path]:
    return [CRYO / f"{name}.parquet" for name in names]


def read(paths: list[Path], asset: str | None = None) -> pd.DataFrame:
    frame, _ = read_ethereum(paths, asset=asset)
    checked = check_transfers(frame)
    checked.attrs.update(frame.attrs)
    return checked


def rows(frame: pd.DataFrame) -> set[tuple[object, ...]]:
    return set(map(tuple, frame.to_numpy().tolist()))


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return read(etl(*ALL))


def test_files_are_those_of_the_chain_that_the_node_tells(truth: pd.DataFrame) -> None:
    with running() as node:
        told, source = build(node), EthereumNode(node.url)
        blocks = [block.frame for block in source.blocks(0, told.head)]
    assert rows(truth) == rows(check_transfers(pd.concat(blocks))[list(truth)])
    assert truth.attrs["left_out"] == dict(source.left_out)


@pytest.mark.parametrize(
    "paths",
    [
        etl("blocks", "transactions", "receipts", "traces", "logs", "token_transfers", "tokens"),
        etl("transactions", "traces", "logs", "tokens"),  # blocks without transactions need no time
        etl(*ALL, *ALL),
        cryo("blocks", "traces", "logs", "erc20_metadata"),
        [*cryo("traces"), *etl("logs", "tokens", "blocks")],
    ],
)
def test_whatever_tool_and_files_the_transfers_are_the_same(
    paths: list[Path], truth: pd.DataFrame
) -> None:
    found = read(paths)
    keys = ["tx_id", "position"]
    pd.testing.assert_frame_equal(
        found.sort_values(keys, ignore_index=True), truth.sort_values(keys, ignore_index=True)
    )
    assert found.attrs["duplicates"] == 0
    assert found.attrs["left_out"] == truth.attrs["left_out"]
    assert found.attrs["notes"] == []


@pytest.mark.parametrize(
    ("paths", "missing", "notes"),
    [
        (etl("blocks", "transactions", "receipts", "logs", "tokens"), 8, [INNER]),
        (etl("blocks", "transactions", "receipts", "token_transfers", "tokens"), 10,
         [INNER, UNWRAPPED]),
        (cryo("blocks", "traces", "erc20_transfers", "erc20_metadata"), 2, [UNWRAPPED]),
        (cryo("blocks", "traces", "erc20_transfers_hex", "erc20_metadata"), 2, [UNWRAPPED]),
        # cryo's transactions do not name the contract that one of them made with 3 ETH
        (cryo("blocks", "transactions", "logs", "erc20_metadata"), 9, [INNER]),
    ],
)  # fmt: skip
def test_what_files_cannot_tell_is_said_and_the_rest_is_right(
    paths: list[Path], missing: int, notes: list[str], truth: pd.DataFrame
) -> None:
    found = read(paths)
    assert rows(found) < rows(truth)
    assert len(found) == len(truth) - missing
    assert found.attrs["notes"] == notes


@pytest.mark.parametrize("asset", ["ETH", TOKEN, WETH])
def test_one_asset_alone(asset: str, truth: pd.DataFrame) -> None:
    one = read(etl(*ALL), asset.replace("a", "A") if asset != "ETH" else asset)
    assert rows(one) == rows(truth[truth["asset"] == asset])
    two = read(etl(*ALL), f"{asset},{WETH}")
    assert rows(two) == rows(truth[truth["asset"].isin([asset, WETH])])
    assert len(one)
    if asset == "ETH":
        assert len(read(etl("blocks", "traces"), "ETH")) == len(one)


def as_public_data_set(folder: Path) -> list[Path]:
    """The same export in the types of the public data set in BigQuery, as parquet."""
    transactions, receipts, traces = (pd.read_csv(path, dtype="str") for path in etl(
        "transactions", "receipts", "traces",
    ))  # fmt: skip
    told = receipts.set_index("transaction_hash")
    transactions["receipt_status"] = transactions["hash"].map(told["status"]).astype("int64")
    transactions["receipt_contract_address"] = transactions["hash"].map(told["contract_address"])
    blocks = pd.read_csv(ETL / "blocks.csv")
    seconds = blocks.set_index("number")["timestamp"]
    tables = {"transactions": transactions, "traces": traces}
    for name, frame in tables.items():
        number = frame["block_number"].astype("int64")
        frame = frame.assign(block_number=number).drop(columns="block_timestamp", errors="ignore")
        time = pa.array(number.map(seconds) * 1_000_000, pa.timestamp("us", "UTC"))
        table, at = pa.Table.from_pandas(frame), list(frame).index("value")
        value = pa.array([Decimal(one) for one in frame["value"]], pa.decimal128(38, 9))
        table = table.set_column(at, "value", value).append_column("block_timestamp", time)
        pq.write_table(table, folder / f"{name}.parquet")
    return [folder / f"{name}.parquet" for name in tables]


def test_the_public_data_set_is_read_by_its_types(tmp_path: Path, truth: pd.DataFrame) -> None:
    transactions, traces = as_public_data_set(tmp_path)
    ether = truth[truth["asset"] == "ETH"]
    assert rows(read([traces])) == rows(ether)
    top = read([transactions])
    assert rows(top) == rows(ether[ether["position"] == 0])
    assert top.attrs["left_out"] == {"of zero value": 21, "failed transactions": 1}


def test_values_that_went_through_floats_are_refused(tmp_path: Path) -> None:
    frame = pd.read_csv(ETL / "transactions.csv").astype({"value": "float64"})
    frame.to_parquet(tmp_path / "transactions.parquet")
    with pytest.raises(SourceError, match="value holds floats, which lost digits"):
        read([tmp_path / "transactions.parquet", *etl("receipts")])


def test_json_lines_hold_the_same_as_csv(tmp_path: Path, truth: pd.DataFrame) -> None:
    paths = []
    for name in ALL:
        with (ETL / f"{name}.csv").open() as file, (tmp_path / f"{name}.json").open("w") as out:
            for row in csv.DictReader(file):
                given = {key: cell or None for key, cell in row.items()}
                if name == "logs":
                    given |= {"topics": row["topics"].split(",")}
                if name == "traces":
                    path = [int(one) for one in row["trace_address"].split(",") if one]
                    given |= {"value": int(row["value"]), "trace_address": path}
                out.write(json.dumps(given) + "\n")
        paths.append(tmp_path / f"{name}.json")
    assert rows(read(paths)) == rows(truth)


def test_real_traces_of_the_main_chain(tmp_path: Path) -> None:
    names = ("create", "error", "subtraces", "suicide")
    traces = [SAMPLES / f"block_with_{name}_traces.csv" for name in names]
    none = SAMPLES / "block_without_transactions_traces.csv"
    with pytest.raises(SourceError, match="no file says when block 1000690 was: add the blocks"):
        read([*traces, none])
    numbers = (1_000_000, 1_000_690, 1_000_895, 1_011_973)
    lines = [f"{number},0x0,0x0,{14 * number}" for number in numbers]  # times are made up
    blocks = tmp_path / "blocks.csv"
    blocks.write_text("\n".join(["number,hash,parent_hash,timestamp", *lines]))
    frame, _ = read_ethereum([*traces, none, blocks])
    assert sorted(zip(frame["block"], frame["amount"], strict=True)) == [
        (1000000, 0.43719498), (1000000, 100.0), (1000690, 64.655529900000002), (1000895, 1.1),
        (1011973, 0.05),
    ]  # fmt: skip
    suicide = frame[frame["block"] == 1011973].iloc[0]
    assert suicide["sender"] == "0x474faa5018639791952fae334e2911700ac7fe9b"
    assert frame.attrs["left_out"] == {
        "block rewards and genesis balances, which no transaction moved": 4,
        "undone calls": 1,
        "delegate and static calls, which move nothing": 1,
        "of zero value": 2,
        "empty files": 1,
    }


def test_a_real_stream_of_2016(tmp_path: Path) -> None:
    names = ("blocks", "transactions", "logs", "token_transfers", "tokens")
    paths = [SAMPLES / f"expected_{name}.json" for name in names]
    frame = read(paths)
    before = "1 payments of before block 4370000 are kept, of which nothing but traces could tell"
    assert [note[: len(before)] for note in frame.attrs["notes"]] == [INNER, before]
    assert frame.attrs["left_out"]["of tokens whose decimals nobody tells"] == 1
    assert frame["amount"].tolist() == [0.405738107]

    decimals = tmp_path / "tokens.csv"
    token = "0xbb9bc244d798123fde783fcc1c72d3bb8c189413"
    decimals.write_text(f"address,symbol,name,decimals\n{token},TheDAO,The DAO,16\n")
    frame = read([*paths, decimals], token)
    assert frame[["sender", "recipient", "amount"]].to_numpy().tolist() == [
        ["0x6498077292a0921c8804924fdf47b5e91e2a215f",
         "0x8b3b3b624c3c0397d3da8fd861512393d51dcbac", 500.0]
    ]  # fmt: skip


def test_transactions_that_do_not_say_whether_they_failed_are_refused() -> None:
    with pytest.raises(SourceError, match=r"6 transactions, such as 0x.{64}, do not say whether"):
        read([SAMPLES / "six_transactions.csv"])


def test_withdrawals_of_validators_come_from_nobody() -> None:
    frame = read([SAMPLES / "withdrawals_blocks.csv"])
    assert len(frame) == 32
    assert set(frame["sender"]) == {"0x" + 40 * "0"}
    first = frame[frame["tx_id"] == "withdrawal-2210752"].iloc[0]
    assert first["recipient"] == "0xb9d7934878b5fb9610b3fe8a5e441e8fad7e293f"
    assert first["amount"] == 0.045762059
    assert first["timestamp"] == pd.Timestamp(1683029999, unit="s", tz="UTC")


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (etl("geth_traces", "blocks"), "43 traces name no transaction, as extract_geth_traces"),
        (
            cryo("native_transfers"),
            "native_transfers.parquet: cryo's native_transfers lists undone",
        ),
        (etl("traces"), "no file says when block 1 was: add the blocks of the same range"),
        (etl("token_transfers", "blocks"), "movements of tokens are in raw units: add the file"),
        ([SAMPLES / "LICENSE"], "unknown kind of file"),
        ([SAMPLES / "block_without_transactions_traces.csv"], "the files are empty"),
    ],
)
def test_what_cannot_be_read_rightly_is_refused(paths: list[Path], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(paths)


def test_another_chain_or_an_unknown_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is of the chain number 1, expected 8453; name its"):
        read_ethereum(cryo("traces", "blocks"), chain="base")
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match=r"its columns \(a, b\) are those of no known export; .*"):
        read([other])


def test_the_format_counts_what_it_left_out() -> None:
    found = read_files("ethereum", etl("blocks", "transactions", "receipts"), {"asset": "ETH"})
    assert found.left_out == {"of zero value": 21, "failed transactions": 1}
    assert found.notes == [INNER]
    assert found.transfers.attrs == {"duplicates": 0}


@pytest.mark.parametrize(
    ("name", "column", "cell", "message"),
    [
        ("traces", "value", "1.5", r"traces.csv: value '1.5' is no whole number of the smallest"),
        ("traces", "value", "-1", "value '-1' is no whole number"),
        ("traces", "block_number", "x", "block_number 'x' is no number of a block"),
        ("traces", "block_number", "", "block_number nan is no number of a block"),
        ("logs", "data", "0xzz", "data '0xzz' is no hexadecimal text"),
        ("blocks", "timestamp", "soon", "'soon' is neither unix seconds nor an ISO 8601 time"),
    ],
)
def test_cells_that_nobody_can_read_are_named(
    name: str, column: str, cell: str, message: str, tmp_path: Path
) -> None:
    frame = pd.read_csv(ETL / f"{name}.csv", dtype="str", keep_default_na=False)
    frame.loc[0, column] = cell
    frame.to_csv(tmp_path / f"{name}.csv", index=False)
    paths = [tmp_path / path.name if path.stem == name else path for path in etl(*ALL)]
    with pytest.raises(SourceError, match=message):
        read(paths)
