"""The four documents of the original's page, to the letter: whoever copied them from there goes on."""

from pathlib import Path

import pytest

DOCUMENTS = {
    path.stem: path.read_text() for path in Path(__file__).with_name("documents").glob("*.graphql")
}

FILTERED = {
    "therapists": {
        "firstName": "jeff",
        "lastName": "smith",
        "specialisms": {
            "edges": [{"node": {"specialismName": "Addiction"}}, {"node": {"specialismName": "ADHD"}}]
        },
    },
    "startTimeUnixSeconds": 1_644_880_000,
    "durationSeconds": 3600,
    "type": "one-off",
}
CREATED = {
    "startTimeUnixSeconds": 1_644_874_120,
    "durationSeconds": 3600,
    "type": "one-off",
    "therapists": {
        "therapistId": "1",
        "specialisms": {
            "edges": [{"node": {"specialismName": "Addiction"}}, {"node": {"specialismName": "ADHD"}}]
        },
    },
}


def test_the_log_in_answers_two_tokens_to_someone_who_has_none(reading):
    tokens = reading.stranger().data(DOCUMENTS["log-in"])["auth"]
    assert len(tokens["accessToken"].split(".")) == 3
    assert tokens["accessToken"] != tokens["refreshToken"]


def test_the_token_of_the_log_in_opens_the_filtered_query(reading):
    client = reading.stranger()
    client.token = client.data(DOCUMENTS["log-in"])["auth"]["accessToken"]
    edges = client.data(DOCUMENTS["filtered-query"])["appointments"]["edges"]
    zoe = {
        "firstName": "Zoë",
        "lastName": "smith",
        "specialisms": {"edges": [{"node": {"specialismName": "ADHD"}}]},
    }
    assert [edge["node"] for edge in edges] == [
        FILTERED,
        {
            "therapists": zoe,
            "startTimeUnixSeconds": 1_644_894_120,
            "durationSeconds": 1800,
            "type": "one-off",
        },
    ]


def test_the_creation_answers_one_session_however_often_it_is_sent_and_the_query_finds_it(writing):
    first = writing.data(DOCUMENTS["creation"])["appointment"]["appointment"]
    again = writing.data(DOCUMENTS["creation"])["appointment"]["appointment"]
    number = first.pop("appointmentId")
    assert first == CREATED
    assert again["appointmentId"] == number
    found = writing.data(DOCUMENTS["filtered-query"])["appointments"]["edges"]
    starts = [edge["node"]["startTimeUnixSeconds"] for edge in found]
    assert starts.count(1_644_874_120) == 1


def test_the_refresh_answers_an_access_token_that_works(reading):
    client = reading.stranger()
    refresh_token = client.data(DOCUMENTS["log-in"])["auth"]["refreshToken"]
    document = DOCUMENTS["refresh"].replace("your-refresh-token", refresh_token)
    client.token = client.data(document)["refresh"]["newToken"]
    assert client.data("{ viewer { username } }") == {"viewer": {"username": "test_user"}}


def test_the_refresh_with_its_placeholder_still_in_it_is_refused_plainly(reading):
    response = reading.stranger().send(DOCUMENTS["refresh"])
    assert response.status_code == 200
    assert response.json()["data"] == {"refresh": None}
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("name", ["filtered-query", "creation"])
def test_without_a_token_the_documents_that_need_one_are_refused(reading, name):
    response = reading.stranger().send(DOCUMENTS[name])
    (field,) = response.json()["data"].items()
    assert response.status_code == 200
    assert field[1] is None
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
