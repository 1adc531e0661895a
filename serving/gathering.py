"""Scores that are asked for at the same time are computed together, with the same bits.

While some are answered in a thread, the next ones gather. Several at once take half the work of as
many alone, and views are computed on all cores meanwhile. Who asks alone waits for nobody: no
thread is as fast as the event loop itself. But a model that reads the ledger takes milliseconds,
and is asked in a thread even then; its scores are the same to 1e-9.
"""

import asyncio

from anyio import to_thread

from features.errors import RiskError
from serving.answering import Answer, Answering, Question

TOGETHER = 32  # questions: an answer waits for some twenty milliseconds of others at most

Said = Answer | RiskError | None  # None: to be answered alone


class Gathering:
    """The questions of one application that wait to be answered.

    Parameters
    ----------
    answering : Answering
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._waiting: list[tuple[Question, asyncio.Future[Said]]] = []
        self._work: asyncio.Task[None] | None = None

    async def answer(self, question: Question) -> Answer:
        """Answer as :meth:`Answering.of_service` does what ``service.tells_many`` can be asked."""
        told: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, told))
        if self._work is None:
            # it begins when all requests are here that the loop has read by now
            self._work = asyncio.create_task(self._answer_all())
        said = await told
        if isinstance(said, RiskError):
            raise said
        if said is not None:
            return said
        if question.service.scorer.tabular:
            return self._answering.of_service(question)
        return await to_thread.run_sync(self._answering.of_service, question)

    async def _answer_all(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            for (_, told), said in zip(some, await self._said([q for q, _ in some]), strict=True):
                if not told.done():  # whoever asked may have gone
                    told.set_result(said)
        self._work = None

    async def _said(self, questions: list[Question]) -> list[Said]:
        alone: list[Said] = [None] * len(questions)
        if len(questions) == 1 and questions[0].service.scorer.tabular:
            return alone
        try:
            return [*await to_thread.run_sync(self._answering.together, questions)]
        except Exception:  # noqa: BLE001 - then only the one at fault fails, with its own error
            return alone
