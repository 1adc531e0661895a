"""Stage ``routes``: schemathesis asks every operation of the document, with all of its checks."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import Failure, FailureGroup
from servers import HOST
from setting import Setting

from experiments.common.results import Measure

SEED = 20261128
SERVER_ERROR, BUSY, TOO_LARGE = 500, 503, 413
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
# what no schema says: the clock, what the ledger holds, what is loaded, where two fields disagree
BEYOND = (
    "lies in the future", "no labels are loaded", "needs clusters", "does not read", "supposed",
    "checksum", "asset", "no such", "comes twice", "its shape says", "equally long", "is none that",
    "need a direction", "level wallet only", "later than", "after the server's clock", "a list has",
    "name one of", "is not there", "no category", "is dated", "Idempotency-Key", "at most 1e+60",
    "none before it is kept", "not held by a rollback", " cells", "valid integer",
    "are the same", "column 'wallet' is missing", "is no CSV",
    "not after", "cannot end", "no answer that is kept", "answers, not", "callback:", "is empty",
    "repeats with other content", "shape must be", "must be FP64 or FP32", " rows, received",
)  # fmt: skip


def measure(work: Path, requests: int) -> list[Measure]:
    """Send about so many requests, spread over all operations, half of them not as documented."""
    setting = Setting(work, SEED, quick=True)
    seen: Counter[str] = Counter()
    with setting.endpoint() as server:
        url = f"http://{HOST}:{server.port}/openapi.json"
        api: Any = schemathesis.openapi.from_url(url)
        operations = [one.ok() for one in api.get_all_operations()]
        each = max(1, requests // (2 * len(operations)))
        for operation in operations:
            for mode in MODES:
                _ask(operation, mode, each, seen)
    broken = {name: count for name, count in seen.items() if name.startswith("broken: ")}
    print(json.dumps(dict(seen), indent=1))
    return [
        Measure("routes: requests by schemathesis", seen["requests"], "requests"),
        Measure("routes: operations", len(operations), "operations"),
        Measure("routes: answers of 5xx but 503", seen["5xx"], "answers", target=0),
        Measure("routes: answers that break the document", sum(broken.values()), "answers",
                target=0),
        Measure("routes: what the document allows and no rule beyond it forbids, refused",
                seen["refused"], "requests", target=0),
        Measure("routes: refused by a rule that no schema can say", seen["beyond"], "requests"),
    ]  # fmt: skip


def _ask(operation: Any, mode: Any, count: int, seen: Counter[str]) -> None:
    """Ask one operation so often, and count what came."""

    @seed(SEED)
    @settings(
        max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=[Phase.generate], verbosity=Verbosity.quiet,
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        response = case.call()
        seen["requests"] += 1
        seen["5xx"] += response.status_code >= SERVER_ERROR and response.status_code != BUSY
        try:
            case.validate_response(response, checks=_checks())
        except (Failure, FailureGroup) as failed:
            found = getattr(failed, "exceptions", [failed])
            for one in found:
                _count(type(one).__name__, response, operation, seen)

    try:
        ask()
    except Unsatisfiable:  # nothing can be wrong with a route that takes nothing
        seen["nothing to get wrong"] += 1


def _count(kind: str, response: Any, operation: Any, seen: Counter[str]) -> None:
    if kind == "RejectedPositiveData":
        text = response.text
        beyond = any(words in text for words in BEYOND)
        seen["beyond" if beyond else "refused"] += 1
        if not beyond:
            print(operation.path, response.status_code, text[:300])
        return
    if kind == "AcceptedNegativeData" and response.status_code == TOO_LARGE:
        return  # refused, too, before it was read
    place = f"{response.status_code} {operation.method.upper()} {operation.path}"
    seen[f"broken: {kind} {place}"] += 1


def _checks() -> list[Any]:
    """All that are known once a document is loaded, but for that of keys: none are asked for."""
    every: list[Any] = [*schemathesis.checks.CHECKS.get_all()]
    return [one for one in every if one.__name__ != "ignored_auth"]
