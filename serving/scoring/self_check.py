"""What is tried before the first answer: every kernel, and that reasons add up."""

from collections.abc import Iterator

from features.errors import RiskError
from serving.scoring.scorer import Scorer

TOLERANCE = 1e-9
WALLETS = 8  # about, of the ledger


def check_itself(scorer: Scorer) -> None:
    """Score and trace an unknown wallet and some of the ledger, and check what comes out.

    It also loads every kernel, so that no request waits for that.

    Raises
    ------
    RiskError
        Reasons do not add up to the log-odds.
    """
    for wallet, now in _questions(scorer):
        scorer.tracer.trace(wallet, now)
    check_model(scorer)


def check_model(scorer: Scorer) -> None:
    """The same of its model alone: scores, with all that a first one makes and keeps.

    Raises
    ------
    RiskError
        Reasons do not add up to the log-odds.
    """
    for wallet, now in _questions(scorer):
        answer = scorer.score(wallet, now)
        for named, other in (
            ("reasons", "other_log_odds"),
            ("groups", "other_groups_log_odds"),
        ):
            parts = [part["contribution"] for part in answer[named]]
            total = answer["base_log_odds"] + sum(parts) + answer[other]
            if not abs(total - answer["log_odds"]) <= TOLERANCE:
                raise RiskError(
                    f"model {scorer.model.version} failed its self-check: its log-odds of a wallet "
                    f"are {answer['log_odds']}, its {named} add to {total}"
                )


def _questions(scorer: Scorer) -> Iterator[tuple[str, int]]:
    ledger = scorer.held.ledger
    now = (ledger.last_time or 0) + 1
    known = range(0, ledger.n_wallets, max(1, ledger.n_wallets // WALLETS))
    for wallet in ["?", *(ledger.wallet(code) for code in known)]:
        yield wallet, now
