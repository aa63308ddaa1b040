"""PostgreSQL: a large import makes constraint and indexes anew. Afterwards all is as it was."""

from __future__ import annotations

import asyncpg
import pytest

from sessional.errors import ImportRefused
from sessional.store import bulk_rebuild
from tests.exchange.practice import HOUR, NINE, Practice, appointment, run_postgres, therapist

PARTS = (
    "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint "
    "WHERE conrelid = 'appointment'::regclass UNION ALL "
    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid FROM pg_index "
    "WHERE indrelid = 'appointment'::regclass ORDER BY 1, 2"
)
FILE = [therapist(), therapist(2), *(appointment(n, NINE + n * HOUR) for n in range(1, 30))]


@pytest.fixture
def rebuilds(monkeypatch) -> list[int]:
    """Every import is a large one; holds how often parts were dropped and made."""
    monkeypatch.setattr(bulk_rebuild, "LEAST_WORTH_IT", 1)
    done: list[int] = []
    whole = bulk_rebuild.rebuilding

    def counted(connection):
        done.append(1)
        return whole(connection)

    monkeypatch.setattr("sessional.store.bulk_postgres.rebuilding", counted)
    return done


def test_constraint_and_indexes_are_the_same_after_a_large_import(on_postgres: Practice, rebuilds):
    before = on_postgres.run(PARTS)
    assert on_postgres.take(*FILE).appointments == 29
    assert rebuilds == [1]
    assert len(before) > 8
    assert on_postgres.run(PARTS) == before


def test_sql_written_around_the_application_is_refused_after_an_import(practice, rebuilds):
    practice.take(*FILE)
    assert len(rebuilds) == (not practice.is_sqlite)
    with pytest.raises(Exception, match="appointment_overlap"):
        practice.book(NINE + 5 * HOUR + 60)
    practice.book(NINE + 31 * HOUR)


def test_a_large_import_that_is_refused_leaves_everything_as_it_was(on_postgres, rebuilds):
    before = on_postgres.run(PARTS)
    with pytest.raises(ImportRefused, match="line 32: overlaps appointment 7"):
        on_postgres.take(*FILE, appointment(70, NINE + 7 * HOUR + 60))
    assert rebuilds == []
    assert on_postgres.run(PARTS) == before


def test_rows_that_overlap_past_every_check_stop_the_import_when_the_constraint_is_made(
    on_postgres, rebuilds, monkeypatch
):
    """The guarantee is the database's: here nobody looks at the lines, and still nothing gets in."""

    async def blind(_):
        return None

    monkeypatch.setattr("sessional.store.bulk_postgres._Load.check", blind)
    before = on_postgres.run(PARTS)
    with pytest.raises(Exception, match="appointment_overlap"):
        on_postgres.take(*FILE, appointment(70, NINE + 7 * HOUR + 60))
    assert on_postgres.run(PARTS) == before
    assert on_postgres.lines("appointment") == []


def test_a_small_import_or_one_into_a_fuller_table_leaves_the_indexes_alone(
    on_postgres, rebuilds, monkeypatch
):
    on_postgres.take(*FILE)
    on_postgres.take(appointment(100, NINE - 9 * HOUR))
    assert rebuilds == [1]
    monkeypatch.setattr(bulk_rebuild, "LEAST_WORTH_IT", 50_000)
    on_postgres.run("DELETE FROM appointment")
    on_postgres.take(*FILE)
    assert rebuilds == [1]


ROLE = "exchange_service"
GRANTS = (
    f"CREATE ROLE {ROLE} LOGIN",
    f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {ROLE}",
    f"GRANT DELETE ON audit_waiting TO {ROLE}",
    f"GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}",
)


def test_a_role_that_owns_no_tables_imports_without_touching_them(on_postgres, rebuilds):
    try:
        for grant in GRANTS:
            on_postgres.run(grant)
        service = Practice(on_postgres.url.replace("postgres@", f"{ROLE}@"))
        before = on_postgres.run(PARTS)
        assert service.take(*FILE, appointment(None, NINE - HOUR)).appointments == 30
        assert rebuilds == []
        assert on_postgres.run(PARTS) == before
        assert on_postgres.book(NINE + 40 * HOUR) == 31
    finally:
        on_postgres.run(f"DROP OWNED BY {ROLE}")
        on_postgres.run(f"DROP ROLE {ROLE}")


def test_nobody_books_between_the_look_and_the_writing(on_postgres, rebuilds, monkeypatch):
    """The lock is there before the look: a booking meanwhile waits, or gives up."""
    from sessional.store import bulk_postgres

    refusals = []
    write = bulk_postgres._Load._write

    async def interrupted(self):
        other = await asyncpg.connect(on_postgres.url, server_settings={"lock_timeout": "200"})
        insert = "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at) "
        try:
            await other.execute(f"{insert} VALUES (1, 'one-off', {NINE + 90 * HOUR}, {NINE + 91 * HOUR})")
        except asyncpg.LockNotAvailableError as error:
            refusals.append(error)
        finally:
            await other.close()
        await write(self)

    on_postgres.take(therapist())
    monkeypatch.setattr(bulk_postgres._Load, "_write", interrupted)
    on_postgres.take(*FILE)
    monkeypatch.setattr(bulk_rebuild, "LEAST_WORTH_IT", 50_000)
    on_postgres.take(appointment(1000, NINE + 90 * HOUR))
    assert len(refusals) == 2
    assert run_postgres(on_postgres.url, "SELECT count(*) FROM appointment") == [(30,)]
