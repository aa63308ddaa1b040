"""The schema and the ASGI application of the Python peer; validation and parsing are cached."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import Info

from bench.peers.strawberry.loaders import (
    insert,
    load_appointment,
    load_page,
    new_loaders,
)
from bench.peers.strawberry.models import AppointmentRow, SpecialismRow, TherapistRow

T = TypeVar("T")


@strawberry.type
class Edge(Generic[T]):
    node: T


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]

    @classmethod
    def of(cls, nodes: list[T]) -> "Connection[T]":
        return cls(edges=[Edge(node=node) for node in nodes])


@strawberry.type
class Specialism:
    specialism_name: str

    @classmethod
    def of(cls, row: SpecialismRow) -> "Specialism":
        return cls(specialism_name=row.name)


@strawberry.type
class Therapist:
    number: strawberry.Private[int]
    first_name: str
    last_name: str

    @classmethod
    def of(cls, row: TherapistRow) -> "Therapist":
        return cls(number=row.therapist_id, first_name=row.first_name, last_name=row.last_name)

    @strawberry.field
    async def specialisms(self, info: Info) -> Connection[Specialism]:
        rows = await info.context["loaders"].specialisms.load(self.number)
        return Connection.of([Specialism.of(row) for row in rows])


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Appointment(Node):
    appointment_id: strawberry.ID
    therapist_id: int
    start_time_unix_seconds: int
    duration_seconds: int
    starts_at: str
    type: str

    @classmethod
    def of(cls, row: AppointmentRow) -> "Appointment":
        return cls(
            id=strawberry.ID(b64encode(b"Appointment:%d" % row.appointment_id).decode()),
            appointment_id=strawberry.ID(str(row.appointment_id)),
            therapist_id=row.therapist_id,
            start_time_unix_seconds=row.starts_at,
            duration_seconds=row.ends_at - row.starts_at,
            starts_at=f"{datetime.fromtimestamp(row.starts_at, UTC):%Y-%m-%dT%H:%M:%SZ}",
            type=row.service_code,
        )

    @strawberry.field
    async def therapists(self, info: Info) -> Therapist:
        return Therapist.of(await info.context["loaders"].therapist.load(self.therapist_id))


@strawberry.input
class UnixSecondsRange:
    begin: int
    end: int


@strawberry.input
class AppointmentsFilter:
    start_time_unix_seconds_range: UnixSecondsRange


@strawberry.enum
class AppointmentSort(Enum):
    START_TIME_UNIX_SECONDS_ASC = "start"


@strawberry.input
class BookAppointmentInput:
    therapist_id: strawberry.ID
    starts_at: str
    duration_seconds: int
    service: str


@strawberry.type
class BookAppointmentPayload:
    appointment: Appointment


@strawberry.type
class Query:
    @strawberry.field
    async def node(self, id: strawberry.ID) -> Node | None:
        kind, _, number = b64decode(id).decode().partition(":")
        row = await load_appointment(int(number)) if kind == "Appointment" else None
        return Appointment.of(row) if row else None

    @strawberry.field
    async def appointments(
        self, filters: AppointmentsFilter, sort: list[AppointmentSort], first: int | None = 100
    ) -> Connection[Appointment]:
        span = filters.start_time_unix_seconds_range
        rows = await load_page(span.begin, span.end, first if first is not None else 100)
        return Connection.of([Appointment.of(row) for row in rows])


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def book_appointment(self, input: BookAppointmentInput) -> BookAppointmentPayload:
        start = int(datetime.fromisoformat(input.starts_at).timestamp())
        row = AppointmentRow(
            therapist_id=int(input.therapist_id),
            service_code=input.service,
            starts_at=start,
            ends_at=start + input.duration_seconds,
        )
        await insert(row)
        return BookAppointmentPayload(appointment=Appointment.of(row))


class Endpoint(GraphQL):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {"request": request, "response": response, "loaders": new_loaders()}


schema = strawberry.Schema(Query, Mutation, types=[Appointment], extensions=[ParserCache, ValidationCache])
endpoint = Endpoint(schema, graphql_ide=None)
app = Starlette(routes=[Route("/graphql", endpoint, methods=["POST"])])
