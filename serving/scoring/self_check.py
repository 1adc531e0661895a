"""What is tried before the first answer: every kernel, and that reasons add up."""

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
    ledger = scorer.held.ledger
    now = (ledger.last_time or 0) + 1
    known = range(0, ledger.n_wallets, max(1, ledger.n_wallets // WALLETS))
    for wallet in ["?", *(ledger.wallet(code) for code in known)]:
        scorer.tracer.trace(wallet, now)
        answer = scorer.score(wallet, now)
        for named, other in (
            ("reasons", "other_log_odds"),
            ("groups", "other_groups_log_odds"),
        ):
            parts = [part["contribution"] for part in answer[named]]
            total = answer["base_log_odds"] + sum(parts) + answer[other]
            if not abs(total - answer["log_odds"]) <= TOLERANCE:
                raise RiskError(
                    f"the model failed its self-check on wallet {wallet!r}: its log-odds are "
                    f"{answer['log_odds']}, its {named} add to {total}"
                )
