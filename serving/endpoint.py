"""What one process answers with: a service over each ledger, and the records that all share."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from features.view import View
from serving.access.keyring import KeyRing
from serving.answering import Answer, Answering
from serving.audit import OURSELVES, Asker, Audit
from serving.drift.drift import Drift
from serving.gathering import Gathering
from serving.idempotency import AnsweredRequests
from serving.jobs.items import Item
from serving.jobs.jobs import Jobs
from serving.known.feedback import Feedback
from serving.known.posted import PostedLabels
from serving.mistakes import MistakesError
from serving.models.loading import load_models
from serving.models.models import Models
from serving.observability import Metrics
from serving.overrides import Overrides
from serving.readiness import DiskRoom, check_all
from serving.records import Records
from serving.schemas.requests import ScoreRequest
from serving.schemas.values import instant_of
from serving.service import Service
from serving.services import Services
from serving.settings import Settings
from serving.watch.watch import Watch

JOBS = "/v1/jobs"  # by which the questions of lists come


@dataclass(slots=True)
class Endpoint:
    """Everything that routes reach; loaded at the start, closed at the end."""

    models: Models
    records: Records
    keys: KeyRing
    answered: AnsweredRequests
    jobs: Jobs
    posted: PostedLabels
    feedback: Feedback
    watch: Watch
    metrics: Metrics
    answering: Answering
    gathering: Gathering
    disk: DiskRoom

    @classmethod
    def load(
        cls, settings: Settings, metrics: Metrics, *, views: tuple[View, ...] | None = None
    ) -> "Endpoint":
        """Load all that the settings name.

        Raises
        ------
        RiskError
            Something of it cannot be read, or its parts do not fit each other.
        """
        with ExitStack() as opened:
            records = Records(settings.records_url)
            opened.callback(records.close)
            keys = KeyRing(records, settings.rate_per_s)
            opened.callback(keys.close)
            metrics.keys(keys)
            audit = Audit(
                settings.audit_place, mode=settings.audit, keep_days=settings.audit_keep_days
            )
            opened.callback(audit.close)
            keys.report_to(partial(audit.event, who=OURSELVES))
            drift = Drift(metrics)
            opened.callback(drift.close)
            answering = Answering(audit, Overrides(records, audit), drift)
            models = load_models(settings, records, metrics, views=views)
            opened.callback(models.close)
            posted = PostedLabels(records)
            for service in models.services:
                opened.callback(service.close)
                posted.bring(service)
                audit.event("model", service.audited(), OURSELVES)

            def note(service: Service) -> None:
                audit.event("model", service.audited(), OURSELVES)

            models.on_turn = note
            answered = AnsweredRequests(records, settings.keep_keys_s)
            disk = DiskRoom(settings.folders, settings.least_free_bytes)
            jobs = Jobs(records, settings.jobs_folder, keep_s=settings.keep_jobs_s)
            watch = Watch.over(models, answering, records, settings)
            opened.pop_all()
        metrics.in_flight("audit_bytes", lambda: audit.waiting_bytes)
        metrics.disk(disk)
        watch.measure(metrics)
        models.start(settings.model_poll_s)
        return cls(
            models,
            records,
            keys,
            answered,
            jobs,
            posted,
            Feedback(records),
            watch,
            metrics,
            answering,
            Gathering(answering),
            disk,
        )

    @property
    def services(self) -> Services:
        """Of now; replaced as a whole when a model changes, so a request takes it once."""
        return self.models.services

    @property
    def service(self) -> Service:
        """Over the only ledger; raises RiskError where there are several."""
        return self.services.of(None)

    def now(self) -> datetime:
        """The latest instant that may be asked about in every ledger."""
        return instant_of(min(service.intake.now_us() for service in self.services))

    def answer_items(
        self,
        asked: Sequence[ScoreRequest | MistakesError],
        who: Asker,
        services: Services | None = None,
    ) -> list[Answer]:
        """Answer items of a list, see :meth:`serving.answering.Answering.answer_items`."""
        return self.answering.answer_items(services or self.services, asked, who)

    def job_items(self, job: str, owner: str, items: Sequence[Item]) -> list[Answer]:
        """Answer items of an owner's list."""
        return self.answer_items([item.asked for item in items], Asker(owner, JOBS, job))

    @property
    def audit(self) -> Audit:
        """Where every answer is written down."""
        return self.answering.audit

    @property
    def overrides(self) -> Overrides:
        """What analysts decided."""
        return self.answering.overrides

    @property
    def drift(self) -> Drift:
        """What was asked lately, beside training."""
        return self.answering.drift

    def answer(self, asked: ScoreRequest, who: Asker, services: Services | None = None) -> Answer:
        """Answer one question, see :meth:`serving.answering.Answering.answer`.

        ``services`` are, by default, those of now.
        """
        return self.answering.answer(services or self.services, asked, who)

    def check(self) -> None:
        """Raise NotReadyError unless journals, records and audit can be written."""
        journals = [(f"journal of {one.name}", one.intake.check) for one in self.services]
        beside = (("records", self.records.check), ("audit", self.audit.check))
        check_all([*journals, *beside, ("disk room", self.disk.check)])

    def close(self) -> None:
        """Let go of it all."""
        self.models.close()
        for service in self.services:
            service.close()
        self.keys.close()
        self.drift.close()
        self.audit.close()
        self.records.close()
