"""sessional serve, sessional migrate: what they say, what they refuse and why."""

import os
import signal
import socket
import sqlite3
import subprocess
from fnmatch import fnmatch

import pytest

from sessional.store.migrate import migrate
from sessional.store.migrations import HEAD
from tests.commands.conftest import refusal
from tests.contract.database import Database
from tests.docs.pages import ROOT
from tests.support.api import Api
from tests.support.postgres import free_port
from tests.support.server import SESSIONAL, environment, running


@pytest.fixture
def serve(run_fast):
    """A start that is to be refused."""
    return lambda database, *options, **settings: run_fast(
        "serve", "--database", database, "--port", str(free_port()), *options, **settings
    )


# ---- starts that succeed ------------------------------------------------------------------------


def test_the_start_says_where_things_are_and_how_to_stop(tmp_path):
    with running(f"sqlite:///{tmp_path}/new/practice.db", tmp_path, "--demo") as server:
        said = server.log.read_text()
        assert f"{server.url}/graphql" in said
        assert f"{server.url}/\n" in said
        assert "test_user / password" in said
        assert "Ctrl-C" in said
        assert f"sqlite:///{tmp_path}/new/practice.db" in said
        assert server.stop() == 0


def test_without_demo_nobody_is_in_and_the_start_says_how_to_add_someone(tmp_path):
    with running(f"sqlite:///{tmp_path}/practice.db", tmp_path) as server:
        said = server.log.read_text()
        assert "sessional user add NAME --role ADMIN" in said
        assert "password" not in said
        refused = Api(server.url).code(
            'mutation { auth(username: "test_user", password: "password") { accessToken } }'
        )
        assert refused == "BAD_CREDENTIALS"
    database = Database(f"sqlite:///{tmp_path}/practice.db")
    assert database.value("SELECT count(*) FROM account") == 0
    assert [code for (code,) in database.rows("SELECT code FROM service ORDER BY 1")] == [
        "consultation",
        "one-off",
    ]


def test_nothing_that_serving_a_clone_leaves_in_it_would_be_committed(tmp_path):
    """Least of all the key and the secret, which open what the database holds."""
    database = f"sqlite:///{tmp_path}/sessional.db"
    with running(database, tmp_path, SESSIONAL_SECRET="", SESSIONAL_ENCRYPTION_KEY="") as server:
        left = {path.name for path in tmp_path.glob("sessional.db*")}
        assert server.stop() == 0
    assert {"sessional.db", "sessional.db.key", "sessional.db.secret"} <= left
    ignored = (ROOT / ".gitignore").read_text().split()
    assert [name for name in left if not any(fnmatch(name, pattern) for pattern in ignored)] == []


COUNTS = "{ appointments { totalCount } therapists { totalCount } specialisms { totalCount } }"


def test_a_second_start_with_demo_adds_nothing_and_the_data_survives(tmp_path):
    counts = []
    for _ in range(2):
        with running(f"sqlite:///{tmp_path}/practice.db", tmp_path, "--demo") as server:
            counts.append(Api(server.url).log_in().data(COUNTS))
    assert counts[0] == counts[1]
    assert counts[0]["appointments"]["totalCount"] > 100


def test_several_workers_answer_one_address_and_stop_together(tmp_path):
    with running(f"sqlite:///{tmp_path}/practice.db", tmp_path, "--demo", "--workers", "2") as server:
        api = Api(server.url).log_in()
        for _ in range(20):
            assert api.data("{ viewer { username } }") == {"viewer": {"username": "test_user"}}
        assert server.stop() == 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(server.url.rpartition(":")[2]))) != 0


def test_ctrl_c_stops_it_without_a_word_of_python(tmp_path):
    with running(f"sqlite:///{tmp_path}/practice.db", tmp_path) as server:
        os.kill(server.process.pid, signal.SIGINT)
        assert server.process.wait(timeout=15) in (0, 130)
        assert "Traceback" not in server.log.read_text()


def test_an_option_comes_before_the_environment_and_that_before_a_file(tmp_path):
    (tmp_path / ".env").write_text("SESSIONAL_PAGE_SIZE=1\nSESSIONAL_PAGE_SIZE_MOST=5\nSESSIONAL_PORT=1\n")
    with running(
        f"sqlite:///{tmp_path}/practice.db", tmp_path, "--demo", SESSIONAL_PAGE_SIZE="2"
    ) as server:
        api = Api(server.url).log_in()
        assert len(api.data("{ appointments { edges { cursor } } }")["appointments"]["edges"]) == 2
        assert api.code("{ appointments(first: 6) { totalCount } }") == "INVALID_PAGE_SIZE"


