"""SQL written past the application: the database itself refuses a second session at one time.

The statements come from someone who knows the tables and cares for nothing else: no lock is taken, no
setting of ours is in force, foreign keys are off on SQLite.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessional.store.migrate import statements
from sessional.store.migrations import STEPS
from tests.booking.books import Books

Span = tuple[int, int]
A_DAY = 86_400
# Against a session of therapist 1 from 1000 to 2000.
OVERLAPPING: dict[str, Span] = {
    "the same": (1000, 2000),
    "within": (1400, 1600),
    "around": (500, 2500),
    "into its beginning": (500, 1001),
    "into its end": (1999, 3000),
    "from its beginning": (1000, 1001),
    "to its end": (1999, 2000),
    "a whole day around": (0, A_DAY),
}
APART: dict[str, Span] = {
    "right before": (500, 1000),
    "right after": (2000, 2001),
    "long before": (0, 1),
    "long after": (90_000, 91_000),
    "a day from its end": (2000, 2000 + A_DAY),
}
COLUMNS = "appointment (therapist_id, service_code, starts_at, ends_at)"


def values(span: Span, therapist: int = 1) -> str:
    return f"({therapist}, 'one-off', {span[0]}, {span[1]})"


def insert(*spans: Span) -> str:
    return f"INSERT INTO {COLUMNS} VALUES {', '.join(map(values, spans))}"


# ---- the two databases, each as bare as it can be -----------------------------------------------


def migration(database: str) -> str:
    """All steps, one after the other."""
    folder = files("sessional.store.migrations") / database
    return "\n".join((folder / f"{name}.sql").read_text(encoding="utf-8") for name in STEPS.values())


def bare_sqlite(path: Path | str = ":memory:") -> apsw.Connection:
    """The schema, two therapists, and SQLite's own defaults."""
    connection = apsw.Connection(str(path))
    for statement in statements(migration("sqlite")):
        connection.execute(statement)
    connection.execute(THERAPISTS)
    return connection


THERAPISTS = (
    "INSERT INTO therapist (therapist_id, first_name, last_name, search_name, time_zone) "
    "VALUES (1, 'a', 'a', 'a', 'UTC'), (2, 'b', 'b', 'b', 'UTC')"
)


@dataclass
class Written:
    """A database that takes one statement after the other, from the same somebody."""

    run: Any
    refusal: type[Exception]

    async def diary(self, therapist: int = 1) -> list[Span]:
        rows = await self.run(
            "SELECT starts_at, ends_at FROM appointment "
            f"WHERE therapist_id = {therapist} ORDER BY starts_at"
        )
        return [(row[0], row[1]) for row in rows]


@asynccontextmanager
async def sqlite() -> AsyncIterator[Written]:
    connection = bare_sqlite()

    async def run(sql: str) -> list[Any]:
        return connection.execute(sql).fetchall()

    yield Written(run, apsw.ConstraintError)
    connection.close()


@asynccontextmanager
async def postgres(url: str) -> AsyncIterator[Written]:
    """In a transaction that is never committed; what fails is undone alone."""
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"DELETE FROM appointment; DELETE FROM therapist; {THERAPISTS}")

    async def run(sql: str) -> list[Any]:
        async with connection.transaction():
            rows: list[Any] = await connection.fetch(sql)
            return rows

    yield Written(run, asyncpg.ExclusionViolationError)
    await transaction.rollback()
    await connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> str:
    """Where PostgreSQL is; nothing for SQLite, which is in memory."""
    return request.getfixturevalue("unserved_postgres").url if request.param == "postgres" else ""


@pytest.fixture
async def written(place: str) -> AsyncIterator[Written]:
    """Therapist 1 has a session from 1000 to 2000, therapist 2 has none."""
    async with postgres(place) if place else sqlite() as database:
        await database.run(insert((1000, 2000)))
        yield database


# ---- one statement ------------------------------------------------------------------------------


@pytest.mark.parametrize("span", OVERLAPPING.values(), ids=OVERLAPPING)
async def test_an_insert_that_overlaps_is_refused(written: Written, span: Span) -> None:
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run(insert(span))
    assert await written.diary() == [(1000, 2000)]


