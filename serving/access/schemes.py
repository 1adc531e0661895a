"""What the OpenAPI document says of keys."""

from typing import Any

from serving.access.guard import PUBLIC

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "wrk_..."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "password": {"type": "http", "scheme": "basic", "description": "The key is the password."},
}


def tell_keys(document: dict[str, Any]) -> None:
    """Add that every route but probes needs a key, in one of three ways."""
    document["components"]["securitySchemes"] = SCHEMES
    document["security"] = [{name: []} for name in SCHEMES]
    for path, methods in document["paths"].items():
        if path in PUBLIC:
            for method in methods.values():
                method["security"] = []
