"""Refuses to compare servers that do not say the same. Run before anything is measured."""

from datetime import UTC, datetime
from typing import Any

from bench import operations
from bench.servers import Server
from bench.slots import Slots

PAGES = 12
SMALL_READS = 25


class Disagreement(Exception):
    """Two servers answer differently, or one books what it must not."""


def check(servers: list[Server], names: list[str], appointments: int, slots: Slots) -> None:
    if "page" in names:
        begins = [operations.begin_at(i / (PAGES - 1)) for i in range(PAGES)]
        check_reads(servers, "page", [operations.page_variables(begin) for begin in begins])
    if "tiny" in names:
        numbers = [1 + i * (appointments - 1) // (SMALL_READS - 1) for i in range(SMALL_READS)]
        nowhere = appointments + 2**40
        check_reads(servers, "tiny", [operations.tiny_variables(n) for n in [*numbers, nowhere]])
    if {"write", "contended"} & set(names):
        for server in servers:
            check_booking(server, slots)


def check_reads(servers: list[Server], name: str, asked: list[dict[str, Any]]) -> None:
    operation = operations.OPERATIONS[name]
    for variables in asked:
        answers = [server.ask(operation.document, operation.request, variables) for server in servers]
        for server, answer in zip(servers, answers, strict=True):
            if answer != answers[0] or answer.get("errors"):
                raise Disagreement(
                    f"{name} with {variables}:\n{servers[0].name}: {str(answers[0])[:1000]}\n"
                    f"{server.name}: {str(answer)[:1000]}"
                )
        if name == "page":
            check_length(answers[0], variables)


def check_length(answer: dict[str, Any], variables: dict[str, Any]) -> None:
    rows = len(answer["data"]["appointments"]["edges"])
    if rows != operations.PAGE_SIZE:
        raise Disagreement(f"a page has {rows} rows instead of {operations.PAGE_SIZE}: {variables}")


def check_booking(server: Server, slots: Slots) -> None:
    """A free hour is booked, and the same hour a second time is not."""
    therapist, start = slots.single()
    first, second = (book(server, therapist, start, slots.key()) for _ in range(2))
    booked = ((first.get("data") or {}).get("bookAppointment") or {}).get("appointment")
    if not booked or not booked["appointmentId"] or booked["startsAt"] != instant(start):
        raise Disagreement(f"{server.name} did not book a free hour: {first}")
    again = ((second.get("data") or {}).get("bookAppointment") or {}).get("appointment")
    if again:
        raise Disagreement(f"{server.name} booked an hour twice: {second}")


def book(server: Server, therapist: int, start: int, key: str) -> dict[str, Any]:
    operation = operations.OPERATIONS["write"]
    document = operation.document if server.ours else operation.plain_document
    wanted = {
        "therapistId": str(therapist), "startsAt": instant(start), "durationSeconds": 3600,
        "service": "one-off",
    } | ({"idempotencyKey": key} if server.ours else {})  # fmt: skip
    assert document is not None
    return server.ask(document, operation.request, {"input": wanted})


def instant(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
