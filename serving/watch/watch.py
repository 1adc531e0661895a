"""Watch lists at work: who looks at wallets, and who delivers what is to be told."""

import asyncio
from functools import partial

from serving.answering import Answering
from serving.lane import Lane
from serving.models.models import Models
from serving.observability import Metrics
from serving.records import Records
from serving.settings import Settings
from serving.watch.asking import Asking
from serving.watch.deliverer import Deliverer
from serving.watch.lists import Lists
from serving.watch.watcher import Watcher


class Watch:
    """Both of one endpoint.

    Parameters
    ----------
    watcher : Watcher
    deliverer : Deliverer
    """

    def __init__(self, watcher: Watcher, deliverer: Deliverer) -> None:
        self.watcher = watcher
        self.deliverer = deliverer
        watcher.on_message = deliverer.wake

    @classmethod
    def over(
        cls, models: Models, answering: Answering, records: Records, settings: Settings
    ) -> "Watch":
        """Watch what changes in the ledgers and the models of an endpoint."""
        watcher = Watcher(
            records,
            Asking(models, answering),
            debounce_s=settings.watch_debounce_s,
            every_s=settings.watch_every_s,
        )
        deliverer = Deliverer(
            records,
            networks=settings.webhook_networks,
            attempts=settings.webhook_attempts,
            timeout_s=settings.webhook_timeout_s,
        )
        for service in models.services:
            service.scorer.held.on_change = partial(watcher.touch, service.name)
        models.on_change = watcher.touch_all
        return cls(watcher, deliverer)

    def measure(self, metrics: Metrics) -> None:
        """Report what is done from now on."""
        self.deliverer.count = metrics.webhook
        metrics.in_flight("watched_wallets_due", lambda: len(self.watcher))

    @property
    def lists(self) -> Lists:
        """The lists of callers."""
        return self.watcher.lists

    async def run(self, lane: Lane) -> None:
        """Work until cancelled; looks take the lane's turns, as all heavy work does."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watcher.run(lane))
            tasks.create_task(self.deliverer.run())
