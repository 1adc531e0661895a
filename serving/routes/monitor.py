"""The route of those who watch whether the model still fits what it is asked."""

from anyio import to_thread
from fastapi import APIRouter, Depends, Response

from serving.access.caller import Scope, require
from serving.openapi import documented
from serving.routes.reading import Ready, as_json
from serving.schemas.monitor import Monitor

router = APIRouter(dependencies=[Depends(require(Scope.MONITOR))], tags=["operations"])


@router.get("/v1/monitor", **documented(Monitor))
async def monitor(endpoint: Ready) -> Response:
    """Whether the wallets that are asked about are like those that the model learnt from."""
    return as_json({"models": await to_thread.run_sync(endpoint.drift.told)})
