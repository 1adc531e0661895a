"""The application on a port of its own in this process, for clients that are not ours."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

CLIENTS = Path(__file__).parents[1] / "clients"


@contextmanager
def live(app: Any) -> Iterator[str]:
    """Serve an application; yields its address, such as ``127.0.0.1:40001``."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


def program(name: str) -> Path:
    """A program of the clients; skips the test where they are not installed."""
    found = CLIENTS.parents[1] / ".venv-clients" / "bin" / name
    if not found.exists():
        pytest.skip(f"{name} is not installed: make clients")
    return found
