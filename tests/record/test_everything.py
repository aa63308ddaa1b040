"""Whatever changes something is on record: every field of Mutation, and every command.

Both tables are compared with what there is, so that a new field or command fails here until it is listed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
from typer.main import get_command

from sessional.cli import app_for, users
from sessional.cli.client import client_erase, client_export
from sessional.cli.closures import import_closures
from sessional.cli.exchange import import_file
from sessional.cli.keys import key_add, key_revoke, key_rotate
from sessional.cli.outbox import outbox_retry
from sessional.cli.reencrypt import reencrypt
from sessional.cli.retention import retention
from sessional.credentials import Passwords
from sessional.graph.deeds import DEEDS, empty_payload
from sessional.graph.schema import schema
from tests.access.minimal import arguments, document
from tests.booking.books import Books
from tests.booking.clients import CREATE
from tests.diary_api.conftest import Practice
from tests.record.conftest import last, newest
from tests.support.server import SECRET

# Fields that are no deeds: each is put on record in its own way, and has its test below or elsewhere.
OTHERS = {
    "auth",
    "refresh",
    "changePassword",
    "beginSecondFactor",
    "confirmSecondFactor",
    "turnOffSecondFactor",
    "appointment",
    "bookAppointment",
}
PASSWORD = "a password for all"

# What commands change -> what they are called on record.
CHANGING = {
    "import",
    "user add",
    "user disable",
    "user enable",
    "user set-role",
    "user set-password",
    "user remove-second-factor",
    "key add",
    "key rotate",
    "key revoke",
    "outbox retry",
    "reencrypt",
    "closures import",
    "client export",
    "client erase",
    "retention",
}
# Have their tests in tests/commands/test_timezones.py and tests/exchange/test_lost_key.py: one needs rules
# of zones that have changed, the other a key that is gone.
ELSEWHERE = {"timezones recompute", "give-up-key"}
# These change nothing, or what they do is on record as requests; a database that is made or brought up to
# date has no record yet that could hold it.
NOT_ON_RECORD = {
    "serve",
    "selftest",
    "migrate",
    "restore",
    "backup",
    "export",
    "verify",
    "user list",
    "key list",
    "outbox list",
    "schema",
    "settings",
}


def test_every_field_of_mutation_is_a_deed_or_has_a_test_of_its_own_here() -> None:
    mutation = schema().mutation_type
    assert mutation is not None
    assert set(mutation.fields) == set(DEEDS) | OTHERS


def test_every_command_is_known_to_change_something_or_nothing() -> None:
    assert set(_commands(get_command(app_for(())))) == CHANGING | ELSEWHERE | NOT_ON_RECORD


def _commands(command: Any, name: str = "") -> list[str]:
    below: Mapping[str, Any] = getattr(command, "commands", {})
    if not below:
        return [name.strip()]
    return [each for inner, found in below.items() for each in _commands(found, f"{name} {inner}")]


# ---- fields of Mutation -------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(DEEDS))
async def test_a_deed_is_on_record_whatever_it_does(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The road of all deeds: even one that did nothing has been asked for."""
    mutation = schema().mutation_type
    assert mutation is not None
    field = mutation.fields[name]
    deed = DEEDS[name]

    async def stub(work: Any, **given: Any) -> Any:
        return empty_payload(field.type.of_type)  # type: ignore[union-attr]

    stub.__name__ = deed.run.__name__
    monkeypatch.setitem(DEEDS, name, replace(deed, run=stub))
    before = await newest(practice.books)
    given = arguments(field)
    answer = await practice.answer(document("mutation", name, field, given), given)
    assert "errors" not in answer, answer
    (entry,) = await last(practice.books, before)
    assert (entry["action"], bool(entry["request_id"])) == (name, True)


