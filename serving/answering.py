"""The one way out for scores: each stands beside what analysts decided, and is written down."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json

from features.errors import RiskError
from serving import problems
from serving.audit import Asker, Audit
from serving.audit.entries import Scored
from serving.drift.drift import Asked, Drift
from serving.mistakes import MistakesError
from serving.models.shadow import Seen
from serving.overrides import Overrides
from serving.schemas.requests import ScoreRequest
from serving.service import Service, Told
from serving.services import Services


class Answer(NamedTuple):
    """What one question is answered with.

    Attributes
    ----------
    content : dict
        As :class:`serving.schemas.answers.WalletScore`; of an item, perhaps a problem.
    body : bytes
        The same as JSON, as it is given out and written down.
    seq : int
        Number of its record in the audit, 0 without one: let ``Audit.on_disk`` or ``Audit.wait``
        pass before it is given out.
    told : Told or None
        What it was made of; None of a problem.
    """

    content: dict[str, Any]
    body: bytes
    seq: int
    told: Told | None


class Question(NamedTuple):
    """What is asked, of which service, and by whom."""

    service: Service
    asked: ScoreRequest
    who: Asker


class Answering(NamedTuple):
    """What every score passes through."""

    audit: Audit
    overrides: Overrides
    drift: Drift

    def answer(self, services: Services, asked: ScoreRequest, who: Asker) -> Answer:
        """Answer one question and write it down; any thread may ask.

        Raises
        ------
        RiskError
            Of services and of :meth:`serving.service.Service.told`.
        AuditError
            It cannot be written down.
        """
        return self.of_service(Question(services.of(asked.chain), asked, who))

    def of_service(self, question: Question) -> Answer:
        """The same by a service that was found already."""
        return self._written(question, question.service.told(question.asked))

    def _written(self, question: Question, told: Told) -> Answer:
        service, asked, who = question
        at_us = self.audit.now_us()
        id_ = self.audit.new_id()
        content = {"id": id_, "request_id": who.request_id, **told.content}
        content["override"] = self.overrides.decisions.told(service.chain, told.wallet, told.as_of)
        told = told._replace(content=content)
        began = time.perf_counter()
        body = to_json(content)
        if content["status"] == "scored" and not asked.transfers:
            self.drift.note(
                Asked(
                    service.name, service.scorer, told.values, content["log_odds"],
                    content["probability"], content["band"],
                )
            )  # fmt: skip
        if service.shadow is not None and asked.level == "wallet" and not asked.transfers:
            row = told.values, content["log_odds"], content["band"]
            service.shadow.offer(Seen(service.scorer, told.wallet, told.as_of, *row))
        seq = 0
        if self.audit.on:
            text = to_json(asked)
            entry = Scored(id_, at_us, who, text, content, body, told.values, told.position)
            seq = self.audit.record(entry)
        version = service.scorer.model.version
        service.metrics.stage("write", version, time.perf_counter() - began)
        return Answer(content, body, seq, told)

    def answer_item(
        self, services: Services, asked: ScoreRequest | MistakesError, who: Asker
    ) -> Answer:
        """Answer one item of a list, with a problem where it cannot be answered."""
        if isinstance(asked, MistakesError):
            return _problem(problems.mistakes(asked.first, asked.count, "item"))
        try:
            return self.answer(services, asked, who)
        except RiskError as error:
            return _problem(problems.details(422, str(error)))

    def answer_items(
        self, services: Services, asked: Sequence[ScoreRequest | MistakesError], who: Asker
    ) -> list[Answer]:
        """Answer several items of a list as :meth:`answer_item` does, in order, with less work."""
        answers: list[Answer | None] = [None] * len(asked)
        together: dict[int, Question] = {}
        for at, one in enumerate(asked):
            service = None if isinstance(one, MistakesError) else services.find(one.chain)
            if isinstance(one, MistakesError) or service is None or not service.tells_many(one):
                answers[at] = self.answer_item(services, one, who)
            else:
                together[at] = Question(service, one, who)
        for at, told in zip(together, self.together([*together.values()]), strict=True):
            if isinstance(told, RiskError):
                answers[at] = _problem(problems.details(422, str(told)))
            else:
                answers[at] = told
        return [one for one in answers if one is not None]

    def together(self, questions: Sequence[Question]) -> list[Answer | RiskError]:
        """Answer several that ``service.tells_many`` may be asked, in order, with less work."""
        told: dict[int, Told | RiskError] = {}
        for service in {id(one.service): one.service for one in questions}.values():
            own = [at for at, one in enumerate(questions) if one.service is service]
            said = service.told_many([questions[at].asked for at in own])
            told |= zip(own, said, strict=True)
        return [
            one if isinstance(one, RiskError) else self._written(question, one)
            for question, one in ((question, told[at]) for at, question in enumerate(questions))
        ]


def _problem(content: dict[str, Any]) -> Answer:
    return Answer(content, to_json(content), 0, None)
