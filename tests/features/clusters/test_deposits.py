"""Deposit addresses pass on to a known exchange, and are known from when on that was seen."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import walletrisk
from features import Ledger
from features.clusters import Clusters
from features.clusters import deposits as rules
from features.clusters.deposits import Deposits, deposits
from features.contracts.labels import check_labels, in_force
from tests.clustered import made as clustered

Move = tuple[float, str, str, float]  # hour, sender, recipient, ether
FAR = "2030-01-01T00:00:00Z"


def at(hours: float) -> pd.Timestamp:
    return pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(hours, "h")


def frame(moves: Sequence[Move]) -> pd.DataFrame:
    hours, senders, recipients, amounts = zip(*moves, strict=True)
    return pd.DataFrame(
        {
            "tx_id": [f"t{number}" for number in range(len(moves))],
            "timestamp": pd.Series([at(hour) for hour in hours], dtype="datetime64[us, UTC]"),
            "sender": pd.Series(senders, dtype="str"),
            "recipient": pd.Series(recipients, dtype="str"),
            "amount": amounts,
            "asset": "ETH",
        }
    )


def ledger(moves: Sequence[Move]) -> Ledger:
    return Ledger.from_transfers(frame(moves))


def exchanges(*known: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wallet": pd.Series([wallet for wallet, _ in known], dtype="str"),
            "label": "licit",
            "category": "exchange",
            "known_at": pd.Series([at(hour) for _, hour in known], dtype="datetime64[us, UTC]"),
        }
    )


KRAKEN = exchanges(("kraken", -1))


def told(found: Deposits) -> list[tuple[str, float, float | None]]:
    labels = found.labels
    since = ((labels["known_at"] - at(0)) / pd.Timedelta(1, "h")).tolist()
    until = ((labels["until"] - at(0)) / pd.Timedelta(1, "h")).tolist()
    ends = [None if end != end else end for end in until]
    return list(zip(labels["wallet"].tolist(), since, ends, strict=True))


def merges(found: Deposits) -> list[tuple[float, set[str]]]:
    spends, names = found.spends, found.wallets
    return [
        (
            (int(time) - at(0).value // 1000) / 3.6e9,
            {names[code] for code in spends.wallet[spends.first[n] : spends.first[n + 1]]},
        )
        for n, time in enumerate(spends.time.tolist())
    ]


def test_who_passes_on_all_of_it_soon_is_a_deposit_address_from_then_on() -> None:
    found = deposits(
        ledger(
            [
                (1, "ann", "d", 5.0), (2, "d", "kraken", 4.995),  # less the fee
                (1, "bob", "late", 5.0), (14, "late", "kraken", 4.995),
                (1, "bob", "keeps", 5.0), (2, "keeps", "kraken", 4.9),
                (1, "bob", "more", 5.0), (2, "more", "kraken", 5.5),
                (1, "bob", "other", 5.0), (2, "other", "shop", 5.0),
            ]
        ),
        KRAKEN,
    )  # fmt: skip
    assert told(found) == [("d", 2.0, None)]
    one = found.labels.iloc[0]
    assert (one["label"], one["category"], one["confidence"]) == ("none", "exchange", 0.5)
    assert merges(found) == []


def test_customers_are_one_from_the_second_forwarding_on() -> None:
    moves = [
        (1, "ann", "d", 5.0), (2, "d", "kraken", 5.0), (3, "ann", "d", 7.0),
        (4, "d", "kraken", 7.0), (5, "cold", "d", 1.0), (6, "d", "kraken", 1.0),
        (7, "gift", "d", 1.0),
    ]  # fmt: skip
    assert merges(deposits(ledger(moves), KRAKEN)) == [(6.0, {"ann", "cold"})]
    named = pd.concat([KRAKEN, exchanges(("cold", 5))])
    assert merges(deposits(ledger(moves), named)) == []


def test_one_that_pays_anybody_else_was_none() -> None:
    passing = [(1, "ann", "d", 5.0), (2, "d", "kraken", 5.0)]
    assert told(deposits(ledger([*passing, (9, "d", "shop", 1.0)]), KRAKEN)) == [("d", 2.0, 9.0)]
    assert told(deposits(ledger([(0.5, "d", "shop", 1.0), *passing]), KRAKEN)) == []
    moves = [*passing, (9, "d", "binance", 1.0)]
    both = pd.concat([KRAKEN, exchanges(("binance", 30))])
    assert told(deposits(ledger(moves), both)) == [("d", 2.0, 9.0), ("d", 30.0, None)]


def test_an_exchange_that_is_known_later_makes_addresses_then() -> None:
    moves = [
        (1, "ann", "d", 5.0),
        (2, "d", "kraken", 5.0),
        (3, "cold", "d", 5.0),
        (4, "d", "kraken", 5.0),
    ]
    found = deposits(ledger(moves), exchanges(("kraken", 50)))
    assert told(found) == [("d", 50.0, None)]
    assert merges(found) == [(50.0, {"ann", "cold"})]


@pytest.mark.parametrize("limit", ["MOST_SENDERS", "MOST_ADDRESSES", "MOST_TRANSFERS"])
def test_services_are_no_customers(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[Move] = []
    for number in range(4):
        for sender in (f"own{number}", "pool"):
            hour = len(moves)
            moves += [(hour, sender, f"d{number}", 3.0), (hour + 0.5, f"d{number}", "kraken", 3.0)]
    every = merges(deposits(ledger(moves), KRAKEN))
    assert [wallets for _, wallets in every] == [{f"own{n}", "pool"} for n in range(4)]
    monkeypatch.setattr(rules, limit, {"MOST_SENDERS": 1}.get(limit, 2))
    kept = {"MOST_SENDERS": 0, "MOST_ADDRESSES": 2, "MOST_TRANSFERS": 2}[limit]
    assert merges(deposits(ledger(moves), KRAKEN)) == every[:kept]


def test_tokens_are_passed_on_whole() -> None:
    moves = frame(
        [
            (1, "ann", "d", 5.0),
            (2, "d", "kraken", 5.0),
            (1, "bob", "e", 5.0),
            (2, "e", "kraken", 4.999),
        ]
    ).assign(asset="USDC")
    unpriced = Ledger.from_transfers(moves, unit="USD")  # nobody knows a price
    assert told(deposits(unpriced, KRAKEN)) == [("d", 2.0, None)]


@pytest.mark.parametrize("seed", range(12))
def test_nothing_later_changes_what_was_known(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = ["a", "b", "c", "d", "e", "x1", "x2"]
    moves: list[Move] = []
    for hour in range(40):
        sender, recipient = random.choice(names, 2, replace=False)
        moves.append((float(hour // 2), str(sender), str(recipient), float(random.integers(1, 3))))
    labels = exchanges(("x1", -1), ("x2", float(random.integers(0, 20))), ("c", 15))
    full = deposits(ledger(moves), labels)
    for hour in range(1, 21):
        seen = [move for move in moves if move[0] < hour]
        then = deposits(ledger(seen), labels[labels["known_at"] < at(hour)])
        now = full.labels[in_force(full.labels, at(hour))]
        assert set(now["wallet"]) == set(then.labels[in_force(then.labels, at(hour))]["wallet"])
        assert [one for one in merges(full) if one[0] < hour] == merges(then)


def test_the_command_makes_labels_and_clusters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    moves = [
        (1, "ann", "d", 5.0), (2, "d", "kraken", 5.0),
        (5, "cold", "d", 1.0), (6, "d", "kraken", 1.0),
    ]  # fmt: skip
    ledger(moves).save("ledger")
    check_labels(KRAKEN).to_csv("known.csv", index=False)
    command = ["clusters", "deposits", "--ledger", "ledger", "--labels", "known.csv"]
    made = [*command, "--to", "deposits.arrow", "--labels-to", "deposits.csv", "--json"]
    for _ in range(2):  # made anew
        assert walletrisk.run(made) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["addresses"], said["merges"]) == (1, 1)
    assert pd.read_csv("deposits.csv")["wallet"].tolist() == ["d"]
    late = int(pd.Timestamp(FAR).value // 1000)
    assert Clusters.open(Path("deposits.arrow")).members("ann", late) == ["ann", "cold"]
    clustered((5, ["a", "b"])).save(Path("spends.arrow"))
    other = [*command, "--to", "spends.arrow", "--labels-to", "deposits.csv"]
    assert walletrisk.run(other) == 2
    assert "spends.arrow holds other merges" in capsys.readouterr().err
