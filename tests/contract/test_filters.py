"""What each filter lets through, told in Python over the same rows. Each is sent twice: written into
the document, and as a variable."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from sessional.diary.names import fold
from tests.contract.practice import (
    APPOINTMENTS,
    FIRST_START,
    LAST_32_BIT_START,
    SPECIALISMS,
    YEAR_9999,
    Appointment,
)

BY_VARIABLE = """query($f: AppointmentsFilter) {
  appointments(filters: $f, first: 1000) { totalCount edges { node { appointmentId } } }
}"""
IN_THE_DOCUMENT = """{
  appointments(filters: %s, first: 1000) { totalCount edges { node { appointmentId } } }
}"""
EARLY = "2022-02-13T10:19:32Z"  # FIRST_START


Matches = Callable[[Appointment], bool]


def typed(*types: str) -> Matches:
    return lambda a: a.type in types


def of(*therapist_ids: int) -> Matches:
    return lambda a: a.therapist_id in therapist_ids


def both(*parts: Matches) -> Matches:
    return lambda a: all(part(a) for part in parts)


def either(*parts: Matches) -> Matches:
    return lambda a: any(part(a) for part in parts)


def neither(part: Matches) -> Matches:
    return lambda a: not part(a)


def has(*names: str) -> Matches:
    return lambda a: not set(names).isdisjoint(a.therapist.specialisms)


def starts(begin: int, end: int) -> Matches:
    return lambda a: begin <= a.starts_at <= end


def named(part: str) -> Matches:
    return lambda a: fold(part) in fold(f"{a.therapist.first_name} {a.therapist.last_name}")


def everything(_: Appointment) -> bool:
    return True


def nothing(_: Appointment) -> bool:
    return False


Rule = tuple[str, dict[str, Any] | None, Matches]

RULES: list[Rule] = [
    # absent, null, empty
    ("no filter restricts nothing", None, everything),
    ("an empty filter restricts nothing", {}, everything),
    ("an empty and restricts nothing", {"and": []}, everything),
    ("an empty or restricts nothing", {"or": []}, everything),
    ("an empty not restricts nothing", {"not": {}}, everything),
    ("a not around an empty and restricts nothing", {"not": {"and": []}}, everything),
    ("a not around an empty or restricts nothing", {"not": {"or": [{}]}}, everything),
    ("an or with an empty filter in it restricts nothing", {"or": [{"type": "one-off"}, {}]}, everything),
    ("a null type restricts nothing", {"type": None}, everything),
    ("a null typeIn restricts nothing", {"typeIn": None}, everything),
    ("a null hasSpecialisms restricts nothing", {"hasSpecialisms": None}, everything),
    ("a null therapistIds restricts nothing", {"therapistIds": None}, everything),
    ("a null therapistName restricts nothing", {"therapistName": None}, everything),
    ("a null range restricts nothing", {"startTimeUnixSecondsRange": None}, everything),
    ("a null half-open range restricts nothing", {"startsAtRange": None}, everything),
    (
        "a range with two null ends restricts nothing",
        {"startsAtRange": {"from": None, "until": None}},
        everything,
    ),
    ("a null and restricts nothing", {"and": None}, everything),
    ("a null or restricts nothing", {"or": None}, everything),
    ("a null not restricts nothing", {"not": None}, everything),
    ("a not around a null restricts nothing", {"not": {"type": None}}, everything),
    (
        "a null beside a condition leaves the condition",
        {"type": "one-off", "typeIn": None},
        typed("one-off"),
    ),
    # type
    ("a type matches its sessions", {"type": "consultation"}, typed("consultation")),
    ("a type is case-sensitive", {"type": "One-Off"}, nothing),
    ("an unknown type matches nothing", {"type": "nap"}, nothing),
    ("an empty type matches nothing", {"type": ""}, nothing),
    ("a type is no pattern", {"type": "%"}, nothing),
    ("an underscore in a type is itself", {"type": "Group_1"}, typed("Group_1")),
    ("any of two types match", {"typeIn": ["one-off", "Group_1"]}, typed("one-off", "Group_1")),
    ("a type twice in a list multiplies nothing", {"typeIn": ["one-off", "one-off"]}, typed("one-off")),
    ("a null in a list of types matches nothing more", {"typeIn": [None, "one-off"]}, typed("one-off")),
    ("a list of types with only a null matches nothing", {"typeIn": [None]}, nothing),
    ("an empty typeIn matches nothing", {"typeIn": []}, nothing),
    ("not an empty typeIn is everything", {"not": {"typeIn": []}}, everything),
    # specialisms
    ("one specialism", {"hasSpecialisms": ["CBT"]}, has("CBT")),
    ("any of several specialisms", {"hasSpecialisms": ["CBT", "Addiction"]}, has("CBT", "Addiction")),
    (
        "both specialisms of one therapist multiply nothing",
        {"hasSpecialisms": ["Addiction", "ADHD"]},
        has("Addiction", "ADHD"),
    ),
    ("all specialisms leave out who has none", {"hasSpecialisms": SPECIALISMS}, has(*SPECIALISMS)),
    ("a specialism is case-sensitive", {"hasSpecialisms": ["adhd"]}, nothing),
    ("a specialism that nobody has", {"hasSpecialisms": ["Grief"]}, nothing),
    ("an empty hasSpecialisms matches nothing", {"hasSpecialisms": []}, nothing),
    ("not an empty hasSpecialisms is everything", {"not": {"hasSpecialisms": []}}, everything),
    ("a null in a list of specialisms matches nothing more", {"hasSpecialisms": [None, "CBT"]}, has("CBT")),
    (
        "not a specialism means no such specialism at all",
        {"not": {"hasSpecialisms": ["ADHD"]}},
        neither(has("ADHD")),
    ),
    (
        "not any of two means neither",
        {"not": {"hasSpecialisms": ["ADHD", "Divorce"]}},
        neither(has("ADHD", "Divorce")),
    ),
    (
        "one specialism and not another",
        {"hasSpecialisms": ["ADHD"], "not": {"hasSpecialisms": ["Addiction"]}},
        both(has("ADHD"), neither(has("Addiction"))),
    ),
    (
        "two specialisms at once by and",
        {"and": [{"hasSpecialisms": ["ADHD"]}, {"hasSpecialisms": ["CBT"]}]},
        both(has("ADHD"), has("CBT")),
    ),
    # seconds, both ends included
    (
        "a range of one instant is that start",
        {"startTimeUnixSecondsRange": {"begin": FIRST_START, "end": FIRST_START}},
        starts(FIRST_START, FIRST_START),
    ),
    (
        "both ends of a range are included",
        {"startTimeUnixSecondsRange": {"begin": 1_644_880_000, "end": 1_644_895_920}},
        starts(1_644_880_000, 1_644_895_920),
    ),
    (
        "one second short of an end leaves it out",
        {"startTimeUnixSecondsRange": {"begin": 1_644_880_001, "end": 1_644_895_919}},
        starts(1_644_880_001, 1_644_895_919),
    ),
    (
        "begin after end is empty",
        {"startTimeUnixSecondsRange": {"begin": FIRST_START + 1, "end": FIRST_START}},
        nothing,
    ),
    (
        "not an empty range is everything",
        {"not": {"startTimeUnixSecondsRange": {"begin": 2, "end": 1}}},
        everything,
    ),
    (
        "the widest range holds what has 32 bits",
        {"startTimeUnixSecondsRange": {"begin": -(2**31), "end": 2**31 - 1}},
        starts(0, LAST_32_BIT_START),
    ),
    # instants, half-open
    (
        "from is included",
        {"startsAtRange": {"from": EARLY, "until": "2022-02-13T10:19:33Z"}},
        starts(FIRST_START, FIRST_START),
    ),
    ("until is not included", {"startsAtRange": {"from": "2022-02-13T00:00:00Z", "until": EARLY}}, nothing),
    (
        "from alone is open above",
        {"startsAtRange": {"from": "2038-01-19T03:14:08Z"}},
        starts(LAST_32_BIT_START + 1, YEAR_9999),
    ),
    (
        "until alone is open below",
        {"startsAtRange": {"until": "2022-02-14T00:00:00Z"}},
        starts(0, 1_644_796_799),
    ),
    (
        "an offset is converted",
        {"startsAtRange": {"from": "2022-02-13T11:19:32+01:00", "until": "2022-02-13T10:19:33Z"}},
        starts(FIRST_START, FIRST_START),
    ),
    ("from at until is empty", {"startsAtRange": {"from": EARLY, "until": EARLY}}, nothing),
    (
        "from after until is empty",
        {"startsAtRange": {"from": "2023-01-01T00:00:00Z", "until": EARLY}},
        nothing,
    ),
    # therapists
    ("one therapist", {"therapistIds": ["1"]}, of(1)),
    ("several therapists, one unknown, one twice", {"therapistIds": ["1", "12", "99", "12"]}, of(1, 12)),
    ("an id may be written as a number", {"therapistIds": [3]}, of(3)),
    ("an id that is no number matches nothing", {"therapistIds": ["one", "1 OR 1=1", ""]}, nothing),
    ("one id that is no number matches nothing", {"therapistIds": ["one"]}, nothing),
    ("not one that is no number are all", {"not": {"therapistIds": ["one"]}}, everything),
    ("an empty therapistIds matches nothing", {"therapistIds": []}, nothing),
    ("a part of a first name", {"therapistName": "jef"}, named("jeff")),
    ("a name without regard to case", {"therapistName": "SMITH"}, named("smith")),
    ("a name without regard to accents", {"therapistName": "zoe angstrom"}, named("Zoë Ångström")),
    ("a name with its accents", {"therapistName": "Zoë"}, named("Zoë")),
    ("a name across first and last", {"therapistName": "ff sm"}, named("jeff smith")),
    ("a percent sign is itself", {"therapistName": "100%"}, of(5)),
    ("a percent sign alone matches only who has one", {"therapistName": "%"}, of(5)),
    ("an underscore is itself", {"therapistName": "_"}, of(5)),
    ("a backslash is itself", {"therapistName": "\\"}, of(5)),
    ("an apostrophe is itself", {"therapistName": "o'neil"}, of(5)),
    ("a quotation mark is itself", {"therapistName": '"q"'}, of(5)),
    ("an empty name is part of every name", {"therapistName": ""}, everything),
    # together
    (
        "the original's three filters",
        {
            "hasSpecialisms": ["ADHD"],
            "type": "one-off",
            "startTimeUnixSecondsRange": {"begin": 1_644_874_120, "end": 1_644_894_120},
        },
        both(has("ADHD"), typed("one-off"), starts(1_644_874_120, 1_644_894_120)),
    ),
    ("siblings must all hold", {"type": "one-off", "therapistIds": ["2"]}, both(typed("one-off"), of(2))),
    (
        "siblings that exclude one another match nothing",
        {"type": "one-off", "typeIn": ["consultation"]},
        nothing,
    ),
    (
        "a sibling of or must hold too",
        {"type": "one-off", "or": [{"therapistIds": ["1"]}, {"therapistIds": ["2"]}]},
        both(typed("one-off"), of(1, 2)),
    ),
    (
        "a sibling of not must hold too",
        {"type": "one-off", "not": {"therapistIds": ["1"]}},
        both(typed("one-off"), neither(of(1))),
    ),
    (
        "fields inside of not are taken together",
        {"not": {"type": "one-off", "therapistIds": ["1"]}},
        neither(both(typed("one-off"), of(1))),
    ),
    ("not of an or", {"not": {"or": [{"type": "one-off"}, {"type": "Group_1"}]}}, typed("consultation")),
    ("not of not", {"not": {"not": {"type": "one-off"}}}, typed("one-off")),
    ("an or of nothing and something", {"or": [{"typeIn": []}, {"type": "Group_1"}]}, typed("Group_1")),
    ("an or of two nothings", {"or": [{"typeIn": []}, {"hasSpecialisms": []}]}, nothing),
    ("an and with a nothing", {"and": [{"typeIn": []}, {"type": "one-off"}]}, nothing),
    (
        "an or whose branches overlap multiplies nothing",
        {"or": [{"type": "one-off"}, {"hasSpecialisms": ["ADHD"]}]},
        either(typed("one-off"), has("ADHD")),
    ),
    (
        "three levels",
        {
            "and": [
                {"or": [{"type": "one-off"}, {"not": {"hasSpecialisms": ["CBT"]}}]},
                {"not": {"and": [{"therapistIds": ["12"]}, {"type": "Group_1"}]}},
            ]
        },
        both(either(typed("one-off"), neither(has("CBT"))), neither(both(of(12), typed("Group_1")))),
    ),
]


def ids(rows: Iterable[Appointment]) -> list[str]:
    return [str(number) for number in sorted(row.appointment_id for row in rows)]


def written(value: Any) -> str:
    """A value as it stands in a document."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def found(data: dict[str, Any]) -> list[str]:
    page = data["appointments"]
    numbers = [edge["node"]["appointmentId"] for edge in page["edges"]]
    assert page["totalCount"] == len(numbers)
    return numbers


