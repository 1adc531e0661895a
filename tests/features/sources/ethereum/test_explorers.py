"""Files of block explorers, written from the same chain: each address shows its half of it."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import SourceError, check_transfers
from features.sources.ethereum.files import read_ethereum

ETL = Path(__file__).parent / "exports" / "etl"
TOKEN = "0xa513e6e4b8f2a923d98304ec87f64353c4d5c853"
ETHER = Decimal(10) ** 18
SCAN_HEADER = (
    "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),"
    "Value_OUT(ETH),CurrentValue @ $1785.9/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,"
    "Status,ErrCode,Method"
)
SCAN_INTERNAL_HEADER = (
    "Txhash,Blockno,UnixTimestamp,DateTime (UTC),ParentTxFrom,ParentTxTo,ParentTxETH_Value,From,"
    "TxTo,ContractAddress,Value_IN(ETH),Value_OUT(ETH),CurrentValue @ $1785.9/Eth,"
    "Historical $Price/Eth,Status,ErrCode,Type"
)
SCAN_TOKENS_HEADER = (
    "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,USDValueDayOfTx,"
    "ContractAddress,TokenName,TokenSymbol"
)
SCOUT_HEADER = (
    "TxHash,BlockNumber,UnixTimestamp,FromAddress,ToAddress,ContractAddress,Type,Value,Fee,Status,"
    "ErrCode,CurrentPrice,TxDateOpeningPrice,TxDateClosingPrice,MethodName"
)
SCOUT_TOKENS_HEADER = (
    "TxHash,BlockNumber,UnixTimestamp,FromAddress,ToAddress,TokenContractAddress,Type,"
    "TokenDecimals,TokenSymbol,TokenDecimals,TokensTransferred,TransactionFee,Status,ErrCode"
)
SCAN = SCAN_HEADER.split(",")
SCAN_INTERNAL = SCAN_INTERNAL_HEADER.split(",")
SCAN_TOKENS = SCAN_TOKENS_HEADER.split(",")
SCOUT = SCOUT_HEADER.split(",")
SCOUT_TOKENS = SCOUT_TOKENS_HEADER.split(",")


def etl(name: str) -> pd.DataFrame:
    frame = pd.read_csv(ETL / f"{name}.csv", dtype="str", keep_default_na=False)
    if "block_number" in frame:
        blocks = pd.read_csv(ETL / "blocks.csv", dtype="str").set_index("number")["timestamp"]
        frame["time"] = frame["block_number"].map(blocks)
    return frame


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    paths = [ETL / f"{name}.csv" for name in ("blocks", "traces", "logs", "tokens")]
    return check_transfers(read_ethereum(paths)[0])


@pytest.fixture(scope="module")
def addresses(truth: pd.DataFrame) -> list[str]:
    return sorted(set(truth["sender"]) | set(truth["recipient"]))


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows by the names of their columns."""
    yield from frame.itertuples()


def touching(frame: pd.DataFrame, address: str, *names: str) -> pd.DataFrame:
    return frame[(frame[list(names)] == address).any(axis=1)]


def write(path: Path, names: list[str], rows: list[list[object]], end: str = "") -> Path:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end + "\r\n")
    writer.writerows(rows)
    path.write_text(",".join(f'"{name}"' for name in names) + "\r\n" + text.getvalue(), "utf-8-sig")
    return path


def amount(wei: str) -> str:
    return f"{Decimal(wei) / ETHER:,f}"


