"""Start a server as a process of its own, wait until it answers, and end it whatever happens."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from experiments.common.processes import peak_mib, resident_mib

HOST = "127.0.0.1"


class Answered(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: bytes

    def told(self) -> Any:
        """Return what it says, or raise RuntimeError where it is none of 200."""
        if self.status != http.client.OK:
            raise RuntimeError(f"the endpoint answered {self.status}: {self.body[:400]!r}")
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is up: its port, its process group, and how long it took to answer."""

    port: int
    group: int
    start_s: float

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        media: str = "application/json",
    ) -> Answered:
        """Ask once, over a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": media})
            answer = connection.getresponse()
            return Answered(answer.status, answer.read())
        finally:
            connection.close()

    def kill(self) -> None:
        """End it as a loss of power does."""
        os.killpg(self.group, signal.SIGKILL)

    def resident_mib(self) -> float:
        """Return the resident memory of its first process now."""
        found = resident_mib(self.group)
        if not found:
            raise RuntimeError("the endpoint has ended")
        return found

    def peak_mib(self) -> float:
        """Return the summed peak resident memory of its processes."""
        total = 0.0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == self.group:
                    total += peak_mib(int(folder.name))
            except (ProcessLookupError, FileNotFoundError):
                continue  # it ended meanwhile
        return total


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    command: list[str], *, port: int, ready: str, env: dict[str, str], log: Path, limit_s: float
) -> Iterator[Server]:
    """Run a server until the block ends.

    Raises
    ------
    RuntimeError
        When it ends or does not answer 200 at the path ``ready`` within limit_s seconds.
    """
    begin = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=env,
            start_new_session=True,
        )  # fmt: skip
        try:
            while not _answers(port, ready):
                if process.poll() is not None or time.perf_counter() - begin > limit_s:
                    tail = log.read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"{' '.join(command[:4])} did not come up: {tail}")
                time.sleep(0.05)
            yield Server(port, process.pid, time.perf_counter() - begin)
        finally:
            _end(process)


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group that we started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
