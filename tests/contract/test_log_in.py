"""Who gets in, and for how long: passwords, tokens and what is wrong with them, disabled accounts."""

import base64
import json
import statistics
import time
import warnings
from typing import Any

import jwt
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from tests.contract import practice
from tests.contract.conftest import PREVIOUS_SECRET
from tests.support.api import LOG_IN, Api
from tests.support.server import SECRET

VIEWER = "{ viewer { username } }"
REFRESH = "mutation($t: String) { refresh(refreshToken: $t) { newToken } }"
ACCESS_SECONDS, REFRESH_SECONDS = 600, 30 * 86_400


def claims(token: str) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(token, SECRET.encode(), algorithms=["HS256"])
    return read


def signed(changes: dict[str, Any], key: str = SECRET, algorithm: str = "HS256", base: str = "") -> str:
    """The token ``base`` with other claims, as someone signs it who has ``key``. None takes one away."""
    changed = {**claims(base), **changes}
    with warnings.catch_warnings():  # that the key is short for a longer hash
        warnings.simplefilter("ignore")
        return jwt.encode({k: v for k, v in changed.items() if v is not None}, key, algorithm=algorithm)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def answer_to(place, authorization: str) -> dict[str, Any]:
    """What the viewer's question is answered under this Authorization header."""
    response = place.stranger().send(VIEWER, Authorization=authorization)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def refused(answer: dict[str, Any]) -> bool:
    return (
        answer["data"] == {"viewer": None}
        and answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    )


@pytest.fixture(scope="module")
def tokens(reading) -> dict[str, str]:
    given = {"u": practice.USERNAME, "p": practice.PASSWORD}
    found: dict[str, str] = reading.stranger().data(LOG_IN, given)["auth"]
    return found


@pytest.fixture
def own(reading) -> dict[str, str]:
    """The tokens of a log-in of the test's own: a refresh uses them up."""
    given = {"u": practice.USERNAME, "p": practice.PASSWORD}
    found: dict[str, str] = reading.stranger().data(LOG_IN, given)["auth"]
    return found


@pytest.fixture
def access(tokens) -> str:
    return tokens["accessToken"]


# ---- the tokens as they are given ---------------------------------------------------------------


def test_another_service_that_has_the_secret_can_verify_a_token(tokens):
    """HS256, keyed with the bytes of the secret as they are."""
    for name, kind in (("accessToken", "access"), ("refreshToken", "refresh")):
        assert jwt.get_unverified_header(tokens[name])["alg"] == "HS256"
        read = claims(tokens[name])
        assert (read["sub"], read["kind"]) == ("test_user", kind)
        assert read["sid"]


def test_an_access_token_lasts_ten_minutes_and_a_refresh_token_thirty_days(tokens):
    now = time.time()
    for name, seconds in (("accessToken", ACCESS_SECONDS), ("refreshToken", REFRESH_SECONDS)):
        read = claims(tokens[name])
        assert read["exp"] - read["iat"] == seconds
        assert abs(read["iat"] - now) < 300


def test_two_log_ins_are_two_sessions_and_a_refresh_stays_in_its_own(reading, tokens, own):
    new = reading.stranger().data(REFRESH, {"t": own["refreshToken"]})["refresh"]["newToken"]
    mine, theirs = claims(own["accessToken"]), claims(tokens["accessToken"])
    assert mine["sid"] != theirs["sid"]
    assert claims(new)["sid"] == mine["sid"] == claims(own["refreshToken"])["sid"]


def test_no_token_holds_anything_secret(tokens):
    for token in tokens.values():
        assert set(claims(token)) <= {"sub", "aid", "role", "sid", "kind", "iat", "exp", "jti"}


# ---- the header ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_read_without_regard_to_case(reading, access, scheme):
    assert answer_to(reading, f"{scheme} {access}")["data"] == {"viewer": {"username": "test_user"}}


@pytest.mark.parametrize(
    "header", ["Basic {}", "Token {}", "{}", "Bearer{}", "Bearer", "Bearer {} x", "JWT {}", "Bearer é"]
)
def test_a_header_of_another_form_is_refused(reading, access, header):
    value = header.format(access)
    response = reading.api.client.post(
        f"{reading.url}/graphql", json={"query": VIEWER}, headers={b"Authorization": value.encode()}
    )
    assert refused(response.json())


def test_no_header_at_all_is_refused(reading):
    assert refused(reading.stranger().ask(VIEWER))


# ---- tokens that are not good -------------------------------------------------------------------


