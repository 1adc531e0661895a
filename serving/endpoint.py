"""What one process answers with: a service over each ledger, and the records that all share."""

from contextlib import ExitStack
from dataclasses import dataclass

from features.view import View
from serving.access.keyring import KeyRing
from serving.observability import Metrics
from serving.records import Records
from serving.service import Service
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Everything that routes reach; loaded at the start, closed at the end."""

    service: Service
    records: Records
    keys: KeyRing
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
        with ExitStack() as opened:
            records = Records(settings.records_url)
            opened.callback(records.close)
            keys = KeyRing(records, settings.rate_per_s)
            opened.callback(keys.close)
            metrics.keys(keys)
            service = Service.load(settings, metrics, views=views)
            opened.pop_all()
        return cls(service, records, keys, metrics)

    def check(self) -> None:
        """Raise an error that answers 503 unless journal and records answer."""
        self.service.intake.check()
        self.records.check()

    def close(self) -> None:
        """Let go of it all."""
        self.service.close()
        self.keys.close()
        self.records.close()
