"""Routes of watch lists and of the webhooks that tell of them."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from serving.access.caller import Scope, caller, require
from serving.idempotency import once
from serving.openapi import documented
from serving.routes.reading import Ready, as_json, json_body, short_body
from serving.schemas import watch
from serving.watch.callback import parse_callback
from serving.watch.lists import WatchList

router = APIRouter(dependencies=[Depends(require(Scope.WRITE))], tags=["watch"])
_NONE = {404: "There is none"}
_TWO = {404: "There is none", 409: "Two are live, or it is the last"}


@router.put("/v1/watch/lists/{name}", **documented(watch.WatchListPut, watch.WatchRequest))
async def put_watch_list(request: Request, endpoint: Ready, name: watch.ListName) -> Response:
    """Create a watch list, or replace it; wallets that stay keep what was told of them."""
    body, who = await json_body(request), caller(request).name

    def put() -> dict[str, Any]:
        asked = watch.WatchRequest.model_validate_json(body)
        parse_callback(asked.callback, endpoint.watch.deliverer.networks)
        service = endpoint.services.of(asked.chain)
        wallets = [service.scorer.held.address(one) for one in dict.fromkeys(asked.wallets)]
        new = WatchList(name, service.name, wallets, asked.callback, asked.thresholds)
        made = endpoint.watch.lists.put(new, who)
        endpoint.watch.watcher.reload(service.name, wallets)
        return {
            "name": name,
            "created": made is not None,
            "watched": len(set(wallets)),
            "secret_id": None if made is None else made.id,
            "secret": None if made is None else made.secret,
        }

    return as_json(await to_thread.run_sync(put, limiter=request.app.state.writers))


@router.get("/v1/watch/lists", **documented(watch.WatchLists))
async def list_watch_lists(endpoint: Ready) -> Response:
    """All watch lists, without their wallets."""
    return as_json({"lists": await to_thread.run_sync(endpoint.watch.lists.all)})


@router.get("/v1/watch/lists/{name}", **documented(watch.WatchAnswer, further=_NONE))
async def get_watch_list(endpoint: Ready, name: watch.ListName) -> Response:
    """A watch list, its wallets as they were told last; never its secrets."""
    return as_json(_there(await to_thread.run_sync(endpoint.watch.lists.told, name)))


@router.delete("/v1/watch/lists/{name}", **documented(watch.Gone, further=_NONE))
async def delete_watch_list(endpoint: Ready, name: watch.ListName) -> Response:
    """Let go of a watch list, and of what waits to be delivered."""

    def delete() -> bool:
        gone = endpoint.watch.lists.delete(name)
        endpoint.watch.watcher.reload("")
        return gone

    return as_json({"deleted": _there(await to_thread.run_sync(delete))})


@router.post(
    "/v1/watch/lists/{name}/secrets",
    **documented(watch.SecretMade, watch.SecretRequest, _TWO),
)
async def make_watch_secret(request: Request, endpoint: Ready, name: watch.ListName) -> Response:
    """Make another secret of a list. Both sign until the one before ends."""
    asked = watch.SecretRequest.model_validate_json(await short_body(request))
    made = _there(await to_thread.run_sync(endpoint.watch.lists.rotate, name, asked.keep_s))
    return as_json({"secret_id": made.id, "secret": made.secret})


@router.delete("/v1/watch/lists/{name}/secrets/{secret}", **documented(watch.Gone, further=_TWO))
async def end_watch_secret(
    endpoint: Ready, name: watch.ListName, secret: watch.SecretId
) -> Response:
    """End one of two secrets now."""
    gone = await to_thread.run_sync(endpoint.watch.lists.end_secret, name, secret)
    return as_json({"deleted": _there(gone)})


@router.get("/v1/watch/deliveries", **documented(watch.Deliveries, further={422: "No state"}))
async def list_deliveries(endpoint: Ready, state: watch.State = "dead") -> Response:
    """Webhooks that wait, that were delivered in the last week, or that were given up."""
    found = await to_thread.run_sync(endpoint.watch.deliverer.listed, state)
    return as_json({"deliveries": found})


@router.post(
    "/v1/watch/deliveries:replay",
    **documented(watch.Replayed, watch.ReplayRequest, keyed=True),
)
@once
async def replay_deliveries(request: Request, endpoint: Ready) -> Response:
    """Deliver dead letters anew, with the ids that they had."""
    asked = watch.ReplayRequest.model_validate_json(await json_body(request))
    replayed = await to_thread.run_sync(endpoint.watch.deliverer.replay, asked.ids)
    endpoint.watch.deliverer.wake()
    return as_json({"replayed": replayed})


def _there(found: Any) -> Any:
    if not found:
        raise HTTPException(404, "there is no such watch list, or no such secret of it")
    return found