def forgeries(good: str) -> dict[str, str]:
    header, body, signature = good.split(".")
    public = {"alg": "none", "typ": "JWT"}
    return {
        "no algorithm": f"{part(public)}.{body}.",
        "no algorithm, signature kept": f"{part(public)}.{body}.{signature}",
        "no algorithm, in capitals": f"{part({**public, 'alg': 'NONE'})}.{body}.",
        "another hash": signed({}, algorithm="HS512", base=good),
        "another hash, shorter": signed({}, algorithm="HS384", base=good),
        "an algorithm that is no text": f"{part({**public, 'alg': None})}.{body}.{signature}",
        "an asymmetric algorithm": f"{part({**public, 'alg': 'RS256'})}.{body}.{signature}",
        "signed by someone else": signed({}, key="not the secret of this service, 32 bytes", base=good),
        "a signature that is none": f"{header}.{body}.{part({})}",
        "a body that was changed": f"{header}.{part({**claims(good), 'sub': 'root'})}.{signature}",
        "a signature cut off": f"{header}.{body}.",
        "a signature cut short": good[:-4],
        "a critical extension": jwt.encode(
            claims(good), SECRET, algorithm="HS256", headers={"crit": ["x"], "x": 1}
        ),
        "two parts": f"{header}.{body}",
        "five parts": f"{good}.x.y",
        "no parts": "x",
    }


@pytest.mark.parametrize("name", forgeries(jwt.encode({"sub": "x"}, SECRET)))
def test_a_forged_token_is_refused(reading, access, name):
    assert refused(answer_to(reading, f"Bearer {forgeries(access)[name]}"))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": 9e99},
        {"iat": None},
        {"sub": None},
        {"sub": 7},
        {"sub": "somebody else"},
        {"aid": None},
        {"aid": "1"},
        {"aid": 999_999},
        {"aid": True},
        {"sid": None},
        {"role": None},
        {"role": "GOD"},
        {"role": ["ADMIN"]},
        {"kind": None},
        {"kind": "refresh"},
        {"kind": "ACCESS"},
    ],
    ids=str,
)
def test_a_signed_token_with_wrong_claims_is_refused(reading, access, changes):
    assert refused(answer_to(reading, f"Bearer {signed(changes, base=access)}"))


def test_a_token_signed_as_ours_is_good_so_that_the_refusals_above_mean_something(reading, access):
    assert not refused(answer_to(reading, f"Bearer {signed({'more': 1}, base=access)}"))


def test_an_access_token_that_has_expired_is_refused_and_one_that_has_a_minute_left_is_not(reading, access):
    now = int(time.time())
    assert refused(answer_to(reading, f"Bearer {signed({'exp': now - 1}, base=access)}"))
    assert not refused(answer_to(reading, f"Bearer {signed({'exp': now + 60}, base=access)}"))


def test_a_token_that_was_good_is_refused_once_it_has_expired(reading, access):
    """Also though it was verified, and is remembered as such."""
    soon = signed({"exp": int(time.time()) + 2}, base=access)
    assert not refused(answer_to(reading, f"Bearer {soon}"))
    time.sleep(2.2)
    assert refused(answer_to(reading, f"Bearer {soon}"))


def test_a_refresh_token_is_refused_as_access_token(reading, tokens):
    assert refused(answer_to(reading, f"Bearer {tokens['refreshToken']}"))


def test_a_bad_token_does_not_stand_in_the_way_of_a_new_log_in(reading):
    client = reading.stranger()
    client.token = "no.such.token"
    assert client.data(LOG_IN, {"u": practice.USERNAME, "p": practice.PASSWORD})["auth"]["accessToken"]


# ---- refresh ------------------------------------------------------------------------------------


def test_an_access_token_is_refused_as_refresh_token(reading, access):
    assert reading.stranger().code(REFRESH, {"t": access}) == "UNAUTHENTICATED"


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "é", "x" * 50_000, "a\0b"])
def test_a_refresh_token_that_is_none_is_a_plain_refusal(reading, token):
    response = reading.stranger().send(REFRESH, {"t": token})
    assert response.status_code == 200
    assert response.json()["data"] == {"refresh": None}
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("name", forgeries(jwt.encode({"sub": "x"}, SECRET)))
def test_a_forged_refresh_token_is_refused(reading, tokens, name):
    forged = forgeries(tokens["refreshToken"])[name]
    assert reading.stranger().code(REFRESH, {"t": forged}) == "UNAUTHENTICATED"


def test_a_refresh_token_that_has_expired_is_refused(reading, tokens):
    old = signed({"exp": int(time.time()) - 1}, base=tokens["refreshToken"])
    assert reading.stranger().code(REFRESH, {"t": old}) == "UNAUTHENTICATED"