async def test_log_ins_are_on_record_also_those_that_fail_and_what_was_typed_is_not(
    practice: Practice,
) -> None:
    await _account(practice.books, "logs-in")
    before = await newest(practice.books)
    ask = 'mutation {{ auth(username: "{}", password: "{}") {{ accessToken }} }}'
    for name, password in (
        ("logs-in", PASSWORD),
        ("logs-in", "wrongly typed"),
        ("no such name", "wrongly typed"),
    ):
        await practice.answer(ask.format(name, password))
    entries = await _written(practice.books, before, 3)
    told = {(e["action"], e["username"], e["role"], e["outcome"], e["code"]) for e in entries}
    assert all(e["request_id"] for e in entries)
    assert told == {
        ("auth", "logs-in", "SCHEDULER", "DONE", None),
        ("auth", "logs-in", "SCHEDULER", "REFUSED", "BAD_CREDENTIALS"),
        ("auth", "", "", "REFUSED", "BAD_CREDENTIALS"),
    }
    for typed in ("wrongly typed", "no such name", PASSWORD):
        assert typed not in repr(entries)


async def test_a_dead_refresh_token_and_another_password_are_on_record(practice: Practice) -> None:
    account_id = await _account(practice.books, "goes-on")
    ask = f'mutation {{ auth(username: "goes-on", password: "{PASSWORD}") {{ accessToken refreshToken }} }}'
    tokens = (await practice.ask(ask))["auth"]
    mine = {"Authorization": f"Bearer {tokens['accessToken']}"}
    before = await newest(practice.books)
    change = (
        f'mutation {{ changePassword(input: {{currentPassword: "{PASSWORD}", newPassword: "another one"}}) '
        "{ errors { __typename } } }"
    )
    answer = await practice.client.post("/graphql", json={"query": change}, headers=mine)
    assert answer.json()["data"]["changePassword"]["errors"] == []
    refresh = f'mutation {{ refresh(refreshToken: "{tokens["refreshToken"]}") {{ newToken }} }}'
    for _ in range(2):
        await practice.answer(refresh)
    entries = await last(practice.books, before)
    assert [(e["action"], e["outcome"], e["code"], e["object_id"]) for e in entries] == [
        ("changePassword", "DONE", None, account_id),
        ("refresh", "REFUSED", "REFRESH_TOKEN_REUSED", account_id),
    ]
    assert all(e["request_id"] for e in entries)
    assert "another one" not in repr(entries)


async def test_a_second_factor_is_on_record_from_its_beginning_to_its_end_without_its_codes(
    practice: Practice,
) -> None:
    account_id = await _account(practice.books, "sets-up")
    ask = f'mutation {{ auth(username: "sets-up", password: "{PASSWORD}") {{ accessToken }} }}'
    mine = {"Authorization": f"Bearer {(await practice.ask(ask))['auth']['accessToken']}"}
    before = await newest(practice.books)

    async def done(name: str, given: str, selection: str) -> Any:
        query = f"mutation {{ {name}(input: {{{given}}}) {{ {selection} errors {{ __typename }} }} }}"
        answer = (await practice.client.post("/graphql", json={"query": query}, headers=mine)).json()
        assert answer["data"][name]["errors"] == []
        return answer["data"][name]

    password = f'currentPassword: "{PASSWORD}"'
    secret = (await done("beginSecondFactor", password, "secret"))["secret"]
    code = pyotp.TOTP(secret).now()
    recovery = (await done("confirmSecondFactor", f'code: "{code}"', "recoveryCodes"))["recoveryCodes"][0]
    await done("turnOffSecondFactor", f'{password}, code: "{recovery}"', "revokedSessionIds")
    entries = await last(practice.books, before)
    assert [(e["action"], e["object_id"], bool(e["request_id"])) for e in entries] == [
        (name, account_id, True)
        for name in ("beginSecondFactor", "confirmSecondFactor", "turnOffSecondFactor")
    ]
    for shown_once in (secret, recovery, PASSWORD):
        assert shown_once not in repr(entries)


