"""Checks of views, shipped for everyone who writes one."""

from features.checks.plain_past import PlainLabel, PlainPast, PlainTransfer
from features.checks.suite import Checked, check_view

__all__ = ["Checked", "PlainLabel", "PlainPast", "PlainTransfer", "check_view"]
