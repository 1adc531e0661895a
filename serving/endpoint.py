"""What one process answers with: a service over each ledger, and the records that all share."""

from dataclasses import dataclass

from features.view import View
from serving.idempotency import AnsweredRequests
from serving.observability import Metrics
from serving.records import Records
from serving.service import Service
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Everything that routes reach; loaded at the start, closed at the end."""

    service: Service
    records: Records
    answered: AnsweredRequests
    metrics: Metrics

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
        records = Records(settings.records_url)
        try:
            service = Service.load(settings, metrics, views=views)
        except BaseException:
            records.close()
            raise
        answered = AnsweredRequests(records, settings.keep_keys_s)
        return cls(service, records, answered, metrics)

    def check(self) -> None:
        """Raise an error that answers 503 unless journal and records answer."""
        self.service.intake.check()
        self.records.check()

    def close(self) -> None:
        """Let go of it all."""
        self.service.close()
        self.records.close()
