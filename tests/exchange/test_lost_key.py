"""A key of clients' data that is lost for good: what it closed is given up, and the practice goes on."""

from __future__ import annotations

import orjson
import pytest
import typer

from sessional.cli.exchange import export_file
from sessional.cli.give_up_key import give_up_key
from sessional.cli.verify import verify
from sessional.errors import InvalidArgument, SettingsFault
from sessional.keyring import Keyring
from tests.exchange.practice import KEYRING, RULES, Practice, therapist
from tests.exchange.test_encryption import NEWER, STORED, noted, with_second_factor
from tests.support.server import SECRET

LOST = KEYRING.name
GONE = [(None, None, None)]


@pytest.fixture
def lost(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> Practice:
    """A practice of which a client and a second factor are closed with a key that is not here."""
    practice.take(therapist(2), *RULES)
    with_second_factor(practice)
    practice.run(
        "INSERT INTO log_in_session (sid, account_id, device, origin, refresh_hash, created_at, "
        "last_used_at, expires_at) VALUES ('s', 900, '', '', 'h', 1, 1, 4000000000)"
    )
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    return practice


def record(practice: Practice) -> list[tuple[str, int, dict[str, object]]]:
    return [
        (kind, number, orjson.loads(said))
        for kind, number, said in practice.run(
            "SELECT object_type, object_id, state_after FROM audit_event WHERE action = 'give-up-key' "
            "ORDER BY audit_event_id"
        )
    ]


def test_the_practice_goes_on_after_a_lost_key_is_given_up(lost, capsys):
    with pytest.raises(SettingsFault, match=LOST):
        export_file("-", lost.url)
    give_up_key(LOST, True, lost.url)
    said = f"The key {LOST} is given up. Removed what it encrypted of 1 client, 1 second factor.\n"
    assert capsys.readouterr().out == said
    assert lost.run(STORED) == GONE
    assert noted(lost) == set()
    export_file("-", lost.url)
    assert '"name":"Åsa Berg"' in capsys.readouterr().out
    verify(lost.url)


def test_what_another_key_closes_stays(lost):
    phone = Keyring([NEWER]).close("phone", "+46 2")
    lost.run(f"UPDATE client SET phone = '{phone}' WHERE client_id = 5")
    lost.run(f"INSERT INTO encryption_key (key_name) VALUES ('{Keyring([NEWER]).name}')")
    give_up_key(LOST, True, lost.url)
    assert lost.run(STORED) == [(None, phone, None)]
    assert noted(lost) == {Keyring([NEWER]).name}


def test_more_clients_than_fit_one_batch_lose_what_is_lost(lost, monkeypatch, capsys):
    monkeypatch.setattr("sessional.cli.give_up_key.CLIENTS_TOGETHER", 2)
    closed = KEYRING.close("phone", "+46 3")
    for number in range(10, 15):
        lost.run(
            "INSERT INTO client (client_id, name, search_name, phone) "
            f"VALUES ({number}, 'Cy', 'cy', '{closed}')"
        )
    give_up_key(LOST, True, lost.url)
    assert "6 clients" in capsys.readouterr().out
    assert lost.run("SELECT 1 FROM client WHERE phone IS NOT NULL") == []


def test_who_had_a_second_factor_under_it_logs_in_anew_without_one(lost):
    give_up_key(LOST, True, lost.url)
    assert lost.run("SELECT second_factor_at FROM account WHERE account_id = 900") == [(None,)]
    assert lost.run("SELECT secret FROM second_factor") == []
    assert lost.run("SELECT sid FROM log_in_session WHERE revoked_at = 0") == []


def test_each_removal_is_on_record(lost):
    give_up_key(LOST, True, lost.url)
    assert record(lost) == [
        ("Client", 5, {"removed": ["email", "phone", "staff_notes"], "key": LOST}),
        ("Account", 900, {"removed": ["secondFactor"], "key": LOST}),
        (None, None, {"key": LOST, "clients": 1, "secondFactors": 1}),
    ]


def test_a_key_that_is_here_is_not_given_up(lost, monkeypatch):
    before = lost.run(STORED)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY_PREVIOUS", SECRET)
    with pytest.raises(InvalidArgument, match=f"The key {LOST} is here: nothing is lost"):
        give_up_key(LOST, True, lost.url)
    assert lost.run(STORED) == before


def test_a_name_that_no_key_has_changes_nothing(lost):
    before = lost.run(STORED)
    with pytest.raises(InvalidArgument, match="Nothing in this database is encrypted with a key known as"):
        give_up_key("0" * 8, True, lost.url)
    assert lost.run(STORED) == before


def test_whoever_does_not_say_yes_loses_nothing(lost, monkeypatch):
    before = lost.run(STORED)
    asked: list[str] = []

    def no(question: str, **_: object) -> None:
        asked.append(question)
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", no)
    with pytest.raises(typer.Abort):
        give_up_key(LOST, False, lost.url)
    assert "(1 client, 1 second factor)" in asked[0]
    assert lost.run(STORED) == before
    assert record(lost) == []
