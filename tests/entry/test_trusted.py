"""Where there is a list of trusted documents, no others are run, whoever asks."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sessional.errors import SettingsFault
from sessional.store.migrate import migrate_sqlite
from sessional.web.trusted import trusted
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import LOG_IN, Api
from tests.support.server import running

WHO = "query Who { viewer { username } }"
COUNT = "query($n: String) { therapists(filters: {name: $n}) { totalCount } }"
OTHER = "{ viewer { role } }"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("trusted")
    (folder / "documents.json").write_text(json.dumps({hash_of(t): t for t in (WHO, COUNT, LOG_IN)}))
    database = Database(f"sqlite:///{folder}/trusted.db")
    migrate_sqlite(database.path)
    practice.fill(database)
    with running(database.url, folder, SESSIONAL_TRUSTED_DOCUMENTS="documents.json") as server:
        yield Api(server.url).log_in()


def ask(api: Api, method: str = "POST", **body: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {api.token}"}
    address = f"{api.url}/graphql"
    if method == "GET":
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()}
        response = api.client.get(address, params=texts, headers=headers)
    else:
        response = api.client.post(address, json=body, headers=headers)
    return response.status_code, response.json()


def by_hash(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}, **more}


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_trusted_document_runs_by_its_hash_by_its_text_and_by_both(api, method):
    for body in (by_hash(WHO), {"query": WHO}, by_hash(WHO, query=WHO)):
        assert ask(api, method, **body) == (200, {"data": {"viewer": {"username": "test_user"}}})
    found = ask(api, method, **by_hash(COUNT, variables={"n": "smith"}))
    assert found[1]["data"]["therapists"]["totalCount"] == 3


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_another_document_does_not_run_even_one_that_differs_in_a_space(api, method):
    for text in (OTHER, WHO + " ", "{ __schema { queryType { name } } }"):
        status, answer = ask(api, method, query=text)
        assert (status, answer["errors"][0]["extensions"]["code"]) == (400, "DOCUMENT_NOT_TRUSTED")
        assert "data" not in answer


def test_an_unknown_hash_is_answered_as_the_protocol_says_and_its_text_is_not_learned(api):
    status, answer = ask(api, **by_hash(OTHER))
    (error,) = answer["errors"]
    assert (status, error["message"]) == (400, "PersistedQueryNotFound")
    assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert ask(api, **by_hash(OTHER, query=OTHER))[0] == 400
    assert ask(api, **by_hash(OTHER))[1] == answer


def test_a_hash_that_is_not_that_of_the_text_beside_it_is_a_bad_request(api):
    status, answer = ask(api, **by_hash(WHO, query=COUNT))
    assert (status, answer["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "extensions", [{}, {"persistedQuery": None}, {"persistedQuery": {"sha256Hash": 7}}]
)
def test_a_request_that_names_nothing_is_a_bad_request(api, extensions):
    assert ask(api, extensions=extensions)[1]["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_without_a_list_a_hash_alone_is_answered_as_the_protocol_says(desk):
    status, answer = ask(desk.api, **by_hash(WHO))
    assert (status, answer["errors"][0]["message"]) == (400, "PersistedQueryNotSupported")
    assert ask(desk.api, **by_hash(OTHER, query=WHO))[0] == 200


def test_a_manifest_of_apollo_is_read_as_well(tmp_path):
    operations = [{"id": hash_of(WHO), "body": WHO, "name": "Who", "type": "query"}]
    (tmp_path / "m.json").write_text(json.dumps({"format": "x", "version": 1, "operations": operations}))
    found = trusted(str(tmp_path / "m.json"))
    assert found is not None
    assert found.document(None, hash_of(WHO)) == WHO


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"abc": "query"}', '{"operations": [{}]}', '{"abc": 7}', None]
)
def test_a_list_that_cannot_be_read_or_lies_stops_the_start(tmp_path, text):
    if text is not None:
        (tmp_path / "m.json").write_text(text)
    with pytest.raises(SettingsFault, match="SESSIONAL_TRUSTED_DOCUMENTS"):
        trusted(str(tmp_path / "m.json"))
