"""Prometheus measures of the endpoint; no label ever holds a wallet."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.access import request_id
from serving.access.caller import Caller
from serving.access.keyring import KeyRing
from serving.journal import Journal
from serving.models.measures import ModelMeasures
from serving.readiness import DiskRoom

_log = logging.getLogger("walletrisk.request")

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
STAGE_SECONDS = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0)
CHECKPOINT_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
PROBABILITIES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.95, 1.0)

DRIFT = {  # of reports on what was asked lately
    "rows": "Rows of the last hours' answers that are compared with training.",
    "score_psi": "PSI of the scores against training at the base rate.",
    "score_psi_chance": "What that PSI stays below by chance, 95 times of 100.",
    "columns_moved": "Columns with a PSI of .25 or more against training, beyond chance.",
    "base_rate_factor": "Mean probability of the last hours' answers over the base rate.",
}

_Measure = TypeVar("_Measure", Counter, Gauge, Histogram)


class Metrics:
    """The measures of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.model_version = "none"
        counter, gauge, histogram = self._made(Counter), self._made(Gauge), self._made(Histogram)
        by_outcome, whose = ("outcome", "ledger"), ("ledger", "model_version")
        self._requests = counter(
            "requests",
            "Requests by route, HTTP status and model.",
            ("route", "outcome", "model_version"),
        )
        self._seconds = histogram(
            "score_seconds",
            "Time of one wallet's score inside the service, without HTTP.",
            ("outcome", *whose),
            buckets=SECONDS,
        )
        self._stages = histogram(
            "stage_seconds",
            "Time of one stage of one wallet's score: parse, view (features), model (score with "
            "what each column adds), explain (reasons told), write (answer made, and given to the "
            "audit).",
            ("stage", "model_version"),
            buckets=STAGE_SECONDS,
        )
        self._stage = cache(self._stages.labels)
        self._traces = histogram(
            "trace_seconds",
            "Time of one wallet's trace inside the service, without HTTP.",
            by_outcome,
            buckets=SECONDS,
        )
        self._probability = histogram(
            "score_probability",
            "Probabilities given out for scored wallets.",
            whose,
            buckets=PROBABILITIES,
        )
        self._transfers = counter(
            "transfers", "Transfers received by what became of them.", by_outcome
        )
        self._checkpoints = histogram(
            "checkpoint_seconds",
            "Time of one checkpoint: the journal folded into the ledger's folder.",
            by_outcome,
            buckets=CHECKPOINT_SECONDS,
        )
        self._held = gauge(
            "journal_entries",
            "Entries of the journal that are not in the ledger's folder yet.",
            ("ledger",),
        )
        self._open = gauge(
            "open_contradictions",
            "Transfers set aside because the ledger contradicts them, that wait for a decision.",
            ("ledger",),
        )
        self.models = ModelMeasures(self.registry)
        self._age = gauge(
            "ledger_age_seconds",
            "Time since the latest transfer of the ledger; nan where it has none.",
            ("ledger",),
        )
        self._webhooks = counter(
            "webhooks",
            "Attempts to deliver webhooks by outcome: delivered, failed, dead (given up).",
            ("outcome",),
        )
        self._in_flight = gauge(
            "in_flight", "What is in work: connections, heavy requests, bytes of bodies.", ("what",)
        )
        self._refused = counter("refused", "Requests that were not let in, by reason.", ("reason",))
        self._disk = gauge("disk_free_bytes", "Room on the disks that are written to.", ("place",))
        self._keys = gauge("keys", "Keys that open this endpoint.")
        self._keys_age = gauge(
            "keys_age_seconds", "Time since the keys were read; what was revoked since still opens."
        )
        self._drift = {name: gauge(f"drift_{name}", told, whose) for name, told in DRIFT.items()}
        self._band_share = gauge(
            "band_share",
            "Share of the last hours' scored answers in a band; kind expected: as in training.",
            (*whose, "band", "kind"),
        )

    def _made(self, kind: type[_Measure]) -> Callable[..., _Measure]:
        """Makes measures of a kind: by name, what they tell, names of labels, and options."""

        def made(name: str, told: str, labels: Sequence[str] = (), **options: Any) -> _Measure:
            return kind(f"walletrisk_{name}", told, labels, registry=self.registry, **options)

        return made

    def drift(self, reports: Iterable[Mapping[str, Any]]) -> None:
        """Show reports of :func:`serving.drift.report.report`, in place of those before."""
        for gauge in (*self._drift.values(), self._band_share):
            gauge.clear()
        for said in reports:
            whose = said["ledger"], said["model_version"]
            for name, gauge in self._drift.items():
                if said[name] is not None:
                    gauge.labels(*whose).set(said[name])
            for one in said["bands"]:
                for kind, share in (("answered", one["share"]), ("expected", one["expected"])):
                    if share is not None:
                        self._band_share.labels(*whose, one["band"], kind).set(share)

    def disk(self, room: DiskRoom) -> None:
        """Show the room on disks, asked for when measures are read."""
        for name in room.folders:
            self._disk.labels(name).set_function(partial(room.free_bytes, name))

    def keys(self, ring: KeyRing) -> None:
        """Show how many keys there are and how old that is, asked for when measures are read."""
        self._keys.set_function(lambda: len(ring))
        self._keys_age.set_function(lambda: ring.age_s)

    def refused(self, reason: str) -> None:
        """Count a request that was not let in."""
        self._refused.labels(reason).inc()

    def watch(self, ledger: str, journal: Journal) -> None:
        """Report the state of a ledger's journal from now on."""
        self._held.labels(ledger).set_function(lambda: journal.held)
        self._open.labels(ledger).set_function(lambda: journal.open_contradictions)

    def age(self, ledger: str, ledger_age_s: Callable[[], float]) -> None:
        """Show how old a ledger is, asked for when measures are read."""
        self._age.labels(ledger).set_function(ledger_age_s)

    def checkpoint(self, ledger: str, outcome: str, seconds: float) -> None:
        """Record one checkpoint."""
        self._checkpoints.labels(outcome, ledger).observe(seconds)

    def retracted(self, ledger: str, transfers: int) -> None:
        """Count transfers that were taken back."""
        self._transfers.labels("retracted", ledger).inc(transfers)

    def webhook(self, outcome: str) -> None:
        """Count one attempt to deliver a webhook."""
        self._webhooks.labels(outcome).inc()

    def in_flight(self, what: str, count: Callable[[], float]) -> None:
        """Show a number of things in work, asked for when measures are read."""
        self._in_flight.labels(what).set_function(count)

    def request(self, route: str, status: int) -> None:
        """Count one answered request."""
        self._requests.labels(route, str(status), self.model_version).inc()

    def score(
        self, whose: tuple[str, str], status: str, probability: float, seconds: float
    ) -> None:
        """Record one wallet's answer, by the ledger and the version of its model."""
        self._seconds.labels(status, *whose).observe(seconds)
        if status == "scored":
            self._probability.labels(*whose).observe(probability)

    def stage(self, stage: str, model_version: str, seconds: float) -> None:
        """Record one stage of one wallet's score."""
        self._stage(stage, model_version).observe(seconds)

    def trace(self, ledger: str, status: str, seconds: float) -> None:
        """Record one wallet's trace."""
        self._traces.labels(status, ledger).observe(seconds)

    def transfers(self, ledger: str, added: int, duplicates: int) -> None:
        """Count acknowledged transfers."""
        self._transfers.labels("added", ledger).inc(added)
        self._transfers.labels("duplicate", ledger).inc(duplicates)

    def text(self) -> bytes:
        """All measures in Prometheus' text format."""
        return generate_latest(self.registry)


