"""What settings name of a ledger, opened."""

from typing import NamedTuple

import pandas as pd

from features.clusters import Clusters
from features.ledger import Ledger
from features.sources.ingest import chain_of
from features.sources.known import read_known
from serving.ledger_settings import LedgerSettings

# room made at the start, so that no score waits while the first appends copy whole arrays
RESERVED_TRANSFERS = 100_000


class Opened(NamedTuple):
    """What settings name but for the model: a ledger, its labels and clusters."""

    ledger: Ledger
    labels: pd.DataFrame | None
    clusters: Clusters | None

    @classmethod
    def read(cls, settings: LedgerSettings) -> "Opened":
        """Open them; raises RiskError where one cannot be read."""
        chain = chain_of(settings.ledger, None)
        labels = read_known(settings.labels, settings.labels_written, chain=chain)
        ledger = Ledger.open(settings.ledger)
        ledger.reserve(RESERVED_TRANSFERS)
        clusters = None if settings.clusters is None else Clusters.open(settings.clusters)
        return cls(ledger, labels, clusters)
