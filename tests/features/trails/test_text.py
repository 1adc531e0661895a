"""The money trail as text."""

from features import Ledger
from features.past import NO_LABELS
from features.trails.records import read_trails
from features.trails.text import trace_text
from tests.strategies import transfers


def said(rows: list[tuple[float, str, str, float]], wallet: str, **heading: object) -> list[str]:
    ledger = Ledger.from_transfers(transfers(rows))
    found = read_trails(ledger, ledger.code(wallet), 2**62, labels=NO_LABELS)
    asked = {"wallet": wallet, "as_of": "2026-01-01T00:00:00.000000Z", "status": found.status}
    return trace_text(asked | {"labels": True, "truncated": False} | heading, found).splitlines()


def test_amounts_are_exact() -> None:
    lines = said([(0, "a", "b", 1234567.125), (1, "b", "c", 1234567.0)], "c")
    assert lines[:4] == [
        "wallet c as of 2026-01-01T00:00:00Z: traced",
        "a few trails a column, the most telling first",
        "",
        "trail 0",
    ]
    assert any("  1234567.125 from a to b, transfer t0:0" in line for line in lines)
    assert any("  1234567 from b to c, transfer t1:0" in line for line in lines)


def test_a_column_has_value_and_meaning() -> None:
    lines = said([(i, f"s{i}", "hub", 1.0) for i in range(150)], "hub")
    (count,) = (line for line in lines if line.startswith("  patterns_fan_in_burst_1d_count"))
    assert count.startswith("  patterns_fan_in_burst_1d_count = 150: most different senders")
    place = lines.index("         50 transfers left out")
    assert lines[place - 1].startswith("     50  ")
    assert lines[place + 1].startswith("    101  ")


def test_what_limits_the_answer_is_said_first() -> None:
    lines = said([(0, "a", "b", 1.0)], "nobody", labels=False, truncated=True)
    assert lines == [
        "wallet nobody as of 2026-01-01T00:00:00Z: unknown_wallet",
        "no labels given: no path to a known wallet is looked for",
        "a limit cut the history or a search short: there may be more",
        "no trail",
    ]
