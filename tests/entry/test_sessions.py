"""Where one is logged in, and how one leaves: from the next request on, a revoked session is nobody's."""

import pytest

from sessional.web.caller import LONGEST_DEVICE, caller_of, device, network
from tests.entry.people import FIREFOX, SESSIONS, WHO

LOGOUT = "mutation { logout(input: {}) { revokedSessionIds replayed errors { __typename } } }"
REVOKE = """mutation($ids: [ID!]) {
    revokeSessions(input: {sessionIds: $ids}) { revokedSessionIds errors { __typename } } }"""
REVOKE_OTHERS = "mutation { revokeSessions(input: {}) { revokedSessionIds errors { __typename } } }"
CHANGE = """mutation($c: String!, $n: String!) {
    changePassword(input: {currentPassword: $c, newPassword: $n}) {
        revokedSessionIds errors { __typename ... on UserError { code path } } } }"""
NEW = "a password that is new"
# The account is active: nothing else may be said of it.
REFUSED = (
    "The account is not active any more, or the session has ended.",
    "Log in first: this needs a valid access token.",
)


def test_a_viewer_sees_where_they_are_logged_in_and_which_one_asks(person):
    laptop, phone = person.log_in(), person.log_in("curl/8.5.0")
    seen = laptop.sessions()
    assert [(each["device"], each["current"]) for each in seen] == [
        ("Firefox on Linux", True),
        ("curl/8.5.0", False),
    ]
    assert [each["current"] for each in phone.sessions()] == [False, True]
    for each in seen:
        assert each["createdAt"] <= each["lastUsedAt"] < each["expiresAt"]


def test_nobody_sees_the_sessions_of_another(person, desk):
    person.log_in()
    (edge,) = person.log_in().api.data(
        "{ viewer { sessions(last: 1) { edges { node { logInSessionId } } } } }"
    )["viewer"]["sessions"]["edges"]
    theirs = [each["node"]["logInSessionId"] for each in desk.data(SESSIONS)["viewer"]["sessions"]["edges"]]
    assert edge["node"]["logInSessionId"] not in theirs


def test_after_logout_both_tokens_are_refused_from_the_next_request(person):
    device_, other = person.log_in(), person.log_in()
    number = device_.number
    assert device_.api.data(LOGOUT)["logout"] == {
        "revokedSessionIds": [number],
        "replayed": False,
        "errors": [],
    }
    assert not device_.is_in
    assert device_.refresh()["data"] == {"refresh": None}
    assert other.is_in
    assert [each["logInSessionId"] for each in other.sessions()] == [other.number]


@pytest.mark.parametrize(
    "document",
    [
        WHO,
        "{ appointments { totalCount } }",
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        '{ freeSlots(search: {service: "one-off"}) { edges { cursor } } }',
        "mutation { __typename }",
        'mutation { addClient(input: {name: "x"}) { errors { __typename } } }',
        "mutation { bookAppointment(input: {therapistId: 1, startsAt: "
        '"2030-01-01T00:00:00Z", service: "one-off"}) { replayed } }',
        "mutation { appointment(therapistId: 1, startTimeUnixSeconds: 1, durationSeconds: 1, "
        'type: "one-off") { appointment { id } } }',
        "mutation { revokeSessions(input: {}) { replayed } }",
        f'mutation {{ changePassword(input: {{currentPassword: "guessed", newPassword: "{NEW}"}})'
        " { replayed } }",
    ],
)
def test_a_revoked_session_is_refused_in_every_kind_of_field(person, document):
    device_ = person.log_in()
    device_.api.ask(document)
    person.log_in().api.data(REVOKE_OTHERS)
    answer = device_.api.ask(document)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert answer["errors"][0]["message"] in REFUSED
    assert set((answer["data"] or {}).values()) <= {None}


def test_all_other_sessions_end_at_once_where_none_is_named(person):
    old = [person.log_in() for _ in range(3)]
    numbers = [each.number for each in old]
    mine = person.log_in()
    assert mine.api.data(REVOKE_OTHERS)["revokeSessions"]["revokedSessionIds"] == numbers
    assert not any(each.is_in for each in old)
    assert mine.is_in