@pytest.mark.parametrize("span", APART.values(), ids=APART)
async def test_an_insert_that_only_touches_or_is_apart_is_accepted(written: Written, span: Span) -> None:
    """Scenario 11, in SQL."""
    await written.run(insert(span))
    assert await written.diary() == sorted([(1000, 2000), span])


async def test_the_same_time_in_another_diary_is_accepted(written: Written) -> None:
    await written.run(f"INSERT INTO {COLUMNS} VALUES {values((1000, 2000), therapist=2)}")
    assert await written.diary(2) == [(1000, 2000)]


@pytest.mark.parametrize("span", OVERLAPPING.values(), ids=OVERLAPPING)
async def test_an_update_into_an_overlap_is_refused(written: Written, span: Span) -> None:
    await written.run(insert((5000, 6000)))
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run(
            f"UPDATE appointment SET starts_at = {span[0]}, ends_at = {span[1]} WHERE starts_at = 5000"
        )
    assert await written.diary() == [(1000, 2000), (5000, 6000)]


@pytest.mark.parametrize("span", APART.values(), ids=APART)
async def test_an_update_to_a_free_time_is_accepted(written: Written, span: Span) -> None:
    await written.run(insert((2000, 3000)))
    await written.run(
        f"UPDATE appointment SET starts_at = {span[0]}, ends_at = {span[1]} WHERE starts_at = 2000"
    )
    assert await written.diary() == sorted([(1000, 2000), span])


@pytest.mark.parametrize("span", [(1100, 2100), (900, 1900), (500, 2500), (1400, 1600), (1000, 2000)])
async def test_a_move_that_overlaps_only_itself_is_accepted(written: Written, span: Span) -> None:
    """Scenario 30, in SQL."""
    await written.run(f"UPDATE appointment SET starts_at = {span[0]}, ends_at = {span[1]}")
    assert await written.diary() == [span]


@pytest.mark.parametrize(
    "changed", ["starts_at = 1999", "ends_at = 5001", "starts_at = 1000", "starts_at = 0, ends_at = 86400"]
)
async def test_stretching_a_session_into_another_is_refused(written: Written, changed: str) -> None:
    await written.run(insert((3000, 4000), (5000, 6000)))
    held = await written.diary()
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run(f"UPDATE appointment SET {changed} WHERE starts_at = 3000")
    assert await written.diary() == held


async def test_the_last_second_of_a_session_of_a_whole_day_is_taken_and_the_next_is_free(
    written: Written,
) -> None:
    """The guard looks back as far as a session can be long, and no further."""
    await written.run(insert((10_000, 10_000 + A_DAY), (500_000, 500_001)))
    last = 10_000 + A_DAY - 1
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run(
            f"UPDATE appointment SET starts_at = {last}, ends_at = {last + 1} WHERE starts_at = 500000"
        )
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run(insert((last, last + 1)))
    await written.run(insert((last + 1, last + 2)))
    await written.run(
        f"UPDATE appointment SET starts_at = {last + 2}, ends_at = {last + 3} WHERE starts_at = 500000"
    )


async def test_handing_a_session_to_a_therapist_who_is_busy_then_is_refused(written: Written) -> None:
    await written.run(f"INSERT INTO {COLUMNS} VALUES {values((1500, 2500), therapist=2)}")
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run("UPDATE appointment SET therapist_id = 1 WHERE therapist_id = 2")
    assert await written.diary(2) == [(1500, 2500)]


async def test_handing_a_session_to_a_therapist_who_is_free_then_is_accepted(written: Written) -> None:
    await written.run(f"INSERT INTO {COLUMNS} VALUES {values((2000, 2500), therapist=2)}")
    await written.run("UPDATE appointment SET therapist_id = 1 WHERE therapist_id = 2")
    assert await written.diary() == [(1000, 2000), (2000, 2500)]


