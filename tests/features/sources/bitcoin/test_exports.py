"""Exports of others: one transaction, as each format writes it, gives the same transfers."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import SourceError
from features.sources.bitcoin.scripts import owner_of_hex
from features.sources.formats import read_files

REAL = Path(__file__).parents[3] / "data" / "bitcoin" / "bitcoin_etl_50001_50002.json"
TIME, BLOCK = 1_548_400_000, 560_000
MADE, PAID = "aa" * 32, "bb" * 32
KEY = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
OTHER = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
SCRIPTS = {  # kind, satoshi: what the payment pays
    "0014" + "11" * 20: 40,
    f"21{KEY}ac": 30,
    f"5121{KEY}21{OTHER}52ae": 20,
    "6a0100": 0,
    "51": 5,
}
SPENT = "76a914" + "22" * 20 + "88ac"
ADDRESS = owner_of_hex(SPENT)
Write = Callable[[Path], Sequence[Path]]


def addresses(script: str) -> list[str]:
    """As exports from nodes before version 22 have them: of several keys, each."""
    if script.startswith("51") and len(script) > 2:
        return [str(owner_of_hex(f"21{key}ac")) for key in (KEY, OTHER)]
    name = owner_of_hex(script)
    return ["nonstandard" + "0" * 40] if name is None else [name]  # made up for OP_RETURN


def coin(script: str, value: int) -> dict[str, Any]:
    return {"addresses": addresses(script), "value": value, "script_hex": script}


def etl_rows() -> list[dict[str, Any]]:
    common = {"block_timestamp": TIME, "block_number": BLOCK}
    spent = {"addresses": [ADDRESS], "value": 100, "script_hex": "00", "index": 0}
    return [
        {"hash": MADE, **common, "is_coinbase": True, "inputs": [], "outputs": [coin(SPENT, 99)]},
        {
            "hash": PAID, **common, "is_coinbase": False, "inputs": [spent],
            "outputs": [coin(*each) for each in SCRIPTS.items()],
        },
    ]  # fmt: skip


def write_etl(folder: Path, rows: list[dict[str, Any]] | None = None) -> Sequence[Path]:
    path = folder / "transactions.json"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows or etl_rows()))
    return [path]


def write_etl_parquet(folder: Path) -> Sequence[Path]:
    """As BigQuery exports its table: instants, and numbers of any size."""
    coins: Any = pa.list_(
        pa.struct(
            [
                ("addresses", pa.list_(pa.string())),
                ("value", pa.decimal128(38, 0)),
                ("script_hex", pa.string()),
            ]
        )
    )
    columns: list[tuple[str, Any]] = [
        ("hash", pa.string()),
        ("block_timestamp", pa.timestamp("us", "UTC")),
        ("block_number", pa.int64()),
        ("is_coinbase", pa.bool_()),
        ("inputs", coins),
        ("outputs", coins),
    ]
    made = [{**row, "block_timestamp": TIME * 10**6} for row in etl_rows()]
    table = pa.Table.from_pylist(made, schema=pa.schema(columns))
    pq.write_table(table, folder / "transactions.parquet")
    return [folder / "transactions.parquet"]


def write_graphsense(folder: Path) -> Sequence[Path]:
    rows = [
        {
            "tx_hash": bytes.fromhex(row["hash"]), "timestamp": TIME, "block_id": BLOCK,
            "coinbase": row["is_coinbase"],
            **{
                side: [{**one, "script_hex": bytes.fromhex(one["script_hex"])} for one in row[side]]
                for side in ("inputs", "outputs")
            },
        }
        for row in etl_rows()
    ]  # fmt: skip
    rows[0]["inputs"] = None  # as Spark writes it
    pq.write_table(pa.Table.from_pylist(rows), folder / "transaction.parquet")
    return [folder / "transaction.parquet"]


def write_blockchair(folder: Path) -> Sequence[Path]:
    def row(txid: str, index: int, script: str, value: int, made: int) -> list[str]:
        name = owner_of_hex(script)
        recipient = (
            name if name and name[0] in "1b" and len(script) in (44, 50) else "d-" + "0" * 32
        )
        return [
            str(BLOCK), txid, str(index), "2019-01-25 07:06:40", str(value), "0.01", recipient,
            "some", script, str(made), "-1",
        ]  # fmt: skip

    header = [
        "block_id", "transaction_hash", "index", "time", "value", "value_usd", "recipient", "type",
        "script_hex", "is_from_coinbase", "is_spendable",
    ]  # fmt: skip
    more = [
        "spending_block_id", "spending_transaction_hash", "spending_index", "spending_time",
    ]  # fmt: skip
    got = [row(MADE, 0, SPENT, 99, 1)]
    got += [row(PAID, n, script, value, 0) for n, (script, value) in enumerate(SCRIPTS.items())]
    spent = [[*row("cc" * 32, 7, SPENT, 100, 0), str(BLOCK), PAID, "0", "2019-01-25 07:06:40"]]
    spent += [[*row("cc" * 32, 8, SPENT, 100, 0), "1", "dd" * 32, "0", "2019-01-24 07:06:40"]]
    paths = [folder / "outputs.tsv", folder / "inputs.tsv"]
    for path, lines in zip(paths, ([header, *got], [header + more, *spent]), strict=True):
        path.write_text("".join("\t".join(line) + "\n" for line in lines))
    return paths


def write_esplora(folder: Path) -> Sequence[Path]:
    def out(script: str, value: int) -> dict[str, Any]:
        return {"scriptpubkey": script, "value": value}

    held = {"confirmed": True, "block_height": BLOCK, "block_time": TIME}
    page = [
        {
            "txid": MADE, "vin": [{"is_coinbase": True, "prevout": None}],
            "vout": [{**out(SPENT, 99), "scriptpubkey_address": ADDRESS}], "status": held,
        },
        {
            "txid": PAID, "vin": [{"is_coinbase": False, "prevout": out(SPENT, 100)}],
            "vout": [out(*each) for each in SCRIPTS.items()], "status": held,
        },
        {"txid": "ee" * 32, "vin": [], "vout": [], "status": {"confirmed": False}},
    ]  # fmt: skip
    (folder / "page.json").write_text(json.dumps(page))
    (folder / "one.json").write_text(json.dumps(page[1]))  # again
    return [folder / "page.json", folder / "one.json"]


WRITERS = {
    "bitcoin-etl": write_etl,
    "graphsense": write_graphsense,
    "blockchair": write_blockchair,
    "esplora": write_esplora,
}
EXPECTED = [
    (MADE, f"tx:{MADE}", ADDRESS, 99, 0),
    (PAID, ADDRESS, owner_of_hex(f"21{KEY}ac"), 30, 5),
    (PAID, ADDRESS, owner_of_hex("0014" + "11" * 20), 40, 0),
    (PAID, ADDRESS, owner_of_hex(f"5121{KEY}21{OTHER}52ae"), 20, 0),
    (PAID, ADDRESS, owner_of_hex("51"), 5, 0),
]


def rows(transfers: pd.DataFrame) -> list[tuple[Any, ...]]:
    sats = (transfers[["amount", "fee"]] * 1e8).round().astype(int)
    named = transfers[["tx_id", "sender", "recipient"]]
    return [
        (*names, *numbers)
        for names, numbers in zip(named.to_numpy().tolist(), sats.to_numpy().tolist(), strict=True)
    ]


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_transfers(name: str, tmp_path: Path) -> None:
    transfers = read_files(name, WRITERS[name](tmp_path)).transfers
    assert rows(transfers) == EXPECTED
    assert transfers["block"].tolist() == [BLOCK] * 5
    assert set(transfers["timestamp"]) == {pd.Timestamp(TIME, unit="s", tz="UTC")}


def test_a_table_of_bigquery_is_read_like_the_json_lines(tmp_path: Path) -> None:
    assert rows(read_files("bitcoin-etl", write_etl_parquet(tmp_path)).transfers) == EXPECTED


def test_a_real_export_is_read() -> None:
    transfers = read_files("bitcoin-etl", [REAL]).transfers
    assert transfers["tx_id"].nunique() == 4
    paid = transfers[~transfers["sender"].str.startswith("tx:")]
    assert paid["sender"].tolist()[:2] == [
        "1DoQeKfU3dYhN9bxMpFFcVUnufCPDqSPae", "1PZMgkF2x161qvfP7dhoWSEEU3SjnQE1m9",
    ]  # fmt: skip
    assert paid["amount"].tolist()[:2] == [50.0, 50.0]


def test_an_export_whose_inputs_are_not_filled_in_is_refused(tmp_path: Path) -> None:
    made = etl_rows()
    made[1]["inputs"] = [{"addresses": [], "value": None, "script_hex": "00"}] * 3
    with pytest.raises(SourceError, match=r"3 of 3 inputs, of 1 transactions.*enrich_transactions"):
        read_files("bitcoin-etl", write_etl(tmp_path, made))


def test_transactions_without_inputs_are_refused(tmp_path: Path) -> None:
    made = etl_rows()
    made[1]["inputs"] = []
    with pytest.raises(SourceError, match=f"1 transactions have no inputs .* first {PAID}"):
        read_files("bitcoin-etl", write_etl(tmp_path, made))
    paths = write_blockchair(tmp_path)
    paths[1].write_text("\n".join(paths[1].read_text().replace(PAID, "ff" * 32).splitlines()))
    with pytest.raises(SourceError, match=f"1 of 2 transactions have no inputs .* first {PAID}"):
        read_files("blockchair", paths)


@pytest.mark.parametrize("again", [0, 1])
def test_a_dump_that_is_named_twice_is_refused(again: int, tmp_path: Path) -> None:
    paths = [*write_blockchair(tmp_path)]
    with pytest.raises(SourceError, match=r"rows repeat .*: is a file named twice\?"):
        read_files("blockchair", [*paths, paths[again]])


@pytest.mark.parametrize("time", [-1, TIME * 1_000])
def test_times_that_are_no_unix_seconds_are_refused(time: int, tmp_path: Path) -> None:
    made = [{**row, "block_timestamp": time} for row in etl_rows()]
    with pytest.raises(SourceError, match=f"transaction {MADE}: time {time} or height"):
        read_files("bitcoin-etl", write_etl(tmp_path, made))


@pytest.mark.parametrize("value", [2**64, "12", 1.5])
def test_values_that_are_no_satoshi_are_refused(value: object, tmp_path: Path) -> None:
    (page, _) = write_esplora(tmp_path)
    made = json.loads(page.read_text())
    made[0]["vout"][0]["value"] = value
    page.write_text(json.dumps(made))
    with pytest.raises(SourceError, match="no number"):
        read_files("esplora", [page])


@pytest.mark.parametrize("kept", [0, 1])
def test_a_missing_kind_of_dump_is_said(kept: int, tmp_path: Path) -> None:
    missing = "inputs" if kept == 0 else "outputs"
    with pytest.raises(SourceError, match=f"none is of {missing}"):
        read_files("blockchair", [write_blockchair(tmp_path)[kept]])


@pytest.mark.parametrize("name", ["bitcoin-etl", "graphsense", "blockchair", "esplora"])
@pytest.mark.parametrize("content", ['{"a": 1}\n', "hash\tvalue\n1\t2\n", "\0\1\2"])
def test_files_of_something_else_are_refused(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / ("odd.parquet" if name == "graphsense" else "odd.json")
    path.write_text(content)
    with pytest.raises(SourceError, match=r"odd\.|needs files of inputs"):
        read_files(name, [path])
