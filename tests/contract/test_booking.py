"""Booking, in both forms: what is booked, what is refused, with which words and data; what a retry
answers. Each test has a therapist of its own with an empty diary."""

from typing import Any

import pytest

from tests.contract import practice
from tests.support.api import Api

OLD = """mutation($t: Int, $start: Int, $length: Int, $type: String) {
  appointment(therapistId: $t, startTimeUnixSeconds: $start, durationSeconds: $length, type: $type) {
    appointment {
      appointmentId startTimeUnixSeconds durationSeconds type therapistId therapists { firstName }
    }
  }
}"""
NEW = """mutation($input: BookAppointmentInput!) {
  bookAppointment(input: $input) {
    replayed
    appointment {
      appointmentId startsAt endsAt durationSeconds type therapist { therapistId } service { code }
    }
    errors {
      __typename
      ... on UserError { code message path }
      ... on SlotTaken { alternatives { therapistId startsAt endsAt } }
      ... on UnknownService { services }
    }
  }
}"""
TEN = 2_000_000_000 - 2_000_000_000 % 86_400 + 36_000  # ten o'clock on a day in 2033
HOUR = 3600
TEN_AS_TEXT = "2033-05-18T10:00:00Z"


class Diary:
    """A therapist's diary and both ways to book in it."""

    def __init__(self, place) -> None:
        self.place = place
        self.number = practice.add_therapist(place.database)

    def old(self, start: Any, length: Any = HOUR, type_: Any = "one-off", **changes: Any) -> dict[str, Any]:
        """The whole answer of the original's mutation."""
        given = {"t": self.number, "start": start, "length": length, "type": type_}
        answer: dict[str, Any] = self.place.api.ask(OLD, {**given, **changes})
        return answer

    def old_id(self, *arguments: Any) -> str:
        """The number of what it booked."""
        answer = self.old(*arguments)
        assert "errors" not in answer, answer
        number: str = answer["data"]["appointment"]["appointment"]["appointmentId"]
        return number

    def old_error(self, *arguments: Any, **changes: Any) -> dict[str, Any]:
        """The one error of what it refused: nothing was booked."""
        before = self.spans()
        answer = self.old(*arguments, **changes)
        (error,) = answer["errors"]
        assert answer["data"] == {"appointment": None}
        assert error["path"] == ["appointment"]
        assert self.spans() == before
        return error

    def new(self, starts_at: str, **more: Any) -> dict[str, Any]:
        """The payload of ``bookAppointment``."""
        given = {"therapistId": str(self.number), "startsAt": starts_at, "service": "one-off", **more}
        payload: dict[str, Any] = self.place.data(NEW, {"input": given})["bookAppointment"]
        return payload

    def new_error(self, starts_at: str, **more: Any) -> dict[str, Any]:
        """The one error of what it refused: nothing was booked."""
        before = self.spans()
        payload = self.new(starts_at, **more)
        (error,) = payload["errors"]
        assert payload["appointment"] is None
        assert payload["replayed"] is False
        assert error["message"]
        assert self.spans() == before
        return error

    def spans(self) -> list[tuple[int, int, str]]:
        """What stands in the database."""
        return self.place.database.rows(
            "SELECT starts_at, ends_at, service_code FROM appointment WHERE therapist_id = ? ORDER BY 1",
            self.number,
        )


@pytest.fixture
def diary(writing) -> Diary:
    return Diary(writing)


# ---- the original's form ------------------------------------------------------------------------


def test_the_old_form_books_and_answers_what_it_booked(diary):
    answer = diary.old(TEN, HOUR, "consultation")["data"]["appointment"]["appointment"]
    assert int(answer.pop("appointmentId")) > 0
    assert answer == {
        "startTimeUnixSeconds": TEN,
        "durationSeconds": HOUR,
        "type": "consultation",
        "therapistId": diary.number,
        "therapists": {"firstName": "new"},
    }
    assert diary.spans() == [(TEN, TEN + HOUR, "consultation")]


