"""The OpenAPI document is true: what it allows is answered as it says, and nothing is a 500."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema_rs import validator_for
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from serving import Settings, create_app
from tests.serving import conftest
from tests.serving.conftest import TestClient, local, transfer

CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
DOCUMENT = create_app(Settings(ledger=Path("ledger"), model="model")).openapi()
OPERATIONS = {
    (path, method.upper()): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
# a route without a body has little to get wrong
CASES = [(*route, POSITIVE, 15 if "requestBody" in of else 3) for route, of in OPERATIONS.items()]
CASES += [(*route, NEGATIVE, 15) for route, of in OPERATIONS.items() if "requestBody" in of]
READS_WELL = re.compile(r"[a-z]+(_[a-z]+){0,4}")


@pytest.fixture(scope="module")
def api(world: conftest.World, tmp_path_factory: pytest.TempPathFactory) -> schemathesis.BaseSchema:
    folder = tmp_path_factory.mktemp("api")
    shutil.copytree(world.ledger, folder / "ledger")  # checkpoints change it
    app = create_app(conftest.settings(world, folder, ledger=folder / "ledger"))
    return schemathesis.openapi.from_asgi("/openapi.json", local(app))


@pytest.mark.parametrize(("path", "method", "mode", "examples"), CASES)
def test_the_document_is_true(
    api: schemathesis.BaseSchema,
    path: str,
    method: str,
    mode: schemathesis.GenerationMode,
    examples: int,
) -> None:
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(case=api[path][method].as_strategy(generation_mode=mode))
    def answered(case: schemathesis.Case[Any]) -> None:
        response = case.call()
        # schemathesis does not count 413 as a rejection
        refused = {negative_data_rejection} if response.status_code == 413 else set()
        case.validate_response(response, checks=[one for one in CHECKS if one not in refused])

    answered()


def test_every_operation_has_a_tag_and_a_name_that_reads_well_in_code() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not READS_WELL.fullmatch(name)] == []
    assert [of["operationId"] for of in OPERATIONS.values() if len(of.get("tags", ())) != 1] == []
    assert {"score_wallet", "score_wallets", "trace_wallet", "add_transfers"} <= set(names)


def resolved(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def test_answers_match_their_schemas(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    answers = {
        "WalletScore": client.post("/v1/wallets/score", json={"wallet": "w1"}),
        "BatchAnswer": client.post(
            "/v1/wallets/score:batch",
            json={"items": [{"wallet": "w1"}, {"wallet": "w1", "as_of": "2250-01-01T00:00:00Z"}]},
        ),
        "WalletTrace": client.post(
            "/v1/wallets/trace", json={"wallet": "w1", "direction": "backward"}
        ),
        "TransfersAdded": client.post("/v1/transfers", json={"transfers": [transfer(1)]}),
        "Retracted": client.post("/v1/retractions", json={"tx_ids": ["new1", "nowhere"]}),
        "Contradictions": client.get("/v1/contradictions"),
        "LedgersAnswer": client.get("/v1/ledgers"),
        "ModelAnswer": client.get("/v1/model"),
        "FeaturesAnswer": client.get("/v1/features"),
        "Health": client.get("/readyz"),
        "Problem": client.post("/v1/wallets/score", json={"wallet": 5}),
    }
    for name, response in answers.items():
        validator_for(resolved(document, name)).validate(response.json())
        listed = document["components"]["schemas"][name]["properties"]
        assert set(response.json()) <= set(listed), name


def test_the_examples_are_accepted(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    fields = document["components"]["schemas"]["ScoreRequest"]["properties"]
    for wallet in fields["wallet"]["examples"]:
        for as_of in fields["as_of"]["examples"]:
            asked = {"wallet": wallet, "as_of": as_of}
            for route in ("score", "trace"):
                assert client.post(f"/v1/wallets/{route}", json=asked).status_code == 200


def test_every_reference_is_defined(client: TestClient) -> None:
    text = client.get("/openapi.json").text
    defined = set(client.get("/openapi.json").json()["components"]["schemas"])
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= defined
