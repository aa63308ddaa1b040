"""A page of rows -> the expressions that answer it, and the rows that they are computed from.

The rows of a page come from up to three layers: ``s``, the rows in order, one more than asked for
where somebody wants to know what follows; ``x``, the same with their number and count where that
is needed; and the aggregate over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sessional.store.conditions import (
    Columns,
    Names,
    beyond,
    condition_sql,
    linked,
    of,
    order_sql,
    up_to,
)
from sessional.store.dialect import CLIENT_MARK, Dialect
from sessional.store.pieces import Needed, Pieces, Sql, concatenated, cursor, member
from sessional.store.shape import (
    Constant,
    Cursor,
    Edges,
    Fact,
    Fields,
    Link,
    Node,
    Page,
    PageFact,
    PageInfo,
    Slot,
    Total,
)

# Makes the pieces of one object from a row's columns.
ObjectMaker = Callable[[Fields, Columns], Pieces]
# The link that leads to a page's rows, and the row that it leads from; None at the root.
Outer = tuple[Link, Columns] | None


@dataclass(slots=True)
class PageMaker:
    """Makes the SELECT of one page. ``outer`` is the row that the page belongs to, if any."""

    page: Page
    outer: Outer
    dialect: Dialect
    names: Names
    make_object: ObjectMaker
    row: Needed = field(init=False)
    backward: bool = field(init=False)
    one_more: bool = field(init=False)
    numbered: bool = field(init=False)
    # Whether the answer, as far as it is made, aggregates the rows of the page.
    aggregated: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        page, facts = self.page, set(_facts(self.page))
        self.row = Needed(self.names("x"))
        self.backward = page.first is None
        cut_twice = page.first is not None and page.last is not None
        overflow = Fact.HAS_PREVIOUS if self.backward else Fact.HAS_NEXT
        self.one_more = overflow in facts
        self.numbered = (
            self.one_more
            or self.backward
            or cut_twice
            or bool(facts & {Fact.START_CURSOR, Fact.END_CURSOR})
        )

    # ---- the whole ------------------------------------------------------------------------------

    def select(self) -> str:
        """``SELECT answer, row_count …``: always exactly one row."""
        answer = self.answer()
        rows = f"count(*){self.kept()}" if self.aggregated else "0"
        return f"SELECT {answer} AS answer, {rows} AS row_count{self.source_rows()}"

    def scalar(self) -> str:
        """The same as one expression, for a page inside a row."""
        return f"(SELECT {self.answer()}{self.source_rows()})"

    def source_rows(self) -> str:
        """The FROM clause; none where the answer says nothing about single rows."""
        return f" FROM ({self.rows()}) {self.row.alias}" if self.aggregated else ""

    def answer(self) -> str:
        pieces: Pieces = ["{"]
        for position, part in enumerate(self.page.parts):
            pieces.append(member(part.key, position))
            match part:
                case Constant():
                    pieces.append(f'"{part.text}"')
                case Edges():
                    pieces += ["[", Sql(f"coalesce({self.edges(part)}, '')"), "]"]
                case PageInfo():
                    pieces += self.page_info(part)
                case Total():
                    pieces.append(Sql(self.dialect.digits(f"({self.count_all()})")))
        return concatenated([*pieces, "}"], self.dialect)

    # ---- the rows -------------------------------------------------------------------------------

    def rows(self) -> str:
        """What the aggregate runs over. Made last, when it is known which columns are needed."""
        page = self.page
        row, source, where = self.source()
        for place, after in ((page.after, True), (page.before, False)):
            if place is not None:
                where.append(beyond(page.order, place, row, self.dialect, after=after))
        columns = ", ".join(f"{row(name)} AS {name}" for name in self.row.names) or "1 AS one"
        order = order_sql(page.order, row, reverse=self.backward)
        limit = self.size + (1 if self.one_more else 0)
        rows = f"SELECT {columns} FROM {source} WHERE {' AND '.join(where)}"
        return self.counted(f"{rows} ORDER BY {order} LIMIT {limit}")

    @property
    def size(self) -> int:
        """How many rows the first cut leaves at most."""
        size = self.page.last if self.page.first is None else self.page.first
        assert size is not None, "a page is always bounded"
        return size

    def source(self) -> tuple[Columns, str, list[str]]:
        """All rows that match, on all pages: their columns, a FROM clause, the conditions."""
        if self.outer is None:
            alias, where = self.names("t"), list[str]()
            columns, source = of(alias), f"{self.page.table.name} {alias}"
        else:
            link, row = self.outer
            columns, source, where = linked(link, row, self.names, self.dialect)
        where.append(condition_sql(self.page.where, columns, self.dialect, self.names))
        return columns, source, where

    def counted(self, rows: str) -> str:
        """The rows with their number ``n`` in the order read, and how many were read, ``m``."""
        if not self.numbered:
            return rows
        alias = self.names("s")
        numbers = "row_number() OVER () AS n, count(*) OVER () AS m"
        return f"SELECT {alias}.*, {numbers} FROM ({rows}) {alias}"

    def kept(self) -> str:
        """The rows of the page among those read, as a FILTER clause."""
        first, last, x = self.page.first, self.page.last, self.row.alias
        wanted = [f"{x}.n <= {self.size}"] if self.one_more else []
        if first is not None and last is not None:
            wanted.append(f"{x}.n > {self.end_number()} - {last}")
        return f" FILTER (WHERE {' AND '.join(wanted)})" if wanted else ""

    def end_number(self) -> str:
        """The number of the last row that the first cut leaves."""
        m = f"{self.row.alias}.m"
        return f"CASE WHEN {m} > {self.size} THEN {self.size} ELSE {m} END"

    # ---- the parts ------------------------------------------------------------------------------

    def edges(self, edges: Edges) -> str:
        self.aggregated = True
        pieces: Pieces = ["{"]
        for position, part in enumerate(edges.parts):
            pieces.append(member(part.key, position))
            match part:
                case Constant():
                    pieces.append(f'"{part.text}"')
                case Cursor():
                    pieces += self.cursor()
                case Node():
                    pieces += self.make_object(part.fields, self.row)
        edge = concatenated([*pieces, "}"], self.dialect)
        order = f" ORDER BY {self.row.alias}.n DESC" if self.backward else ""
        return self.dialect.joined(edge, order) + self.kept()

    def cursor(self) -> Pieces:
        made = cursor(self.page.order, self.page.sort_name, self.row, self.dialect)
        if self.page.noted is None:
            return made
        number = Sql(self.dialect.digits(self.row(self.page.noted.name)))
        return [*made, CLIENT_MARK, number, CLIENT_MARK]

    def page_info(self, info: PageInfo) -> Pieces:
        pieces: Pieces = ["{"]
        for position, part in enumerate(info.parts):
            pieces.append(member(part.key, position))
            if isinstance(part, Constant):
                pieces.append(f'"{part.text}"')
            else:
                pieces.append(self.fact(part.fact))
        return [*pieces, "}"]

    def fact(self, fact: Fact) -> str | Sql:
        match fact:
            case Fact.START_CURSOR | Fact.END_CURSOR:
                self.aggregated = True
                at = f"{self.row.alias}.n = {self.edge_number(start=fact is Fact.START_CURSOR)}"
                text = concatenated(self.cursor(), self.dialect)
                cursor = f"max(CASE WHEN {at} THEN {text} END){self.kept()}"
                return Sql(f"coalesce({cursor}, 'null')")
            case Fact.HAS_NEXT:
                reasons = self.beyond_before() + ([] if self.backward else [self.overflow()])
            case Fact.HAS_PREVIOUS:
                reasons = self.beyond_after() + self.cut_before()
        if not reasons:
            return "false"
        return Sql(f"CASE WHEN {' OR '.join(reasons)} THEN 'true' ELSE 'false' END")

    def edge_number(self, *, start: bool) -> str:
        """The number of the page's first or last row in the order read."""
        if start == self.backward:
            return self.end_number()
        if start and self.page.last is not None:
            cut = f"{self.end_number()} - {self.page.last} + 1"
            return f"CASE WHEN {cut} > 1 THEN {cut} ELSE 1 END"
        return "1"

    def overflow(self) -> str:
        return f"{self.highest(f'{self.row.alias}.m')} > {self.size}"

    def highest(self, number: str) -> str:
        self.aggregated = True
        return f"coalesce(max({number}), 0)"

    def cut_before(self) -> list[str]:
        """Why rows that match may stand before the page without any ``after``: ``last`` cut them."""
        if self.backward:
            return [self.overflow()]
        if self.page.last is None:
            return []
        return [f"{self.highest(self.end_number())} > {self.page.last}"]

    def beyond_after(self) -> list[str]:
        place = self.page.after
        return [] if place is None else [self.exists_up_to(place, after=True)]

    def beyond_before(self) -> list[str]:
        place = self.page.before
        return [] if place is None else [self.exists_up_to(place, after=False)]

    def exists_up_to(self, place: tuple[Slot, ...], *, after: bool) -> str:
        columns, source, where = self.source()
        where.append(up_to(self.page.order, place, columns, self.dialect, after=after))
        return f"EXISTS (SELECT 1 FROM {source} WHERE {' AND '.join(where)})"

    def count_all(self) -> str:
        _, source, where = self.source()
        return f"SELECT count(*) FROM {source} WHERE {' AND '.join(where)}"


def _facts(page: Page) -> Iterator[Fact]:
    for info in page.parts:
        if isinstance(info, PageInfo):
            yield from (part.fact for part in info.parts if isinstance(part, PageFact))