def test_the_identical_session_again_is_the_same_session(diary):
    first = diary.old_id(TEN)
    assert [diary.old_id(TEN) for _ in range(3)] == [first] * 3
    assert len(diary.spans()) == 1


def test_the_same_time_with_another_therapist_is_another_session(diary, writing):
    other = Diary(writing)
    assert diary.old_id(TEN) != other.old_id(TEN)


@pytest.mark.parametrize(
    ("start", "length", "type_"),
    [
        (TEN, HOUR, "consultation"),  # the same time, but another session
        (TEN, HOUR - 1, "one-off"),
        (TEN, HOUR + 1, "one-off"),
        (TEN - 1, HOUR, "one-off"),
        (TEN + 1, HOUR, "one-off"),
        (TEN + 600, 60, "one-off"),
        (TEN - 600, HOUR + 1200, "one-off"),
        (TEN - HOUR + 1, HOUR, "one-off"),
        (TEN + HOUR - 1, HOUR, "one-off"),
    ],
)
def test_a_session_that_overlaps_another_is_refused_with_free_starts(diary, start, length, type_):
    diary.old_id(TEN)
    error = diary.old_error(start, length, type_)
    assert error["extensions"]["code"] == "SLOT_TAKEN"
    offers = error["extensions"]["alternatives"]
    assert len(offers) == 3
    assert {offer["therapistId"] for offer in offers} == {str(diary.number)}


def test_sessions_that_touch_do_not_overlap(diary):
    """Scenario 11."""
    diary.old_id(TEN)
    diary.old_id(TEN + HOUR)
    diary.old_id(TEN - HOUR)
    assert [start for start, _, _ in diary.spans()] == [TEN - HOUR, TEN, TEN + HOUR]


@pytest.mark.parametrize("number", [999_999, 0, -1, 2**31 - 1, None])
def test_an_unknown_therapist_is_refused_by_code(diary, number):
    assert diary.old_error(TEN, t=number)["extensions"]["code"] == "UNKNOWN_THERAPIST"


@pytest.mark.parametrize("type_", ["nap", "", None, "One-Off", "one-off ", "%"])
def test_an_unknown_type_is_refused_by_code_with_the_types_that_exist(diary, type_):
    error = diary.old_error(TEN, HOUR, type_)
    assert error["extensions"]["code"] == "UNKNOWN_SERVICE"
    assert error["extensions"]["services"] == sorted(practice.SERVICES)


@pytest.mark.parametrize("length", [0, -1, -(2**31), 86_401, 2**31 - 1, None])
def test_an_impossible_length_is_refused_by_code(diary, length):
    assert diary.old_error(TEN, length)["extensions"]["code"] == "INVALID_TIME"


@pytest.mark.parametrize("start", [-1, -(2**31), None])
def test_an_impossible_start_is_refused_by_code(diary, start):
    assert diary.old_error(start)["extensions"]["code"] == "INVALID_TIME"


@pytest.mark.parametrize("length", [1, 86_400])
def test_the_shortest_and_the_longest_session_can_be_booked(diary, length):
    diary.old_id(TEN, length)
    assert diary.spans() == [(TEN, TEN + length, "one-off")]


def test_the_first_and_the_last_start_that_the_old_form_can_say_can_be_booked(diary):
    diary.old_id(0)
    diary.old_id(2**31 - 1)
    assert [start for start, _, _ in diary.spans()] == [0, 2**31 - 1]


def test_arguments_left_out_altogether_are_refused_by_code(diary):
    answer = diary.place.api.ask("mutation { appointment { appointment { id } } }")
    assert answer["data"] == {"appointment": None}
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_TIME"


