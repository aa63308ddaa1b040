"""Lines that cannot be taken, and others at work meanwhile: all or nothing."""

from __future__ import annotations

import asyncio
from threading import Thread

import pytest

from sessional.cli.exchange import import_file
from sessional.errors import Busy, ImportRefused, InvalidArgument
from sessional.exchange.lines import read
from sessional.store import bulk_postgres
from tests.exchange.practice import (
    HOUR,
    NINE,
    appointment,
    file_of,
    refused,
    service,
    taking_in,
    therapist,
    user,
)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"kind": "holiday"}, "the kind must be one of"),
        ([], "one JSON object"),
        (appointment(2, NINE + HOUR, durationSeconds=0), "durationSeconds"),
        (appointment(2, NINE + HOUR, type=1), "type"),
        (appointment(2, NINE + HOUR, type="massage"), "there is no service “massage”"),
        (appointment(2, NINE + HOUR, therapistId=3), "there is no therapist 3"),
        (appointment(2, NINE + HOUR - 1), "overlaps appointment 1 of therapist 1"),
        (appointment(None), "exists already"),
        (therapist(lastName="Smith"), "exists already"),
        (user(password="another"), "exists already"),
        (user(role="SCHEDULER"), "exists already"),
        (user("ben", role="THERAPIST"), "needs the therapist"),
        (user("ben", role="CLIENT", therapistId=1), "belongs to no therapist"),
        (user("ben", role="THERAPIST", therapistId=3), "there is no therapist 3"),
        (user("ben", role="CLIENT", clientId=3), "there is no client 3"),
    ],
)  # fmt: skip
def test_a_bad_line_stops_the_import_and_nothing_is_written(practice, bad, reason):
    if "exists already" in reason and bad["kind"] == "appointment":
        bad, reason = {**bad, "durationSeconds": 60}, "overlaps appointment 1"
    refusal = refused(
        practice, therapist(), appointment(1), user(), therapist(2), bad, therapist(3), appointment(9, 7)
    )
    assert refusal.line == 5
    assert reason in refusal.reason


@pytest.mark.parametrize("content", [b"{", b'{"kind":"user","username":"\xff"}'])
def test_a_line_that_cannot_be_read_leaves_nothing_of_those_above_it(practice, content):
    before = practice.export()
    with pytest.raises(ImportRefused, match="line 3"):
        practice.take_file(file_of(therapist(), appointment(1)) + content)
    assert practice.export() == before


def test_what_a_line_refers_to_must_stand_above_it(practice):
    refusal = refused(practice, appointment(1), therapist())
    assert refusal.message == "line 1: there is no therapist 1 above this line or in the database"
    refusal = refused(practice, therapist(), appointment(1, type="walk"), service("walk"))
    assert refusal.message == "line 2: there is no service “walk” above this line or in the database"


def test_an_overlap_names_the_later_line_and_what_it_overlaps(practice):
    practice.take(therapist())
    refusal = refused(practice, appointment(1), appointment(3, NINE + 2 * HOUR), appointment(2, NINE + 1))
    assert refusal.message == (
        "line 3: overlaps appointment 1 of therapist 1 (2026-03-02T09:00:00Z to 2026-03-02T10:00:00Z)"
    )


def test_an_overlap_with_a_session_on_record_names_it(practice):
    practice.take(therapist(), appointment(17))
    refusal = refused(practice, appointment(18, NINE - HOUR, durationSeconds=HOUR + 1))
    assert "line 1: overlaps appointment 17 of therapist 1" in refusal.message


def test_an_overlap_with_a_line_that_has_no_id_tells_its_time(practice):
    refusal = refused(practice, therapist(), appointment(None), appointment(4, NINE + 60))
    assert "line 3: overlaps another session of therapist 1 (2026-03-02T09:00:00Z" in refusal.message


def test_the_first_bad_line_is_named_whatever_is_wrong_with_a_later_one(practice):
    practice.take(therapist())
    overlap = [appointment(1), appointment(2, NINE + 1)]
    assert refused(practice, *overlap, {"kind": "room"}).line == 2
    assert refused(practice, *overlap, appointment(1, NINE + 9 * HOUR)).line == 2
    assert refused(practice, appointment(1), appointment(1, NINE + 9 * HOUR), appointment(2)).line == 2
    assert refused(practice, appointment(1), {"kind": "room"}, *overlap).line == 2


def test_a_refused_import_does_not_spoil_the_next(practice):
    refused(practice, therapist(), appointment(5), appointment(6))
    practice.take(therapist(), appointment(5))
    assert practice.book(NINE + HOUR) >= 6


# ---- others at work -----------------------------------------------------------------------------------


def test_of_two_imports_of_the_same_file_at_once_one_finds_everything_there(practice):
    lines = [therapist(), *(appointment(n, NINE + n * HOUR) for n in range(1, 200)), user()]
    found = []
    threads = [Thread(target=lambda: found.append(practice.take(*lines))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(imported.appointments for imported in found) == [0, 199]
    assert len(practice.lines("appointment")) == 199


def test_what_others_book_while_a_file_is_read_is_not_overlapped(on_postgres):
    """SQLite has one writer: there, nobody else books meanwhile."""
    on_postgres.take(therapist())

    def lines():
        yield 1, read(appointment(70, NINE))
        booking = Thread(target=on_postgres.book, args=[NINE + 60])
        booking.start()
        booking.join()

    with pytest.raises(ImportRefused, match="line 1: overlaps appointment 1 of therapist 1"):
        asyncio.run(taking_in(lines(), on_postgres.place))


def test_an_import_that_waits_too_long_for_another_writer_says_so(practice, monkeypatch):
    monkeypatch.setattr("sessional.store.bulk_sqlite.PATIENCE_SECONDS", 0.1)
    monkeypatch.setitem(bulk_postgres._SETTINGS, "lock_timeout", "100")
    told = []

    def too_late():
        with pytest.raises(Busy) as busy:
            practice.take(therapist())
        told.append(busy.value.message)

    def lines():
        yield 1, read(therapist())
        thread = Thread(target=too_late)
        thread.start()
        thread.join()

    asyncio.run(taking_in(lines(), practice.place))
    assert "Somebody else was writing" in told[0]
    assert len(practice.lines("therapist")) == 1


def test_a_file_that_cannot_be_read_to_its_end_is_no_fault_of_the_database(practice, tmp_path, monkeypatch):
    def torn(_):
        yield 1, read(therapist())
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("sessional.cli.exchange.numbered", torn)
    (tmp_path / "torn.jsonl").touch()
    with pytest.raises(InvalidArgument, match=r"torn\.jsonl cannot be read: Input/output error"):
        import_file(str(tmp_path / "torn.jsonl"), practice.url)
    assert practice.lines("therapist") == []
