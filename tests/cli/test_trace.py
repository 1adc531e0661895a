"""The command line: trails, and the way of money."""

import json
from pathlib import Path

import pandas as pd
import pytest

from features import Ledger, trace
from tests.cli.calls import call, ingest


def test_trace_shows_a_block_a_trail(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger"
    ingest(transfers, ledger)
    capsys.readouterr()
    assert call("trace", "w3", "--ledger", ledger, "--as-of", "2023-11-15T00:00:00Z") == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert blocks[0].splitlines() == [
        "wallet w3 as of 2023-11-15T00:00:00Z: traced",
        "no labels given: no path to a known wallet is looked for",
        "a few trails a column, the most telling first",
    ]
    title, first, *hops = blocks[1].splitlines()
    assert title == "trail 0"
    assert first.startswith("  layering_depth_backward_hops = 2: longest chain that ends at")
    assert hops == [
        "      1  2023-11-14T22:13:20Z  3.5 from w1 to w2, transfer t1:0",
        "      2  2023-11-14T23:13:20Z  3.25 from w2 to w3, transfer t2:0",
    ]


def test_trace_as_json_has_a_line_on_all_then_one_a_trail(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, labels = tmp_path / "ledger", tmp_path / "labels.csv"
    ingest(transfers, ledger)
    labels.write_text("wallet,label,known_at\nw1,illicit,2023-11-01T00:00:00Z\n")
    capsys.readouterr()
    assert call("trace", "w3", "--ledger", ledger, "--labels", labels, "--json") == 0
    heading, *trails = map(json.loads, capsys.readouterr().out.splitlines())
    assert heading.pop("as_of").endswith("Z")
    expected_heading = {"wallet": "w3", "status": "traced", "labels": True, "truncated": False}
    assert heading == expected_heading
    known = pd.DataFrame({"wallet": ["w1"], "label": "illicit", "known_at": "2023-11-01T00:00:00Z"})
    expected = trace(Ledger.open(ledger), "w3", pd.Timestamp.now("UTC"), labels=known)
    assert [(", ".join(trail["columns"]), len(trail["transfers"])) for trail in trails] == [
        (rows["columns"].iloc[0], len(rows)) for _, rows in expected.groupby("trail")
    ]
    assert trails[0]["transfers"][0]["timestamp"] == "2023-11-14T22:13:20.000000Z"


def test_trace_says_that_a_wallet_is_unknown(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, when = tmp_path / "ledger", "2023-11-15T00:00:00Z"
    ingest(transfers, ledger)
    capsys.readouterr()
    assert call("trace", "nobody", "--ledger", ledger, "--as-of", when) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"wallet nobody as of {when}: unknown_wallet",
        "no labels given: no path to a known wallet is looked for",
        "no trail",
    ]
    assert call("trace", "nobody", "--ledger", ledger, "--json") == 0
    assert json.loads(capsys.readouterr().out)["status"] == "unknown_wallet"
    assert call("trace", "w1", "--ledger", ledger, "--as-of", "2023-11-15") == 2
    assert "as_of must name its time zone or UTC offset" in capsys.readouterr().err


def test_trace_follows_money_in_a_direction(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger"
    ingest(transfers, ledger)
    asked = ("trace", "w3", "--ledger", ledger, "--direction", "backward", "--share", "1")
    capsys.readouterr()
    assert call(*asked) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first == (
        "backward: 3.25 of 3.25 received (100.0%) in 2 transfers; 0 more were followed and left out"
    )
    assert others == [
        "  3.25 ended where nothing known paid for it",
        "      1  2023-11-14T23:13:20Z  3.25 from w2 to w3, transfer t2:0",
        "      2  2023-11-14T22:13:20Z  3.5 (3.25 of it) from w1 to w2, transfer t1:0",
    ]
    for ending in ("svg", "html", "csv", "png"):
        out = tmp_path / f"trail.{ending}"
        assert call(*asked, "--out", out) == 0
        assert capsys.readouterr().out.startswith(f"{out}: 3.25 of 3.25 received")
        assert out.stat().st_size > 0
    assert call(*asked, "--to", "w2", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["reached"] == {"target": 3.25}
    assert [row["sender"] for row in facts["transfers"]] == ["w2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("w1", "--to", "w2"), "need a --direction"),
        (("w1", "w2"), "need a --direction"),
        (("w1", "--direction", "forward", "--out", "trail.pdf"), "trail.pdf: a trail is written"),
        (("w1", "--direction", "forward", "--share", "2"), "share is 2.0; allowed is above 0"),
        (("w1", "--direction", "up"), "'up' is not one of"),
    ],
)
def test_a_bad_direction_is_told(
    options: tuple[str, ...], message: str,
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ingest(transfers, tmp_path / "ledger")
    assert call("trace", *options, "--ledger", tmp_path / "ledger") == 2
    assert message in capsys.readouterr().err
