"""gql, the Python client: with the schema that it fetches itself, by which it checks every document."""

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport

from tests.contract import practice

LOG_IN = gql("mutation($u: String!, $p: String!) { auth(username: $u, password: $p) { accessToken } }")
PAGE = gql("""
  query Page($after: String) {
    appointments(
      first: 17, after: $after, sort: [START_TIME_UNIX_SECONDS_DESC, THERAPIST_ID_ASC]
      filters: {therapistIds: [1, 2, 3, 5, 12]}
    ) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { node { appointmentId therapist { firstName } } }
    }
  }
""")
BOOK = gql("""
  mutation Book($input: BookAppointmentInput!) {
    bookAppointment(input: $input) {
      replayed
      appointment { startsAt endsAt }
      errors { __typename ... on UserError { code message } ... on SlotTaken { alternatives { startsAt } } }
    }
  }
""")


@pytest.fixture(scope="module")
def token(counter) -> str:
    client = Client(transport=HTTPXTransport(url=counter.url))
    LOG_IN.variable_values = {"u": practice.USERNAME, "p": practice.PASSWORD}
    found: str = client.execute(LOG_IN)["auth"]["accessToken"]
    return found


@pytest.fixture
def client(counter, token) -> Client:
    transport = HTTPXTransport(url=counter.url, headers={"Authorization": f"Bearer {token}"})
    return Client(transport=transport, fetch_schema_from_transport=True)


def test_gql_pages_through_a_connection_to_the_end(client):
    seen: list[str] = []
    after, more = None, True
    with client as session:
        while more:
            PAGE.variable_values = {"after": after}
            page = session.execute(PAGE)["appointments"]
            seen += [edge["node"]["appointmentId"] for edge in page["edges"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    expected = sorted(practice.APPOINTMENTS, key=lambda a: (-a.starts_at, a.therapist_id, a.appointment_id))
    assert seen == [str(a.appointment_id) for a in expected]
    assert page["totalCount"] == len(seen)


def test_gql_books_a_session_and_is_told_when_it_is_taken(client, counter):
    number = counter.free_therapist()
    wish = {"therapistId": str(number), "startsAt": "2033-05-18T10:00:00Z", "service": "one-off"}
    with client as session:
        BOOK.variable_values = {"input": wish}
        booked = session.execute(BOOK)["bookAppointment"]
        refused = session.execute(BOOK)["bookAppointment"]
    assert booked == {
        "replayed": False,
        "appointment": {"startsAt": "2033-05-18T10:00:00Z", "endsAt": "2033-05-18T10:50:00Z"},
        "errors": [],
    }
    assert refused["errors"][0]["__typename"] == "SlotTaken"
    assert len(refused["errors"][0]["alternatives"]) == 3
    assert len(counter.starts(number)) == 1


def test_gql_raises_what_the_service_refuses(counter):
    client = Client(transport=HTTPXTransport(url=counter.url))
    with pytest.raises(TransportQueryError) as raised:
        client.execute(gql("{ viewer { username } }"))
    assert raised.value.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_gql_works_with_asyncio_too(counter, token):
    transport = HTTPXAsyncTransport(url=counter.url, headers={"Authorization": f"Bearer {token}"})
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        answer = await session.execute(gql("{ viewer { username role } }"))
    assert answer == {"viewer": {"username": "test_user", "role": "ADMIN"}}