async def test_of_several_rows_in_one_insert_none_stays_when_two_of_them_overlap(written: Written) -> None:
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run(insert((3000, 4000), (5000, 6000), (3999, 4500)))
    assert await written.diary() == [(1000, 2000)]


async def test_rows_that_are_selected_from_the_diary_itself_are_refused(written: Written) -> None:
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run(
            f"INSERT INTO {COLUMNS} "
            "SELECT therapist_id, service_code, starts_at + 500, ends_at FROM appointment"
        )
    assert await written.diary() == [(1000, 2000)]


async def test_moving_every_session_on_top_of_one_another_is_refused(written: Written) -> None:
    await written.run(insert((3000, 4000)))
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run("UPDATE appointment SET starts_at = 7000, ends_at = 8000")
    assert await written.diary() == [(1000, 2000), (3000, 4000)]


@pytest.mark.parametrize("conflict", ["(appointment_id)", "(therapist_id, appointment_id)"])
async def test_an_upsert_whose_new_row_would_overlap_is_refused(written: Written, conflict: str) -> None:
    """On PostgreSQL by either unique key; SQLite knows the first alone."""
    if written.refusal is apsw.ConstraintError:
        conflict = "(appointment_id)"
    await written.run(insert((5000, 6000)))
    number = (await written.run("SELECT appointment_id FROM appointment WHERE starts_at = 5000"))[0][0]
    with pytest.raises(written.refusal, match="appointment_overlap"):
        await written.run(
            "INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at) "
            f"VALUES ({number}, 1, 'one-off', 7000, 8000) "
            f"ON CONFLICT {conflict} DO UPDATE SET starts_at = 1500, ends_at = 2500"
        )
    assert await written.diary() == [(1000, 2000), (5000, 6000)]


@pytest.mark.parametrize("span", [(1000, 1000), (1001, 1000), (-1, 5), (0, A_DAY + 1)])
async def test_a_span_that_no_session_can_have_is_refused_by_the_table(
    written: Written, span: Span
) -> None:
    """What the overlap guard counts on: sessions have a length, and none is longer than a day."""
    with pytest.raises((apsw.ConstraintError, asyncpg.CheckViolationError, asyncpg.DataError)):
        await written.run(f"INSERT INTO {COLUMNS} VALUES {values(span, therapist=2)}")
    with pytest.raises((apsw.ConstraintError, asyncpg.CheckViolationError, asyncpg.DataError)):
        await written.run(f"UPDATE appointment SET starts_at = {span[0]}, ends_at = {span[1]}")


# ---- SQLite's own ways --------------------------------------------------------------------------


@pytest.fixture
def bare() -> Iterator[apsw.Connection]:
    connection = bare_sqlite()
    connection.execute(insert((1000, 2000)))
    yield connection
    connection.close()


def diary_of(connection: apsw.Connection) -> list[Span]:
    return connection.execute("SELECT starts_at, ends_at FROM appointment ORDER BY starts_at").fetchall()


@pytest.mark.parametrize("policy", ["REPLACE", "IGNORE", "FAIL", "ROLLBACK", "ABORT"])
@pytest.mark.parametrize("span", OVERLAPPING.values(), ids=OVERLAPPING)
def test_no_conflict_policy_of_sqlite_lets_an_overlap_in(
    bare: apsw.Connection, policy: str, span: Span
) -> None:
    with pytest.raises(apsw.ConstraintError, match="appointment_overlap"):
        bare.execute(insert(span).replace("INSERT", f"INSERT OR {policy}"))
    assert diary_of(bare) == [(1000, 2000)]


@pytest.mark.parametrize("policy", ["REPLACE", "IGNORE", "FAIL", "ROLLBACK"])
def test_no_conflict_policy_of_sqlite_lets_an_update_into_an_overlap(
    bare: apsw.Connection, policy: str
) -> None:
    bare.execute(insert((3000, 4000)))
    with pytest.raises(apsw.ConstraintError, match="appointment_overlap"):
        bare.execute(f"UPDATE OR {policy} appointment SET starts_at = 1999 WHERE starts_at = 3000")
    assert diary_of(bare) == [(1000, 2000), (3000, 4000)]


