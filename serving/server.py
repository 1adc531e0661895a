"""Run the endpoint: one process, one event loop."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial

import uvicorn

from features.errors import RiskError
from serving.access.guard import is_this_machine
from serving.app import create_app
from serving.files import room_for
from serving.log import logging_to_stderr
from serving.protocol import Patience, PatientProtocol, sweep
from serving.settings import Settings

LOOPBACK = "127.0.0.1"
BACKLOG = 128  # connections that wait to be accepted; all may come at once, each a file
# Python's 5 ms is what each of a score's kernels could wait for a thread that writes transfers
SWITCH_S = 0.0005
_log = logging.getLogger("walletrisk.server")
_GRACE_S = 5.0  # for the work of clients that were cut off


class _Server(uvicorn.Server):
    """Uvicorn that looks after its connections, and ends in time whatever its clients do."""

    async def on_tick(self, counter: int) -> bool:
        """Look after connections, once a second of the ten times that this is called."""
        if counter % 10 == 0:
            sweep(self.server_state, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests end for a while, then cut off those that are left."""
        grace = (self.config.timeout_graceful_shutdown or 0) - _GRACE_S
        cut = asyncio.get_running_loop().call_later(grace, self._cut_off)
        try:
            await super().shutdown(sockets)
        finally:
            cut.cancel()

    def _cut_off(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def run(
    settings: Settings,
    *,
    host: str = LOOPBACK,
    port: int = 8000,
    announce: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM.

    Requests in work may end within ``settings.shutdown_s``; then their clients are cut off.

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
        The address is taken, or ledger, labels, journal or model cannot be used; or keys are to
        be left out and the address is not this machine's own.
    """
    if settings.no_keys and not is_this_machine(LOOPBACK if host == "localhost" else host):
        raise RiskError(
            f"--no-keys opens the endpoint to whoever reaches it, so it listens on {LOOPBACK} "
            f"only, not on {host!r}: make keys with walletrisk keys create"
        )
    app = create_app(settings.model_copy(update={"hosts": (*settings.hosts, host)}))

    async def serve() -> None:
        # not by uvicorn, which would turn an error of ours into a log entry
        async with app.router.lifespan_context(app):
            # what is loaded stays: without it, a full collection takes no time worth noticing
            gc.collect()
            gc.freeze()
            with _listen(host, port) as listening, _quiet_end():
                _reload_at_hangup(app.state.endpoint.models.wake)
                server = _Server(_config(app, settings))
                app.state.metrics.in_flight(
                    "connections", lambda: len(server.server_state.connections)
                )
                name, bound = listening.getsockname()[:2]
                if not settings.no_keys and not len(app.state.endpoint.keys):
                    _log.warning("no key opens this endpoint yet: walletrisk keys create makes one")
                announce(f"http://{f'[{name}]' if ':' in name else name}:{bound}")
                await server.serve(sockets=[listening])

    loop = uvicorn.Config(app).get_loop_factory()
    with (
        logging_to_stderr(settings.log_level),
        contextlib.suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=loop) as runner,
    ):
        runner.run(serve())


def _config(app: object, settings: Settings) -> uvicorn.Config:
    patience = Patience(
        room_for(settings.max_connections, BACKLOG),
        settings.head_timeout_s,
        settings.body_timeout_s,
        settings.answer_timeout_s,
    )
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        lifespan="off",
        http=partial(PatientProtocol, patience=patience),  # type: ignore[arg-type]
        ws="none",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=settings.shutdown_s + _GRACE_S,  # type: ignore[arg-type]
    )


def _reload_at_hangup(look: Callable[[], None]) -> None:
    """Look for other models at SIGHUP; but a terminal that closes ends what runs in it."""
    if hasattr(signal, "SIGHUP") and not (sys.stdin and sys.stdin.isatty()):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, look)


@contextlib.contextmanager
def _quiet_end() -> Iterator[None]:
    """Leave by SIGTERM as by the end of a program: uvicorn raises it again when it has ended."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        signal.signal(signal.SIGTERM, before)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise RiskError(f"cannot listen on {host}:{port}: {error}") from error