@pytest.mark.parametrize(
    ("filters", "matches"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES]
)
def test_filter(reading, filters, matches):
    expected = ids(filter(matches, APPOINTMENTS))
    assert found(reading.data(BY_VARIABLE, {"f": filters})) == expected
    assert found(reading.data(IN_THE_DOCUMENT % written(filters))) == expected


def test_an_absent_filter_restricts_nothing(reading):
    document = "{ appointments(first: 1000) { totalCount edges { node { appointmentId } } } }"
    assert found(reading.data(document)) == ids(APPOINTMENTS)


def test_a_variable_may_stand_deep_within_a_filter_that_is_written_out(reading):
    document = """query($t: String, $names: [String]) { appointments(
      filters: {and: [{type: $t}, {not: {hasSpecialisms: $names}}]}, first: 1000
    ) { totalCount edges { node { appointmentId } } } }"""
    both = reading.data(document, {"t": "one-off", "names": ["ADHD"]})
    assert found(both) == ids(a for a in APPOINTMENTS if a.type == "one-off" and not has("ADHD")(a))
    neither = reading.data(document, {"t": None})
    assert found(neither) == ids(APPOINTMENTS)


def test_ids_are_looked_for_however_many_they_are_and_wherever_they_stand(reading):
    by_list = """query($ids: [ID!]) { appointments(filters: {therapistIds: $ids}, first: 1000) {
      totalCount edges { node { appointmentId } } } }"""
    for numbers in ([1], [1, 12], [2], [], [12, 2, 1]):
        answer = reading.data(by_list, {"ids": [str(number) for number in numbers]})
        assert found(answer) == ids(filter(of(*numbers), APPOINTMENTS))
    by_item = """query($id: ID!) { appointments(filters: {therapistIds: [$id]}, first: 1000) {
      totalCount edges { node { appointmentId } } } }"""
    for number in (1, 12):
        assert found(reading.data(by_item, {"id": str(number)})) == ids(filter(of(number), APPOINTMENTS))


