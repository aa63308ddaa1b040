"""Lines -> a database, all of them or none: each is compared with what is there, then written.

Decides what a line that repeats something means. Must not know SQL, files or JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from sessional.actions.commands import by_operator
from sessional.credentials import Passwords
from sessional.diary.names import fold
from sessional.diary.rules import SERVICE_DEFAULTS
from sessional.errors import ImportRefused
from sessional.exchange.lines import (
    AppointmentLine,
    Line,
    ServiceLine,
    SpecialismLine,
    TherapistLine,
    UserLine,
)
from sessional.exchange.members import BadLine
from sessional.exchange.records import AFTER_APPOINTMENTS, RECORDS, RULES, RecordLine, searched
from sessional.exchange.services import rules_of
from sessional.exchange.waiting import held, names_in, numbers_in
from sessional.keyring import Keyring
from sessional.store import bulk, constraints
from sessional.store.bulk import Incoming, Load
from sessional.store.constraints import Conflict

_IN_THE_WAY: Final = {
    constraints.CLIENT: "client {client_id} has another session when appointment {appointment_id} is",
    constraints.ROOM: "room {room_id} is taken when appointment {appointment_id} is",
    constraints.CAPACITY: "appointment {appointment_id} has no place left",
}
# Enough that the way to the database is hidden, little enough to be held.
TOGETHER: Final = 10_000


@dataclass(kw_only=True)
class Imported:
    """How many of each kind are new, how many services changed, how many lines changed nothing."""

    appointments: int = 0
    therapists: int = 0
    specialisms: int = 0
    services: int = 0
    users: int = 0
    records: int = 0
    changed_services: int = 0
    known: int = 0


async def import_lines(
    lines: Iterable[tuple[int, Line]],
    database: Path | str,
    *,
    passwords: Passwords,
    keyring: Keyring,
    admit: Callable[[Load], Awaitable[None]],
) -> Imported:
    """Take in numbered lines. Raises ImportRefused for the first that cannot be taken.

    ``admit`` is called once all are, and notes the key within the transaction.
    """
    async with bulk.load(database) as load:
        imported = await take_in(lines, load, passwords=passwords, keyring=keyring)
        await admit(load)
    return imported


async def take_in(
    lines: Iterable[tuple[int, Line]], load: Load, *, passwords: Passwords, keyring: Keyring
) -> Imported:
    """The same within a transaction that somebody else opened."""
    await load.fetch("take_turns")
    if await load.fetch("any_expired_hold"):
        await load.fetch("drop_all_expired_holds")
    intake = await _Intake.over(load, passwords, keyring)
    try:
        for number, line in lines:
            await intake.take(number, line)
    except ImportRefused:
        # A line above may be bad too, which shows only when its appointments are looked at.
        await intake.send()
        await load.check()
        raise
    done = await intake.settle()
    new = {name: count for name, count in asdict(done).items() if count and name != "known"}
    if new:
        await by_operator(load.fetch, "import", after=new)
    return done


@dataclass(kw_only=True)
class _Intake:
    """What lines can refer to so far, and the appointments on their way to the database."""

    load: Load
    passwords: Passwords
    keyring: Keyring
    therapists: set[int]
    specialisms: dict[str, int]
    services: dict[str, ServiceLine]
    clients: set[int]
    # Whose rules are others now. None: only what counts for all diaries.
    ruled: set[int | None] = field(default_factory=set)
    services_in_file: set[str] = field(default_factory=set)
    waiting: list[Incoming] = field(default_factory=list)
    sent: int = 0
    all_there: bool = False
    done: Imported = field(default_factory=Imported)

    @classmethod
    async def over(cls, load: Load, passwords: Passwords, keyring: Keyring) -> _Intake:
        services = [
            ServiceLine(code=code, name=name, duration_seconds=seconds, rules=rules_of(rules))
            for code, name, seconds, *rules in await load.fetch("services")
        ]
        return cls(
            load=load,
            passwords=passwords,
            keyring=keyring,
            therapists={row[0] for row in await load.fetch("therapist_ids")},
            specialisms={row[0]: row[1] for row in await load.fetch("specialism_ids")},
            services={service.code: service for service in services},
            clients={row[0] for row in await load.fetch("client_ids")},
        )

    async def take(self, number: int, line: Line) -> None:
        """One line. Raises ImportRefused."""
        try:
            match line:
                case AppointmentLine():
                    await self._appointment(number, line)
                case TherapistLine():
                    await self._therapist(line)
                case SpecialismLine():
                    await self._specialism(line)
                case ServiceLine():
                    await self._service(line)
                case UserLine():
                    await self._user(line)
                case RecordLine():
                    await self._record(line)
        except BadLine as bad:
            raise ImportRefused(bad.reason, line=number) from None

    async def settle(self) -> Imported:
        await self._write_appointments()
        await self._say_that_rules_changed()
        for kind in ("therapists", "rooms", "clients", "series", "waitlist"):
            await self.load.fetch(f"go_on_above_{kind}")
        return self.done

    async def _write_appointments(self) -> None:
        """Whatever says more about them needs them to be there."""
        if not self.all_there:
            await self.send()
            self.done.appointments = await self.load.settle()
            self.done.known += self.sent - self.done.appointments
            self.all_there = True

    # ---- appointments ---------------------------------------------------------------------------

    async def _appointment(self, number: int, line: AppointmentLine) -> None:
        if self.all_there:
            raise BadLine("appointments stand above what is said about them: details, participants, events")
        if line.therapist_id not in self.therapists:
            raise BadLine(f"there is no therapist {line.therapist_id} above this line or in the database")
        if line.service_code not in self.services:
            raise BadLine(f"there is no service “{line.service_code}” above this line or in the database")
        ends_at = line.starts_at + line.duration_seconds
        self.waiting.append(
            Incoming(
                number,
                line.therapist_id,
                line.appointment_id,
                line.service_code,
                line.starts_at,
                ends_at,
                line.status,
            )
        )
        if len(self.waiting) == TOGETHER:
            await self.send()

    async def send(self) -> None:
        """Hand over the appointments that wait."""
        if self.waiting:
            waiting, self.waiting = self.waiting, []
            self.sent += len(waiting)
            await self.load.add(waiting)
        # On SQLite nothing here ever waits: without this, Ctrl-C would not be heard.
        await asyncio.sleep(0)

    # ---- what appointments refer to ---------------------------------------------------------------

    async def _therapist(self, line: TherapistLine) -> None:
        if line.therapist_id in self.therapists:
            await self._known_therapist(line)
            return
        await self.load.fetch(
            "add_therapist",
            therapist_id=line.therapist_id,
            first_name=line.first_name,
            last_name=line.last_name,
            search_name=fold(f"{line.first_name} {line.last_name}"),
            time_zone=line.time_zone,
            max_per_day=line.max_per_day,
            max_per_week=line.max_per_week,
            languages=orjson.dumps(line.languages or ()).decode(),
        )
        for name in line.specialisms:
            await self.load.fetch(
                "add_therapist_specialism",
                therapist_id=line.therapist_id,
                specialism_id=await self._specialism_id(name),
            )
        for code in line.services or ():
            if code not in self.services:
                raise BadLine(f"there is no service “{code}” above this line or in the database")
            await self.load.fetch("add_therapist_service", therapist_id=line.therapist_id, code=code)
        if line.services or line.max_per_day or line.max_per_week:
            self.ruled.add(line.therapist_id)
        self.therapists.add(line.therapist_id)
        self.done.therapists += 1

    async def _known_therapist(self, line: TherapistLine) -> None:
        rows = await self.load.fetch("therapist_by_id", therapist_id=line.therapist_id)
        details = (line.first_name, line.last_name, line.time_zone)
        specialisms = {row[3] for row in rows if row[3] is not None}
        if tuple(rows[0])[:3] != details or specialisms != set(line.specialisms):
            raise BadLine(f"therapist {line.therapist_id} exists already with other details")
        await self._same_limits(line, *rows[0][4:])
        self.done.known += 1

    async def _same_limits(
        self, line: TherapistLine, max_per_day: int | None, max_per_week: int | None, languages: str
    ) -> None:
        """What a line leaves out is not compared: practices set it where they work."""
        same = line.max_per_day in (None, max_per_day) and line.max_per_week in (None, max_per_week)
        same = same and line.languages in (None, tuple(orjson.loads(languages)))
        if line.services is not None:
            rows = await self.load.fetch("services_of_therapist", therapist_id=line.therapist_id)
            same = same and {row[0] for row in rows} == set(line.services)
        if not same:
            raise BadLine(f"therapist {line.therapist_id} exists already with other details")

    async def _specialism(self, line: SpecialismLine) -> None:
        self.done.known += line.name in self.specialisms
        await self._specialism_id(line.name)

    async def _specialism_id(self, name: str) -> int:
        """The id of a specialism, which is made if it is new."""
        if name not in self.specialisms:
            rows = await self.load.fetch("add_specialism", name=name, search_name=fold(name))
            self.specialisms[name] = rows[0][0]
            self.done.specialisms += 1
        return self.specialisms[name]

    async def _service(self, line: ServiceLine) -> None:
        """A service of the database takes what the file says of it; within a file that agrees."""
        known = self.services.get(line.code)
        rules = {**(known.rules if known else SERVICE_DEFAULTS), **line.rules}
        line = ServiceLine(
            code=line.code, name=line.name, duration_seconds=line.duration_seconds, rules=rules
        )
        if known == line:
            self.done.known += 1
        elif line.code in self.services_in_file:
            raise BadLine(f"service “{line.code}” stands above with other details")
        else:
            await self.load.fetch(
                "new_service" if known is None else "change_service_rules",
                code=line.code,
                name=line.name,
                search_name=fold(line.name),
                duration_seconds=line.duration_seconds,
                **rules | {"other_durations": orjson.dumps(rules["other_durations"]).decode()},
            )
            self.ruled.add(None)
            self.services[line.code] = line
            self.done.services += known is None
            self.done.changed_services += known is not None
        self.services_in_file.add(line.code)

    # ---- rules, rooms, clients ----------------------------------------------------------------------

    async def _record(self, line: RecordLine) -> None:
        record, row = RECORDS[line.kind], searched(line.row)
        self._refers(row, line.kind)
        if line.kind in AFTER_APPOINTMENTS:
            await self._write_appointments()
            for thing in ("appointment", "room", "series"):
                await self._refers_to(thing, row.get(f"{thing}_id"))
        if line.kind == "waitlistEntry":
            await self._waits_for_what_there_is(row)
        for stored in await self.load.fetch(record.alike, **row):
            known = self._opened(line.kind, record.columns, stored)
            if record.agrees(row, known) or (line.kind == "room" and row["room_id"] is None):
                self.done.known += 1
                return
            if record.what:
                raise BadLine(f"{record.what} exists already with other details")
        if line.kind == "waitlistEntry":
            row["offered_id"] = await held(self.load, row)
        await self._add(record.add, self.keyring.close_row(row) if line.kind == "client" else row)
        self.done.records += 1
        if line.kind == "client":
            self.clients.add(row["client_id"])
        if line.kind in RULES or line.kind == "closure":
            self.ruled.add(row.get("therapist_id"))

    def _opened(self, kind: str, columns: Sequence[str], stored: Sequence[Any]) -> tuple[Any, ...]:
        return self.keyring.open_row(columns, stored) if kind == "client" else tuple(stored)

    async def _waits_for_what_there_is(self, row: Mapping[str, Any]) -> None:
        """Everybody and everything that an entry of the waitlist names. Raises BadLine."""
        for therapist_id in (*numbers_in(row["therapist_ids"]), row["offered_therapist_id"]):
            self._refers({"therapist_id": therapist_id}, "waitlistEntry")
        for name in names_in(row["specialisms"]):
            if name not in self.specialisms:
                raise BadLine(f"there is no specialism “{name}” above this line or in the database")
        await self._refers_to("room", row["offered_room_id"])

    async def _add(self, statement: str, row: Mapping[str, Any]) -> None:
        """Raises BadLine where the database refuses that somebody or a room is in two places at once."""
        try:
            await self.load.fetch(statement, **row)
        except Conflict as conflict:
            said = _IN_THE_WAY.get(conflict.constraint)
            if said is None:
                raise
            raise BadLine(said.format(**row)) from None

    async def _refers_to(self, thing: str, number: int | None) -> None:
        """Things of which there are too many, or too seldom any, to know all of them by heart."""
        if number is not None and not await self.load.fetch(
            f"{thing}_to_refer_to", **{f"{thing}_id": number}
        ):
            raise BadLine(f"there is no {thing} {number} above this line or in the database")

    def _refers(self, row: Mapping[str, Any], kind: str) -> None:
        therapist_id, client_id = row.get("therapist_id"), row.get("client_id")
        if therapist_id is not None and therapist_id not in self.therapists:
            raise BadLine(f"there is no therapist {therapist_id} above this line or in the database")
        code = row.get("service_code")
        if code is not None and code not in self.services:
            raise BadLine(f"there is no service “{code}” above this line or in the database")
        if kind != "client" and client_id is not None and client_id not in self.clients:
            raise BadLine(f"there is no client {client_id} above this line or in the database")

    async def _say_that_rules_changed(self) -> None:
        if self.ruled:
            await self.load.fetch("bump_rules_clock")
        for therapist_id in self.ruled - {None}:
            await self.load.fetch("bump_rules_version", therapist_id=therapist_id)

    # ---- users --------------------------------------------------------------------------------------

    async def _user(self, line: UserLine) -> None:
        self._refers({"therapist_id": line.therapist_id, "client_id": line.client_id}, "user")
        rows = await self.load.fetch("account_details", username=line.username)
        if rows:
            if not self._same_user(line, *rows[0]):
                raise BadLine(f"user “{line.username}” exists already with other details")
            self.done.known += 1
            return
        await self.load.fetch(
            "add_account",
            username=line.username,
            password_hash=self._hash(line),
            role=line.role.value,
            disabled_at=line.disabled_at,
            therapist_id=line.therapist_id,
            client_id=line.client_id,
        )
        self.done.users += 1

    def _hash(self, line: UserLine) -> str:
        """What is kept of the password; nothing of a machine, which has none."""
        if line.password_hash is not None:
            return line.password_hash
        return "" if line.password is None else self.passwords.hash(line.password)

    def _same_user(self, line: UserLine, password_hash: str, *others: Any) -> bool:
        if (line.role, line.disabled_at, line.therapist_id, line.client_id) != others:
            return False
        if line.password is None:
            return (line.password_hash or "") == password_hash
        return self.passwords.match(line.password, password_hash)
