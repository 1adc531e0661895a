"""The models of all ledgers: who answers now, and the thread that looks whether others should."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from serving.models.challenger import Challenger
from serving.models.keeper import Keeper, RefusedError
from serving.observability import Metrics
from serving.scoring.scorer import Scorer
from serving.service import Service
from serving.services import Services

SIGNAL = "a signal"  # SIGHUP: whoever may send one to this process
_log = logging.getLogger("walletrisk.models")


class Models:
    """Keepers of the models of some services, and the services with the models of now.

    Parameters
    ----------
    services : Services
    keepers : sequence of Keeper
        One a service, in the same order.
    challengers : mapping of str to Challenger
        By the name of the service whose they are.
    metrics : Metrics

    Attributes
    ----------
    services : Services
        Of now; replaced as a whole.
    on_change : callable
        Called when another model answers.
    on_turn : callable
        Gets a service with another model before that answers.
    """

    def __init__(
        self,
        services: Services,
        keepers: Sequence[Keeper],
        challengers: Mapping[str, Challenger],
        metrics: Metrics,
    ) -> None:
        self.services = services
        self.challengers = challengers
        self.on_change: Callable[[], None] = lambda: None
        self.on_turn: Callable[[Service], None] = lambda _: None
        self._metrics = metrics
        self._by_name = {one.name: keeper for one, keeper in zip(services, keepers, strict=True)}
        self._replacing = threading.Lock()
        self._stopped = False
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        metrics.model_version = services.model_version
        for one in services:
            self._watch(one)

    def _watch(self, service: Service) -> None:
        name, keeper = service.name, self.keeper(service)
        self._metrics.models.answers(name, service.scorer.model.version)
        self._metrics.models.states(name, lambda: keeper.refused is not None, lambda: keeper.held)

        def use(scorer: Scorer) -> None:
            with self._replacing:
                now = replace(self.services.named(name), scorer=scorer)
                self.on_turn(now)
                self.services = self.services.replacing(now)
            self._metrics.models.answers(name, scorer.model.version)
            self._metrics.model_version = self.services.model_version
            _log.info("another model answers")
            self.on_change()

        keeper.on_change = use

    def keeper(self, service: Service) -> Keeper:
        """The one of a service's model."""
        return self._by_name[service.name]

    def start(self, poll_s: float) -> None:
        """Look in the background, whenever so much time has passed, or when woken."""
        self._thread = threading.Thread(
            target=self._look_on, args=(poll_s,), name="models", daemon=True
        )
        self._thread.start()
        for one in self.challengers.values():
            one.shadow.start()

    def wake(self) -> None:
        """Look now, whatever was seen before."""
        self._woken.set()

    def look(self, service: Service, *, by: str | None = None) -> bool:
        """See :meth:`serving.models.keeper.Keeper.look`; what comes of it is counted."""
        try:
            changed = self.keeper(service).look(by=by)
        except RefusedError:
            self._metrics.models.change(service.name, "refused")
            raise
        if changed:
            self._metrics.models.change(service.name, "reload")
        return changed

    def rollback(self, service: Service, *, by: str, why: str, version: str | None) -> None:
        """See :meth:`serving.models.keeper.Keeper.rollback`."""
        self.keeper(service).rollback(by=by, why=why, version=version)
        self._metrics.models.change(service.name, "rollback")

    def release(self, service: Service, *, by: str, why: str) -> None:
        """See :meth:`serving.models.keeper.Keeper.release`."""
        self.keeper(service).release(by=by, why=why)
        self._metrics.models.change(service.name, "release")

    def close(self) -> None:
        """Look no more; what is under way is given up."""
        self._stopped = True
        self._woken.set()
        for keeper in self._by_name.values():
            keeper.close()
        for challenger in self.challengers.values():
            challenger.close()
        if self._thread is not None:
            self._thread.join()

    def _look_on(self, poll_s: float) -> None:
        pause = 0.0  # challengers are loaded at once, and hold up no start
        while not self._stopped:
            asked = self._woken.wait(pause)
            self._woken.clear()
            pause = poll_s
            for service in self.services:
                if self._stopped:
                    return
                try:
                    with suppress(RefusedError):  # it is told and counted
                        self.look(service, by=SIGNAL if asked else None)
                    if service.name in self.challengers:
                        self.challengers[service.name].look(service.scorer)
                except Exception:  # noqa: BLE001 - the next time may do
                    _log.error("a model could not be looked at", exc_info=True)