# ---- starts that are refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["mysql://localhost/x", "sqlite://", "sqlite:///", "practice.db", "sqlite:/x.db"],
)
def test_an_address_that_is_no_database_is_refused(serve, url):
    assert "sqlite:///" in refusal(serve(url))


def test_a_file_that_is_no_database_is_refused_and_left_alone(serve, tmp_path):
    file = tmp_path / "letter.db"
    file.write_text("Dear Sir or Madam, " * 100)
    assert "letter.db" in refusal(serve(f"sqlite:///{file}"))
    assert file.read_text().startswith("Dear Sir")


def test_a_database_of_another_program_is_refused_and_left_alone(serve, tmp_path):
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE account (colour TEXT)")
    connection.close()
    assert "another program" in refusal(serve(f"sqlite:///{file}"))
    assert Database(f"sqlite:///{file}").rows("SELECT name FROM sqlite_master") == [("account",)]


def test_a_folder_in_place_of_a_file_is_refused(serve, tmp_path):
    (tmp_path / "folder.db").mkdir()
    assert "folder.db" in refusal(serve(f"sqlite:///{tmp_path}/folder.db"))


def test_a_port_that_is_taken_is_refused_in_words(run, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--database", f"sqlite:///{tmp_path}/x.db", "--port", str(port))
    assert str(port) in refusal(done)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--workers", "0", "SESSIONAL_WORKERS must be at least 1, not 0."),
        ("--port", "99999", "SESSIONAL_PORT must be from 0 to 65535, not 99999."),
    ],
)
def test_an_option_out_of_bounds_is_refused(run, tmp_path, option, value, said):
    done = run("serve", "--database", f"sqlite:///{tmp_path}/x.db", option, value)
    assert refusal(done) == said


NEWER = "UPDATE alembic_version SET version_num = '9999'"


def test_a_schema_newer_than_the_program_is_refused_by_serve_and_migrate(run_fast, serve, database_url):
    database = Database(database_url)
    migrate(database.path if database.is_sqlite else database_url)
    database.execute(NEWER)
    for line in (refusal(serve(database_url)), refusal(run_fast("migrate", "--database", database_url))):
        assert "newer Sessional" in line
        assert "9999" in line
        assert HEAD in line
    assert database.value("SELECT version_num FROM alembic_version") == "9999"


def test_postgresql_without_a_schema_is_refused_with_the_command_that_makes_it(run, serve, postgres_url):
    line = refusal(serve(postgres_url))
    assert "no schema yet" in line
    command = line.split("Run: sessional ", 1)[1].split()
    assert run(*command).returncode == 0
    with_password = postgres_url.replace("postgres@", "postgres:opensesame@")
    assert "opensesame" not in refusal(serve(with_password, SESSIONAL_SECRET=""))


def test_a_refusal_for_an_older_schema_does_not_tell_the_password(serve, postgres_url):
    line = refusal(serve(postgres_url.replace("postgres@", "postgres:opensesame@")))
    assert "sessional migrate" in line
    assert "opensesame" not in line


def test_a_server_that_is_not_there_is_a_sentence_without_the_password(serve):
    line = refusal(serve(f"postgresql://me:opensesame@127.0.0.1:{free_port()}/practice"))
    assert "onnect" in line
    assert "opensesame" not in line


def test_a_database_that_is_not_there_is_a_sentence(serve, postgres_server):
    assert "nowhere" in refusal(serve(f"{postgres_server}/nowhere"))


# ---- migrate ------------------------------------------------------------------------------------


def test_migrate_makes_the_schema_and_says_so_however_often(run_fast, database_url):
    database = Database(database_url)
    for _ in range(2):
        done = run_fast("migrate", "--database", database_url)
        assert done.returncode == 0, done.stderr
        assert HEAD in done.stdout
    assert database.value("SELECT version_num FROM alembic_version") == HEAD
    assert database.value("SELECT count(*) FROM service") == 2


def test_two_migrations_at_once_take_turns(database_url, tmp_path):
    command = [SESSIONAL, "migrate", "--database", database_url]
    both = [
        subprocess.Popen(command, env=environment(), cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in both]
    assert ended == [("", 0), ("", 0)]
    assert Database(database_url).value("SELECT count(*) FROM service") == 2


def test_migrate_takes_the_database_from_the_environment(run, tmp_path):
    done = run("migrate", SESSIONAL_DATABASE=f"sqlite:///{tmp_path}/here/practice.db")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "here" / "practice.db").is_file()


def test_without_a_word_the_database_is_a_file_in_this_folder(run, tmp_path):
    assert run("migrate").returncode == 0
    assert (tmp_path / "sessional.db").is_file()
