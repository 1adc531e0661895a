"""Cases are answers of the audit, and decisions on wallets are made at the desk."""

from serving.access.caller import Scope
from tests.serving.conftest import TestClient, answered
from tests.serving.desk.conftest import Make, csrf_of, looked_up
from tests.serving.desk.test_door import signed_in


def test_a_case_outlives_memory(desk: TestClient) -> None:
    """The audit keeps it; its page says the same, and so does the route of past answers."""
    path = looked_up(desk, "w1")
    page = desk.get(path).text
    desk.app.state.cases._held.clear()  # type: ignore[attr-defined]
    again = desk.get(path).text
    start = page.index('<div class="columns">')
    assert page[start : page.index('id="h-time"')] == again[start : again.index('id="h-time"')]
    assert desk.get(f"{path}.csv").text.count("\n") > 40
    told = desk.get(f"/v1/scores/{path.removeprefix('/cases/')}").json()
    assert told["wallet"]["address"] == "w1"


def test_an_answer_to_a_program_has_a_page(desk: TestClient) -> None:
    told = answered(desk, "/v1/wallets/score", {"wallet": "w2"})
    page = desk.get(f"/cases/{told['id']}")
    assert page.status_code == 200
    assert told["request_id"] in page.text


def test_scores_over_time_are_in_the_audit(desk: TestClient) -> None:
    audit = desk.app.state.endpoint.audit  # type: ignore[attr-defined]
    path = looked_up(desk, "w4")
    before = audit.head.number
    desk.post(f"{path}/history", data={"csrf": csrf_of(desk.get("/").text)})
    audit.settle(before + 24)
    assert audit.head.number >= before + 24


def test_a_decision_is_made_seen_and_withdrawn(desk: TestClient) -> None:
    path = looked_up(desk, "w7")
    form = {
        "csrf": csrf_of(desk.get("/").text), "decision": "block", "author": "<b>Ann</b>",
        "reason": "file 4711", "expires_at": "2099-01-01",
    }  # fmt: skip
    page = desk.post(f"{path}/override", data=form).text
    assert "<strong>block</strong>, in force" in page
    assert "&lt;b&gt;Ann&lt;/b&gt;" in page
    told = answered(desk, "/v1/wallets/score", {"wallet": "w7"})["override"]
    assert (told["decision"], told["reason"]) == ("block", "file 4711")
    assert told["expires_at"].startswith("2099-01-01T00:00:00")
    later = desk.get(looked_up(desk, "w7", as_of="")).text
    assert later.index("Override in force: block") < later.index('id="h-score"')
    end = {"csrf": form["csrf"], "override": told["id"], "author": "Bob", "reason": "wrong one"}
    page = desk.post(f"{path}/withdraw", data=end).text
    assert "<strong>block</strong>, over" in page
    assert answered(desk, "/v1/wallets/score", {"wallet": "w7"})["override"] is None


def test_a_decision_that_lacks_something_is_refused(desk: TestClient) -> None:
    path = looked_up(desk, "w8")
    token = csrf_of(desk.get("/").text)
    whole = {"csrf": token, "decision": "allow", "author": "Ann", "reason": "known"}
    for field, wrong in (("decision", "safe"), ("author", ""), ("reason", " "), ("csrf", "x"),
                         ("expires_at", "2001-01-01")):  # fmt: skip
        answer = desk.post(f"{path}/override", data=whole | {field: wrong})
        assert answer.status_code in (403, 422), field
    never = desk.post(f"{path}/override", data=whole | {"expires_at": "someday"})
    assert "until &#39;someday&#39; is no time" in never.text
    assert answered(desk, "/v1/wallets/score", {"wallet": "w8"})["override"] is None


def test_a_wallet_is_put_on_a_watch_list_and_taken_off(desk: TestClient) -> None:
    asked = {"wallets": ["w1"], "callback": "https://risk.example/hooks"}
    made = desk.put("/v1/watch/lists/desk", json=asked)
    assert made.status_code == 200, made.text
    path = looked_up(desk, "w9")
    form = {"csrf": csrf_of(desk.get(path).text), "list": "desk", "watched": "yes"}
    for _ in range(2):  # twice is as once
        assert "<strong>desk</strong>, on it" in desk.post(f"{path}/watch", data=form).text
    told = desk.get("/v1/watch/lists/desk").json()
    assert [one["wallet"] for one in told["wallets"]] == ["w1", "w9"]
    page = desk.post(f"{path}/watch", data=form | {"watched": "no"}).text
    assert "<strong>desk</strong>, on it" not in page
    assert desk.get("/v1/watch/lists/desk").json()["watched"] == 1
    assert desk.post(f"{path}/watch", data=form | {"list": "none"}).status_code == 422


def test_who_may_only_ask_decides_nothing(guarded: tuple[TestClient, Make]) -> None:
    client, make = guarded
    signed_in(client, make("ida"))
    path = looked_up(client, "w1")
    page = client.get(path).text
    assert "<summary>Decide</summary>" not in page
    form = {"csrf": csrf_of(page), "decision": "allow", "author": "Ida", "reason": "I say so"}
    assert client.post(f"{path}/override", data=form).status_code == 403
    signed_in(client, make("jon", Scope.SCORE, Scope.REVIEW))
    page = client.get(path).text
    assert "<summary>Decide</summary>" in page
    assert 'name="author" required maxlength="256" value="jon"' in page
