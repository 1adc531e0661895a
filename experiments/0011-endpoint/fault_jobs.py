"""Faults of jobs: a server that is killed again and again while it works on a list."""

import json
import time
from pathlib import Path

from setting import Setting

from experiments.common.results import Measure

SEED = 20261128
ITEMS, KILLS, WORKED_S = 6_000, 4, 1.0


def faults(work: Path) -> list[Measure]:
    """Kill a server four times in one job; count what is lost, doubled or otherwise answered."""
    setting = Setting(work, SEED, quick=True)
    kept = setting.kept("killed-jobs")
    wallets = (setting.wallets["random"] * ITEMS)[:ITEMS]
    as_of = setting.as_of.isoformat()
    lines = [json.dumps({"wallet": wallet, "as_of": as_of}) for wallet in wallets]
    taken, far = "", []
    for kill in range(KILLS):
        with setting.endpoint(**kept) as server:
            if kill == 0:
                body = "\n".join(lines).encode()
                taken = server.ask("POST", "/v1/jobs", body, "application/x-ndjson").told()["id"]
            time.sleep(WORKED_S)
            far.append(server.ask("GET", f"/v1/jobs/{taken}").told()["answered"])
            server.kill()
    with setting.endpoint(**kept) as server:
        while (told := server.ask("GET", f"/v1/jobs/{taken}").told())["finished_at"] is None:
            time.sleep(0.2)
        result = server.ask("GET", f"/v1/jobs/{taken}/result").body
    said = [json.loads(line) for line in result.splitlines()]
    numbers = [line["item"] for line in said]
    names = [line["wallet"] for line in said]
    probability: dict[str, set[float]] = {}
    for line in said:
        probability.setdefault(line["wallet"], set()).add(line["answer"]["probability"])
    begin = "fault: a server killed four times in one job"
    return [
        Measure(f"{begin}: items lost", ITEMS - len(set(numbers)), "items", target=0),
        Measure(f"{begin}: items answered twice", len(numbers) - len(set(numbers)), "items",
                target=0),
        Measure(f"{begin}: items not in their place",
                sum(one != other for one, other in zip(names, wallets, strict=False)), "items",
                target=0),
        Measure(f"{begin}: wallets of two probabilities",
                sum(len(one) > 1 for one in probability.values()), "wallets", target=0),
        Measure(f"{begin}: kills at work", sum(0 < one < told["total"] for one in far), "kills",
                target=1, at_least=True),
    ]  # fmt: skip
