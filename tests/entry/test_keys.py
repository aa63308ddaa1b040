"""Machines have keys of their own: limited, replaced and revoked at the command line."""

from __future__ import annotations

import itertools
import subprocess

import pytest
from typer.testing import CliRunner

from sessional.actions.keys import PREFIX, REMEMBERED_SECONDS, ApiKey, Keys
from sessional.cli import app_for
from sessional.errors import Fault, SessionalError, Unauthenticated
from sessional.web.auth import whose
from tests.contract import practice
from tests.contract.conftest import Place
from tests.entry.people import WHO
from tests.support.api import LOG_IN, Api
from tests.support.server import SECRET

_numbers = itertools.count(1)
APPOINTMENTS = "{ appointments { totalCount } }"
OTHER_FIELDS = (
    WHO,
    "{ clients { totalCount } }",
    "query appointments { clients { totalCount } }",
    "query Q { appointments: clients { totalCount } }",
    "query Q { ...F } fragment F on Query { clients { totalCount } }",
    'query Q { appointments { totalCount } node(id: "QXBwb2ludG1lbnQ6MQ==") { id } }',
    '{ freeSlots(search: {service: "one-off"}) { edges { cursor } } }',
    'mutation appointments { addClient(input: {name: "x"}) { errors { __typename } } }',
    "mutation { bookAppointment(input: {therapistId: 1, startsAt: "
    '"2030-01-01T00:00:00Z", service: "one-off"}) { replayed } }',
    "mutation { appointment(therapistId: 1, startTimeUnixSeconds: 1, durationSeconds: 1, "
    'type: "one-off") { appointment { id } } }',
)


def command(*arguments: str, input_: str = "") -> subprocess.CompletedProcess[str]:
    """``sessional …`` in this process: a tenth of the time that one of its own takes to begin."""
    done = CliRunner().invoke(app_for(arguments), arguments, input=input_)
    if isinstance(done.exception, SessionalError):
        return subprocess.CompletedProcess(arguments, 1, "", f"sessional: {done.exception}\n")
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


