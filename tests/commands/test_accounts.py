"""sessional user: accounts are made, shut out and let in again while the service runs."""

import pytest

from sessional.store import address
from sessional.store.migrate import migrate
from tests.commands.conftest import refusal
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import LOG_IN, Api
from tests.support.server import running

VIEWER = "{ viewer { username } }"


@pytest.fixture
def user(run_fast, database_url):
    """``user("add", "ann", password="…")`` on a database that has its schema."""
    migrate(address.parse(database_url))

    def user(command: str, *arguments: str, password: str | None = None):
        given = ("--password-stdin",) if password is not None else ()
        return run_fast(
            "user", command, *arguments, *given, "--database", database_url, input_=f"{password or ''}\n"
        )

    return user


def test_an_account_lives_through_all_its_commands_beside_a_running_service(user, database_url, tmp_path):
    with running(database_url, tmp_path) as server:
        stranger = Api(server.url)

        def enters(password: str) -> bool:
            return "errors" not in stranger.ask(LOG_IN, {"u": "ann", "p": password})

        assert not enters("a first password")
        assert user("add", "ann", "--role", "ADMIN", password="a first password").returncode == 0
        ann = Api(server.url).log_in("ann", "a first password")
        assert ann.data(VIEWER) == {"viewer": {"username": "ann"}}

        assert user("disable", "ann").returncode == 0
        assert ann.code(VIEWER) == "UNAUTHENTICATED"
        assert not enters("a first password")
        assert "disabled" in user("list").stdout

        assert user("enable", "ann").returncode == 0
        assert ann.data(VIEWER) == {"viewer": {"username": "ann"}}

        assert user("set-password", "ann", password="another password").returncode == 0
        assert ann.code(VIEWER) == "UNAUTHENTICATED"
        assert not enters("a first password")
        assert enters("another password")


def test_the_list_shows_names_and_roles_and_no_password(user, database_url):
    for name in ("ann", "Zoë"):
        practice.add_account(Database(database_url), name)
    listed = user("list").stdout
    assert [line.split() for line in listed.splitlines()[1:]] == [
        ["Zoë", "ADMIN", "active", "no"],
        ["ann", "ADMIN", "active", "no"],
    ]
    assert "argon2" not in listed


def test_a_second_factor_whose_phone_is_lost_is_removed_and_all_sessions_end(user, database_url):
    database = Database(database_url)
    practice.add_account(database, "ann")
    assert "ann has no second factor" in refusal(user("remove-second-factor", "ann"))
    assert "There is no user “bea”" in refusal(user("remove-second-factor", "bea"))
    account_id = database.value("SELECT account_id FROM account")
    database.execute("UPDATE account SET second_factor_at = 1")
    database.execute("INSERT INTO second_factor (account_id, secret) VALUES (?, 'x')", account_id)
    database.execute("INSERT INTO recovery_code VALUES (?, 'x')", account_id)
    database.execute(
        "INSERT INTO log_in_session (sid, account_id, device, origin, refresh_hash, created_at,"
        " last_used_at, expires_at) VALUES ('s', ?, '', '', '', 1, 1, 9999999999)",
        account_id,
    )
    assert "yes" in user("list").stdout
    assert user("remove-second-factor", "ann").stdout == "ann has no second factor any more.\n"
    assert "yes" not in user("list").stdout
    left = "SELECT account_id FROM second_factor UNION ALL SELECT account_id FROM recovery_code"
    assert database.rows(left) == []
    assert database.rows("SELECT revoked_for FROM log_in_session") == [("SECOND_FACTOR_CHANGED",)]


def test_an_account_belongs_to_a_therapist_or_a_client_where_its_role_says_so(user, database_url):
    database = Database(database_url)
    database.execute(
        "INSERT INTO therapist (therapist_id, first_name, last_name, search_name, time_zone) "
        "VALUES (7, 'a', 'b', 'a b', 'UTC')"
    )
    database.execute("INSERT INTO client (client_id, name, search_name) VALUES (3, 'c', 'c')")
    password = "a first password"
    for wrong in (
        ("--role", "THERAPIST"),
        ("--role", "THERAPIST", "--therapist", "8"),
        ("--role", "CLIENT", "--client", "4"),
        ("--role", "CLIENT", "--client", "3", "--therapist", "7"),
        ("--client", "3"),
    ):
        assert "there" not in user("list").stdout
        refusal(user("add", "there", *wrong, password=password))
    assert user("add", "thea", "--role", "THERAPIST", "--therapist", "7", password=password).returncode == 0
    assert user("add", "cleo", "--role", "CLIENT", "--client", "3", password=password).returncode == 0
    assert [line.split() for line in user("list").stdout.splitlines()[1:]] == [
        ["cleo", "CLIENT", "active", "no", "client", "3"],
        ["thea", "THERAPIST", "active", "no", "therapist", "7"],
    ]
    assert user("set-role", "thea", "--role", "SCHEDULER").returncode == 0
    assert "nobody" in refusal(user("set-role", "nobody", "--role", "ADMIN"))
    refusal(user("set-role", "thea", "--role", "CLIENT"))
    assert database.rows("SELECT role, therapist_id, client_id FROM account WHERE username = 'thea'") == [
        ("SCHEDULER", None, None)
    ]


def test_what_cannot_be_done_is_refused_in_a_sentence(user, database_url):
    practice.add_account(Database(database_url), "ann")
    assert "ann" in refusal(user("add", "ann", password="a first password"))
    for command in ("disable", "enable"):
        assert "bob" in refusal(user(command, "bob"))
    assert "bob" in refusal(user("set-password", "bob", password="a first password"))
    for password in ("short", "x" * 1_001):
        assert "password" in refusal(user("add", "bob", password=password))
    assert "--password-stdin" in refusal(user("add", "bob"))
    refusal(user("add", "a\nb", password="a first password"))


def test_a_password_is_kept_as_argon2id_and_shown_nowhere(user, database_url):
    done = user("add", "ann", password="a first password")
    assert "a first password" not in done.stdout + done.stderr
    kept = Database(database_url).value("SELECT password_hash FROM account")
    assert kept.startswith("$argon2id$")
