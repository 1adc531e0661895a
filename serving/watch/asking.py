"""How watched wallets are scored: quietly while nothing is told, else as any answer."""

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from features.errors import RiskError
from serving.answering import Answering, Question
from serving.audit import Asker
from serving.models.models import Models
from serving.schemas.requests import ScoreRequest, Wallet
from serving.schemas.values import instant_of
from serving.service import Service

WATCH = "/v1/watch"  # by which the question comes, in the audit

Answer = Mapping[str, Any]


class Look(NamedTuple):
    """What is seen of a wallet, as of an instant."""

    as_of_us: int
    answer: Answer


class Asking(NamedTuple):
    """Asks the models of now."""

    models: Models
    answering: Answering

    def look(self, ledger: str, wallet: str) -> Look:
        """Score a wallet now; it is not given out, and no measure counts it.

        Raises
        ------
        RiskError
            The ledger is not served any more.
        """
        service = self._service(ledger)
        now = service.intake.now_us()
        said = service.scorer.score(wallet, now, reasons=False, groups=False)
        return Look(now, said)

    def answer(self, ledger: str, wallet: str, as_of_us: int) -> Answer:
        """Answer what is given out; if the audit is strict, it is on disk when this returns.

        Raises
        ------
        RiskError
            As :meth:`look`.
        AuditError
            It cannot be written down.
        """
        service = self._service(ledger)
        asked = ScoreRequest(
            wallet=Wallet(address=wallet, chain=service.chain),
            as_of=instant_of(as_of_us),
            include=[],
        )
        who = Asker("walletrisk", WATCH, uuid.uuid4().hex)
        given = self.answering.of_service(Question(service, asked, who))
        self.answering.audit.wait(given.seq)
        return given.content

    def _service(self, ledger: str) -> Service:
        found = next((one for one in self.models.services if one.name == ledger), None)
        if found is None:
            raise RiskError(f"ledger {ledger!r} is not served any more")
        return found
