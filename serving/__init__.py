"""A risk model and a ledger behind an endpoint."""

from serving.app import create_app
from serving.settings import Settings

__all__ = ["Settings", "create_app"]