def test_several_bookings_in_one_document_run_in_the_order_written(diary):
    fields = [
        f"m{n}: appointment(therapistId: $t, startTimeUnixSeconds: {TEN + 1800 * n}, durationSeconds: 3600,"
        ' type: "one-off") { appointment { startTimeUnixSeconds } }'
        for n in range(4)
    ]
    document = f"mutation($t: Int) {{ {' '.join(fields)} }}"
    answer = diary.place.api.ask(document, {"t": diary.number})
    booked = [key for key, value in answer["data"].items() if value]
    assert booked == ["m0", "m2"]
    assert [error["path"] for error in answer["errors"]] == [["m1"], ["m3"]]


# ---- the newer form -----------------------------------------------------------------------------


def test_the_new_form_books_and_answers_what_it_booked(diary):
    payload = diary.new(TEN_AS_TEXT, durationSeconds=HOUR, service="consultation")
    assert int(payload["appointment"].pop("appointmentId")) > 0
    assert payload == {
        "replayed": False,
        "errors": [],
        "appointment": {
            "startsAt": TEN_AS_TEXT,
            "endsAt": "2033-05-18T11:00:00Z",
            "durationSeconds": HOUR,
            "type": "consultation",
            "therapist": {"therapistId": str(diary.number)},
            "service": {"code": "consultation"},
        },
    }
    assert diary.spans() == [(TEN, TEN + HOUR, "consultation")]


def test_without_a_length_the_service_says_how_long(diary):
    assert diary.new(TEN_AS_TEXT, service="Group_1")["appointment"]["durationSeconds"] == 5400
    assert diary.spans() == [(TEN, TEN + 5400, "Group_1")]


def test_an_offset_is_converted_before_anything_is_booked(diary):
    assert diary.new("2033-05-18T12:00:00+02:00")["appointment"]["startsAt"] == TEN_AS_TEXT


def test_a_start_after_january_2038_can_be_booked(diary):
    booked = diary.new("2100-02-28T23:30:00Z", durationSeconds=HOUR)["appointment"]
    assert (booked["startsAt"], booked["endsAt"]) == ("2100-02-28T23:30:00Z", "2100-03-01T00:30:00Z")


def test_a_slot_that_is_taken_is_refused_with_the_nearest_free_ones(diary):
    diary.new(TEN_AS_TEXT, durationSeconds=HOUR)
    error = diary.new_error(TEN_AS_TEXT, durationSeconds=1800, service="consultation")
    assert error["__typename"] == "SlotTaken"
    assert error["code"] == "SLOT_TAKEN"
    assert error["path"] == ["input", "startsAt"]
    assert error["alternatives"] == [
        {
            "therapistId": str(diary.number),
            "startsAt": f"2033-05-18T{start}:00Z",
            "endsAt": f"2033-05-18T{end}:00Z",
        }
        for start, end in (("09:30", "10:00"), ("11:00", "11:30"), ("09:00", "09:30"))
    ]


def test_each_slot_that_a_refusal_offers_can_be_booked(diary):
    diary.new(TEN_AS_TEXT)
    offers = diary.new_error(TEN_AS_TEXT)["alternatives"]
    assert len(offers) == 3
    for offer in offers:
        assert diary.new(offer["startsAt"])["errors"] == []
    assert len(diary.spans()) == 4


def test_a_diary_that_is_full_for_days_offers_nothing(diary):
    insert = "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at)"
    days = [(diary.number, TEN + day * 86_400, TEN + (day + 1) * 86_400) for day in range(-5, 6)]
    diary.place.database.run((f"{insert} VALUES (?, 'one-off', ?, ?)", days))
    assert diary.new_error(TEN_AS_TEXT)["alternatives"] == []


@pytest.mark.parametrize("number", ["999999", "0", "-1", "one", "", "9" * 30])
def test_an_unknown_therapist_is_a_typed_error(diary, number):
    error = diary.new_error(TEN_AS_TEXT, therapistId=number)
    assert (error["__typename"], error["code"]) == ("UnknownTherapist", "UNKNOWN_THERAPIST")
    assert error["path"] == ["input", "therapistId"]