def scan(folder: Path, address: str, status: dict[str, str], made: dict[str, str]) -> list[Path]:
    """What Etherscan offers for an address: three files."""
    when = "2023-11-14 22:15:00"
    rows: list[list[object]] = [
        [tx.hash, tx.block_number, tx.time, when, tx.from_address, tx.to_address, made[tx.hash],
         *in_and_out(tx.value, address, tx.from_address), "99", "0.1", "9", "1785.9",
         "" if status[tx.hash] == "1" else "Error(0)", "", "Transfer"]
        for tx in each(touching(etl("transactions"), address, "from_address", "to_address"))
    ]  # fmt: skip
    paths = [write(folder / f"{address}.csv", SCAN, rows, end=",")]
    inner = touching(etl("traces"), address, "from_address", "to_address")
    inner = inner[(inner["trace_address"] != "") & (inner["call_type"] != "delegatecall")]
    rows = [
        [call.transaction_hash, call.block_number, call.time, when, "0xp", "0xq", "0",
         call.from_address, "" if call.trace_type == "create" else call.to_address,
         call.to_address if call.trace_type == "create" else "",
         *in_and_out(call.value, address, call.from_address), "99", "1785.9",
         "0" if call.status == "1" else "1", "", call.trace_type]
        for call in each(inner)
    ]  # fmt: skip
    paths.append(write(folder / f"{address}-internal.csv", SCAN_INTERNAL, rows))
    rows = [
        [move.transaction_hash, move.block_number, move.time, when, move.from_address,
         move.to_address, f"{Decimal(move.value) / 10**6:,f}", "$1", TOKEN, "Token", "TUSD"]
        for move in each(touching(tokens(), address, "from_address", "to_address"))
    ]  # fmt: skip
    paths.append(write(folder / f"{address}-tokens.csv", SCAN_TOKENS, rows))
    return paths


def in_and_out(wei: str, address: str, sender: str) -> list[str]:
    return ["0", amount(wei)] if sender == address else [amount(wei), "0"]


def tokens() -> pd.DataFrame:
    moved = etl("token_transfers")
    return moved[moved["token_address"] == TOKEN]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory, addresses: list[str]) -> list[Path]:
    receipts = etl("receipts")
    status, made = (
        dict(zip(receipts["transaction_hash"], receipts[name], strict=True))
        for name in ("status", "contract_address")
    )
    folder = tmp_path_factory.mktemp("scan")
    return [path for one in addresses for path in scan(folder, one, status, made)]


def test_all_files_of_all_addresses_are_the_chain(scanned: list[Path], truth: pd.DataFrame) -> None:
    frame, _ = read_ethereum(scanned)
    read = check_transfers(frame)
    told = truth[truth["asset"].isin(["ETH", TOKEN])]
    keys = ["tx_id", "position"]
    pd.testing.assert_frame_equal(
        read.sort_values(keys, ignore_index=True), told.sort_values(keys, ignore_index=True)
    )
    assert read.attrs["duplicates"] > len(read) / 2  # both ends of a transfer tell of it
    assert frame.attrs["left_out"]["failed transactions"] > 0
    assert frame.attrs["left_out"]["calls that failed"] > 0


def test_a_file_beside_an_export_of_the_chain_adds_nothing(
    scanned: list[Path], truth: pd.DataFrame
) -> None:
    paths = [ETL / f"{name}.csv" for name in ("blocks", "traces", "logs", "tokens")]
    both = check_transfers(read_ethereum([*paths, *scanned[:12]])[0])
    assert len(both) == len(truth)
    assert both.attrs["duplicates"] > 0


def checksummed(address: str) -> str:
    return address[:2] + address[2:].upper()


