"""Run the endpoint: one process, one event loop."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Callable

import uvicorn

from features.errors import RiskError
from serving.app import create_app
from serving.settings import Settings


def run(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    announce: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM.

    Parameters
    ----------
    settings : Settings
    host : str
    port : int
        0 lets the system choose.
    announce : callable
        Gets the URL once everything is loaded and requests are answered.

    Raises
    ------
    RiskError
        The address is taken, or ledger, labels, journal or model cannot be used.
    """
    app = create_app(settings)
    config = uvicorn.Config(
        app, lifespan="off", http="httptools", log_level="warning", access_log=False
    )

    async def serve() -> None:
        # not by uvicorn, which would turn an error of ours into a log entry
        async with app.router.lifespan_context(app):
            # what is loaded stays: without it, a full collection takes no time worth noticing
            gc.collect()
            gc.freeze()
            with _listen(host, port) as listening:
                name, bound = listening.getsockname()[:2]
                announce(f"http://{f'[{name}]' if ':' in name else name}:{bound}")
                await uvicorn.Server(config).serve(sockets=[listening])

    loop = config.get_loop_factory()
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop) as runner:
        runner.run(serve())


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise RiskError(f"cannot listen on {host}:{port}: {error}") from error
