"""A database of any earlier version, with data in it, is brought up to date: all of it, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from sessional.cli.reencrypt import encrypt_all, is_in_clear
from sessional.cli.verify import findings
from sessional.errors import SchemaFault
from sessional.exchange.exporting import export_lines
from sessional.keyring import Keyring
from sessional.store import migrate
from sessional.store.migrations import HEAD, STEPS
from tests.migrations.old import DATA, UNUSED, Old
from tests.support.server import SECRET

EARLIER = list(STEPS)[:-1]
KEYRING = Keyring([SECRET])
CONTACT = "SELECT email, phone, staff_notes FROM client"


@pytest.fixture
def old(database_url: str) -> Old:
    return Old(database_url)


@pytest.mark.parametrize("revision", EARLIER)
def test_nothing_of_an_earlier_version_is_lost_or_changed(
    old: Old, revision: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old.make(revision)
    like = {table: old.columns(table) for table in old.tables()}
    before = old.rows(like)
    migrate.migrate(old.place)
    assert old.rows(like) == before
    assert old.run("SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert asyncio.run(findings(old.place, KEYRING)) == 0, capsys.readouterr().out
    assert len(asyncio.run(_exported(old))) > 5


def test_a_notice_gets_no_number_that_one_before_it_had(old: Old) -> None:
    """Its number is in the id of its mail. The second of these was sent and forgotten."""
    old.make("0005")
    migrate.migrate(old.place)
    columns = ", ".join(name for name in old.columns("outbox") if name != "outbox_id")
    numbers = old.run(
        f"INSERT INTO outbox ({columns}) SELECT {columns} FROM outbox",
        "SELECT outbox_id FROM outbox ORDER BY outbox_id",
    )
    assert numbers == [(1,), (3,)]


@pytest.mark.parametrize("revision", EARLIER)
def test_what_was_in_clear_is_known_to_be_until_it_is_encrypted(old: Old, revision: str) -> None:
    old.make(revision)
    migrate.migrate(old.place)
    has_clients = revision != "0001"
    assert asyncio.run(is_in_clear(old.place)) == has_clients
    exported = asyncio.run(_exported(old))
    assert asyncio.run(encrypt_all(old.place, KEYRING)) == (int(has_clients), set())
    assert not asyncio.run(is_in_clear(old.place))
    assert all(text.startswith("sealed:1:") for row in old.run(CONTACT) for text in row if text)
    assert asyncio.run(_exported(old)) == exported


async def _exported(old: Old) -> list[bytes]:
    return [
        line async for piece, _ in export_lines(old.place, keyring=KEYRING) for line in piece.splitlines()
    ]


@pytest.mark.parametrize("revision", list(DATA))
def test_there_is_data_in_every_table_of_the_version(old: Old, revision: str) -> None:
    """Else what is shown above would be shown of nothing."""
    old.make(revision)
    empty = [table for table in old.tables() if old.run(f"SELECT count(*) FROM {table}") == [(0,)]]
    assert set(empty) <= UNUSED


@pytest.mark.parametrize("revision", [EARLIER[0], EARLIER[-1]])
def test_a_step_that_fails_leaves_everything_as_it_was(
    old: Old, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what the step had done already, and the steps before it."""
    old.make(revision)
    tables = old.tables()
    before = old.rows({table: old.columns(table) for table in tables})
    whole = migrate.statements

    def broken(script: str) -> Iterator[str]:
        yield from whole(script)
        yield "INSERT INTO nowhere VALUES (1)"

    monkeypatch.setattr(migrate, "statements", broken)
    with pytest.raises(SchemaFault):
        migrate.migrate(old.place)
    assert old.tables() == tables
    assert old.rows({table: old.columns(table) for table in tables}) == before
    assert old.run("SELECT version_num FROM alembic_version") == [(revision,)]
