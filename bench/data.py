"""The data to measure on: the same rows from the same numbers, every time, without chance.

Appointments are booked in the weeks before they take place, so ids run with time only roughly.
Must not know: who reads the data.
"""

from collections.abc import Iterator
from pathlib import Path

import orjson

THERAPISTS = 500
SPECIALISMS = [
    "ADHD", "Addiction", "Anxiety", "CBT", "Couples", "Depression", "EMDR", "Family", "Grief",
    "Trauma",
]  # fmt: skip
FIRST_NAMES = [
    "Ada", "Björn", "Chloé", "Dilek", "Emeka", "Fatima", "Gwen", "Hiro", "Inês", "Joana",
    "Kofi", "Leila", "Mary", "Niamh", "Olga", "Paul", "Quinn", "Rosa", "Siân", "Tomasz",
]  # fmt: skip
LAST_NAMES = [
    "Adams", "Brontë", "Carter", "D'Souza", "Evans", "Fischer", "García", "Hughes", "Ito",
    "Jones", "Khan", "Lopez", "Müller", "Novak", "O'Brien", "Patel", "Quirke", "Roberts",
    "Smith", "Taylor", "Urban", "Vasquez", "Walker", "Young", "Zhang",
]  # fmt: skip
BEGIN = 1_577_836_800  # 2020-01-01
END = 1_893_456_000  # 2030-01-01
FREE_FROM = 1_924_992_000  # 2031-01-01: nobody has a session from here on, bookings go here
QUARTER = 900
USER = {"username": "bench", "password": "benchmark-password", "role": "ADMIN"}

Appointment = tuple[int, int, int, int, str]  # id, therapist, start, duration, service


def therapists() -> Iterator[tuple[int, str, str, list[str]]]:
    for number in range(1, THERAPISTS + 1):
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        last = LAST_NAMES[number * 7 // len(FIRST_NAMES) % len(LAST_NAMES)]
        count = 1 + number % 3
        yield number, first, last, [SPECIALISMS[(number + 3 * i) % 10] for i in range(count)]


def appointments(count: int) -> Iterator[Appointment]:
    """Every therapist's ten years in equal cells, one session somewhere in each."""
    per_therapist = -(-count // THERAPISTS)
    cell = (END - BEGIN) // per_therapist
    if cell < 2 * 3600:
        raise ValueError(f"{count} appointments do not fit into ten years of {THERAPISTS} diaries")
    for number in range(count):
        place = roughly_in_order(number, count)
        therapist, turn = place % THERAPISTS, place // THERAPISTS
        mixed = place * 2_654_435_761 % 2**32
        duration = 3600 if mixed % 4 else 1800
        start = BEGIN + turn * cell + mixed % (cell - 3600 - QUARTER)
        start += -start % QUARTER
        yield number + 1, therapist + 1, start, duration, services(mixed)


def services(mixed: int) -> str:
    return "one-off" if mixed // 4 % 3 else "consultation"


def roughly_in_order(number: int, count: int) -> int:
    """The numbers from 0, shuffled within blocks of about eight weeks."""
    block = max(count // 64, 1)
    begin = number // block * block
    size = min(block, count - begin)
    return begin + (number - begin) * 7919 % size if size % 7919 else number


def lines(count: int) -> Iterator[bytes]:
    """The rows as `sessional import` reads them: JSON Lines."""
    yield orjson.dumps({"kind": "user", **USER})
    for name in SPECIALISMS:
        yield orjson.dumps({"kind": "specialism", "name": name})
    for number, first, last, names in therapists():
        yield orjson.dumps({
            "kind": "therapist", "therapistId": number, "firstName": first, "lastName": last,
            "specialisms": names, "timeZone": "Europe/London",
        })  # fmt: skip
    for number, therapist, start, duration, service in appointments(count):
        yield (
            f'{{"kind":"appointment","appointmentId":{number},"therapistId":{therapist},'
            f'"startTimeUnixSeconds":{start},"durationSeconds":{duration},"type":"{service}"}}'
        ).encode()


def write_file(directory: Path, count: int) -> Path:
    """The JSON Lines file, made once and kept under its final name only when whole."""
    path = directory / f"appointments-{count}.jsonl"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            file.writelines(line + b"\n" for line in lines(count))
        unfinished.rename(path)
    return path
