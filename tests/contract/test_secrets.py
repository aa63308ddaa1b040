"""The secret that signs tokens: never a default one, never a short one, and where it is kept."""

import stat
import subprocess

import jwt
import pytest

from sessional.store import address
from sessional.store.migrate import migrate
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import Api
from tests.support.postgres import free_port
from tests.support.server import running, sessional

SECRETS = (
    "SESSIONAL_SECRET",
    "SESSIONAL_SECRET_PREVIOUS",
    "SESSIONAL_ENCRYPTION_KEY",
    "SESSIONAL_ENCRYPTION_KEY_PREVIOUS",
)


def serve(database: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A start that is to be refused."""
    return sessional("serve", "--database", database, "--port", str(free_port()), **settings)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on stderr of a command that was refused."""
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("sessional: ")
    return line


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_under_32_bytes_is_refused_at_the_start(tmp_path, name):
    line = refusal(serve(f"sqlite:///{tmp_path}/x.db", **{name: "x" * 31}))
    assert name in line
    assert "32 bytes" in line
    assert "x" * 31 not in line


def test_a_secret_is_counted_in_bytes_and_not_in_characters(tmp_path):
    for secret, status in (("é" * 16, 0), ("é" * 15 + "e", 1)):
        done = sessional("settings", SESSIONAL_SECRET=secret)
        assert done.returncode == status, done.stderr


def test_postgresql_without_a_secret_is_refused_with_a_command_that_makes_one(postgres_url):
    migrate(postgres_url)
    line = refusal(serve(postgres_url, SESSIONAL_SECRET=""))
    assert "SESSIONAL_SECRET" in line
    command = line.split("This makes one: ", 1)[1]
    made = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.strip()
    again = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.strip()
    assert len(made.encode()) >= 32
    assert made != again


def test_sqlite_makes_a_secret_keeps_it_for_the_owner_alone_and_uses_it_again(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/practice.db")
    migrate(database.path)
    practice.fill(database)
    kept = tmp_path / "practice.db.secret"
    with running(database.url, tmp_path, SESSIONAL_SECRET="") as server:
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        for end in ("", "-wal", "-shm"):  # who sees which therapist when is nobody else's to read
            assert stat.S_IMODE((tmp_path / f"practice.db{end}").stat().st_mode) == 0o600
        token = Api(server.url).log_in().token
        assert kept.read_text() not in server.log.read_text()
    secret = kept.read_text().strip()
    assert len(secret.encode()) >= 32
    assert jwt.decode(token or "", secret, algorithms=["HS256"])["sub"] == "test_user"
    with running(database.url, tmp_path, SESSIONAL_SECRET="") as server:
        assert Api(server.url, token=token).data("{ viewer { username } }")["viewer"]
    assert kept.read_text().strip() == secret


def test_a_kept_secret_that_was_cut_short_is_refused(tmp_path):
    (tmp_path / "practice.db.secret").write_text("short")
    line = refusal(serve(f"sqlite:///{tmp_path}/practice.db", SESSIONAL_SECRET=""))
    assert "practice.db.secret" in line


def test_postgresql_without_a_key_for_clients_data_is_refused_at_the_start(postgres_url):
    migrate(postgres_url)
    line = refusal(serve(postgres_url, SESSIONAL_ENCRYPTION_KEY=""))
    assert "SESSIONAL_ENCRYPTION_KEY" in line
    assert "This makes one: " in line


def test_a_start_with_a_key_that_does_not_open_what_is_stored_is_refused(database_url, tmp_path):
    file = tmp_path / "client.jsonl"
    file.write_text('{"kind": "client", "clientId": 1, "name": "Eva", "phone": "+49 30"}\n')
    migrate(address.parse(database_url))
    assert sessional("import", str(file), "--database", database_url).returncode == 0
    line = refusal(serve(database_url, SESSIONAL_ENCRYPTION_KEY="k" * 40))
    assert "a key that is not here" in line
    assert "k" * 40 not in line


def test_sqlite_makes_a_key_for_clients_data_for_the_owner_alone(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/practice.db")
    migrate(database.path)
    practice.fill(database)
    kept = tmp_path / "practice.db.key"
    with running(database.url, tmp_path, SESSIONAL_ENCRYPTION_KEY=""):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        made = kept.read_text()
    with running(database.url, tmp_path, SESSIONAL_ENCRYPTION_KEY=""):
        assert kept.read_text() == made
