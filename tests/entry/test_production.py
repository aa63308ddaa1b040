"""In production strangers learn little; each thing that is turned off can be turned on again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sessional.errors import SettingsFault
from sessional.settings import load
from sessional.store.migrate import migrate_sqlite
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import Api
from tests.support.server import running

SECRETIVE = ["introspection", "suggestions", "graphiql"]
NEARLY = "{ appointment { totalCount } }"
NEARLY_VARIABLE = "query($s: [AppointmentSort]) { appointments(sort: $s) { totalCount } }"


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Api]:
    database = Database(f"sqlite:///{folder}/production.db")
    migrate_sqlite(database.path)
    if not database.rows("SELECT 1 FROM account"):
        practice.fill(database)
    with running(database.url, folder, **settings) as server:
        yield Api(server.url).log_in()


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with served(tmp_path_factory.mktemp("production"), SESSIONAL_PRODUCTION="1") as api:
        yield api


@pytest.mark.parametrize(
    "document",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "Query") { name } }',
        "{ viewer { username } ...F } fragment F on Query { a: __schema { queryType { name } } }",
        'mutation { __type(name: "Query") { name } }',
    ],
)
def test_in_production_nobody_is_told_the_schema(production, document):
    response = production.send(document)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" not in response.json()


def test_in_production_a_name_of_a_type_is_told_to_those_who_read_an_object(production):
    assert production.data("{ __typename viewer { __typename } }")["viewer"] == {"__typename": "Viewer"}


def test_in_production_no_message_proposes_a_name(production):
    asked = [(NEARLY, {}), (NEARLY_VARIABLE, {"s": ["APPOINTMENT_ID"]}), ("{ viewer { user } }", {})]
    asked += [("{ appointments(filter: {}) { totalCount } }", {}), ("{ ...on Therapis { id } }", {})]
    for document, variables in asked:
        response = production.send(document, variables)
        assert response.status_code == 400
        assert "Did you mean" not in response.text


def test_in_production_browsers_are_shown_nothing(production):
    for path in ("/", "/graphql", "/static/index.html"):
        response = production.client.get(production.url + path, headers={"Accept": "text/html"})
        assert "<html" not in response.text


def test_outside_of_production_messages_propose_names(tmp_path):
    with served(tmp_path) as api:
        assert "Did you mean" in api.send(NEARLY).text
        assert "Did you mean" in api.send(NEARLY_VARIABLE, {"s": ["APPOINTMENT_ID"]}).text


def test_each_can_be_turned_on_again(tmp_path):
    on = {f"SESSIONAL_{name.upper()}": "1" for name in SECRETIVE}
    with served(tmp_path, SESSIONAL_PRODUCTION="1", **on) as api:
        assert api.data("{ __schema { queryType { name } } }")
        assert "Did you mean" in api.send(NEARLY).text
        page = api.client.get(api.url + "/", headers={"Accept": "text/html"})
        assert page.status_code == 200


@pytest.mark.parametrize("name", SECRETIVE)
def test_each_has_a_setting_of_its_own_which_leaves_the_others_alone(name):
    variable = f"SESSIONAL_{name.upper()}"
    for production, given, shown in (("0", "0", False), ("1", "1", True)):
        settings = load({"SESSIONAL_PRODUCTION": production, variable: given}).settings
        assert settings.shows(name) is shown
        assert {settings.shows(other) for other in SECRETIVE if other != name} == {not shown}


def test_a_switch_that_is_none_is_refused_at_the_start():
    with pytest.raises(SettingsFault, match="SESSIONAL_INTROSPECTION"):
        load({"SESSIONAL_INTROSPECTION": "perhaps"})
