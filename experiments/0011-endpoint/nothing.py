"""A FastAPI application that does nothing: it reads our question and answers what ours would."""

import json
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from serving.schemas.requests import ScoreRequest


def application(said: bytes) -> FastAPI:
    """The application; ``said`` is what it answers whoever is asked about."""
    app = FastAPI()

    @app.post("/v1/wallets/score")
    async def score(request: Request) -> Response:
        ScoreRequest.model_validate_json(await request.body())
        return Response(json.dumps(json.loads(said)), media_type="application/json")

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


if __name__ == "__main__":
    answer, host, port = sys.argv[1:]
    uvicorn.run(
        application(Path(answer).read_bytes()), host=host, port=int(port), log_level="error",
        access_log=False, loop="uvloop", http="httptools",
    )  # fmt: skip