class Machine:
    """A machine with a name of its own, and the commands about its keys."""

    def __init__(self, desk: Place) -> None:
        self.desk = desk
        self.name = f"machine-{next(_numbers)}"

    def command(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return command("key", verb, *arguments, "--database", self.desk.database.url)

    def key(self, verb: str, *arguments: str) -> Api:
        """The API, asked with the new key that a command answers."""
        done = self.command(verb, self.name, *arguments)
        assert done.returncode == 0, done.stderr
        api = self.desk.stranger()
        api.token = done.stdout.removesuffix("\n")
        return api


@pytest.fixture
def machine(desk: Place) -> Machine:
    return Machine(desk)


def codes(api: Api, document: str) -> list[str]:
    return [error["extensions"]["code"] for error in api.ask(document).get("errors", [])]


def test_a_machine_asks_with_its_key_and_is_answered_as_a_service(machine: Machine) -> None:
    api = machine.key("add")
    assert api.token is not None
    assert api.token.startswith(PREFIX)
    assert api.data("{ viewer { username role } }") == {
        "viewer": {"username": machine.name, "role": "SERVICE"}
    }
    assert api.data(APPOINTMENTS)["appointments"]["totalCount"] > 0


def test_of_a_key_the_database_holds_the_hash_alone(machine: Machine) -> None:
    api = machine.key("add")
    assert api.token is not None
    api.data(WHO)
    tables = ("api_key", "log_in_session", "account", "audit_event")
    held = str([machine.desk.database.rows(f"SELECT * FROM {table}") for table in tables])
    assert api.token.removeprefix(PREFIX) not in held
    assert machine.command("list").stdout.count(machine.name) == 1
    assert api.token not in machine.command("list").stdout


@pytest.mark.parametrize("given", [PREFIX, f"{PREFIX}{'A' * 43}", f"{PREFIX}é"])
def test_a_key_that_is_not_ours_is_refused(desk: Place, given: str) -> None:
    answer = desk.stranger().send(WHO, Authorization=f"Bearer {given}".encode()).json()
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert answer["data"] == {"viewer": None}


def test_a_revoked_key_is_refused_in_its_next_request_whatever_it_asks(machine: Machine) -> None:
    api = machine.key("add")
    documents = (APPOINTMENTS, *OTHER_FIELDS, "{ __typename }", "{ __schema { queryType { name } } }")
    for document in documents:
        assert "UNAUTHENTICATED" not in codes(api, document)
    assert machine.command("revoke", machine.name).returncode == 0
    for document in documents:
        assert set(codes(api, document)) == {"UNAUTHENTICATED"}, document


def test_a_disabled_machine_is_refused_in_its_next_request(machine: Machine) -> None:
    api = machine.key("add")
    api.data(WHO)
    for verb, code in (("disable", ["UNAUTHENTICATED"]), ("enable", [])):
        command("user", verb, machine.name, "--database", machine.desk.database.url)
        assert codes(api, WHO) == code


def test_a_key_that_is_replaced_works_on_for_a_day_and_its_successor_has_its_limits(
    machine: Machine,
) -> None:
    old = machine.key("add", "--allow", "appointments")
    new = machine.key("rotate")
    for api in (old, new):
        api.data(APPOINTMENTS)
        assert codes(api, WHO) == ["FORBIDDEN"]
    ((ends, created),) = machine.desk.database.rows(
        "SELECT k.ends_at, k.created_at FROM api_key k JOIN account a ON a.account_id = k.account_id "
        "WHERE a.username = ? AND k.ends_at IS NOT NULL",
        machine.name,
    )
    assert 86_400 <= ends - created < 86_400 + 60
    assert "works until" in machine.command("list").stdout


def test_a_key_that_is_replaced_at_once_is_refused_in_its_next_request(machine: Machine) -> None:
    old = machine.key("add")
    old.data(WHO)
    new = machine.key("rotate", "--now")
    assert codes(old, WHO) == ["UNAUTHENTICATED"]
    new.data(WHO)


def test_a_key_whose_day_is_over_is_refused(machine: Machine) -> None:
    old = machine.key("add")
    machine.key("rotate")
    machine.desk.database.execute("UPDATE api_key SET ends_at = 1000 WHERE ends_at IS NOT NULL")
    assert codes(old, WHO) == ["UNAUTHENTICATED"]


def test_a_limited_key_gets_its_fields_and_no_other_whatever_they_are_called(machine: Machine) -> None:
    unlimited, limited = machine.key("add"), Machine(machine.desk).key("add", "--allow", "appointments")
    for document in OTHER_FIELDS:
        # Its plan must not serve the other.
        assert "FORBIDDEN" not in codes(unlimited, document)
        answer = limited.ask(document)
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}, document
        if answer["data"] is not None:
            refused = {error["path"][0] for error in answer["errors"]}
            assert refused == {key for key, value in answer["data"].items() if value is None}
    limited.data(APPOINTMENTS)
    limited.data("{ __typename }")


def test_a_machine_does_not_log_in_with_a_password(desk: Place) -> None:
    practice.add_account(desk.database, "robot")
    given = {"u": "robot", "p": practice.PASSWORD}
    assert "errors" not in desk.stranger().ask(LOG_IN, given)
    desk.database.execute("UPDATE account SET role = 'SERVICE' WHERE username = 'robot'")
    answer = desk.stranger().ask(LOG_IN, given)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_CREDENTIALS"


def test_an_account_without_a_password_is_entered_with_none(machine: Machine) -> None:
    machine.key("add")
    machine.desk.database.execute("UPDATE account SET role = 'ADMIN' WHERE username = ?", machine.name)
    for password in ("", "nobody's password"):
        answer = machine.desk.stranger().ask(LOG_IN, {"u": machine.name, "p": password})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_CREDENTIALS"


