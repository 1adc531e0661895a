"""An answer as a reader sees it."""

from typing import Any

from serving.scoring.beside_text import beside_text
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
        "stale": False,
        "supposed_transfers": 0,
        "known": None,
        "override": None,
        "exposure": None,
        "bands": {"version": "team", "thresholds": {"high": 0.2}, "unit": "probability"},
        "entity": None,
    } | changes


def test_score_text_is_a_sum_that_a_reader_can_check() -> None:
    assert score_text(answer()).splitlines() == [
        "wallet w1 as of 2026-01-31T00:00:00Z: scored",
        "  probability 0.2500, base rate 0.01, band high; 4 transfers in, 2 out",
        "  bands team: high from 0.2; probability",
        "    -4.00  a typical wallet at the base rate",
        "    +2.50  The rhythm of its transfers: raises the odds 12 times.",
        "             f = 3 (above 96 % of training rows): what f is",
        "             g = undefined: what g is",
        "    -0.50  Dust: lowers the odds.",
        "    +0.90  all else",
        "    -1.10  log-odds of the probability",
    ]


ENTRY = {
    "category": "sanctioned", "original": "SDN", "label": "illicit", "source": "ofac",
    "known_at": "2022-08-08T00:00:00.000000Z", "until": None, "confidence": 1.0, "sanctioned": True,
}  # fmt: skip


def test_what_stands_beside_a_score_is_told_first_what_warns() -> None:
    lifted = ENTRY | {"until": "2025-03-21T00:00:00.000000Z", "original": None, "source": None}
    side = {"value": 4.0, "service_like_value": 1.0, "unknown_value": 2.0, "truncated": True,
            "lines": [{"category": "mixer", "label": None, "kind": "indirect", "hops": 2,
                       "value": 1.0, "share": 0.25}] * 6}  # fmt: skip
    said = beside_text(
        answer(
            stale=True,
            supposed_transfers=2,
            coverage={"ledger_age_s": 40 * 86_400.0, "ledger_last_timestamp": "2025-12-22"},
            known={"sanctioned": True, "entries": [ENTRY, lifted], "left_out": 3},
            exposure={"unit": "USD", "received": side, "sent": side | {"lines": []}},
        )
    )
    assert said.pop(0) == "  WHAT IF: 2 supposed transfer(s), which nobody made, are in this answer"
    assert said[:5] == [
        "  STALE: the ledger ends at 2025-12-22, 40 days before; what the wallet did since is not "
        "in it",
        "  SANCTIONED: illicit, sanctioned (SDN) by ofac since 2022-08-08T00:00:00.000000Z, "
        "confidence 1; not in the score",
        "  known: illicit, sanctioned by no named list since 2022-08-08T00:00:00.000000Z until "
        "2025-03-21T00:00:00.000000Z, confidence 1; not in the score",
        "  and 3 more entries of lists",
        "  bands team: high from 0.2; probability",
    ]
    assert said[5:7] == [
        "  received 4 USD: 1 through wallets like services, 2 unknown; not all of it was followed",
        "     25.0% indirect, 2 hop(s): 1 USD no verdict, mixer",
    ]
    assert said[-2:] == [
        "    and 1 smaller ones",
        "  sent 4 USD: 1 through wallets like services, 2 unknown; not all of it was followed",
    ]


def test_an_empty_ledger_is_stale() -> None:
    said = beside_text(answer(stale=True, coverage={"ledger_age_s": None}))
    assert said[0] == "  STALE: the ledger is empty"


def test_score_text_says_whose_score_it_is() -> None:
    many = {"wallets": 7, "shown": ["a", "b"], "whole": True, "listed": 0, "sanctioned": False}
    said = score_text(answer(entity=many)).splitlines()
    assert "  entity of 7 wallets, none on a list: a, b, ..." in said
    bad = many | {"listed": 2, "sanctioned": True}
    assert "7 wallets, 2 of them on lists; SANCTIONED: a" in score_text(answer(entity=bad))
    large = {"wallets": 5_000, "shown": ["w1"], "whole": False}
    assert "its cluster of 5000 wallets is too large" in score_text(answer(entity=large))
