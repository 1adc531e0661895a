"""Who gets to the desk: by a key once, then by a cookie that opens nothing else."""

from serving.access.caller import Scope
from serving.access.sessions import COOKIE, Sessions
from tests.serving.conftest import TestClient
from tests.serving.desk.conftest import Make, csrf_of, looked_up

SCORE = "/v1/wallets/score"


def signed_in(client: TestClient, key: str, back: str = "/") -> None:
    client.cookies.clear()
    form = {"csrf": csrf_of(client.get("/").text), "key": key, "back": back}
    answer = client.post("/login", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == (back if back.startswith("/cases/") else "/")


def test_a_key_is_asked_for_and_shown_once(guarded: tuple[TestClient, Make]) -> None:
    client, make = guarded
    client.cookies.clear()
    first = client.get("/")
    assert first.status_code == 401
    assert "Basic" not in first.headers["www-authenticate"]  # the page asks, not the browser
    key = make("ann")
    signed_in(client, key)
    page = client.get("/")
    assert page.status_code == 200
    assert "ann" in page.text
    assert key not in page.text
    assert client.get(looked_up(client, "w1")).status_code == 200


def test_the_cookie_is_for_this_site_and_no_script(guarded: tuple[TestClient, Make]) -> None:
    client, make = guarded
    client.cookies.clear()
    token = csrf_of(client.get("/").text)
    form = {"csrf": token, "key": make("bob"), "back": "//evil.example/"}
    headers = {"X-Forwarded-Proto": "https"}
    answer = client.post("/login", data=form, headers=headers, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" in cookie
    assert "wrk_" not in cookie
    assert answer.headers["location"] == "/"  # and to no other site


def test_the_cookie_opens_pages_only(guarded: tuple[TestClient, Make]) -> None:
    client, make = guarded
    signed_in(client, make("cid", *Scope))
    for path in ("/v1/model", "/metrics", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 401, path
    assert client.post(SCORE, json={"wallet": "w1"}).status_code == 401


def test_a_wrong_key_is_said_and_not_repeated(guarded: tuple[TestClient, Make]) -> None:
    client, _ = guarded
    client.cookies.clear()
    wrong = "wrk_wrongwrong_" + "x" * 49
    form = {"csrf": csrf_of(client.get("/").text), "key": wrong, "back": "/"}
    answer = client.post("/login", data=form)
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert wrong not in answer.text
    answers = [client.post("/login", data=form).status_code for _ in range(12)]
    assert answers[-1] == 429


def test_a_form_of_another_session_changes_nothing(guarded: tuple[TestClient, Make]) -> None:
    client, make = guarded
    signed_in(client, make("dan"))
    first = csrf_of(client.get("/").text)
    signed_in(client, make("eve"))
    for token in (first, "", "x"):
        answer = client.post("/", data={"csrf": token, "wallet": "w1"}, follow_redirects=False)
        assert answer.status_code == 403
    head = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    token = csrf_of(client.get("/").text)
    assert client.post("/", data={"csrf": token, "wallet": "w1"}, headers=head).status_code == 403


def test_a_session_ends_by_signing_out_and_with_its_key(guarded: tuple[TestClient, Make]) -> None:
    client, make = guarded
    signed_in(client, make("fay"))
    path = looked_up(client, "w1")
    token = csrf_of(client.get("/").text)
    cookie = client.cookies[COOKIE]
    client.post("/logout", data={"csrf": token}, follow_redirects=False)
    client.cookies.set(COOKIE, cookie)  # whoever kept it
    page = client.get(path)
    assert page.status_code == 401
    assert f'name="back" value="{path}"' in page.text

    signed_in(client, make("gus"), path)
    ring = client.app.state.endpoint.keys  # type: ignore[attr-defined]
    held = next(one for one in ring._held.values() if one.key.name == "gus")
    del ring._held[held.key.id]
    assert client.get("/").status_code == 401


def test_what_a_key_may_not_is_said(guarded: tuple[TestClient, Make]) -> None:
    client, make = guarded
    signed_in(client, make("hal", Scope.MONITOR))
    answer = client.get("/")
    assert answer.status_code == 403
    assert "scope score" in answer.text


def test_sessions_end_by_themselves_and_are_few() -> None:
    sessions = Sessions()
    cookie = f"{COOKIE}={sessions.begin('k')}".encode()
    found = sessions.find(b"other=1; " + cookie)
    assert found is not None
    found.seen -= 31 * 60
    assert sessions.find(cookie) is None
    cookie = f"{COOKIE}={sessions.begin('k')}".encode()
    found = sessions.find(cookie)
    assert found is not None
    found.began -= 9 * 3_600
    assert sessions.find(cookie) is None
    tokens = [sessions.begin("k") for _ in range(1_001)]
    assert sessions.find(f"{COOKIE}={tokens[0]}".encode()) is None
    assert sessions.find(f"{COOKIE}={tokens[-1]}".encode()) is not None
    assert sessions.find(b"\xff; =;;") is None
