"""The page of all routes: it works without any other address, under a strict policy."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from serving.access.guard import PUBLIC
from serving.routes.docs import NAMES
from tests.serving.conftest import TestClient, World
from tests.serving.test_server import running

CHROMIUM = shutil.which("chromium")


def test_every_part_comes_from_here(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    named = re.findall(r'(?:href|src|data-document)="([^"]*)"', page.text)
    assert len(named) == 5
    for path in named:
        assert path.startswith("/")
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert len(answer.content) > 100
    assert "<script>" not in page.text
    assert set(NAMES) == {"swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"}


@pytest.mark.parametrize("path", ["/redoc", "/docs/redoc.standalone.js", "/docs/../app.py"])
def test_there_is_no_other_page(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_document_says_which_routes_need_a_key(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header", "password"}
    assert document["security"] == [{"bearer": []}, {"header": []}, {"password": []}]
    free = {
        path
        for path, methods in document["paths"].items()
        for told in methods.values()
        if told.get("security") == []
    }
    assert free == PUBLIC & set(document["paths"])


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_a_browser_shows_it(world: World, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    with running(world, tmp_path) as server:
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000",
             "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"{server.url}/docs"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert "/v1/wallets/score" in done.stdout
    assert "Authorize" in done.stdout
    assert "Content Security Policy" not in done.stderr
