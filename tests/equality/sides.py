"""The two sides that are held together, and what each must be able to do.

The product is connected by the fixture `product` in `conftest.py`, once per database. Its contract:

    product.load(practice)                                  replaces all data by this practice
    product.answer(document, variables, operation_name)     the whole response, as plain values

`load` writes the rows as they are, ids included, and what the product keeps beside them (folded
names for search). Services are replaced too, the ones of the first migration included. `answer` is
synchronous, asks as the account `test_user` with the role ADMIN, through the whole read road
(parse, validate, plan, SQL, JSON), and decodes the response's text with `comparison.decode`, which
refuses a key that comes twice. `operation_name` may be None. Introspection must be allowed,
documents hold up to about 1,000 tokens and 12 levels, the page sizes are the defaults (100, 1,000).
"""

from typing import Any, Protocol

from graphql import get_named_type

from . import reference
from .catalogue import arguments_of, asking, pages_of, whole_lists
from .parts import Bookmark
from .practice import Practice

# The whole lists that can be sorted, and the enum of the sorts.
SORTS = {
    path: get_named_type(arguments["sort"].type).name
    for type_, path in whole_lists().items()
    if "sort" in (arguments := arguments_of(type_))
}


class Answers(Protocol):
    """What a side must be able to do."""

    def load(self, practice: Practice) -> None: ...

    def answer(
        self, document: str, variables: dict[str, Any], operation_name: str | None
    ) -> dict[str, Any]: ...


class Reference:
    """The reference, behind the same two methods as the product."""

    def load(self, practice: Practice) -> None:
        self.practice = practice

    def answer(
        self, document: str, variables: dict[str, Any], operation_name: str | None
    ) -> dict[str, Any]:
        # Generated operations are valid, as their own tests show. The product validates them.
        return reference.execute(self.practice, document, variables, operation_name, valid=True)


class Side:
    """One side with one practice loaded, and the cursors that it has told so far."""

    def __init__(self, answers: Answers, practice: Practice) -> None:
        answers.load(practice)
        self.answer = answers.answer
        self._cursors: dict[tuple[str, tuple[str, ...]], list[str]] = {}

    def cursor_of(self, bookmark: Bookmark) -> str:
        """This side's own cursor for the place, asked from the whole list under the same sort."""
        asked = bookmark.list_name, bookmark.sort
        if asked not in self._cursors:
            self._cursors[asked] = self.cursors(*asked)
        return self._cursors[asked][bookmark.row]

    def cursors(self, list_name: str, sort: tuple[str, ...]) -> list[str]:
        sorted_ = list_name in SORTS
        head = f"query ($sort: [{SORTS[list_name]}])" if sorted_ else ""
        called = f"({'sort: $sort, ' if sorted_ else ''}first: 1000)"
        document = f"{head} {{ {asking(list_name, called, 'edges { cursor }')} }}"
        answer = self.answer(document, {"sort": list(sort)} if sorted_ else {}, None)
        return [edge["cursor"] for page in pages_of(answer["data"], list_name) for edge in page["edges"]]
