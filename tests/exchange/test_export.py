"""A database into a file: the same bytes every time, of one moment, that import takes back."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from threading import Thread

import orjson
import pytest

from sessional.cli.exchange import export_file, import_file
from sessional.diary.values import END_OF_TIME
from sessional.errors import InvalidArgument, SchemaFault
from sessional.exchange.exporting import export_lines
from sessional.exchange.lines import KINDS, read
from tests.exchange.practice import HOUR, KEYRING, NINE, RULES, appointment, service, therapist, user

PRACTICE = (
    {"kind": "specialism", "name": "Zoo"},
    service("walk", name="Walk \"and\" talk\u2028"),
    service("one-off", name="Einzelstunde"),
    therapist(9, firstName="Zoë", lastName="O’Neil\n", specialisms=["CBT", "Zoo", "ADHD"]),
    therapist(2, specialisms=[], timeZone="Asia/Kolkata"),
    *RULES,
    {"kind": "series", "seriesId": 1, "therapistId": 9, "type": "walk", "rhythm": "WEEKLY",
     "timeZone": "UTC", "startTimeUnixSeconds": NINE},
    appointment(70, 0, therapistId=9, durationSeconds=1),
    appointment(4, END_OF_TIME - 86_400, therapistId=9, durationSeconds=86_400, type="walk"),
    appointment(None, NINE, therapistId=2),
    {"kind": "appointmentDetails", "appointmentId": 4, "roomId": 7, "seriesId": 1},
    {"kind": "participant", "appointmentId": 4, "clientId": 5},
    {"kind": "appointmentEvent", "appointmentId": 4, "therapistId": 9, "version": 1,
     "happenedAtUnixSeconds": NINE, "username": "李", "change": "BOOKED", "status": "BOOKED",
     "startsAtUnixSeconds": END_OF_TIME - 86_400, "endsAtUnixSeconds": END_OF_TIME},
    {"kind": "waitlistEntry", "waitlistEntryId": 2, "clientId": 5, "type": "walk", "turn": 1,
     "fromUnixSeconds": NINE, "untilUnixSeconds": NINE + HOUR, "joinedAtUnixSeconds": NINE - HOUR,
     "specialisms": ["Zoo"], "status": "ENDED"},
    user("李"),
    user("ben", disabledAtUnixSeconds=1_700_000_000),
    user("zoë", role="THERAPIST", therapistId=9),
    user("client", role="CLIENT", clientId=5),
)  # fmt: skip
ORDER = [
    *("specialism", "service", "therapist", "workingHours", "dateOverride", "timeOff", "away"),
    *("closure", "room", "client", "careRelationship", "series", "appointment"),
    *("appointmentDetails", "participant", "appointmentEvent", "waitlistEntry", "user"),
]


def test_importing_an_export_and_exporting_that_gives_the_same_bytes(practice, other):
    practice.take(*PRACTICE)
    exported = practice.export()
    other.take_file(exported)
    assert other.export() == exported


def test_kinds_and_ids_come_in_order(practice):
    practice.take(*PRACTICE)
    lines = [orjson.loads(line) for line in practice.export().splitlines()]
    kinds = [line["kind"] for line in lines]
    assert kinds == sorted(kinds, key=ORDER.index)
    assert [line["therapistId"] for line in lines if line["kind"] == "therapist"] == [2, 9]
    assert [line["appointmentId"] for line in lines if line["kind"] == "appointment"] == [4, 70, 71]


def test_every_line_of_an_export_is_one_that_import_knows(practice):
    practice.take(*PRACTICE)
    lines = [orjson.loads(line) for line in practice.export().splitlines()]
    assert {line["kind"] for line in lines} == set(KINDS)
    assert all(read(line) for line in lines)


def test_an_export_holds_hashes_and_no_passwords(practice):
    practice.take(user(password="correct horse"))
    assert practice.lines("user")[0].keys() == {"kind", "username", "passwordHash", "role"}
    assert b"correct horse" not in practice.export()


def test_more_rows_than_are_fetched_at_once_are_all_there_once(practice, monkeypatch):
    """A therapist with many specialisms is many rows, which may not end up as two lines."""
    names = [f"s{n:03}" for n in range(40)]
    practice.take(*(therapist(n, specialisms=names[: n % 40]) for n in range(1, 60)))
    expected = practice.lines("therapist")
    for module in ("bulk_sqlite", "bulk_postgres"):
        monkeypatch.setattr(f"sessional.store.{module}.ROWS_TOGETHER", 7)
    assert practice.lines("therapist") == expected
    assert [len(line["specialisms"]) for line in expected] == [n % 40 for n in range(1, 60)]


def test_what_is_booked_during_an_export_is_not_in_it(practice):
    practice.take(therapist(), appointment(1), user())
    before = practice.export()

    async def exported() -> bytes:
        pieces = []
        async for piece, _ in export_lines(practice.place, keyring=KEYRING):
            booking = Thread(target=practice.book, args=[NINE + (len(pieces) + 1) * HOUR])
            booking.start()
            booking.join()
            pieces.append(piece)
        return b"".join(pieces)

    assert asyncio.run(exported()) == before
    assert len(practice.lines("appointment")) > 1


# ---- files ----------------------------------------------------------------------------------------


def test_a_file_that_is_written_is_readable_by_its_owner_alone(practice, tmp_path):
    practice.take(*PRACTICE)
    file = tmp_path / "practice.jsonl"
    file.write_text("older")
    file.chmod(0o644)
    export_file(str(file), practice.url)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() == practice.export()


def test_an_export_that_fails_leaves_the_older_file_and_no_other(practice, tmp_path, monkeypatch):
    async def broken(_, *, keyring):
        yield b"half", 1
        raise OSError(28, "No space left on device")

    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "practice.jsonl").write_text("older")
    monkeypatch.setattr("sessional.cli.exchange.export_lines", broken)
    with pytest.raises(InvalidArgument, match="No space left"):
        export_file(str(folder / "practice.jsonl"), practice.url)
    assert [file.read_text() for file in folder.iterdir()] == ["older"]


def test_an_export_through_a_link_replaces_what_the_link_names(on_sqlite, tmp_path):
    (tmp_path / "there.jsonl").write_text("older")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "there.jsonl")
    export_file(str(tmp_path / "link.jsonl"), on_sqlite.url)
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "there.jsonl").read_bytes() == on_sqlite.export()


def test_a_device_is_written_to_and_not_replaced(on_sqlite):
    export_file("/dev/null", on_sqlite.url)
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("file", ["nowhere/practice.jsonl", "."])
def test_a_file_that_cannot_be_read_or_written_is_refused_in_a_sentence(on_sqlite, file, tmp_path):
    for command in (import_file, export_file):
        with pytest.raises(InvalidArgument, match="cannot be"):
            command(str(tmp_path / file), on_sqlite.url)


# ---- databases --------------------------------------------------------------------------------------


def test_an_import_makes_a_sqlite_file_that_does_not_exist_and_its_folder(tmp_path, capsys):
    file = tmp_path / "practice.jsonl"
    file.write_bytes(orjson.dumps(therapist()))
    import_file(str(file), f"sqlite:///{tmp_path}/new/practice.db")
    assert capsys.readouterr().out == "Imported 1 therapist, 1 specialism.\n"


def test_a_database_without_a_schema_is_refused_with_the_command_that_makes_it(tmp_path, postgres_url):
    (tmp_path / "empty.jsonl").touch()
    for command in (import_file, export_file):
        with pytest.raises(SchemaFault, match="sessional migrate"):
            command(str(tmp_path / "empty.jsonl"), postgres_url)
    with pytest.raises(SchemaFault, match="sessional migrate"):
        export_file("-", f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_newer_schema_is_refused(practice, tmp_path):
    practice.run("UPDATE alembic_version SET version_num = '9999' RETURNING version_num")
    with pytest.raises(SchemaFault, match="newer"):
        export_file(str(tmp_path / "x"), practice.url)