def test_a_new_access_token_works_and_lasts_ten_minutes_from_now(reading, own):
    client = reading.stranger()
    client.token = client.data(REFRESH, {"t": own["refreshToken"]})["refresh"]["newToken"]
    assert client.data(VIEWER) == {"viewer": {"username": "test_user"}}
    read = claims(client.token)
    assert (read["kind"], read["exp"] - read["iat"]) == ("access", ACCESS_SECONDS)


# ---- during a change of secret ------------------------------------------------------------------


def test_tokens_of_the_secret_before_still_work_and_new_ones_use_the_new_secret(reading, own):
    for key in (SECRET, PREVIOUS_SECRET):
        old = signed({}, key=key, base=own["accessToken"])
        assert not refused(answer_to(reading, f"Bearer {old}"))
    refresh = signed({}, key=PREVIOUS_SECRET, base=own["refreshToken"])
    new = reading.stranger().data(REFRESH, {"t": refresh})["refresh"]["newToken"]
    assert claims(new)["sub"] == "test_user"  # read with the new secret


# ---- passwords ----------------------------------------------------------------------------------

WRONG = [
    ("test_user", "Password"),
    ("test_user", "password "),
    ("test_user", ""),
    ("test_user", None),
    ("test_user", "x" * 1_001),
    ("test_user", "nul\0"),
    ("nobody", "password"),
    ("", ""),
    (None, None),
    (None, "password"),
    ("TEST_USER", "password"),
    (" test_user", "password"),
    ("test_user' OR '1'='1", "password"),
    ("%", "password"),
]


@pytest.mark.parametrize(("username", "password"), WRONG)
def test_a_wrong_password_and_an_unknown_user_are_answered_alike(reading, username, password):
    response = reading.stranger().send(LOG_IN, {"u": username, "p": password})
    assert response.status_code == 200
    assert response.json()["data"] == {"auth": None}
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_CREDENTIALS"}
    assert error["message"] == "That username and password do not belong together."


def test_the_arguments_left_out_are_answered_like_a_wrong_password(reading):
    assert reading.stranger().code("mutation { auth { accessToken } }") == "BAD_CREDENTIALS"


def test_an_unknown_user_takes_about_as_long_as_a_wrong_password(reading):
    client = reading.stranger()

    def seconds(username: str) -> float:
        started = time.perf_counter()
        client.ask(LOG_IN, {"u": username, "p": "not this one"})
        return time.perf_counter() - started

    pairs = [(seconds("test_user"), seconds(f"nobody-{n}")) for n in range(5)]
    wrong, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 1 / 3 < unknown / wrong < 3
    reads = [_timed(reading.api) for _ in range(5)]
    # Neither is an answer that no password was hashed for.
    assert min(wrong, unknown) > 2 * statistics.median(reads)


def _timed(client: Api) -> float:
    started = time.perf_counter()
    client.ask(VIEWER)
    return time.perf_counter() - started


def test_a_password_of_any_script_is_taken_as_it_is(writing):
    practice.add_account(writing.database, "любовь", "пароль 🗝 with spaces ")
    client = Api(writing.url).log_in("любовь", "пароль 🗝 with spaces ")
    assert client.data(VIEWER) == {"viewer": {"username": "любовь"}}
    assert Api(writing.url).code(LOG_IN, {"u": "любовь", "p": "пароль 🗝 with spaces"}) == "BAD_CREDENTIALS"


def test_passwords_are_kept_as_argon2id(writing):
    kept = writing.database.value("SELECT password_hash FROM account WHERE username = 'test_user'")
    assert kept.startswith("$argon2id$")


# ---- disabled accounts --------------------------------------------------------------------------


def disabled(writing) -> dict[str, Any]:
    """Someone who is logged in, and has asked before, when their account is disabled."""
    name = f"leaver-{practice.add_therapist(writing.database)}"
    practice.add_account(writing.database, name)
    tokens = Api(writing.url).data(LOG_IN, {"u": name, "p": practice.PASSWORD})["auth"]
    client = Api(writing.url, token=tokens["accessToken"])
    assert client.data(VIEWER) == {"viewer": {"username": name}}
    practice.set_disabled(writing.database, name, disabled=True)
    return {"client": client, "name": name, "refresh": tokens["refreshToken"]}


@pytest.fixture(scope="module")
def leaver(writing) -> dict[str, Any]:
    """A disabled account that stays so."""
    return disabled(writing)


@pytest.fixture
def returner(writing) -> dict[str, Any]:
    """A disabled account for one test."""
    return disabled(writing)


READS = [
    VIEWER,
    "{ appointments { totalCount } }",
    '{ node(id: "QXBwb2ludG1lbnQ6MQ==") { id } }',
    '{ node(id: "x") { id } }',
    "{ __typename }",
    '{ __type(name: "Query") { name } }',
    "{ __schema { queryType { name } } }",
    "mutation { __typename }",
]


