"""A practice small enough to know by heart, and a short way to ask the reference about it.

therapists   1 Ana Müller (CBT, Mood) · 2 Bo Smith (CBT) · 3 "" Ω (none); 2**31 Zoë O'Hara (Mood)
specialisms  1 CBT · 2 Mood · 3 Sleep, which nobody has
services     7 b-short "Short session" · 4 a-long "Long session"
appointments, by id: therapist, service, start (in hours after START), length in minutes
  10: 1 a-long   0h 60 · 11: 2 b-short 0h 30 · 12: 1 b-short 1h 30 · 13: 2 a-long 2h 60
  14: 2**31 b-short 0h 30 · 15: 1 a-long the last second of a 32-bit clock · 16: one later, by 2
"""

from dataclasses import replace
from typing import Any

from .practice import Appointment, Practice, Service, Specialism, Therapist
from .reference import execute

START = 1_772_442_000  # 2026-03-02T09:00:00Z
LARGE = 2**31


def therapist(number: int, first: str, last: str, *specialisms: int) -> Therapist:
    return Therapist(
        therapist_id=number,
        first_name=first,
        last_name=last,
        time_zone="Europe/London",
        specialism_ids=specialisms,
    )


def appointment(number: int, whose: int, code: str, start: int, minutes: int) -> Appointment:
    return Appointment(
        appointment_id=number,
        therapist_id=whose,
        service_code=code,
        starts_at=start,
        ends_at=start + 60 * minutes,
    )


SMALL = Practice(
    # In no order, so that nothing comes out sorted by accident.
    therapists=(
        therapist(LARGE, "Zoë", "O'Hara", 2),
        therapist(2, "Bo", "Smith", 1),
        therapist(3, "", "Ω"),
        therapist(1, "Ana", "Müller", 2, 1),
    ),
    specialisms=(
        Specialism(specialism_id=3, name="Sleep"),
        Specialism(specialism_id=1, name="CBT"),
        Specialism(specialism_id=2, name="Mood"),
    ),
    services=(
        Service(service_id=7, code="b-short", name="Short session", duration_seconds=1800),
        Service(service_id=4, code="a-long", name="Long session", duration_seconds=3600),
    ),
    appointments=(
        appointment(16, 2, "b-short", 2**31, 30),
        appointment(12, 1, "b-short", START + 3600, 30),
        appointment(10, 1, "a-long", START, 60),
        appointment(14, LARGE, "b-short", START, 30),
        appointment(11, 2, "b-short", START, 30),
        appointment(15, 1, "a-long", 2**31 - 1, 60),
        appointment(13, 2, "a-long", START + 7200, 60),
    ),
    holds=(
        replace(appointment(9, 1, "a-long", START + 7200, 60), status="HELD", held_until=1),
        replace(appointment(17, 3, "b-short", START, 30), status="HELD", held_until=2**40),
    ),
)


def ask(document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """The data, where there must be no error."""
    answer = execute(SMALL, document, variables)
    assert "errors" not in answer, answer
    return answer["data"]


def numbers(arguments: str = "", variables: dict[str, Any] | None = None, head: str = "") -> list[int]:
    """The ids of the appointments that these arguments leave, in their order."""
    called = f"appointments({arguments})" if arguments else "appointments"
    data = ask(f"query {head} {{ {called} {{ edges {{ node {{ appointmentId }} }} }} }}", variables)
    return [int(edge["node"]["appointmentId"]) for edge in data["appointments"]["edges"]]


def matching(filters: str) -> list[int]:
    return numbers(f"filters: {filters}")


def people(filters: str) -> list[int]:
    document = f"{{ therapists(filters: {filters}) {{ edges {{ node {{ therapistId }} }} }} }}"
    return [int(edge["node"]["therapistId"]) for edge in ask(document)["therapists"]["edges"]]


def cursor(number: int, sort: str) -> str:
    """The cursor of an appointment in the whole list under this sort."""
    document = f"{{ appointments(sort: {sort}) {{ edges {{ cursor node {{ appointmentId }} }} }} }}"
    edges = ask(document)["appointments"]["edges"]
    return next(e["cursor"] for e in edges if e["node"]["appointmentId"] == str(number))


def page(arguments: str, **cursors: str) -> tuple[list[int], bool, bool]:
    """The ids of a page, whether anything stands before it, whether anything stands after it."""
    head = ", ".join(f"${name}: String" for name in cursors)
    passed = "".join(f" {name}: ${name}" for name in cursors)
    document = f"""query {f"({head})" if head else ""} {{
      appointments({arguments}{passed}) {{
        pageInfo {{ hasPreviousPage hasNextPage }} edges {{ node {{ appointmentId }} }} totalCount
      }} }}"""
    rows = ask(document, cursors)["appointments"]
    info = rows["pageInfo"]
    ids = [int(edge["node"]["appointmentId"]) for edge in rows["edges"]]
    return ids, info["hasPreviousPage"], info["hasNextPage"]
