"""Checks that book: in the diary of one therapist, after the last session that it holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sessional.selftest.facts import LeftOut, Practice, equal, expect

OLD: Final = """mutation($therapist: Int, $start: Int, $length: Int, $type: String) {
  appointment(
    therapistId: $therapist, startTimeUnixSeconds: $start, durationSeconds: $length, type: $type
  ) {
    appointment { appointmentId startTimeUnixSeconds durationSeconds type therapists { therapistId } }
  }
}"""
NEW: Final = """mutation($input: BookAppointmentInput!) {
  bookAppointment(input: $input) {
    replayed
    appointment { appointmentId startsAt durationSeconds }
    errors { __typename ... on UserError { code } ... on SlotTaken { alternatives { startsAt } } }
  }
}"""
_LAST_END: Final = """query($filters: AppointmentsFilter) {
  appointments(filters: $filters, sort: [START_TIME_UNIX_SECONDS_DESC], first: 1) {
    edges { node { endsAt } }
  }
}"""
HOUR: Final = 3600
DAY: Final = 86_400
# The old form can say no later start than 19 January 2038; no session ends after the year 9999.
_LATEST: Final = 2**31 - 1 - DAY
_LATEST_OF_ALL: Final = 253_402_300_800 - DAY


def _text(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _end_of_last(practice: Practice, filters: dict[str, Any]) -> int:
    """When the last session that matches is over; 1970 where none does."""
    edges = practice.data(_LAST_END, filters=filters)["appointments"]["edges"]
    return int(datetime.fromisoformat(edges[0]["node"]["endsAt"]).timestamp()) if edges else 0


def _free_start(practice: Practice, therapist_id: str) -> int:
    """The day after the last session that the old form could speak of, but not before 2033."""
    filters = {"therapistIds": [therapist_id], "startsAtRange": {"until": _text(_LATEST)}}
    start = max(_end_of_last(practice, filters) + DAY, 2_000_000_000)
    if start > _LATEST:
        raise LeftOut("the diary is full until 2038")
    return start


class _Diary:
    """A therapist's diary from its first free day on."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.therapist_id: str = practice.a_therapist()["therapistId"]
        self.start = _free_start(practice, self.therapist_id)
        if not practice.services:
            raise LeftOut("there is no service")
        self.type: str = practice.services[0]["code"]

    def old(self, **changes: Any) -> dict[str, Any]:
        return {
            "therapist": int(self.therapist_id),
            "start": self.start,
            "length": HOUR,
            "type": self.type,
            **changes,
        }

    def old_number(self, **changes: Any) -> str:
        booked = self.practice.data(OLD, **self.old(**changes))["appointment"]["appointment"]
        number: str = booked["appointmentId"]
        return number

    def old_code(self, **changes: Any) -> str:
        return self.practice.refusal(OLD, **self.old(**changes))

    def new(self, **changes: Any) -> Any:
        given = {
            "therapistId": self.therapist_id,
            "startsAt": _text(self.start),
            "service": self.type,
            **changes,
        }
        return self.practice.data(NEW, input=given)["bookAppointment"]


def identical_is_same(practice: Practice) -> None:
    diary = _Diary(practice)
    first = diary.old_number()
    equal(diary.old_number(), first, "the number of the identical session")
    filters = {
        "therapistIds": [diary.therapist_id],
        "startTimeUnixSecondsRange": {"begin": diary.start, "end": diary.start},
    }
    equal(practice.count(filters), 1, "sessions at that time")


def overlap(practice: Practice) -> None:
    diary = _Diary(practice)
    diary.old_number()
    for changes in ({"start": diary.start + HOUR - 1}, {"start": diary.start - HOUR + 1}, {"length": 60}):
        equal(diary.old_code(**changes), "SLOT_TAKEN", f"code for {changes}")


def touching(practice: Practice) -> None:
    diary = _Diary(practice)
    numbers = {diary.old_number(start=diary.start + hours * HOUR) for hours in (1, 0, 2)}
    equal(len(numbers), 3, "sessions side by side")


