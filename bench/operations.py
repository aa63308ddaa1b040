"""What is asked: the documents, the variables, and how a good answer begins.

Must not know: who answers, and how load is made.
"""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from bench import data

PAGE_SIZE = 50
UNTIL_DATA_END = data.END
PAGE_SECONDS = 30 * 86400  # more than a page even with 10,000 appointments

PAGE = """query Page($begin: Int!, $end: Int!, $first: Int) {
  appointments(
    filters: {startTimeUnixSecondsRange: {begin: $begin, end: $end}}
    sort: [START_TIME_UNIX_SECONDS_ASC]
    first: $first
  ) { edges { node {
    therapists { firstName lastName specialisms { edges { node { specialismName } } } }
    startTimeUnixSeconds durationSeconds type
  } } }
}"""

TINY = """query Tiny($id: ID!) {
  node(id: $id) { ... on Appointment {
    appointmentId startTimeUnixSeconds durationSeconds type therapistId
  } }
}"""

BOOK = """mutation Book($input: BookAppointmentInput!) {
  bookAppointment(input: $input) {
    appointment { appointmentId startsAt } replayed errors { __typename }
  }
}"""

# The peers have a plain insert: no idempotency, no refusals as data.
BOOK_PLAINLY = """mutation Book($input: BookAppointmentInput!) {
  bookAppointment(input: $input) { appointment { appointmentId startsAt } }
}"""

DEEP = """query Deep($first: Int, $after: String) {
  appointments(sort: [START_TIME_UNIX_SECONDS_ASC], first: $first, after: $after) { edges { node {
    therapists { firstName lastName specialisms { edges { node { specialismName } } } }
    startTimeUnixSeconds durationSeconds type
  } } }
}"""

CURSORS = """query Cursors($begin: Int!, $end: Int!, $first: Int) {
  appointments(
    filters: {startTimeUnixSecondsRange: {begin: $begin, end: $end}}
    sort: [START_TIME_UNIX_SECONDS_ASC]
    first: $first
  ) { edges { cursor } }
}"""

HELLO = "query Hello { __typename }"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing to ask again and again. ``head`` is how every good answer begins, without spaces."""

    name: str
    title: str
    request: str  # the operation's name in the document
    document: str
    plain_document: str | None  # what the peers are asked; None where they cannot take part
    script: str
    head: str


def operation(**fields: Any) -> Operation:
    return Operation(**({"plain_document": fields["document"]} | fields))


EDGES = '{"data":{"appointments":{"edges":[{"node":{"therapists":{"firstName":"'
BOOKED = '{"data":{"bookAppointment":{"appointment":{"appointmentId":"'

OPERATIONS = {
    each.name: each
    for each in [
        operation(name="page", title="A page of 50, nested", request="Page", document=PAGE,
                  script="page.lua", head=EDGES),
        operation(name="tiny", title="One small read", request="Tiny", document=TINY,
                  script="tiny.lua", head='{"data":{"node":{"appointmentId":"'),
        operation(name="write", title="One booking, durable, all diaries", request="Book",
                  document=BOOK, plain_document=BOOK_PLAINLY, script="write.lua", head=BOOKED),
        operation(name="contended", title="One booking, durable, all in one diary", request="Book",
                  document=BOOK, plain_document=BOOK_PLAINLY, script="contended.lua", head=BOOKED),
        operation(name="first", title="The first page of all appointments", request="Deep",
                  document=DEEP, plain_document=None, script="deep.lua", head=EDGES),
        operation(name="deep", title="A page from the middle, by cursor", request="Deep",
                  document=DEEP, plain_document=None, script="deep.lua", head=EDGES),
    ]
}  # fmt: skip


def page_variables(begin: int) -> dict[str, Any]:
    return {"begin": begin, "end": begin + PAGE_SECONDS, "first": PAGE_SIZE}


def tiny_variables(number: int) -> dict[str, Any]:
    return {"id": b64encode(b"Appointment:%d" % number).decode()}


def begin_at(part: float) -> int:
    """A begin of a page, at a part from 0 to 1 of the ten years."""
    return data.BEGIN + int(part * (data.END - data.BEGIN - PAGE_SECONDS))