def test_replacing_a_session_by_one_that_overlaps_a_third_is_refused(bare: apsw.Connection) -> None:
    bare.execute(insert((3000, 4000)))
    with pytest.raises(apsw.ConstraintError, match="appointment_overlap"):
        bare.execute(
            "REPLACE INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at) "
            "VALUES (1, 1, 'one-off', 3500, 3600)"
        )
    assert diary_of(bare) == [(1000, 2000), (3000, 4000)]


@pytest.mark.parametrize(
    "pragma",
    [
        "recursive_triggers = ON",
        "foreign_keys = ON",
        "defer_foreign_keys = ON",
        "ignore_check_constraints = ON",
    ],
)
def test_no_setting_of_triggers_or_keys_lets_an_overlap_in(bare: apsw.Connection, pragma: str) -> None:
    bare.execute(f"PRAGMA {pragma}")
    with pytest.raises(apsw.ConstraintError, match="appointment_overlap"):
        bare.execute(insert((1500, 1600)).replace("INSERT", "INSERT OR REPLACE"))


@pytest.mark.parametrize("starts_at", ["'1500'", "1500.0", "' 1500 '", "'1.5e3'"])
def test_a_number_written_in_another_way_is_the_same_number_to_the_guard(
    bare: apsw.Connection, starts_at: str
) -> None:
    for ends_at in ("1600", "'1600'", "1600.0"):
        with pytest.raises(apsw.ConstraintError, match="appointment_overlap"):
            bare.execute(f"INSERT INTO {COLUMNS} VALUES ('1', 'one-off', {starts_at}, {ends_at})")
        with pytest.raises(apsw.ConstraintError, match="appointment_overlap"):
            bare.execute(f"INSERT INTO {COLUMNS} VALUES (1.0, 'one-off', {starts_at}, {ends_at})")
    bare.execute(insert((5000, 6000)))
    with pytest.raises(apsw.ConstraintError, match="appointment_overlap"):
        bare.execute(f"UPDATE appointment SET starts_at = {starts_at} WHERE starts_at = 5000")


@pytest.mark.parametrize("starts_at", ["NULL", "'noon'", "1500.5", "x'31353030'"])
def test_what_is_no_number_is_no_time(bare: apsw.Connection, starts_at: str) -> None:
    with pytest.raises(apsw.ConstraintError):
        bare.execute(f"INSERT INTO {COLUMNS} VALUES (1, 'one-off', {starts_at}, 9000)")


def test_of_two_programs_that_both_looked_first_only_one_writes(tmp_path: Path) -> None:
    """Both saw the slot free in a transaction of their own; the second must look again."""
    one = bare_sqlite(tmp_path / "two.db")
    one.execute("PRAGMA journal_mode = WAL")
    other = apsw.Connection(str(tmp_path / "two.db"))
    for connection in (one, other):
        connection.execute("BEGIN")
        assert diary_of(connection) == []
    one.execute(insert((1000, 2000)))
    one.execute("COMMIT")
    with pytest.raises(apsw.BusyError):
        other.execute(insert((1500, 2500)))
    other.execute("ROLLBACK")
    with pytest.raises(apsw.ConstraintError, match="appointment_overlap"):
        other.execute(insert((1500, 2500)))
    one.close()
    other.close()


# ---- any statements, in any order ---------------------------------------------------------------


@dataclass
class Model:
    """What a diary is: spans by number. The same statements are tried on it and on the database."""

    held: dict[int, tuple[int, Span]] = field(default_factory=dict)

    def admits(self, number: int | None, therapist: int, span: Span) -> bool:
        """Whether this may stand there, in place of what has the number now."""
        others = (s for n, (t, s) in self.held.items() if n != number and t == therapist)
        return all(span[1] <= s[0] or s[1] <= span[0] for s in others)


