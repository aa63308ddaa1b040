"""The values that go with a statement: where each comes from, and what it must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sessional.access import Actor
from sessional.diary.names import fold
from sessional.errors import InvalidArgument
from sessional.graph.ids import number, number_or_nobody, read_cursor
from sessional.graph.symbols import Symbol, Variables, value_of
from sessional.store.select import GUARD
from sessional.store.shape import Kind, Slot, SortKey

Pack = Callable[[list[Any]], Any]
# Puts one or more values at the end of the list.
Binder = Callable[[Variables, list[Any]], None]

LONGEST_NAME: Final = 200
# Of all filters below one root field. What a condition costs is paid for each row that is looked at.
MOST_CONDITIONS: Final = 500
# A noncharacter: Unicode promises that it is never text.
_STANDS_NOWHERE: Final = "\ufdd0"
_UNBINDABLE: Final = "A text holds a character that no text here can hold."


class Values:
    """Gives out slots while a plan is made, and the list of values each time it is used.

    ``reserved`` places before the first slot are filled by others: the guard's, to begin with.
    """

    def __init__(self, pack: Pack, *, reserved: int = len(GUARD)) -> None:
        self._pack = pack
        self._binders: list[Binder] = []
        self._next = reserved
        self.slots: list[Slot] = []
        self._conditions = 0

    def count_condition(self) -> None:
        """One more condition of a filter. Raises InvalidArgument where there are too many."""
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise InvalidArgument(
                f"The filters of a field have at most {MOST_CONDITIONS} conditions together."
            )

    def bind(self, variables: Variables, reserved: Sequence[Any]) -> list[Any]:
        """The values for one request. Raises RequestRefused for one that cannot be."""
        values = list(reserved)
        for binder in self._binders:
            binder(variables, values)
        return values

    def integer(self, source: Any, *, wanted: Callable[[Any], Any] = lambda value: value) -> Slot:
        return self._one(Kind.INTEGER, source, wanted)

    def text(self, source: Any) -> Slot:
        return self._one(Kind.TEXT, source, findable)

    def pattern(self, source: Any) -> Slot:
        return self._one(Kind.TEXT, source, like_pattern)

    def texts(self, source: Any) -> Slot:
        pack = self._pack
        return self._one(
            Kind.TEXTS, source, lambda items: pack([findable(i) for i in items if i is not None])
        )

    def ids(self, source: Any) -> Slot:
        pack = self._pack
        return self._one(
            Kind.INTEGERS,
            source,
            lambda items: pack([n for n in map(number, items) if n is not None]),
        )

    def only_id(self, source: Any) -> Slot:
        """The number in a list of one id. As a list PostgreSQL would take it for ten, and walk a whole
        table in its order to find them (docs/performance.md)."""
        return self._one(Kind.INTEGER, source, lambda ids: number_or_nobody(ids[0]))

    def cursor(self, source: Any, order: tuple[SortKey, ...], name: str) -> tuple[Slot, ...]:
        """A slot for each sort key's value at the cursor's place."""

        def binder(variables: Variables, values: list[Any]) -> None:
            values.extend(read_cursor(value_of(source, variables), order, name))

        self._binders.append(binder)
        return tuple(self._slot(key.kind) for key in order)

    def _one(self, kind: Kind, source: Any, wanted: Callable[[Any], Any]) -> Slot:
        self._binders.append(_binder(source, wanted))
        return self._slot(kind)

    def _slot(self, kind: Kind) -> Slot:
        slot = Slot(self._next, kind)
        self._next += 1
        self.slots.append(slot)
        return slot


def _binder(source: Any, wanted: Callable[[Any], Any]) -> Binder:
    if isinstance(source, Symbol):
        symbol = source
        return lambda variables, values: values.append(wanted(symbol.value(variables)))
    if isinstance(source, list) and any(isinstance(item, Symbol) for item in source):
        return lambda variables, values: values.append(wanted(value_of(source, variables)))
    constant = wanted(source)
    return lambda _, values: values.append(constant)


def guard_values(actor: Actor) -> list[Any]:
    """The values that every statement begins with."""
    return [actor.account_id, actor.username, actor.role.value, actor.session_id]


def bindable(text: str) -> str:
    """The text, if a database can hold it: no NUL, no lone surrogates. Raises InvalidArgument."""
    if "\0" in text:
        raise InvalidArgument(_UNBINDABLE)
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidArgument(_UNBINDABLE) from None
    return text


def findable(text: str) -> str:
    """The text, or one that stands nowhere in the place of one that no database can hold."""
    try:
        return bindable(text)
    except InvalidArgument:
        return _STANDS_NOWHERE


def like_pattern(text: str) -> str:
    """The LIKE pattern for "contains", over folded names."""
    if len(text) > LONGEST_NAME:
        raise InvalidArgument(f"A name to search for has at most {LONGEST_NAME} characters.")
    folded = fold(findable(text))
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