def test_one_value_stands_for_a_list_of_one_as_graphql_says(reading):
    document = '{ appointments(filters: {typeIn: "Group_1", and: {therapistIds: 1}}, first: 1000)'
    answer = reading.data(document + " { totalCount edges { node { appointmentId } } } }")
    assert found(answer) == ids(a for a in APPOINTMENTS if a.type == "Group_1" and a.therapist_id == 1)


def test_a_filter_restricts_a_nested_list_of_its_own_parent_alone(reading):
    document = """{ therapists { edges { node { therapistId
      appointments(filters: {typeIn: ["consultation"]}) { totalCount edges { node { appointmentId } } }
    } } } }"""
    for edge in reading.data(document)["therapists"]["edges"]:
        therapist_id = int(edge["node"]["therapistId"])
        own = [a for a in APPOINTMENTS if a.therapist_id == therapist_id and a.type == "consultation"]
        assert found(edge["node"]) == ids(own)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": "zoe"}, [3, 12]),
        ({"name": "ÅNGSTROM"}, [3]),
        ({"name": "100%"}, [5]),
        ({"hasSpecialisms": ["ADHD"]}, [1, 3, 12]),
        ({"hasSpecialisms": []}, []),
        ({"not": {"hasSpecialisms": ["ADHD"]}}, [2, 5]),
        ({"therapistIds": ["5", "2"]}, [2, 5]),
        ({"therapistIds": []}, []),
        ({"name": "smith", "or": [{"hasSpecialisms": ["CBT"]}, {"therapistIds": ["12"]}]}, [2, 12]),
        ({"and": [], "or": [], "not": {}, "name": None}, [1, 2, 3, 5, 12]),
    ],
)
def test_therapists_are_filtered_in_the_same_style(reading, filters, expected):
    document = """query($f: TherapistsFilter) {
      therapists(filters: $f) { totalCount edges { node { therapistId } } } }"""
    page = reading.data(document, {"f": filters})["therapists"]
    assert [int(edge["node"]["therapistId"]) for edge in page["edges"]] == expected
    assert page["totalCount"] == len(expected)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": "d"}, ["Addiction", "ADHD", "Divorce"]),
        ({"name": "adhd"}, ["ADHD"]),
        ({"not": {"name": "i"}}, ["ADHD", "CBT"]),
        ({"or": [{"name": "cbt"}, {"name": "grief"}]}, ["CBT", "Grief"]),
        ({"and": [{"name": "i"}, {"name": "x"}]}, ["Sexuality"]),
        ({"name": "%"}, []),
        ({}, SPECIALISMS),
    ],
)
def test_specialisms_are_filtered_in_the_same_style(reading, filters, expected):
    document = """query($f: SpecialismsFilter) {
      specialisms(filters: $f) { totalCount edges { node { specialismName } } } }"""
    page = reading.data(document, {"f": filters})["specialisms"]
    assert [edge["node"]["specialismName"] for edge in page["edges"]] == expected
    assert page["totalCount"] == len(expected)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": "SESSION"}, ["one-off"]),
        ({"name": "seance"}, ["Group_1"]),
        ({"codes": ["one-off", "Group_1", "nap", None]}, ["Group_1", "one-off"]),
        ({"codes": []}, []),
        ({"not": {"codes": ["one-off"]}}, ["Group_1", "consultation"]),
        ({"or": [{"name": "consult"}, {"codes": ["one-off"]}]}, ["consultation", "one-off"]),
        ({"codes": None}, ["Group_1", "consultation", "one-off"]),
    ],
)
def test_services_are_filtered_in_the_same_style(reading, filters, expected):
    document = "query($f: ServicesFilter) { services(filters: $f) { totalCount edges { node { code } } } }"
    page = reading.data(document, {"f": filters})["services"]
    assert [edge["node"]["code"] for edge in page["edges"]] == expected
    assert page["totalCount"] == len(expected)