@pytest.mark.parametrize("code", ["nap", "", "ONE-OFF"])
def test_an_unknown_service_is_a_typed_error_with_the_codes_that_exist(diary, code):
    error = diary.new_error(TEN_AS_TEXT, service=code)
    assert (error["__typename"], error["code"]) == ("UnknownService", "UNKNOWN_SERVICE")
    assert error["path"] == ["input", "service"]
    assert error["services"] == sorted(practice.SERVICES)


@pytest.mark.parametrize(
    ("starts_at", "length", "field"),
    [
        (TEN_AS_TEXT, 0, "durationSeconds"),
        (TEN_AS_TEXT, -3600, "durationSeconds"),
        (TEN_AS_TEXT, 86_401, "durationSeconds"),
        ("1969-12-31T23:59:59Z", 3600, "startsAt"),
        ("9999-12-31T23:59:59Z", 3600, "startsAt"),
        ("9999-12-31T23:59:59Z", None, "startsAt"),
    ],
)
def test_an_impossible_time_is_a_typed_error_that_names_the_field(diary, starts_at, length, field):
    error = diary.new_error(starts_at, durationSeconds=length)
    assert (error["__typename"], error["code"]) == ("InvalidTime", "INVALID_TIME")
    assert error["path"] == ["input", field]


def test_the_session_that_ends_with_the_year_9999_can_be_booked(diary):
    booked = diary.new("9999-12-31T23:59:58Z", durationSeconds=1)["appointment"]
    assert booked["endsAt"] == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    "change",
    [{"startsAt": None}, {"service": None}, {"colour": 1}, {"durationSeconds": "1"}],
)
def test_an_input_of_the_wrong_form_is_a_bad_request(diary, change):
    given = {"therapistId": str(diary.number), "startsAt": TEN_AS_TEXT, "service": "one-off"}
    response = diary.place.api.send(NEW, {"input": {**given, **change}})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert diary.spans() == []


# ---- the same action ----------------------------------------------------------------------------


def test_what_the_new_form_booked_the_old_one_finds_and_does_not_book_again(diary):
    booked = diary.new(TEN_AS_TEXT, durationSeconds=HOUR)["appointment"]["appointmentId"]
    assert diary.old_id(TEN) == booked


def test_what_the_old_form_booked_is_taken_for_the_new_one(diary):
    """Without a key the new form has no way to tell a retry from a second wish."""
    diary.old_id(TEN)
    assert diary.new_error(TEN_AS_TEXT, durationSeconds=HOUR)["code"] == "SLOT_TAKEN"


# ---- retries ------------------------------------------------------------------------------------


def test_a_retry_with_the_same_key_answers_the_same_appointment(diary):
    """Scenario 21."""
    first = diary.new(TEN_AS_TEXT, idempotencyKey=f"retry-{diary.number}")
    again = diary.new(TEN_AS_TEXT, idempotencyKey=f"retry-{diary.number}")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again == {**first, "replayed": True}
    assert len(diary.spans()) == 1


def test_a_retry_may_write_the_same_instant_with_another_offset(diary):
    key = f"offset-{diary.number}"
    diary.new(TEN_AS_TEXT, idempotencyKey=key)
    assert diary.new("2033-05-18T15:30:00+05:30", idempotencyKey=key)["replayed"] is True


@pytest.mark.parametrize(
    "change", [{"startsAt": "2033-05-18T10:00:01Z"}, {"durationSeconds": 60}, {"service": "consultation"}]
)
def test_the_same_key_with_other_input_is_refused(diary, change):
    """Scenario 22."""
    key = f"reused-{diary.number}"
    diary.new(TEN_AS_TEXT, idempotencyKey=key)
    given = {"starts_at": TEN_AS_TEXT, "idempotencyKey": key, **change}
    given["starts_at"] = given.pop("startsAt", TEN_AS_TEXT)
    error = diary.new_error(**given)
    assert (error["__typename"], error["code"]) == ("IdempotencyKeyReused", "IDEMPOTENCY_KEY_REUSED")
    assert error["path"] == ["input", "idempotencyKey"]


