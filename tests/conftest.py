"""Test settings: threads, the hypothesis profile, and the tally of what was compared."""

import os
from typing import Any

# workers, and the processes that tests start, share the cores: threads of linear algebra would
# wait for one another, busily. Read when numpy is loaded; tests that are about threads ask for them
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import pytest  # noqa: E402 - the settings must be made first
from hypothesis import HealthCheck, settings  # noqa: E402

from tests import compare  # noqa: E402

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
