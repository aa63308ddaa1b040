"""The names and types of the contract: the original's are all there, and the running schema is the
one file that says so."""

from importlib.resources import files
from pathlib import Path

import pytest
from graphql import (
    BreakingChangeType,
    GraphQLSchema,
    build_client_schema,
    build_schema,
    find_breaking_changes,
    get_introspection_query,
    is_specified_scalar_type,
    lexicographic_sort_schema,
    print_schema,
)

SURFACE = build_schema(Path(__file__).with_name("documents").joinpath("surface.sdl").read_text())
THE_FILE = build_schema((files("sessional.graph") / "schema.graphql").read_text())


@pytest.fixture(scope="module")
def running_schema(reading) -> GraphQLSchema:
    query = get_introspection_query(
        specified_by_url=True, schema_description=True, input_value_deprecation=True
    )
    return build_client_schema(reading.data(query))


def test_nothing_that_the_original_promised_is_gone_or_of_another_type(running_schema):
    assert find_breaking_changes(SURFACE, running_schema) == []


def test_taking_a_promised_field_away_would_be_noticed():
    shrunk = build_schema(print_schema(SURFACE).replace("  durationSeconds: Int\n", "", 1))
    (change,) = find_breaking_changes(SURFACE, shrunk)
    assert change.type is BreakingChangeType.FIELD_REMOVED


def test_every_promised_output_field_keeps_its_very_type(running_schema):
    """Not even ``Int`` to ``Int!``, which breaks nobody who reads but is another contract."""
    for name in ("Appointment", "Therapist", "Specialism", "PageInfo", "AuthPayload", "RefreshPayload"):
        for field, promised in SURFACE.type_map[name].fields.items():
            assert str(running_schema.type_map[name].fields[field].type) == str(promised.type), field


def test_the_running_schema_is_the_file(running_schema):
    in_order = lexicographic_sort_schema
    assert print_schema(in_order(running_schema)) == print_schema(in_order(THE_FILE))


def test_every_type_and_every_field_is_described():
    bare = [
        name
        for name, type_ in THE_FILE.type_map.items()
        if not (type_.description or name.startswith("__") or is_specified_scalar_type(type_))
    ]
    for name, type_ in THE_FILE.type_map.items():
        if not name.startswith("__"):
            fields = getattr(type_, "fields", {})
            bare += [f"{name}.{field}" for field, found in fields.items() if not found.description]
    assert bare == []