# Short spans about the hours at which sessions of half a day or a whole one begin and end.
hours = st.sampled_from([0, 0, 43_200, A_DAY, A_DAY + 43_200])
spans = st.tuples(hours, st.integers(0, 40), st.integers(1, 12)).map(
    lambda drawn: (drawn[0] + drawn[1], drawn[0] + drawn[1] + drawn[2])
)
days = st.tuples(hours, st.integers(0, 20), st.sampled_from([1, 43_200, A_DAY - 1, A_DAY])).map(
    lambda drawn: (drawn[0] + drawn[1], drawn[0] + drawn[1] + drawn[2])
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["insert", "move", "move", "delete", "replace"]),
        st.integers(1, 12),
        st.integers(1, 2),
        st.one_of(spans, spans, days),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(steps)
def test_sqlite_accepts_exactly_the_statements_after_which_nobody_is_booked_twice(
    taken: list[tuple[str, int, int, Span]],
) -> None:
    connection, model = bare_sqlite(), Model()
    for kind, number, therapist, span in taken:
        _step(connection, model, kind, number, therapist, span)
        found = connection.execute(
            "SELECT appointment_id, therapist_id, starts_at, ends_at FROM appointment"
        )
        assert {row[0]: (row[1], (row[2], row[3])) for row in found} == model.held
    connection.close()


def _step(
    connection: apsw.Connection, model: Model, kind: str, number: int, therapist: int, span: Span
) -> None:
    if kind == "delete":
        connection.execute("DELETE FROM appointment WHERE appointment_id = ?", [number])
        model.held.pop(number, None)
        return
    there = number in model.held
    if kind == "move":
        sql = (
            "UPDATE appointment SET therapist_id = ?2, starts_at = ?3, ends_at = ?4 "
            "WHERE appointment_id = ?1"
        )
        allowed = not there or model.admits(number, therapist, span)
    else:
        verb = "REPLACE" if kind == "replace" else "INSERT"
        sql = (
            f"{verb} INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at) "
            "VALUES (?1, ?2, 'one-off', ?3, ?4)"
        )
        # Replacing a row by one that overlaps it is refused too: the guard looks before it is gone.
        allowed = model.admits(None, therapist, span) and (kind == "replace" or not there)
    try:
        connection.execute(sql, [number, therapist, *span])
    except apsw.ConstraintError:
        assert not allowed
        return
    assert allowed
    if there or kind != "move":
        model.held[number] = (therapist, span)


# ---- PostgreSQL's own ways ----------------------------------------------------------------------


@pytest.fixture
async def pair(unserved_postgres: Books) -> AsyncIterator[tuple[asyncpg.Connection, asyncpg.Connection]]:
    """Two who write at the same time, with the two therapists committed for both."""
    one, other = [await asyncpg.connect(unserved_postgres.url) for _ in range(2)]
    await one.execute(f"TRUNCATE appointment, therapist CASCADE; {THERAPISTS}")
    yield one, other
    await one.execute("TRUNCATE appointment, therapist CASCADE")
    for connection in (one, other):
        await connection.close()


LEVELS = ["read_committed", "repeatable_read", "serializable"]
TAKEN = (asyncpg.ExclusionViolationError, asyncpg.SerializationError)


@asynccontextmanager
async def begun(connection: asyncpg.Connection, level: str) -> AsyncIterator[Any]:
    transaction = connection.transaction(isolation=level)
    await transaction.start()
    yield transaction


async def blocked(connection: asyncpg.Connection, sql: str) -> asyncio.Task[Any]:
    """Start a statement, and see that it has to wait for the other transaction."""
    task = asyncio.create_task(connection.execute(sql))
    done, _ = await asyncio.wait([task], timeout=0.2)
    assert not done, "it did not wait for the other transaction"
    return task


@pytest.mark.parametrize("level", LEVELS)
async def test_of_two_transactions_at_once_the_second_waits_and_is_refused_when_the_first_commits(
    pair: tuple[asyncpg.Connection, asyncpg.Connection], level: str
) -> None:
    one, other = pair
    async with begun(one, level) as first, begun(other, level) as second:
        for connection in pair:
            assert await connection.fetchval("SELECT count(*) FROM appointment") == 0
        await one.execute(insert((1000, 2000)))
        waiting = await blocked(other, insert((1500, 2500)))
        await first.commit()
        with pytest.raises(TAKEN):
            await waiting
        await second.rollback()
    assert await one.fetchval("SELECT count(*) FROM appointment") == 1