@pytest.mark.parametrize("document", READS)
def test_a_disabled_account_is_refused_from_the_next_request(leaver, document):
    answer = leaver["client"].ask(document)
    assert set(answer["data"].values()) == {None} if answer["data"] else answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_disabled_account_learns_nothing_from_a_refusal_that_asks_no_database(leaver):
    answer = leaver["client"].ask("{ a: appointments(first: -1) { totalCount } b: viewer { role } }")
    assert answer["data"] == {"a": None, "b": None}
    assert answer["errors"][1]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_disabled_account_books_nothing(writing, leaver):
    number = practice.add_therapist(writing.database)
    old = (
        f'appointment(therapistId: {number}, startTimeUnixSeconds: 1, durationSeconds: 1, type: "one-off")'
    )
    given = f'{{therapistId: {number}, startsAt: "2030-01-01T00:00:00Z", service: "one-off"}}'
    old, new = f"{old} {{ appointment {{ id }} }}", f"bookAppointment(input: {given}) {{ replayed }}"
    for document in (old, new):
        assert leaver["client"].code(f"mutation {{ {document} }}") == "UNAUTHENTICATED"
    assert writing.database.rows("SELECT 1 FROM appointment WHERE therapist_id = ?", number) == []


def test_a_disabled_account_obtains_no_new_token(writing, leaver):
    stranger = writing.stranger()
    assert stranger.code(REFRESH, {"t": leaver["refresh"]}) == "UNAUTHENTICATED"
    assert stranger.code(LOG_IN, {"u": leaver["name"], "p": practice.PASSWORD}) == "BAD_CREDENTIALS"


def test_an_account_that_is_enabled_again_is_let_in_with_its_token(writing, returner):
    practice.set_disabled(writing.database, returner["name"], disabled=False)
    assert returner["client"].data(VIEWER) == {"viewer": {"username": returner["name"]}}


def test_an_account_that_was_removed_is_refused(writing, returner):
    practice.set_disabled(writing.database, returner["name"], disabled=False)
    writing.database.execute("DELETE FROM account WHERE username = ?", returner["name"])
    assert returner["client"].code(VIEWER) == "UNAUTHENTICATED"


# ---- default deny -------------------------------------------------------------------------------


LITERALS = {
    "ID": '"1"',
    "String": '"one-off"',
    "Int": "1",
    "Boolean": "false",
    "DateTime": '"2030-01-01T00:00:00Z"',
    "Date": '"2030-01-01"',
}


def sample(name: str, field: GraphQLField) -> str:
    """A field with all that it must be given, and as little of its answer as can be asked for."""
    given = [f"{n}: {literal(a.type)}" for n, a in field.args.items() if is_required_argument(a)]
    below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{name}({', '.join(given)}){below}" if given else f"{name}{below}"


def literal(type_: Any) -> str:
    """A value of an input type, with what it needs and no more."""
    if isinstance(type_, GraphQLNonNull):
        return literal(type_.of_type)
    if isinstance(type_, GraphQLList):
        return "[]"
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        fields = type_.fields.items()
        needed = [f"{n}: {literal(f.type)}" for n, f in fields if is_required_input_field(f)]
        return f"{{{', '.join(needed)}}}"
    return LITERALS[type_.name]


@pytest.fixture(scope="module")
def schema(reading) -> GraphQLSchema:
    """The schema as the service itself tells it."""
    return build_client_schema(reading.data(get_introspection_query()))


def test_without_a_token_every_field_of_query_is_refused(reading, schema):
    documents = [sample(name, field) for name, field in schema.query_type.fields.items()]
    assert len(documents) > 10
    introspection = ("__typename", "__schema { types { name } }", '__type(name: "Query") { name }')
    for document in (*documents, *introspection):
        answer = reading.stranger().ask(f"{{ {document} }}")
        assert "data" in answer, answer
        assert list(answer["data"].values()) == [None] if answer["data"] else answer["data"] is None
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", document


def test_without_a_token_every_field_of_mutation_but_the_two_is_refused(reading, schema):
    fields = {n: f for n, f in schema.mutation_type.fields.items() if n not in ("auth", "refresh")}
    assert len(fields) > 20
    for document in (*(sample(name, field) for name, field in fields.items()), "__typename"):
        assert reading.stranger().code(f"mutation {{ {document} }}") == "UNAUTHENTICATED", document


def test_a_refused_field_does_not_let_its_neighbours_in(reading):
    answer = reading.stranger().ask("{ a: viewer { username } b: services { totalCount } }")
    assert answer["data"] == {"a": None, "b": None}
    assert [error["path"] for error in answer["errors"]] == [["a"], ["b"]]
