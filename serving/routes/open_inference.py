"""Routes of the Open Inference Protocol (``/v2``), from the same scorer."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.exceptions import HTTPException

from serving.access.caller import Scope, require
from serving.access.guard import charge
from serving.audit import asker
from serving.bodies import require_few_values
from serving.endpoint import Endpoint
from serving.inference.predictions import answered
from serving.inference.table import question, refused, require_columns
from serving.inference.tensors import NUMBER, OUTPUTS, TEXT, TEXTS, output_row, packed, table_of
from serving.openapi import documented
from serving.routes.reading import Ready, as_json, lane_of, media_type
from serving.schemas import open_inference
from serving.service import Service

MODEL, PLATFORM = "walletrisk", "walletrisk"
BINARY = "application/octet-stream"
HEAD_LENGTH = "inference-header-content-length"
EXTENSIONS = ["binary_tensor_data"]

router = APIRouter(dependencies=[Depends(require(Scope.SCORE))], tags=["inference"])
probes = APIRouter(tags=["probes"])
ModelName = Annotated[str, Path(max_length=256, examples=[MODEL])]
Version = Annotated[str, Path(max_length=256)]
_UNKNOWN = {404: "No such model or version", 422: "Refused"}


@probes.get("/v2/health/live", **documented(open_inference.ServerLive))
async def server_live() -> Response:
    """Whether the process answers."""
    return as_json({"live": True})


@probes.get("/v2/health/ready", **documented(open_inference.ServerReady))
async def server_ready(endpoint: Ready) -> Response:
    """Whether ledger and model are loaded."""
    return as_json({"ready": True})


@router.get("/v2", **documented(open_inference.ServerFacts))
async def server_metadata() -> Response:
    """What serves, and which extensions of the protocol it knows."""
    return as_json({"name": PLATFORM, "version": "1", "extensions": EXTENSIONS})


@router.get("/v2/models/{model}", **documented(open_inference.ModelMetadata, further=_UNKNOWN))
async def model_metadata(endpoint: Ready, model: ModelName) -> Response:
    """What the model takes and answers."""
    return _metadata(endpoint, model)


@router.get(
    "/v2/models/{model}/versions/{version}",
    **documented(open_inference.ModelMetadata, further=_UNKNOWN),
)
async def model_version_metadata(endpoint: Ready, model: ModelName, version: Version) -> Response:
    """What a version of the model takes and answers."""
    return _metadata(endpoint, model, version)


@router.get("/v2/models/{model}/ready", **documented(open_inference.ModelReady, further=_UNKNOWN))
async def model_ready(endpoint: Ready, model: ModelName) -> Response:
    """Whether the model answers."""
    _served(endpoint, model)
    return as_json({"name": model, "ready": True})


@router.get(
    "/v2/models/{model}/versions/{version}/ready",
    **documented(open_inference.ModelReady, further=_UNKNOWN),
)
async def model_version_ready(endpoint: Ready, model: ModelName, version: Version) -> Response:
    """Whether a version of the model answers."""
    _served(endpoint, model, version)
    return as_json({"name": model, "ready": True})


_INFER = documented(open_inference.InferAnswer, open_inference.InferRequest, _UNKNOWN)


@router.post("/v2/models/{model}/infer", **_INFER)
async def infer(request: Request, endpoint: Ready, model: ModelName) -> Response:
    """Scores of wallets, as tensors: JSON, or bytes behind it."""
    return await _inferred(request, endpoint, model, _served(endpoint, model))


@router.post("/v2/models/{model}/versions/{version}/infer", **_INFER)
async def infer_by_version(
    request: Request, endpoint: Ready, model: ModelName, version: Version
) -> Response:
    """Scores of wallets by a version of the model, as tensors: JSON, or bytes behind it."""
    return await _inferred(request, endpoint, model, _served(endpoint, model, version))


async def _inferred(request: Request, endpoint: Endpoint, model: str, service: Service) -> Response:
    head, tail = await _parts(request)
    lane, who, services = lane_of(request), asker(request), endpoint.services
    with lane.place(request):
        ((asked, table),) = await lane.each(request, _read, [(head, tail)])
        charge(request, max(1, table.rows))
        require_columns([*table.columns], service.scorer.model.context_names)

        def answer(some: Sequence[int]) -> list[tuple[dict[str, Any], int]]:
            common = {} if service.chain is None else {"chain": service.chain}
            wanted = [question(table, row, common) for row in some]
            for row, one in zip(some, wanted, strict=True):
                if one.chain != service.chain:
                    said = f"chain is {one.chain!r}; this model is of {service.chain!r}"
                    raise refused(said, table, row)
            told = endpoint.answer_items(wanted, who, services)
            return [
                (output_row(answered(one, table, row)), one.seq)
                for row, one in zip(some, told, strict=True)
            ]

        told = await lane.runs(request, answer, range(table.rows))
    await endpoint.audit.on_disk(*(seq for _, seq in told))
    rows = [row for row, _ in told]
    facts = {"model_name": model, "model_version": service.scorer.model.version}
    if asked.id is not None:
        facts["id"] = asked.id
    body, length = packed(asked, facts, rows)
    if length is None:
        return Response(body, media_type="application/json")
    return Response(body, headers={HEAD_LENGTH: str(length)}, media_type=BINARY)


def _read(parts: tuple[bytes, bytes]) -> tuple[open_inference.InferRequest, Any]:
    asked = open_inference.InferRequest.model_validate_json(parts[0])
    return asked, table_of(asked, parts[1])


async def _parts(request: Request) -> tuple[bytes, bytes]:
    """The JSON of a request, and the bytes behind it."""
    # clients of Triton name no type; what is asked here changes nothing, whoever asks
    if media_type(request) not in ("", "application/json", BINARY):
        raise HTTPException(415, f"the body must be application/json, or {BINARY} after JSON")
    body = await request.body()
    length = request.headers.get(HEAD_LENGTH, str(len(body)))
    if not length.isdecimal() or int(length) > len(body):
        raise HTTPException(400, f"{HEAD_LENGTH} must be a length within the body")
    head = body[: int(length)]
    require_few_values(head)
    return head, body[int(length) :]


def _metadata(endpoint: Endpoint, model: str, version: str | None = None) -> Response:
    service = _served(endpoint, model, version)
    names = dict.fromkeys(TEXTS, TEXT)
    names |= dict.fromkeys(service.scorer.model.context_names, NUMBER)
    return as_json(
        {
            "name": model,
            "versions": [service.scorer.model.version],
            "platform": PLATFORM,
            "inputs": [_tensor(name, kind) for name, kind in names.items()],
            "outputs": [_tensor(name, kind) for name, kind in OUTPUTS.items()],
        }
    )


def _served(endpoint: Endpoint, model: str, version: str | None = None) -> Service:
    """Service whose model is asked for: by the ledger's name where there are several."""
    services = endpoint.services
    if model != MODEL and not (services.several and model in services.names):
        names = ", ".join(services.names) if services.several else MODEL
        raise HTTPException(404, f"there is no model {model[:100]!r} here, but {names}")
    service = services.of(model if services.several else None)
    served = service.scorer.model.version
    if version not in (None, served):
        raise HTTPException(404, f"version {version[:100]!r} is not served, but {served!r}")
    return service


def _tensor(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "datatype": kind, "shape": [-1]}