@pytest.mark.parametrize("level", LEVELS)
async def test_of_two_transactions_at_once_the_second_goes_on_when_the_first_gives_up(
    pair: tuple[asyncpg.Connection, asyncpg.Connection], level: str
) -> None:
    one, other = pair
    async with begun(one, level) as first, begun(other, level) as second:
        await one.execute(insert((1000, 2000)))
        waiting = await blocked(other, insert((1500, 2500)))
        await first.rollback()
        await waiting
        await second.commit()
    assert await one.fetchval("SELECT starts_at FROM appointment") == 1500


@pytest.mark.parametrize("level", LEVELS)
async def test_two_transactions_at_once_that_only_touch_do_not_wait_for_one_another(
    pair: tuple[asyncpg.Connection, asyncpg.Connection], level: str
) -> None:
    """Scenario 11, in SQL and at once."""
    one, other = pair
    async with begun(one, level) as first, begun(other, level) as second:
        await one.execute(insert((1000, 2000)))
        await asyncio.wait_for(other.execute(insert((2000, 3000))), 2)
        await first.commit()
        await second.commit()
    assert await one.fetchval("SELECT count(*) FROM appointment") == 2


@pytest.mark.parametrize("level", LEVELS)
async def test_of_two_sessions_moved_at_once_to_the_same_time_only_one_gets_there(
    pair: tuple[asyncpg.Connection, asyncpg.Connection], level: str
) -> None:
    one, other = pair
    await one.execute(insert((1000, 2000), (3000, 4000)))
    async with begun(one, level) as first, begun(other, level) as second:
        await one.execute("UPDATE appointment SET starts_at = 7000, ends_at = 8000 WHERE starts_at = 1000")
        waiting = await blocked(
            other, "UPDATE appointment SET starts_at = 7500, ends_at = 8500 WHERE starts_at = 3000"
        )
        await first.commit()
        with pytest.raises(TAKEN):
            await waiting
        await second.rollback()
    rows = await one.fetch("SELECT starts_at FROM appointment ORDER BY 1")
    assert [row[0] for row in rows] == [3000, 7000]


@pytest.mark.parametrize(
    "before",
    [
        "SET CONSTRAINTS ALL DEFERRED",
        "SET session_replication_role = replica",
        "SET enable_indexscan = off",
        "SET row_security = off",
    ],
)
async def test_no_setting_of_postgresql_lets_an_overlap_in(
    pair: tuple[asyncpg.Connection, asyncpg.Connection], before: str
) -> None:
    """Not even the superuser's that turns triggers and foreign keys off."""
    one, _ = pair
    await one.execute(insert((1000, 2000)))
    await one.execute(before)
    with pytest.raises(asyncpg.ExclusionViolationError, match="appointment_overlap"):
        await one.execute(insert((1500, 1600)))


async def test_what_is_copied_in_as_a_whole_is_refused_as_a_whole_when_it_overlaps(
    pair: tuple[asyncpg.Connection, asyncpg.Connection],
) -> None:
    one, _ = pair
    rows = [(1, "one-off", start, start + 100) for start in (0, 100, 200, 250)]
    with pytest.raises(asyncpg.ExclusionViolationError):
        await one.copy_records_to_table(
            "appointment", columns=["therapist_id", "service_code", "starts_at", "ends_at"], records=rows
        )
    assert await one.fetchval("SELECT count(*) FROM appointment") == 0


async def test_on_conflict_do_nothing_does_nothing_about_an_overlap(
    pair: tuple[asyncpg.Connection, asyncpg.Connection],
) -> None:
    one, _ = pair
    await one.execute(insert((1000, 2000)))
    assert await one.execute(f"{insert((1500, 2500))} ON CONFLICT DO NOTHING") == "INSERT 0 0"
    assert await one.fetchval("SELECT count(*) FROM appointment") == 1
