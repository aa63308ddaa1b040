"""Checks of lists: sorts, pages, filters, nodes. They go by whatever rows are there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sessional.selftest.facts import ROWS, LeftOut, Practice, equal, expect, nodes

ORIGINAL_QUERY: Final = """{
  appointments(filters: {hasSpecialisms: ["ADHD"], type: "one-off", startTimeUnixSecondsRange: {begin: 1644874120, end: 1644894120}}) {
    edges {
      node {
        therapists {
          firstName
          lastName
          specialisms {
            edges {
              node {
                specialismName
              }
            }
          }
        }
        startTimeUnixSeconds
        durationSeconds
        type
      }
    }
  }
}"""  # noqa: E501 - to the letter
PAGE: Final = """query(
  $sort: [AppointmentSort], $filters: AppointmentsFilter,
  $first: Int, $last: Int, $after: String, $before: String
) {
  appointments(sort: $sort, filters: $filters, first: $first, last: $last, after: $after, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { appointmentId startsAt endsAt durationSeconds type therapistId } }
  }
}"""
SORTS: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    "APPOINTMENT_ID": lambda node: int(node["appointmentId"]),
    "START_TIME_UNIX_SECONDS": lambda node: node["startsAt"],
    "DURATION_SECONDS": lambda node: node["durationSeconds"],
    "TYPE": lambda node: node["type"],
    "THERAPIST_ID": lambda node: node["therapistId"],
}


def _page(practice: Practice, **arguments: Any) -> Any:
    return practice.data(PAGE, **arguments)["appointments"]


def _ids(page: Any) -> list[str]:
    return [node["appointmentId"] for node in nodes(page)]


# ---- the original's document --------------------------------------------------------------------


def original_query(practice: Practice) -> None:
    for node in nodes(practice.data(ORIGINAL_QUERY)["appointments"]):
        names = [one["specialismName"] for one in nodes(node["therapists"]["specialisms"])]
        expect("ADHD" in names, f"a therapist without ADHD: {names}")
        equal(node["type"], "one-off", "type")
        expect(1644874120 <= node["startTimeUnixSeconds"] <= 1644894120, "a start out of the range")


def original_rows(practice: Practice) -> None:
    filters = {"startTimeUnixSecondsRange": {"begin": 1644747572, "end": 1644780000}}
    found = [(n["type"], n["durationSeconds"]) for n in nodes(_page(practice, filters=filters))]
    equal(found, [("one-off", 3600), ("consultation", 3600)], "the two sessions of the original")


# ---- sorts and pages ----------------------------------------------------------------------------


def every_sort(practice: Practice) -> None:
    for name, key in SORTS.items():
        for way in ("ASC", "DESC"):
            keys = [key(node) for node in nodes(_page(practice, sort=[f"{name}_{way}"], first=50))]
            expect(keys == sorted(keys, reverse=way == "DESC"), f"{name}_{way} is not in order")
    numbers = [int(row["appointmentId"]) for row in practice.appointments]
    expect(numbers == sorted(set(numbers)), "without a sort: not in the order of the ids")


def several_keys(practice: Practice) -> None:
    sort = ["TYPE_DESC", "START_TIME_UNIX_SECONDS_ASC"]
    rows = nodes(_page(practice, sort=sort, first=50))
    by_start = sorted(rows, key=lambda node: (node["startsAt"], int(node["appointmentId"])))
    expect(rows == sorted(by_start, key=lambda node: node["type"], reverse=True), "not in order")


def pages_forward(practice: Practice) -> None:
    sort = ["DURATION_SECONDS_DESC"]
    whole = _page(practice, sort=sort, first=21)
    seen: list[str] = []
    after, more = None, True
    while more and len(seen) < 21:
        page = _page(practice, sort=sort, first=7, after=after)
        seen += _ids(page)
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    equal(seen[:21], _ids(whole), "three pages of seven")


def pages_backward(practice: Practice) -> None:
    sort = ["TYPE_ASC"]
    whole = _page(practice, sort=sort, last=21)
    seen: list[str] = []
    before, more = None, True
    while more and len(seen) < 21:
        page = _page(practice, sort=sort, last=7, before=before)
        seen = _ids(page) + seen
        before, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]
    equal(seen[-21:], _ids(whole), "three pages of seven from the end")


def page_facts(practice: Practice) -> None:
    if practice.appointment_count < 2:
        raise LeftOut("there are not two appointments")
    pages = [_page(practice, first=1), _page(practice, last=1), _page(practice, first=0)]
    facts = [(page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) for page in pages]
    equal(facts, [(False, True), (True, False), (False, True)], "what the first, last and no row say")
    equal(pages[0]["pageInfo"]["endCursor"], pages[0]["edges"][0]["cursor"], "endCursor")
    equal((pages[2]["edges"], pages[2]["pageInfo"]["startCursor"]), ([], None), "a page of no rows")


def page_sizes(practice: Practice) -> None:
    for arguments in ({"first": -1}, {"last": -1}, {"first": 2**31 - 1}, {"last": 2**31 - 1}):
        equal(practice.refusal(PAGE, **arguments), "INVALID_PAGE_SIZE", f"code for {arguments}")


def wrong_cursors(practice: Practice) -> None:
    for cursor in ("", "x", "bm9uZQ==", "W10="):
        equal(practice.refusal(PAGE, after=cursor), "INVALID_CURSOR", f"code for “{cursor}”")
    practice.an_appointment()
    cursor = _page(practice, first=1)["pageInfo"]["endCursor"]
    equal(
        practice.refusal(PAGE, sort=["TYPE_ASC"], after=cursor), "INVALID_CURSOR", "code for another sort"
    )


def nested_lists(practice: Practice) -> None:
    number = practice.a_therapist()["therapistId"]
    document = """query($id: ID!) { therapist(therapistId: $id) {
      appointments(first: 3, sort: [START_TIME_UNIX_SECONDS_DESC]) {
        totalCount edges { node { therapistId } }
      }
    } }"""
    page = practice.data(document, id=number)["therapist"]["appointments"]
    expect(len(page["edges"]) == min(3, page["totalCount"]), "the page is not as long as asked for")
    expect({str(n["therapistId"]) for n in nodes(page)} <= {number}, "a session of someone else's")
    equal(page["totalCount"], practice.count({"therapistIds": [number]}), "totalCount")


# ---- filters ------------------------------------------------------------------------------------


def no_restriction(practice: Practice) -> None:
    nulls = {"type": None, "typeIn": None, "hasSpecialisms": None}
    unrestricted: list[Any] = [None, {}, {"and": []}, {"or": []}, {"not": {}}, nulls]
    for filters in unrestricted:
        equal(practice.count(filters), practice.count({}), f"rows under {filters}")


def nothing_matches(practice: Practice) -> None:
    backwards = {"startTimeUnixSecondsRange": {"begin": 2, "end": 1}}
    empty: list[Any] = [{"typeIn": []}, {"hasSpecialisms": []}, {"therapistIds": []}, backwards]
    for filters in empty:
        equal(practice.count(filters), 0, f"rows under {filters}")


def types_add_up(practice: Practice) -> None:
    for service in practice.services[:10]:
        one = {"type": service["code"]}
        both = practice.count(one) + practice.count({"not": one})
        equal(both, practice.count({}), f"rows with and without {service['code']}")
    codes = [service["code"] for service in practice.services]
    if len(codes) < ROWS:
        equal(practice.count({"typeIn": codes}), practice.count({}), "rows of all services")


def names_are_exact(practice: Practice) -> None:
    code = practice.an_appointment()["type"]
    expect(practice.count({"type": code}) > 0, f"no row of the type {code}")
    if code.swapcase() not in {code} | {service["code"] for service in practice.services}:
        equal(practice.count({"type": code.swapcase()}), 0, f"rows of the type {code.swapcase()}")


def specialisms_multiply_nothing(practice: Practice) -> None:
    names = [one["specialismName"] for one in practice.specialisms]
    found = _ids(_page(practice, filters={"hasSpecialisms": names}, first=100))
    equal(len(set(found)), len(found), "different rows on the page")
    for name in names[:5]:
        one = {"hasSpecialisms": [name]}
        equal(practice.count(one) + practice.count({"not": one}), practice.count({}), f"rows around {name}")


def no_such_specialism(practice: Practice) -> None:
    for name in [one["specialismName"] for one in practice.specialisms][:5]:
        having = {
            int(t["therapistId"])
            for t in practice.therapists
            if name in [one["specialismName"] for one in nodes(t["specialisms"])]
        }
        page = _page(practice, filters={"not": {"hasSpecialisms": [name]}}, first=100)
        expect(not {n["therapistId"] for n in nodes(page)} & having, f"someone with {name}")


def ends_of_ranges(practice: Practice) -> None:
    row = practice.an_appointment()
    start = row["startTimeUnixSeconds"]
    own = {"therapistIds": [str(row["therapistId"])]}
    closed = {**own, "startTimeUnixSecondsRange": {"begin": start, "end": start}}
    equal(practice.count(closed), 1, "rows from a start to the same start")
    until = {**own, "startsAtRange": {"from": row["startsAt"], "until": row["startsAt"]}}
    equal(practice.count(until), 0, "rows from a start until the same start")


def names_in_any_case(practice: Practice) -> None:
    row = practice.a_therapist()
    document = (
        "query($f: TherapistsFilter) { therapists(filters: $f, first: 100) { edges { node { id } } } }"
    )
    found = practice.data(document, f={"name": row["firstName"].upper()})["therapists"]
    expect(
        row["id"] in [node["id"] for node in nodes(found)], f"{row['firstName']} is not found in capitals"
    )


# ---- objects ------------------------------------------------------------------------------------


def every_node(practice: Practice) -> None:
    document = "query($id: ID!) { node(id: $id) { __typename id } }"
    rows = {
        "Appointment": practice.appointments,
        "Therapist": practice.therapists,
        "Specialism": practice.specialisms,
        "Service": practice.services,
    }
    for name, some in rows.items():
        for row in some[:2]:
            expected = {"node": {"__typename": name, "id": row["id"]}}
            equal(practice.data(document, id=row["id"]), expected, "the node")


def ids_of_nothing(practice: Practice) -> None:
    document = "query($id: ID!) { node(id: $id) { id } therapist(therapistId: $id) { id } }"
    for id_ in ("", "x", "-1", "QXBwb2ludG1lbnQ6", "QXBwb2ludG1lbnQ6b25l", "é", "%%%", str(2**62)):
        equal(practice.data(document, id=id_), {"node": None, "therapist": None}, f"what “{id_}” names")


def both_forms_of_instants(practice: Practice) -> None:
    for row in practice.appointments:
        starts, ends = (datetime.fromisoformat(row[name]) for name in ("startsAt", "endsAt"))
        equal((ends - starts).total_seconds(), row["durationSeconds"], "seconds from start to end")
        if row["startTimeUnixSeconds"] is not None:
            expected = datetime.fromtimestamp(row["startTimeUnixSeconds"], UTC)
            equal(starts, expected, "startsAt")


def one_therapist_two_names(practice: Practice) -> None:
    document = """{ appointments(first: 20) { edges { node {
      therapistId type therapists { therapistId } therapist { therapistId } service { code }
    } } } }"""
    for node in nodes(practice.data(document)["appointments"]):
        equal(node["therapists"], node["therapist"], "therapists and therapist")
        equal(node["therapist"]["therapistId"], str(node["therapistId"]), "therapistId")
        equal(node["service"]["code"], node["type"], "the service's code")


def both_ways(practice: Practice) -> None:
    document = """{ specialisms(first: 5) { edges { node { specialismName therapists(first: 20) {
      edges { node { specialisms(first: 100) { edges { node { specialismName } } } } }
    } } } } }"""
    for specialism in nodes(practice.data(document)["specialisms"]):
        for therapist in nodes(specialism["therapists"]):
            names = [one["specialismName"] for one in nodes(therapist["specialisms"])]
            expect(
                specialism["specialismName"] in names, f"{specialism['specialismName']} not among {names}"
            )


def introspection(practice: Practice) -> None:
    document = '{ __type(name: "Appointment") { fields { name } } }'
    names = {field["name"] for field in practice.data(document)["__type"]["fields"]}
    promised = {"id", "appointmentId", "startTimeUnixSeconds", "durationSeconds", "type", "therapistId"}
    expect(promised | {"therapists"} <= names, f"fields are missing: {promised - names}")