def test_a_key_used_for_another_therapist_is_refused(diary, writing):
    key = f"elsewhere-{diary.number}"
    diary.new(TEN_AS_TEXT, idempotencyKey=key)
    assert Diary(writing).new_error(TEN_AS_TEXT, idempotencyKey=key)["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_keys_of_two_accounts_are_two_keys(diary, writing):
    key, name = f"mine-{diary.number}", f"other-{diary.number}"
    diary.new(TEN_AS_TEXT, idempotencyKey=key)
    practice.add_account(writing.database, name)
    other = Api(writing.url).log_in(name, practice.PASSWORD)
    given = {"therapistId": str(diary.number), "startsAt": "2033-05-19T10:00:00Z", "service": "one-off"}
    payload = other.data(NEW, {"input": {**given, "idempotencyKey": key}})["bookAppointment"]
    assert (payload["errors"], payload["replayed"]) == ([], False)


@pytest.mark.parametrize(
    "refused",
    [
        {"starts_at": TEN_AS_TEXT, "durationSeconds": 0},
        {"starts_at": TEN_AS_TEXT, "service": "nap"},
        {"starts_at": TEN_AS_TEXT, "therapistId": "999999"},
        {"starts_at": "2033-05-20T10:00:00Z"},  # taken
    ],
)
def test_a_refusal_does_not_consume_its_key(diary, refused):
    diary.new("2033-05-20T10:00:00Z")
    key = f"kept-{diary.number}"
    diary.new_error(**refused, idempotencyKey=key)
    payload = diary.new("2033-05-21T10:00:00Z", idempotencyKey=key)
    assert (payload["errors"], payload["replayed"]) == ([], False)


@pytest.mark.parametrize("key", ["", "x" * 256, "nul\0"])
def test_a_key_that_cannot_be_kept_is_refused(diary, key):
    error = diary.new_error(TEN_AS_TEXT, idempotencyKey=key)
    assert (error["__typename"], error["code"]) == ("InvalidInput", "INVALID_INPUT")
    assert error["path"] == ["input", "idempotencyKey"]


def test_a_service_code_with_a_character_that_no_text_can_hold_is_a_typed_error(diary):
    error = diary.new_error(TEN_AS_TEXT, service="nul\0")
    assert (error["__typename"], error["path"]) == ("InvalidInput", ["input", "service"])


def test_a_key_of_255_characters_of_any_script_is_kept(diary):
    key = f"ключ-{diary.number}-".ljust(255, "🗝")
    diary.new(TEN_AS_TEXT, idempotencyKey=key)
    assert diary.new(TEN_AS_TEXT, idempotencyKey=key)["replayed"] is True


def test_a_null_key_is_no_key(diary):
    diary.new(TEN_AS_TEXT, idempotencyKey=None)
    assert diary.new("2033-05-19T10:00:00Z", idempotencyKey=None)["replayed"] is False


# ---- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [OLD, NEW], ids=["old", "new"])
def test_nobody_books_without_a_token(diary, document):
    given = {"therapistId": str(diary.number), "startsAt": TEN_AS_TEXT, "service": "one-off"}
    old = {"t": diary.number, "start": TEN, "length": HOUR, "type": "one-off"}
    answer = diary.place.stranger().ask(document, {**old, "input": given} if document is NEW else old)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert diary.spans() == []


def test_a_search_finds_a_booking_at_once(diary):
    number = diary.old_id(TEN)
    document = """query($f: AppointmentsFilter) {
      appointments(filters: $f) { totalCount edges { node { appointmentId } } } }"""
    found = diary.place.data(document, {"f": {"therapistIds": [str(diary.number)]}})["appointments"]
    assert found == {"totalCount": 1, "edges": [{"node": {"appointmentId": number}}]}