def test_what_is_no_command_about_a_machine_is_refused_in_a_sentence(machine: Machine) -> None:
    machine.key("add")
    url = machine.desk.database.url
    refused = {
        "has a key": machine.command("add", machine.name),
        "There is a user": machine.command("add", practice.USERNAME),
        "no field “appointment_s”": machine.command("add", "other", "--allow", "appointment_s"),
        "no key of “other”": machine.command("revoke", "other"),
        f"no key of “{practice.USERNAME}”": machine.command("rotate", practice.USERNAME),
        "sessional key add": command("user", "add", "x", "--role", "SERVICE", "--database", url),
        "a key and no": command("user", "set-role", "x", "--role", "SERVICE", "--database", url),
        "and no password": command(
            *("user", "set-password", machine.name, "--password-stdin", "--database", url),
            input_="long enough\n",
        ),
    }
    for words, done in refused.items():
        assert (done.returncode, done.stdout) == (1, ""), words
        assert words in done.stderr


def test_a_machine_whose_keys_were_revoked_gets_a_new_one_with_other_limits(machine: Machine) -> None:
    machine.key("add", "--allow", "viewer")
    machine.command("revoke", machine.name)
    api = machine.key("add", "--allow", "appointments", "--allow", "clients")
    assert codes(api, WHO) == ["FORBIDDEN"]
    api.data("{ appointments { totalCount } clients { totalCount } }")


def test_keys_stay_where_they_are_when_accounts_are_exported_and_taken_in(
    machine: Machine, tmp_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", SECRET)  # an export says what is encrypted
    api = machine.key("add")
    file, url = f"{tmp_path}/all.jsonl", f"sqlite:///{tmp_path}/other.db"
    assert command("export", file, "--database", machine.desk.database.url).returncode == 0
    with open(file, encoding="utf-8") as lines:
        (line,) = [line for line in lines if f'"{machine.name}"' in line]
    assert line == f'{{"kind":"user","username":"{machine.name}","role":"SERVICE"}}\n'
    (tmp := tmp_path / "one.jsonl").write_text(line)  # type: ignore[operator]
    for _ in range(2):
        assert command("import", str(tmp), "--database", url).returncode == 0
    assert "There are no keys" in command("key", "list", "--database", url).stdout
    assert api.data(WHO)


def test_what_becomes_of_keys_is_on_record(machine: Machine) -> None:
    machine.key("add", "--allow", "viewer")
    machine.key("rotate")
    machine.command("revoke", machine.name)
    rows = machine.desk.database.rows(
        "SELECT action, state_after FROM audit_event WHERE state_after LIKE ? ORDER BY audit_event_id",
        f"%{machine.name}%",
    )
    assert [action for action, _ in rows] == ["key add", "key rotate", "key revoke"]
    assert '"allow":["viewer"]' in rows[1][1]


# ---- what a process remembers -----------------------------------------------------------------------


class Answers:
    """A store that answers these, one after the other."""

    def __init__(self, *answers: list[tuple[object, ...]] | Exception) -> None:
        self.answers = list(answers)

    async def fetch(self, _: str, **__: object) -> list[tuple[object, ...]]:
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


async def test_a_key_is_looked_up_once_a_minute_and_when_it_ends() -> None:
    unlimited = (7, "kiosk", "sid", None, None)
    store, keys = Answers([unlimited], [(*unlimited[:4], 150)], []), Keys()
    for now in (0, REMEMBERED_SECONDS - 1):
        assert (await keys.actor(store, "k", now=now)).account_id == 7  # type: ignore[arg-type]
        assert len(store.answers) == 2
    for now in (100, 149):
        await keys.actor(store, "k", now=now)  # type: ignore[arg-type]
        assert len(store.answers) == 1
    with pytest.raises(Unauthenticated):
        await keys.actor(store, "k", now=150)  # type: ignore[arg-type]
    assert store.answers == []


async def test_a_key_that_cannot_be_looked_up_is_no_fault_of_its_owner() -> None:
    class Away:
        store, keys, now = Answers(Fault("away")), Keys(), staticmethod(lambda: 1)

    assert isinstance(await whose(ApiKey("k"), Away), Fault)  # type: ignore[arg-type]
