"""What this endpoint's ledgers are called, written into its OpenAPI document."""

from collections.abc import Sequence
from typing import Any

from serving.schemas.fields import CALLED

_OR_NULL = {"type": "null"}


def name_ledgers(document: dict[str, Any], names: Sequence[str], *, several: bool) -> None:
    """Let a document allow the names of ledgers alone, and ask for one where there are several.

    What it allows is then taken, and what is refused it does not allow.

    Parameters
    ----------
    document : dict
        OpenAPI document; changed.
    names : sequence of str
        What requests may call the ledgers.
    several : bool
        Whether a request must call one.
    """
    for schema in document["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            if _marked(field):
                _allow(field, names, several=several)
                if several:
                    schema["required"] = [*schema.get("required", ()), name]
            elif several and {"$ref": "#/components/schemas/Wallet"} in field.get("oneOf", ()):
                # a wallet as text alone names no ledger
                field["oneOf"] = [one for one in field["oneOf"] if "$ref" in one]
                field.pop("examples", None)
    for path in document["paths"].values():
        for route in path.values():
            for parameter in route.get("parameters", ()):
                if _marked(parameter["schema"]):
                    _allow(parameter["schema"], names, several=several)
                    parameter["required"] = several


def _marked(field: dict[str, Any]) -> bool:
    return CALLED in field or any(CALLED in one for one in field.get("anyOf", ()))


def _allow(field: dict[str, Any], names: Sequence[str], *, several: bool) -> None:
    for key in ("anyOf", "type", "default", CALLED):
        field.pop(key, None)
    allowed = [{"type": "string", "enum": list(names)}] if names else []
    field |= allowed[0] if several else {"anyOf": [*allowed, _OR_NULL]}
