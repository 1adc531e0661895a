"""Child process: digests of what one revision computes, by its public names alone.

`python digest.py DEMO WORK` prints a JSON object in one line, name to digest. DEMO is the folder
that `walletrisk demo` wrote, WORK an empty one.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

import features
from features import Ledger, feature_table, fifo, haircut, poison, trace
from serving import Settings, create_app
from training import TrainConfig, out_of_time, train

SHARED = Path(os.environ.get("WALLETRISK_DATA", Path(__file__).parents[3] / "shared" / "data"))
TRACED, ASKED, TAINTED = 100, 200, 50
NOT_A_NUMBER = ("id", "request_id", "model")  # drawn at random; names of what computed the rest


def of_table(name: str, table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """A digest a view: every bit of its columns, with their names and order."""
    for view in features.VIEWS:
        part = table[[column.name for column in view.columns]]
        digest = hashlib.sha256(json.dumps(list(part.columns)).encode())
        digest.update(part.to_numpy().tobytes())
        yield f"{name}: {view.name}", digest.hexdigest()[:16]


def of_frame(frame: pd.DataFrame) -> str:
    """Digest of a small frame: its text holds every bit of a float."""
    return hashlib.sha256(frame.to_json(double_precision=15, orient="split").encode()).hexdigest()[
        :16
    ]


def of_ledger(
    name: str, ledger: Ledger, spine: pd.DataFrame, labels: pd.DataFrame
) -> Iterator[tuple[str, str]]:
    """Table with and without labels, trails and taint policies."""
    yield from of_table(f"{name}, without labels", feature_table(ledger, spine, threads=2))
    with_labels = feature_table(ledger, spine, labels=labels, threads=2)
    yield from of_table(f"{name}, with labels", with_labels)
    asked = spine.iloc[:: len(spine) // TRACED]
    trails = [
        trace(ledger, wallet, as_of, labels=labels)
        for wallet, as_of in zip(asked["wallet"], asked["as_of"], strict=True)
    ]
    yield f"{name}: trails", of_frame(pd.concat(trails, ignore_index=True))
    for policy in (haircut, fifo, poison):
        found = policy(ledger, spine.iloc[:: len(spine) // TAINTED], labels=labels)
        yield f"{name}: {policy.__name__}", of_frame(found)


def ethereum() -> tuple[Ledger, pd.DataFrame, pd.DataFrame]:
    """The shared Ethereum ledger; every labelled wallet after it was 5 and 30 transfers old."""
    folder = SHARED / "ethereum_phishing"
    raw = pd.read_parquet(folder / "transactions.parquet")
    transfers = pd.DataFrame(
        {
            "tx_id": raw["tx_hash"],
            "timestamp": pd.to_datetime(raw["timestamp"], unit="s", utc=True),
            "sender": raw["sender"],
            "recipient": raw["recipient"],
            "amount": raw["value_eth"].astype(float),
            "asset": "ETH",
        }
    )
    transfers["position"] = transfers.groupby("tx_id").cumcount().astype("int32")
    known = pd.read_parquet(folder / "labels.parquet")
    wallet = known.columns[0]
    labels = pd.DataFrame(
        {
            "wallet": known[wallet].astype(str),
            "label": known["label"].astype(str),
            "known_at": pd.Timestamp("2018-06-01", tz="UTC"),
        }
    )
    ledger = Ledger.from_transfers(transfers)
    ends = pd.concat([transfers.set_index(side)["timestamp"] for side in ("sender", "recipient")])
    ends = ends.sort_values(kind="stable")
    number = ends.groupby(level=0).cumcount() + 1
    chosen = ends[number.isin([5, 30]) & ends.index.isin(labels["wallet"])]
    spine = pd.DataFrame({"wallet": chosen.index, "as_of": chosen + pd.Timedelta("1us")})
    last = pd.DataFrame({"wallet": labels["wallet"], "as_of": ends.max() + pd.Timedelta("1us")})
    spine = pd.concat([spine, last], ignore_index=True)
    return ledger, spine.sort_values(["as_of", "wallet"], ignore_index=True), labels


def of_answers(demo: Path, work: Path) -> Iterator[tuple[str, str]]:
    """Train the demo's model, serve it, and ask."""
    from fastapi.testclient import TestClient  # it warns of its own future when it is imported

    ledger = Ledger.open(demo / "ledger")
    spine, labels = (
        pd.read_parquet(demo / "spine.parquet"),
        pd.read_parquet(demo / "labels.parquet"),
    )
    table = feature_table(ledger, spine, labels=labels, threads=2)
    split = out_of_time(
        spine,
        train_until=pd.Timestamp("2017-05-15", tz="UTC"),
        calibrate_until=pd.Timestamp("2017-06-01", tz="UTC"),
    )
    model = train(table, labels, split, TrainConfig(model="lightgbm", base_rate=0.01)).model
    model.save(work / "model")
    labels.to_parquet(work / "labels.parquet")
    settings = Settings(
        ledger=demo / "ledger", model=str(work / "model"), labels=work / "labels.parquet",
        journal=f"sqlite:///{work / 'journal.sqlite'}", no_keys=True,
    )  # fmt: skip
    wallets = [*spine["wallet"].iloc[:: len(spine) // ASKED][: ASKED - 1], "never seen"]
    answers: list[dict[str, Any]] = []
    with TestClient(create_app(settings), client=("127.0.0.1", 50_000)) as client:
        for wallet in wallets:
            question = {"wallet": wallet, "as_of": "2017-06-01T00:00:00Z"}
            response = client.post("/v1/wallets/score", json=question)
            response.raise_for_status()
            answers.append(response.json())
    assert len(answers) == ASKED
    for answer in answers:
        for name in NOT_A_NUMBER:
            del answer[name]
    names = sorted({name for answer in answers for name in answer})
    for name in names:
        said = json.dumps([answer.get(name) for answer in answers], sort_keys=True)
        yield f"HTTP: {name}", hashlib.sha256(said.encode()).hexdigest()[:16]


def main() -> None:
    """Print all digests."""
    demo, work = map(Path, sys.argv[1:])
    digests = dict(of_answers(demo, work))
    spine, labels = (
        pd.read_parquet(demo / "spine.parquet"),
        pd.read_parquet(demo / "labels.parquet"),
    )
    digests |= of_ledger("demo", Ledger.open(demo / "ledger"), spine.iloc[::4], labels)
    if (SHARED / "ethereum_phishing").exists():
        digests |= of_ledger("Ethereum", *ethereum())
    print(json.dumps(digests))


if __name__ == "__main__":
    main()
