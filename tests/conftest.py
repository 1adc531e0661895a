"""Test settings: the hypothesis profile, and the tally of what was compared."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import compare

_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", _COMMON, max_examples=25, derandomize=True)
settings.register_profile("thorough", _COMMON, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker compared to the process that started it."""
    handed = getattr(session.config, "workeroutput", None)
    if handed is not None:
        handed["compared"] = dict(compare.TALLY)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker compared."""
    compare.TALLY.update(node.workeroutput.get("compared", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was compared."""
    if compare.TALLY:
        counted = ", ".join(f"{n:,} {what}" for what, n in sorted(compare.TALLY.items()))
        terminalreporter.write_line(f"feature tables compared: {counted}")
