"""A PostgreSQL server of a test's own, on a socket in a folder of its own."""

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa


class Postgres:
    """A running server, which can be taken away and brought back."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # it looks for a folder of sockets at its import and does not use what it finds
            warnings.simplefilter("ignore")
            pgserver: Any = pytest.importorskip("pgserver")
            self._server = pgserver.get_server(folder, cleanup_mode="delete")
        self._control = pgserver.pg_ctl
        self._databases = 0

    def database(self) -> str:
        """URL of a new, empty database."""
        self._databases += 1
        name = f"db{self._databases}"
        self.tell(self.url("postgres"), f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str) -> str:
        uri = str(self._server.get_uri(database))
        return uri.replace("postgresql://", "postgresql+psycopg://")

    def tell(self, url: str, statement: str) -> None:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    def cut(self, url: str) -> None:
        """End all other sessions of a database, as a network that breaks does."""
        self.tell(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )

    def stop(self) -> None:
        self._pg_ctl("-m", "fast", "-w", "stop")

    def start(self) -> None:
        for _ in range(6):  # it waits for ten seconds, which a busy machine may not keep to
            with suppress(subprocess.TimeoutExpired):
                self._server.ensure_postgres_running()
                return

    def end(self) -> None:
        self._server.cleanup()

    def _pg_ctl(self, *arguments: str) -> None:
        self._control([*arguments], pgdata=self._server.pgdata, user=self._server.system_user)


@contextmanager
def running() -> Iterator[Postgres]:
    """A server, which is gone afterwards; without ``pgserver`` the test is skipped."""
    pytest.importorskip("psycopg")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    server = Postgres(Path(tempfile.mkdtemp(prefix="walletrisk-postgres-")))
    try:
        yield server
    finally:
        server.end()