async def test_both_forms_of_booking_are_on_record(practice: Practice, therapist: int) -> None:
    before = await newest(practice.books)
    await practice.ask(CREATE, therapist=therapist, start=1_927_879_200, length=3000, type="one-off")
    given = {"therapistId": therapist, "startsAt": "2031-02-04T10:00:00Z", "service": "one-off"}
    await practice.done("bookAppointment", given)
    entries = await last(practice.books, before)
    assert [entry["action"] for entry in entries] == ["appointment", "bookAppointment"]
    assert all(entry["request_id"] for entry in entries)


async def _account(books: Books, name: str) -> int:
    await books.run("DELETE FROM account WHERE username = $1", name)
    number = int(await books.value("SELECT max(account_id) + 1 FROM account"))
    await books.run(
        "INSERT INTO account (account_id, username, password_hash, role) VALUES ($1, $2, $3, 'SCHEDULER')",
        number,
        name,
        Passwords().hash(PASSWORD),
    )
    return number


async def _written(books: Books, after: int, count: int) -> list[dict[str, Any]]:
    for _ in range(100):
        entries = await last(books, after)
        if len(entries) >= count:
            break
        await asyncio.sleep(0.05)
    return entries


# ---- commands -----------------------------------------------------------------------------------


async def test_every_command_that_changes_something_is_on_record(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = await Books(database_url).prepare()
    monkeypatch.setattr(users, "_new_password", lambda from_stdin: PASSWORD)
    monkeypatch.setenv("SESSIONAL_RETENTION_CLIENT_DAYS", "1")
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", SECRET)
    commands = await _prepared(books, tmp_path)
    assert set(commands) == CHANGING
    for name, command in commands.items():
        before = await newest(books)
        await asyncio.to_thread(command)
        entries = await last(books, before)
        assert {(e["action"], e["role"]) for e in entries} == {(name, "OPERATOR")}, name
        assert PASSWORD not in repr(entries)
    assert not await books.run("SELECT 1 FROM audit_waiting")


async def _prepared(books: Books, folder: Path) -> dict[str, Callable[[], Any]]:
    """Each command with something to do."""
    url = books.url
    lines, days = folder / "lines.jsonl", folder / "days.txt"
    lines.write_text('{"kind": "closure", "onDate": "2031-12-25", "name": "Christmas"}\n')
    days.write_text("2031-12-26 Boxing Day\n")
    therapist = await books.therapist()
    for number in (1, 2):
        await books.run("INSERT INTO client (client_id, name, search_name) VALUES ($1, 'c', 'c')", number)
    await books.run("UPDATE client SET phone = 'in clear'")
    past = await books.session(therapist, int(time.time()) - 900_000)
    await books.run("INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, 2)", past)
    await books.run(
        "INSERT INTO outbox (therapist_id, kind, client_id, appointment_id, sessions, status, "
        "created_at, next_at) VALUES ($1, 'BOOKED', 2, $2, '[]', 'DEAD', 1, 1)",
        therapist,
        past,
    )
    await books.run("UPDATE account SET second_factor_at = 1 WHERE username = 'ben'")
    role = users.Role.SCHEDULER
    return {
        "import": lambda: import_file(str(lines), url),
        "closures import": lambda: import_closures(str(days), url),
        "user disable": lambda: users.user_disable("ben", url),
        "user enable": lambda: users.user_enable("ben", url),
        "user set-role": lambda: users.user_set_role("ben", role, None, None, url),
        "user remove-second-factor": lambda: users.user_remove_second_factor("ben", url),
        "user set-password": lambda: users.user_set_password("ben", False, url),
        "user add": lambda: _added(books, role),
        "key add": lambda: key_add("machine", None, url),
        "key rotate": lambda: key_rotate("machine", True, url),
        "key revoke": lambda: key_revoke("machine", url),
        "outbox retry": lambda: outbox_retry(None, url),
        "reencrypt": lambda: reencrypt(url),
        "client export": lambda: client_export(1, str(folder / "client.json"), url),
        "client erase": lambda: client_erase(1, True, False, url),
        "retention": lambda: retention(True, url),
    }


def _added(books: Books, role: Any) -> None:
    if books.path is None:  # the accounts of the tests were given numbers by hand
        asyncio.run(books.run("SELECT setval(pg_get_serial_sequence('account', 'account_id'), 100)"))
    users.user_add("new", role, None, None, False, books.url)


def test_a_command_is_refused_with_a_sentence_where_there_is_no_such_client(database_url: str) -> None:
    asyncio.run(Books(database_url).prepare())
    with pytest.raises(Exception, match="There is no client with that number"):
        client_erase(999, True, False, database_url)


async def test_wrong_passwords_and_codes_that_a_token_brings_along_are_on_record(
    practice: Practice,
) -> None:
    """Whoever has stolen it may be guessing; what was typed is not kept."""
    await _account(practice.books, "is-guessed")
    ask = f'mutation {{ auth(username: "is-guessed", password: "{PASSWORD}") {{ accessToken }} }}'
    mine = {"Authorization": f"Bearer {(await practice.ask(ask))['auth']['accessToken']}"}
    before = await newest(practice.books)
    wrong = 'currentPassword: "guessed it"'
    for name, given in (
        ("changePassword", f'{wrong}, newPassword: "another one"'),
        ("beginSecondFactor", wrong),
        ("confirmSecondFactor", 'code: "000000"'),
        ("turnOffSecondFactor", f'{wrong}, code: "000000"'),
    ):
        query = f"mutation {{ {name}(input: {{{given}}}) {{ errors {{ __typename }} }} }}"
        answer = (await practice.client.post("/graphql", json={"query": query}, headers=mine)).json()
        assert answer["data"][name]["errors"] == [{"__typename": "InvalidInput"}]
    long = f'mutation {{ auth(username: "is-guessed", password: "{"x" * 1_001}") {{ accessToken }} }}'
    await practice.answer(long)
    entries = await _written(practice.books, before, 5)
    assert sorted((e["action"], e["username"], e["outcome"], e["code"]) for e in entries) == [
        ("auth", "is-guessed", "REFUSED", "BAD_CREDENTIALS"),
        ("beginSecondFactor", "is-guessed", "REFUSED", "INVALID_INPUT"),
        ("changePassword", "is-guessed", "REFUSED", "INVALID_INPUT"),
        ("confirmSecondFactor", "is-guessed", "REFUSED", "INVALID_INPUT"),
        ("turnOffSecondFactor", "is-guessed", "REFUSED", "INVALID_INPUT"),
    ]
    assert all(e["request_id"] for e in entries)
    assert "guessed it" not in repr(entries)


async def test_which_log_ins_were_ended_is_on_record(practice: Practice) -> None:
    account_id = await _account(practice.books, "leaves")
    ask = f'mutation {{ auth(username: "leaves", password: "{PASSWORD}") {{ accessToken }} }}'
    tokens = [(await practice.ask(ask))["auth"]["accessToken"] for _ in range(2)]
    before = await newest(practice.books)
    for name in ("revokeSessions", "logout"):
        query = f"mutation {{ {name}(input: {{}}) {{ revokedSessionIds }} }}"
        headers = {"Authorization": f"Bearer {tokens[1]}"}
        answer = (await practice.client.post("/graphql", json={"query": query}, headers=headers)).json()
        ended = answer["data"][name]["revokedSessionIds"]
        assert len(ended) == 1
        (entry,) = await last(practice.books, before)
        before = entry["audit_event_id"]
        assert (entry["action"], entry["object_type"], entry["object_id"]) == (name, "Account", account_id)
        assert entry["state_after"] == {"revokedSessionIds": ended}


async def test_the_languages_of_a_therapist_are_on_record_before_and_after(
    practice: Practice, therapist: int
) -> None:
    before = await newest(practice.books)
    for languages in (["en"], ["cy", "en"]):
        await practice.done("changeTherapist", {"therapistId": therapist, "languages": languages})
    *_, entry = await last(practice.books, before)
    assert entry["state_before"] == {"languages": ["en"]}
    assert sorted(entry["state_after"]["languages"]) == ["cy", "en"]
