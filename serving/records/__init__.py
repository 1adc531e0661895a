"""What the endpoint writes down beside the ledger: answers, decisions, work that waits."""

from serving.records.records import METADATA, Records, RecordsError

__all__ = ["METADATA", "Records", "RecordsError"]
