"""Ask the endpoint in this process, without a port: what the gate replays rows through."""

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from features.errors import RiskError
from serving.app import create_app
from serving.demo import SCORE
from serving.settings import Settings
from training.gate.replay import Served

OK = 200


def answers(served: Served, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Start the endpoint, ask it one question after the other, and stop it.

    Parameters
    ----------
    served : Served
        Folders of the model and of the ledger, and the file of known labels.
    questions : sequence of mapping
        Bodies of :class:`serving.schemas.requests.ScoreRequest`.

    Returns
    -------
    list of dict
        As :class:`serving.schemas.answers.WalletScore`, in order.

    Raises
    ------
    RiskError
        The endpoint cannot start, or refuses a question.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            ledger=served.ledger,
            model=str(served.model),
            labels=served.labels,
            labels_map=served.written.columns,
            labels_time_unit=served.written.time_unit,
            labels_timezone=served.written.timezone,
            # databases of its own: the ledger's may be in use, and nothing is to be written
            journal=f"sqlite:///{Path(folder) / 'journal.db'}",
            records=f"sqlite:///{Path(folder) / 'records.db'}",
            no_keys=True,
            audit="off",
        )
        return asyncio.run(_asked(settings, questions))


async def _asked(
    settings: Settings, questions: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        return [await _post(app, json.dumps(question).encode()) for question in questions]


async def _post(app: Any, body: bytes) -> dict[str, Any]:
    """Send one request to an ASGI application and read its answer."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": SCORE, "raw_path": SCORE.encode(), "query_string": b"",
        "root_path": "", "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 80),
        "headers": [
            (b"host", b"127.0.0.1"), (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    answer: dict[str, Any] = json.loads(b"".join(part.get("body", b"") for part in sent[1:]))
    if sent[0]["status"] != OK:
        raise RiskError(f"the endpoint answered {sent[0]['status']}: {answer.get('detail')}")
    return answer