Header = tuple[bytes, bytes]
SECURITY_HEADERS: tuple[Header, ...] = (
    # answers are about wallets and of this moment, and are what their type says
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


class CountRequests:
    """ASGI middleware for every answer: it is counted, gets a number, and the headers of security.

    Requests are counted by the route's template, never by the path sent.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        given = next((value for name, value in scope["headers"] if name == request_id.HEADER), None)
        number = scope["request_id"] = request_id.begin(given)
        started = time.perf_counter()
        added = (*SECURITY_HEADERS, (request_id.HEADER, number.encode()))

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _completed(message.get("headers", ()), added)
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            self.metrics.request(route, status)
            if _log.isEnabledFor(logging.INFO):
                _log.info("request", extra=_facts(scope, route, status, started))


def _facts(scope: Scope, route: str, status: int, started: float) -> dict[str, object]:
    """What the log says of a request: never its path, its query or its body."""
    who: Caller | None = scope.get("caller")
    return {
        "method": scope["method"],
        "route": route,
        "status": status,
        "seconds": round(time.perf_counter() - started, 6),
        "caller": None if who is None else who.name,
        "trace_id": request_id.trace_id(scope["headers"]),
    }


def _completed(told: Iterable[Header], added: tuple[Header, ...]) -> list[Header]:
    """Headers with those that are added, but where a route says it otherwise."""
    headers = list(told)
    said = {name for name, _ in headers}
    return headers + [header for header in added if header[0] not in said]