@pytest.mark.parametrize(
    "filters",
    [
        {"startTimeUnixSecondsRange": {"begin": 1}},
        {"startTimeUnixSecondsRange": {"begin": None, "end": 1}},
        {"startTimeUnixSecondsRange": {"begin": 2**31, "end": 2**31}},
        {"startsAtRange": {"from": "yesterday"}},
        {"startsAtRange": {"from": "2022-02-13T10:19:32"}},
        {"and": [None]},
        {"type": 1},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_a_filter_of_the_wrong_form_is_a_bad_request(reading, filters):
    response = reading.api.send(BY_VARIABLE, {"f": filters})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in response.json()


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"and": [None]}, "not to be null."),
        ({"type": True}, "string value: true"),
        ({"type": {"a": [None, 1.5, "it's “so”"]}}, 'string value: {"a": [null, 1.5, "it\'s “so”"]}'),
        ({"colour": False}, 'found: {"colour": false}.'),
        ({"startTimeUnixSecondsRange": {"begin": 1}}, 'found: {"begin": 1}.'),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_filter_is_told_in_json(reading, filters, told):
    answer = reading.api.ask(BY_VARIABLE, {"f": filters})
    assert answer["errors"][0]["message"].endswith(told)


def test_a_name_too_long_to_be_searched_is_refused_plainly(reading):
    assert reading.code(BY_VARIABLE, {"f": {"therapistName": "x" * 201}}) == "INVALID_ARGUMENT"
    assert reading.data(BY_VARIABLE, {"f": {"therapistName": "x" * 200}})["appointments"]["totalCount"] == 0


def test_the_practice_has_rows_on_both_sides_of_every_rule():
    """Else a rule could be ignored unnoticed: none but the named ones may match all or nothing."""
    counts = {name: sum(map(matches, APPOINTMENTS)) for name, _, matches in RULES}
    dull = {name for name, _, matches in RULES if matches in (everything, nothing)}
    assert {name for name, count in counts.items() if count in (0, len(APPOINTMENTS))} == dull
