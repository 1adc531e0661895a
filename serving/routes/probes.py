"""Routes of those who watch over the process; probes ask for no key."""

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from serving.access.caller import Scope, require
from serving.observability import Metrics
from serving.openapi import documented
from serving.routes.reading import Ready, as_json
from serving.schemas import answers

router = APIRouter(tags=["probes"])


@router.get("/livez", **documented(answers.Health))
async def live() -> Response:
    """Whether the process answers."""
    return as_json({"status": "live"})


@router.get("/readyz", **documented(answers.Health))
async def ready(endpoint: Ready) -> Response:
    """Whether ledger, journal and model are loaded and checked."""
    await to_thread.run_sync(endpoint.check)
    return as_json({"status": "ready"})


@router.get(
    "/metrics", response_class=PlainTextResponse, dependencies=[Depends(require(Scope.MONITOR))]
)
async def measures(request: Request) -> Response:
    """Measures in Prometheus' text format."""
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)