def test_the_sessions_that_are_named_end_and_no_others(person):
    one, two, three = (person.log_in() for _ in range(3))
    number = one.number
    assert two.api.data(REVOKE, {"ids": [number, number, "x", "-1"]})["revokeSessions"] == {
        "revokedSessionIds": [number],
        "errors": [],
    }
    assert [one.is_in, two.is_in, three.is_in] == [False, True, True]


def test_the_session_of_another_is_not_ended_and_its_number_is_like_one_that_does_not_exist(person, desk):
    number = person.log_in().number
    answers = [desk.data(REVOKE, {"ids": [each]}) for each in (number, "987654321")]
    assert answers[0] == answers[1] == {"revokeSessions": {"revokedSessionIds": [], "errors": []}}
    assert number in {each["logInSessionId"] for each in person.log_in().sessions()}


def test_a_retried_revocation_with_the_same_key_is_a_replay(person):
    person.log_in()
    mine = person.log_in()
    document = 'mutation { revokeSessions(input: {idempotencyKey: "once"}) { revokedSessionIds replayed } }'
    first, second = (mine.api.data(document)["revokeSessions"] for _ in range(2))
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["revokedSessionIds"] == second["revokedSessionIds"] != []


# ---- another password ---------------------------------------------------------------------------


def test_another_password_lets_one_in_and_the_old_one_does_not(person):
    device_ = person.log_in()
    changed = device_.api.data(CHANGE, {"c": person.password, "n": NEW})["changePassword"]
    assert changed == {"revokedSessionIds": [], "errors": []}
    with pytest.raises(AssertionError, match="BAD_CREDENTIALS"):
        person.log_in()
    person.password = NEW
    assert person.log_in().is_in


def test_another_password_ends_all_other_sessions_and_keeps_this_one(person):
    other, mine = person.log_in(), person.log_in()
    mine.api.data(CHANGE, {"c": person.password, "n": NEW})
    assert mine.is_in
    assert not other.is_in
    assert other.refresh()["data"] == {"refresh": None}
    assert mine.refresh()["data"]["refresh"]


@pytest.mark.parametrize(
    ("current", "new", "path"),
    [
        ("not this", NEW, "currentPassword"),
        ("x" * 1_001, NEW, "currentPassword"),
        ("password", "short", "newPassword"),
        ("password", "x" * 1_001, "newPassword"),
        ("password", "with nul \0 in it", "newPassword"),
    ],
)
def test_a_password_is_not_changed_without_the_old_one_or_to_one_that_cannot_be(person, current, new, path):
    device_, other = person.log_in(), person.log_in()
    changed = device_.api.data(CHANGE, {"c": current, "n": new})["changePassword"]
    (error,) = changed["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", path])
    assert other.is_in
    assert person.log_in().is_in


# ---- who is asking ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "unknown"),
        ("a\tb\x1b[31m", "ab[31m"),
        ("x" * 500, "x" * LONGEST_DEVICE),
    ],
)
def test_a_device_is_shown_as_a_person_would_say_it(user_agent, shown):
    assert device(user_agent) == shown


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "10.0.0.9"),
        (0, "203.0.113.5", "10.0.0.9"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "1.2.3.4, 203.0.113.5", "203.0.113.5"),
        (2, "1.2.3.4, 203.0.113.5, 10.0.0.1", "203.0.113.5"),
        (2, "203.0.113.5", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
    ],
)
def test_the_address_is_what_the_last_trusted_proxy_saw_and_nothing_that_a_caller_wrote(
    proxies, forwarded, address
):
    scope = {"client": ("10.0.0.9", 1234)}
    headers = {b"x-forwarded-for": forwarded.encode()} if forwarded else {}
    assert caller_of(scope, headers, proxies, 0).address == address


def test_an_ipv6_address_counts_as_its_network_since_one_owner_has_it_all():
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
