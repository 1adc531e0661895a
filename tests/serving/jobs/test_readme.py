"""The examples of serving/jobs/README.md do what they say."""

from __future__ import annotations

import io
import json
import shlex
import time
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from serving import create_app
from tests.pages import ROOT, blocks
from tests.serving.conftest import TestClient, World, settings

PAGE = (ROOT / "serving" / "jobs" / "README.md").read_text()


def test_the_lines_of_curl_are_answered(world: World, tmp_path: Path) -> None:
    taken, told, answers, table = (
        urlsplit(next(word for word in shlex.split(line) if word.startswith("http")))
        for line in blocks(PAGE, "sh")[0].splitlines()
    )
    with TestClient(create_app(settings(world, tmp_path))) as client:
        body, media = b'"w1"\n"w2"\n', {"content-type": "application/x-ndjson"}
        job = client.post(f"{taken.path}?{taken.query}", content=body, headers=media).json()["id"]
        while client.get(told.path.replace("$JOB", job)).json()["state"] != "done":
            time.sleep(0.01)
        lines = client.get(answers.path.replace("$JOB", job)).text.splitlines()
        said = [json.loads(line) for line in lines]
        assert [(one["item"], one["wallet"]) for one in said] == [(0, "w1"), (1, "w2")]
        assert said[0]["answer"]["groups"]
        path = f"{table.path.replace('$JOB', job)}?{table.query}"
        assert pd.read_parquet(io.BytesIO(client.get(path).content))["item"].tolist() == [0, 1]
