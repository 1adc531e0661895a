"""An answer as a reader sees it."""

from typing import Any

from serving.text import score_text


def answer(**changes: Any) -> dict[str, Any]:
    return {
        "wallet": {"address": "w1"},
        "as_of": "2026-01-31T00:00:00Z",
        "status": "scored",
        "probability": 0.25,
        "log_odds": -1.1,
        "band": "high",
        "base_rate": 0.01,
        "base_log_odds": -4.0,
        "other_groups_log_odds": 0.9,
        "groups": [
            {
                "sentence": "The rhythm of its transfers: raises the odds 12 times.",
                "contribution": 2.5,
                "columns": [
                    {"feature": "f", "meaning": "what f is", "value": 3.0, "percentile": 96.5},
                    {"feature": "g", "meaning": "what g is", "value": None, "percentile": None},
                ],
            },
            {"sentence": "Dust: lowers the odds.", "contribution": -0.5, "columns": []},
        ],
        "coverage": {"transfers_in": 4, "transfers_out": 2},
    } | changes


def test_score_text_is_a_sum_that_a_reader_can_check() -> None:
    assert score_text(answer()).splitlines() == [
        "wallet w1 as of 2026-01-31T00:00:00Z: scored",
        "  probability 0.2500, base rate 0.01, band high; 4 transfers in, 2 out",
        "    -4.00  a typical wallet at the base rate",
        "    +2.50  The rhythm of its transfers: raises the odds 12 times.",
        "             f = 3 (above 96 % of training rows): what f is",
        "             g = undefined: what g is",
        "    -0.50  Dust: lowers the odds.",
        "    +0.90  all else",
        "    -1.10  log-odds of the probability",
    ]
