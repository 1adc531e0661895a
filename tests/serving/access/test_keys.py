"""Keys: what they look like, what is kept of them, and how they end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from features import RiskError
from serving.access import keys
from serving.access.caller import Scope
from serving.access.key_text import PREFIX, new_key, presented
from serving.clock import now_us
from serving.records import Records

DAY_US = 86_400 * 1_000_000


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield opened
    opened.close()


def test_a_key_is_found_by_scanners_and_has_256_bits() -> None:
    texts = {new_key()[0] for _ in range(100)}
    assert len(texts) == 100
    assert all(text.startswith(PREFIX) and len(text) == 64 for text in texts)
    assert 62**43 > 2**256


def test_a_key_that_was_cut_or_mistyped_is_none() -> None:
    text, kept = new_key()
    assert presented(text) == kept
    other = "A" if text[30] != "A" else "B"
    for wrong in (text[:-1], text + "x", text[:30] + other + text[31:], text.upper(), "", "Bearer"):
        assert presented(wrong) is None


def test_only_a_hash_is_kept(records: Records, tmp_path: Path) -> None:
    text, key = keys.create(records, "deposits", [Scope.SCORE])
    records.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.id.encode() in written
    assert text[15:58].encode() not in written


def test_a_name_has_one_key_and_two_while_it_is_replaced(records: Records) -> None:
    _, first = keys.create(records, "deposits", [Scope.SCORE, Scope.WRITE], rate_per_s=7.0)
    with pytest.raises(RiskError, match=f"has the key {first.id}: rotate"):
        keys.create(records, "deposits", [Scope.SCORE])
    _, second = keys.rotate(records, "deposits", keep_us=DAY_US)
    assert (second.scopes, second.rate_per_s) == (first.scopes, 7.0)
    former, latter = keys.all_keys(records)
    assert former.expires_at_us is not None
    assert 0 < former.expires_at_us - now_us() <= DAY_US
    assert latter.expires_at_us is None
    with pytest.raises(RiskError, match="has 2 live keys"):
        keys.rotate(records, "deposits", keep_us=DAY_US)
    assert [key.id for key in keys.revoke(records, first.id)] == [first.id]
    keys.rotate(records, "deposits", keep_us=DAY_US)


def test_a_rotation_lengthens_no_life(records: Records) -> None:
    end = now_us() + DAY_US
    keys.create(records, "short", [Scope.SCORE], expires_at_us=end)
    _, second = keys.rotate(records, "short", keep_us=30 * DAY_US)
    assert keys.all_keys(records)[0].expires_at_us == end
    assert second.expires_at_us == pytest.approx(now_us() + DAY_US, abs=5_000_000)


def test_a_revoked_or_expired_key_is_not_live(records: Records) -> None:
    keys.create(records, "old", [Scope.SCORE], expires_at_us=now_us() - 1)
    keys.create(records, "gone", [Scope.SCORE])
    keys.revoke(records, "gone")
    states = {key.name: key.state(now_us()) for key in keys.all_keys(records)}
    assert states == {"old": "expired", "gone": "revoked"}
    for name in ("old", "gone", "nobody"):
        with pytest.raises(RiskError, match="no live key"):
            keys.revoke(records, name)
        with pytest.raises(RiskError, match="has 0 live keys"):
            keys.rotate(records, name, keep_us=DAY_US)


def test_a_scope_of_a_later_release_allows_nothing(records: Records) -> None:
    keys.create(records, "later", [Scope.SCORE])
    with records.engine.begin() as connection:
        connection.execute(sa.update(keys.KEYS).values(scopes="score teleport"))
    assert keys.all_keys(records)[0].scopes == {Scope.SCORE}