def test_blockscout_writes_raw_integers_and_iso_times(tmp_path: Path, truth: pd.DataFrame) -> None:
    receipts = etl("receipts").set_index("transaction_hash")["status"]
    times = {
        text: pd.Timestamp(int(text), unit="s").strftime("%Y-%m-%d %H:%M:%S.000000Z")
        for text in etl("transactions")["time"]
    }
    sent = etl("transactions")
    sent["made"] = sent["hash"].map(
        etl("receipts").set_index("transaction_hash")["contract_address"]
    )
    rows: list[list[object]] = [
        [tx.hash, tx.block_number, times[tx.time], checksummed(tx.from_address),
         checksummed(tx.to_address) if tx.to_address else "", tx.made, "OUT", tx.value,
         "Max of 9", "ok" if receipts[tx.hash] == "1" else "error", "", "1", "2", "3", ""]
        for tx in each(sent)
    ]  # fmt: skip
    paths = [write(tmp_path / "transactions.csv", SCOUT, rows)]
    rows = [
        [move.transaction_hash, move.block_number, times[move.time], checksummed(move.from_address),
         checksummed(move.to_address), checksummed(TOKEN), "IN", "6", "TUSD", "6", move.value, "1",
         "ok", ""]
        for move in each(tokens())
    ]  # fmt: skip
    rows += [[*rows[0][:7], "", "NFT", "", "", "1", "ok", ""]]
    paths.append(write(tmp_path / "tokens.csv", SCOUT_TOKENS, rows))
    frame, _ = read_ethereum(paths)
    top = (truth["asset"] == "ETH") & (truth["position"] == 0)
    told = truth[top | (truth["asset"] == TOKEN)]
    keys = ["tx_id", "position"]
    pd.testing.assert_frame_equal(
        check_transfers(frame).sort_values(keys, ignore_index=True),
        told.sort_values(keys, ignore_index=True),
    )
    assert frame.attrs["left_out"]["of tokens whose decimals nobody tells"] == 1


ROW = {
    "Txhash": "0xA", "Blockno": "5000000", "UnixTimestamp": "1517319693", "From": "0xB",
    "To": "0xC", "Value_IN(ETH)": "1,234.5", "Value_OUT(ETH)": "0", "ContractAddress": "",
    "Status": "", "ErrCode": "",
}  # fmt: skip


def one(path: Path, **changes: str) -> Path:
    row = ROW | changes
    return write(path / "one.csv", list(row), [list(row.values())])


def test_separators_and_old_names(tmp_path: Path) -> None:
    frame, _ = read_ethereum([one(tmp_path)])
    assert frame[["tx_id", "sender", "recipient", "amount"]].to_numpy().tolist() == [
        ["0xa", "0xb", "0xc", 1234.5]
    ]
    assert frame["timestamp"].tolist() == [pd.Timestamp("2018-01-30T13:41:33Z")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Status": "Perhaps"}, "status 'Perhaps' is neither a success nor an error"),
        ({"Value_IN(ETH)": "1.2.3"}, "'1.2.3' is no amount"),
        ({"Value_IN(ETH)": "-3"}, "'-3' is no amount"),
        ({"Value_IN(ETH)": "inf"}, "'inf' is no amount"),
        ({"Blockno": "x"}, "Blockno 'x' is no number"),
        ({"UnixTimestamp": "yesterday"}, "'yesterday' is neither unix seconds nor an ISO 8601"),
    ],
)
def test_cells_that_nobody_can_read_are_refused(
    changes: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=message):
        read_ethereum([one(tmp_path, **changes)])


def test_a_file_of_another_chain_is_refused(tmp_path: Path) -> None:
    row = {name.replace("ETH", "BNB"): cell for name, cell in ROW.items()}
    path = write(tmp_path / "bnb.csv", list(row), [list(row.values())])
    with pytest.raises(SourceError, match="holds BNB, but the chain's own is ETH"):
        read_ethereum([path])
    assert read_ethereum([path], chain="bsc")[0]["asset"].tolist() == ["BNB"]


def test_internal_transactions_of_blockscout_are_refused(tmp_path: Path) -> None:
    names = ["TxHash", "BlockNumber", "UnixTimestamp", "FromAddress", "ToAddress", "CallType"]
    with pytest.raises(SourceError, match="do not tell which of them a failure around them undid"):
        read_ethereum([write(tmp_path / "internal.csv", names, [])])


def test_things_with_numbers_are_no_known_export(tmp_path: Path) -> None:
    path = write(tmp_path / "nft.csv", [*SCAN_TOKENS, "TokenId"], [])
    with pytest.raises(SourceError, match="are those of no known export"):
        read_ethereum([path])
