"""Drawing by chance, in the words of the generator, and what it may draw: values for every input.

Values fit the practice at hand (its codes, its instants), each with some that match nothing.
This module must not know documents.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)
from hypothesis import strategies as st

from . import record
from .catalogue import counts, node_types, totals
from .lists import full_name
from .practice import MONDAY, Practice
from .reference import all_rows, global_id

T = TypeVar("T")
DEEPEST_FILTER = 3


# One draw of bytes instead of a draw for each choice: Hypothesis likes to vary an example by copying
# one small draw over another, and half of all operations were then the same as one before.
TAPES = st.binary(min_size=400, max_size=1600)


class Chance:
    """Choices read off a tape. Zero, "no" and the first option are the simplest, and all that is
    chosen once the tape has ended: so an example shrinks."""

    def __init__(self, tape: bytes) -> None:
        self._tape = iter(tape)

    def integer(self, least: int, most: int) -> int:
        count = most - least + 1
        if count <= 256:
            return least + next(self._tape, 0) * count // 256
        high, low = next(self._tape, 0), next(self._tape, 0)
        return least + (256 * high + low) * count // 65536

    def one_of(self, options: Sequence[T]) -> T:
        return options[self.integer(0, len(options) - 1)]

    def happens(self, percent: int) -> bool:
        return self.integer(0, 99) >= 100 - percent


@dataclass(frozen=True, repr=False)
class Pools:
    """The values that are worth asking for, by the name of the argument or input field: the usual
    ones, which find something, and the odd ones."""

    by_name: dict[str, tuple[Sequence[Any], Sequence[Any]]]
    counts: dict[tuple[str, str], int]
    totals: dict[str, int]

    @classmethod
    def of(cls, practice: Practice) -> "Pools":
        codes = _codes([service.code for service in practice.services])
        whole = [full_name(each) for each in practice.therapists]
        named = [each.name for each in (*practice.specialisms, *practice.services, *practice.clients)]
        seconds = _seconds(practice)
        legacy = [each for each in seconds if each < 2**31]
        instants = [spelling for each in seconds for spelling in _spellings(each)]
        return cls(
            by_name={
                "type": codes,
                "typeIn": codes,
                "codes": codes,
                "hasSpecialisms": _codes([each.name for each in practice.specialisms]),
                "languages": _codes([tag for each in practice.therapists for tag in each.languages]),
                "therapistIds": _numbers(practice),
                "therapistId": _numbers(practice),
                "clientIds": ([str(each.client_id) for each in practice.clients], ("0", "01", "-1", "x")),
                "therapistName": (_searches(whole), SEARCHES),
                "name": (_searches([*whole, *named]), SEARCHES),
                "begin": (legacy, (-5, 0, MONDAY, 2**31 - 1)),
                "end": (legacy, (-5, 0, MONDAY, 2**31 - 1)),
                "from": (instants, ("1969-12-31T23:59:55Z",)),
                "until": (instants, ("9999-12-31T23:59:59Z",)),
                "accountIds": (["0", "1", str(2**40)], ["01", "x"]),
                "usernames": _codes([each.username for each in practice.record]),
                "actions": (record.ACTIONS, ("", "cancelAppointment")),
                "objectTypes": (record.OBJECT_TYPES, ("Nothing",)),
                "objectIds": (["1", "2", str(2**40)], ["01", "x"]),
                "requestId": (record.REQUESTS, ("request-3",)),
                "first": (SIZES, (0, 1000)),
                "last": (SIZES, (0, 1000)),
                "if": ((True, False), (False,)),
                "id": _ids(practice),
                **{f"id of {name}": (ids, ()) for name, ids in _ids_by_type(practice).items()},
            },
            counts=counts(practice),
            totals=totals(practice),
        )


SIZES = (2, 1, 3, 4, 5, 8, 0, 13, 100, 1000)
SEARCHES = (
    "",
    " ",
    "zzz",
    "%",
    "_",
    "\\",
    '"',
    "\u0301",
    "MULLER",
    "ß",
    "a b",
    "a\u0000b",
    "ﬁ",
)


def _codes(known: list[str]) -> tuple[list[str], list[str]]:
    """Codes or names; texts that match only where case, spaces or wildcards do not count."""
    near = [form for each in known for form in (each.swapcase(), each + " ", each[:-1] + "_")]
    return known, [*near, "unknown", "", "%", "a\u0000b"]


def _numbers(practice: Practice) -> tuple[list[str], list[str]]:
    """The numbers of therapists; texts that come near a number and are none of them."""
    known = [str(each.therapist_id) for each in practice.therapists]
    near = [form.format(known[0]) for form in ("0{}", " {}", "{} ", "+{}", "{}.0", "{}\u0000", "0x{}")]
    wide = known[0].translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    return known, [*near, wide, "999", "0", "-1", "abc", "", "9" * 18, "9" * 25]


def _ids(practice: Practice) -> tuple[list[str], list[str]]:
    """The global ids of everything; texts that come near one and name nothing."""
    number = practice.therapists[0].therapist_id
    texts = ("Therapist:0{0}", "Therapist: {0}", "Therapist:{0}\n", "therapist:{0}", "Viewer:{0}")
    texts += (
        "Therapist:{0}:{0}",
        "Therapist{0}",
        ":{0}",
        "Therapist:",
        "",
        "Therapist:-{0}",
        "\u0000",
    )
    texts += ("Therapist:" + "9" * 18, "Therapist:" + "9" * 25, "TherapistConnection:{0}")
    near = [b64encode(text.format(number).encode()).decode() for text in texts]
    exact = global_id(practice.therapists[0])
    twisted = [exact.rstrip("="), exact + "=", " " + exact, exact + "\n", exact.lower(), exact[:-4]]
    plain = [
        f"Therapist:{number}",
        str(number),
        "not base64 ☂",
        "/////w==",
        "_-__",
        "AAAA",
        "\u0000",
    ]
    held = [global_id(row) for row in practice.holds[:4]]
    return [global_id(row) for row in all_rows(practice)], [*near, *twisted, *plain, *held]


def _ids_by_type(practice: Practice) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in node_types()}
    for row in all_rows(practice):
        found[type(row).__name__].append(global_id(row))
    return found


def _searches(names: list[str]) -> list[str]:
    """Parts of names as people type them: other case, accents added or lost, wider spaces; and
    with the letters that some databases take for any letter."""
    parts = [part for name in names for part in (name, name[1:4], name[:2], name[-3:]) if part]
    typed = [form for part in parts for form in (part, part.upper(), part.replace(" ", " \t "))]
    near = [form for part in parts for form in (part + "\u0301", "_" + part[1:], f"{part[0]}%")]
    return [*dict.fromkeys(typed), *dict.fromkeys(near)]


def _seconds(practice: Practice) -> list[int]:
    """Instants at which sessions start, so that the ends of a range are met, and others near."""
    starts = sorted({each.starts_at for each in practice.appointments})
    near = sorted({edge + step for edge in starts for step in (-1, 1)})
    return [*starts, *starts, *near, *(each.ends_at for each in practice.appointments)]


def _spellings(seconds: int) -> tuple[str, ...]:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    plain = instant.isoformat().replace("+00:00", "Z")
    if instant.year >= 9999:
        return (plain,)
    india = instant.astimezone(timezone(timedelta(hours=5, minutes=30)))
    return plain, india.isoformat(), instant.isoformat()


class Values:
    """Values of any input type of the SDL."""

    def __init__(self, chance: Chance, pools: Pools) -> None:
        self.chance = chance
        self.pools = pools

    def of(self, type_: GraphQLInputType, name: str, nesting: int = 0) -> Any:
        """A value that is not null; `name` is the argument or field that it is for."""
        if is_non_null_type(type_):
            return self.of(type_.of_type, name, nesting)
        if is_list_type(type_):
            return self._items(type_, name, nesting)
        if is_input_object_type(type_):
            return self._fields(type_, nesting)
        if is_enum_type(type_):
            return self.chance.one_of(list(type_.values))
        usual, odd = self.pools.by_name[name]
        return self.chance.one_of(odd if not usual or self.chance.happens(20) else usual)

    def or_null(self, type_: GraphQLInputType, name: str, nesting: int = 0, percent: int = 6) -> Any:
        nullable = not isinstance(type_, GraphQLNonNull)
        null = nullable and self.chance.happens(percent)
        return None if null else self.of(type_, name, nesting)

    def _items(self, type_: GraphQLList, name: str, nesting: int) -> list[Any]:
        count = self.chance.one_of((1, 2, 0, 3, 1, 2))
        return [self.or_null(type_.of_type, name, nesting, 12) for _ in range(count)]

    def _fields(self, type_: GraphQLInputObjectType, nesting: int) -> dict[str, Any]:
        free = [
            name
            for name, field in type_.fields.items()
            if nesting < DEEPEST_FILTER or get_named_type(field.type) is not type_
        ]
        wanted = {self.chance.one_of(free) for _ in range(self.chance.one_of((1, 2, 0, 1, 3)))}
        wanted |= {name for name, each in type_.fields.items() if is_non_null_type(each.type)}
        return {name: self.or_null(type_.fields[name].type, name, nesting + 1) for name in sorted(wanted)}
