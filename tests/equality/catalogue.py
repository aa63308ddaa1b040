"""Which types and lists there are to ask for: read off the SDL, so that a new one is asked for at once."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from graphql import GraphQLArgument, GraphQLField, GraphQLObjectType, get_named_type, is_object_type

from sessional.graph.questions import QUESTIONS

from .practice import Practice
from .reference import execute, schema

# Roots that are worked out from rules, the clock and the diary (free slots, previews and the like):
# there are no rows that would be their answer, and a plain resolver would be a second search. Tests of
# `tests/diary` hold the search against naive ones, those of `tests/diary_api` its answers. A stored
# root cannot slip in here: it has a resolver in the reference, and a test holds the two together.
COMPUTED = frozenset(QUESTIONS)
# Nobody has logged in to the databases that are held together here: tests/entry asks those who have.
OF_A_LOG_IN = ("Viewer", "sessions")


def stored_fields(type_: GraphQLObjectType) -> dict[str, GraphQLField]:
    """The fields of a type that are held together: all but the computed roots and those of a log-in."""
    return {
        name: each
        for name, each in type_.fields.items()
        if name not in COMPUTED and (type_.name, name) != OF_A_LOG_IN
    }


def reachable() -> dict[str, GraphQLObjectType]:
    """The object types that a query finds through what is stored, by name."""
    found: dict[str, GraphQLObjectType] = {}
    waiting = [schema().query_type, *schema().get_possible_types(schema().type_map["Node"])]
    while waiting:
        type_ = waiting.pop()
        if type_.name not in found and is_object_type(type_):
            found[type_.name] = type_
            waiting += [get_named_type(each.type) for each in stored_fields(type_).values()]
    return found


def list_fields(type_: GraphQLObjectType) -> dict[str, str]:
    """The lists that a type has: field -> the type of their rows."""
    return {
        name: get_named_type(each.type).name.removesuffix("Connection")
        for name, each in stored_fields(type_).items()
        if "first" in each.args
    }


@cache
def whole_lists() -> dict[str, str]:
    """type -> the list in which all of its rows stand: at the root, or `root.field`, row by row."""
    found: dict[str, str] = {}
    for name, type_ in list_fields(schema().query_type).items():
        found.setdefault(type_, name)
    for owner, root in list(found.items()):
        for name, type_ in list_fields(schema().type_map[owner]).items():
            found.setdefault(type_, f"{root}.{name}")
    return found


def arguments_of(type_name: str) -> dict[str, GraphQLArgument]:
    """The arguments of the whole list of a type."""
    root, _, name = whole_lists()[type_name].partition(".")
    field = schema().query_type.fields[root]
    if name:
        owner = get_named_type(field.type).name.removesuffix("Connection")
        field = schema().type_map[owner].fields[name]
    return field.args


@cache
def node_types() -> tuple[str, ...]:
    """The types that `node` finds."""
    return tuple(each.name for each in schema().get_possible_types(schema().type_map["Node"]))


def key_field(type_name: str) -> str:
    """The field that tells rows apart: the first of each type."""
    return next(iter(schema().type_map[type_name].fields))


def pages_of(data: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    """The pages of a list in an answer, where `path` is one of `whole_lists`."""
    root, _, field = path.partition(".")
    if not field:
        yield data[root]
    else:
        yield from (edge["node"][field] for edge in data[root]["edges"])


def asking(path: str, called: str, page: str) -> str:
    """The selection of a list by its path; `called` are its arguments."""
    root, _, field = path.partition(".")
    if not field:
        return f"{root}{called} {{ {page} }}"
    return f"{root}(first: 1000) {{ edges {{ node {{ {field}{called} {{ {page} }} }} }} }}"


def counts(practice: Practice) -> dict[tuple[str, str], int]:
    """(type, list) -> how many rows it has at most, in any object of that type."""
    query = schema().query_type
    found = {}
    owners = {"Query": "", **{owner: path for owner, path in whole_lists().items() if "." not in path}}
    for owner, root in owners.items():
        for name in list_fields(schema().type_map[owner] if root else query):
            path = f"{root}.{name}" if root else name
            data = execute(practice, f"{{ {asking(path, '', 'totalCount')} }}")["data"]
            found[owner, name] = max((page["totalCount"] for page in pages_of(data, path)), default=0)
    for owner, (root, field) in _led_to().items():
        for name in list_fields(schema().type_map[owner]):
            inner = f"{field} {{ {name} {{ totalCount }} }}"
            data = execute(practice, f"{{ {root}(first: 1000) {{ edges {{ node {{ {inner} }} }} }} }}")[
                "data"
            ]
            objects = [edge["node"][field] for edge in data[root]["edges"]]
            found[owner, name] = max((each[name]["totalCount"] for each in objects if each), default=0)
    return found


def _led_to() -> dict[str, tuple[str, str]]:
    """The types with lists of their own that stand in no list: type -> a root list, and the field of its
    rows that leads to one."""
    found = {}
    for owner, root in whole_lists().items():
        for name, each in stored_fields(schema().type_map[owner]).items():
            led = get_named_type(each.type)
            stands = led.name in whole_lists() or "first" in each.args or not is_object_type(led)
            if "." not in root and not stands and list_fields(led):
                found[led.name] = (root, name)
    return found


def totals(practice: Practice) -> dict[str, int]:
    """type -> how many rows there are of it."""
    found = {}
    for type_, path in whole_lists().items():
        data = execute(practice, f"{{ {asking(path, '', 'totalCount')} }}")["data"]
        found[type_] = sum(page["totalCount"] for page in pages_of(data, path))
    return found