def impossible(practice: Practice) -> None:
    diary = _Diary(practice)
    for changes, code in (
        ({"therapist": 2**31 - 1}, "UNKNOWN_THERAPIST"),
        ({"type": "\u0001 no such service"}, "UNKNOWN_SERVICE"),
        ({"length": 0}, "INVALID_TIME"),
        ({"length": -1}, "INVALID_TIME"),
        ({"length": DAY + 1}, "INVALID_TIME"),
        ({"start": -1}, "INVALID_TIME"),
    ):
        equal(diary.old_code(**changes), code, f"code for {changes}")


def typed_errors(practice: Practice) -> None:
    diary = _Diary(practice)
    for changes, type_name in (
        ({"therapistId": "0"}, "UnknownTherapist"),
        ({"service": "\u0001 no such service"}, "UnknownService"),
        ({"durationSeconds": 0}, "InvalidTime"),
        ({"idempotencyKey": ""}, "InvalidInput"),
    ):
        payload = diary.new(**changes)
        found = [error["__typename"] for error in payload["errors"]]
        equal((found, payload["appointment"]), ([type_name], None), f"the errors for {changes}")


def offers(practice: Practice) -> None:
    diary = _Diary(practice)
    diary.old_number()
    (error,) = diary.new()["errors"]
    equal(error["code"], "SLOT_TAKEN", "code")
    expect(bool(error["alternatives"]), "nothing was offered instead")
    booked = diary.new(startsAt=error["alternatives"][0]["startsAt"])
    equal(booked["errors"], [], "the errors for a slot that was offered")


def retries(practice: Practice) -> None:
    diary = _Diary(practice)
    key = f"selftest {diary.therapist_id} {diary.start}"
    first, again = diary.new(idempotencyKey=key), diary.new(idempotencyKey=key)
    equal((first["replayed"], again["replayed"]), (False, True), "replayed, at first and again")
    equal(again["appointment"], first["appointment"], "the appointment of the retry")
    other = diary.new(idempotencyKey=key, durationSeconds=60)
    equal([e["code"] for e in other["errors"]], ["IDEMPOTENCY_KEY_REUSED"], "the errors for other input")


def after_2038(practice: Practice) -> None:
    diary = _Diary(practice)
    document = """query($filters: AppointmentsFilter) { appointments(
      filters: $filters, sort: [START_TIME_UNIX_SECONDS_DESC], first: 1
    ) { edges { node { startsAt startTimeUnixSeconds } } } }"""
    late = {"therapistIds": [diary.therapist_id], "startsAtRange": {"from": _text(2**31)}}
    start = max(_end_of_last(practice, late), 2**31)
    if start > _LATEST_OF_ALL:
        raise LeftOut("the diary is full until the year 10000")
    equal(diary.new(startsAt=_text(start))["errors"], [], "the errors")
    reply = practice.caller.ask(document, filters=late)
    expected = {"startsAt": _text(start), "startTimeUnixSeconds": None}
    equal(reply.data["appointments"]["edges"], [{"node": expected}], "the session")
    paths = [error["path"] for error in reply.errors]
    equal(paths, [["appointments", "edges", 0, "node", "startTimeUnixSeconds"]], "the paths of errors")


def original_creation(practice: Practice) -> None:
    document = """mutation {
  appointment(therapistId: 1, startTimeUnixSeconds: 1644874120, durationSeconds: 3600, type: "one-off") {
    appointment {
      appointmentId
      startTimeUnixSeconds
      durationSeconds
      type
      therapists {
        therapistId
        specialisms {
          edges {
            node {
              specialismName
            }
          }
        }
      }
    }
  }
}"""
    first, again = practice.data(document), practice.data(document)
    equal(first["appointment"]["appointment"]["startTimeUnixSeconds"], 1644874120, "the start")
    equal(again, first, "the answer the second time")
