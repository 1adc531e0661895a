"""Faults of models: killed while another takes over, reloaded under load, and torn folders."""

import json
import random
import statistics
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from servers import HOST, Server
from setting import SCORE, Setting

from experiments.common.results import Measure
from training import RiskModel
from training.model_folder import write_folder

KILLS = 12
RELOADS = 50
CLIENTS = 4
QUICK = {"model_poll_s": "0.05"}


def faults(work: Path) -> list[Measure]:
    """Kill, reload and tear, and count what was lost."""
    setting = Setting(work, seed=0, quick=True)
    setting.trained  # noqa: B018 - made before anything is measured
    original = RiskModel.load(setting.model)
    return [*_killed(setting, original), *_under_load(setting, original)]


def _put(setting: Setting, model: RiskModel, number: int) -> str:
    """Put a model into the folder that is served, and tell its version."""
    manifest = model.manifest.model_copy(update={"base_rate": 0.002 * (1 + number % 50)})
    write_folder(model.parts._replace(manifest=manifest), setting.model, overwrite=True)
    return manifest.version


def _killed(setting: Setting, original: RiskModel) -> list[Measure]:
    """Kill the endpoint at random moments of a reload, and of a rollback; see how it starts."""
    generator = random.Random(0)
    own = setting.kept("killed-models") | QUICK
    allowed = {_put(setting, original, 0)}
    other, undone = 0, 0
    held: str | None = None
    for number in range(1, KILLS + 1):
        with setting.endpoint(**own) as server:
            (now,) = server.ask("GET", "/v1/models").told()["models"]
            other += now["version"] not in allowed or now["refused"] is not None
            undone += held is not None and now["version"] != held
            held = None
            if number % 3 == 0 and now["changes"][0]["how"] != "rollback":
                back = server.ask("POST", "/v1/models:rollback", b'{"why": "a test"}')
                held = back.told()["version"] if back.status == 200 else None
            else:
                # whichever moment the kill meets: the one before, or this one
                allowed = {now["version"], _put(setting, original, number)}
                time.sleep(generator.uniform(0, 0.5))
            if held is not None:
                allowed = {held}
            server.kill()
    return [
        Measure(f"fault: {KILLS} kills -9 around reloads: starts with another model", other, ""),
        Measure("fault: kill -9 after a rollback: rollbacks lost", undone, ""),
    ]


def _under_load(setting: Setting, original: RiskModel) -> list[Measure]:
    """Reload under load: no request fails, every answer is of one model, memory stays."""
    failed, mixed, seconds = [0], [0], list[float]()
    stop, reloading = threading.Event(), threading.Event()
    rates = {_put(setting, original, 0): 0.002}

    def client(server: Server) -> None:
        connection = HTTPConnection(HOST, server.port, timeout=60)
        while not stop.is_set():
            body = json.dumps({"wallet": generator.choice(wallets)})
            begin = time.perf_counter()
            connection.request("POST", SCORE, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            said = json.loads(response.read())
            if reloading.is_set():
                seconds.append(time.perf_counter() - begin)
            if response.status != 200:
                failed[0] += 1
                continue
            base = rates[said["model"]["version"]]
            parts = sum(part["contribution"] for part in said["groups"])
            total = said["base_log_odds"] + parts + said["other_groups_log_odds"]
            mixed[0] += said["base_rate"] != base or abs(total - said["log_odds"]) > 1e-9

    generator, wallets = random.Random(1), setting.wallets["random"]
    with setting.endpoint(**QUICK) as server:
        threads = [threading.Thread(target=client, args=(server,)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        sizes, waits = [], []
        reloading.set()
        for number in range(1, RELOADS + 1):
            manifest = original.manifest.model_copy(update={"base_rate": 0.002 * (1 + number % 50)})
            rates[manifest.version] = manifest.base_rate
            begin = time.perf_counter()
            wanted = _put(setting, original, number)
            while _version(server) != wanted:
                time.sleep(0.01)
            waits.append(time.perf_counter() - begin)
            sizes.append(server.resident_mib())
        failed[0] += _torn(setting, original, server)
        stop.set()
        for thread in threads:
            thread.join()
    grown = statistics.mean(sizes[-5:]) - statistics.mean(sizes[5:10])
    seconds.sort()
    return [
        Measure(f"fault: {RELOADS} reloads under load: requests failed", failed[0], "", target=0),
        Measure(
            f"fault: {RELOADS} reloads under load: answers of two models", mixed[0], "", target=0
        ),
        Measure("reload: requests answered meanwhile", len(seconds), ""),
        Measure("reload: from the folder to the first answer", statistics.median(waits), "s"),
        Measure("reload: p99 of scores meanwhile", 1000 * seconds[int(0.99 * len(seconds))], "ms"),
        Measure("reload: memory after 50, less after 10", grown, "MiB", target=5),
    ]


def _torn(setting: Setting, original: RiskModel, server: Server) -> int:
    """Tear a folder: 0 where it is refused, and the one before serves on."""
    before = _version(server)
    _put(setting, original, RELOADS + 7)
    torn = setting.model / "calibration.json"
    torn.write_bytes(torn.read_bytes()[:-2])
    status = server.ask("POST", "/v1/models:reload", b"{}").status
    return int(_version(server) != before and status == 200)


def _version(server: Server) -> str:
    version: str = server.ask("GET", "/v1/model").told()["version"]
    return version
