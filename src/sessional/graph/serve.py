"""The road of an operation: parse, validate, plan, read or act, answer. Each step is timed.

What the database answers goes into the answer as it came: it is neither decoded nor walked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLNonNull, GraphQLSchema, get_location

from sessional.access import Actor, Caller
from sessional.actions import Desk
from sessional.errors import (
    DeadlineExceeded,
    EntryRefused,
    Fault,
    Refusal,
    SessionalError,
    Unauthenticated,
)
from sessional.graph import marks
from sessional.graph.bindings_check import check
from sessional.graph.bounds import DocumentLimits
from sessional.graph.documents import Documents, Operation, RequestError
from sessional.graph.plan import PageSizes
from sessional.graph.refusals import plain_data
from sessional.graph.schema import schema, write_date_time
from sessional.graph.step_maker import StepMaker
from sessional.graph.steps import Calling, Done, Step
from sessional.store.dialect import CLIENT_MARK, STORED_MARK

# Told of every exception that is not a refusal; answers nothing.
FaultListener = Callable[[BaseException], None]


class MutationByGet(Exception):
    """A request that may not change anything asks for a mutation."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as it came over HTTP."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None
    may_change: bool


@dataclass(slots=True)
class Answer:
    """The body of an answer, and what is worth noticing about it."""

    body: bytes = b""
    executed: bool = False
    operation_name: str | None = None
    is_mutation: bool = False
    rows: int = 0
    codes: list[str] = field(default_factory=list)
    parse_seconds: float = 0.0
    plan_seconds: float = 0.0
    run_seconds: float = 0.0


class Road:
    """Answers operations. One for each process."""

    def __init__(
        self,
        desk: Desk,
        *,
        sizes: PageSizes,
        limits: DocumentLimits,
        on_fault: FaultListener,
        deadline_seconds: float = 10,
    ) -> None:
        self._schema: GraphQLSchema = schema()
        check(self._schema)
        self._documents = Documents(self._schema, limits)
        self._desk = desk
        self._sizes = sizes
        self._on_fault = on_fault
        self._suggestions = limits.suggestions
        self._deadline = deadline_seconds

    async def answer(
        self, asked: Asked, entry: Actor | SessionalError | None, caller: Calling = Caller
    ) -> Answer:
        """The answer to an operation. Raises MutationByGet; everything else becomes an answer.

        ``entry`` is who asks, or why that is not known: a token that is no good, a key that cannot be
        looked up, or none at all. ``caller`` says from where, to the fields that want to know.
        """
        actor = entry if isinstance(entry, Actor) else None
        barred = entry if isinstance(entry, SessionalError) else None
        answer = Answer()
        started = time.perf_counter()
        try:
            operation = self._documents.get(asked.query).operation(asked.operation_name)
            answer.operation_name, answer.is_mutation = operation.name, operation.is_mutation
            if operation.is_mutation and not asked.may_change:
                raise MutationByGet
            variables = operation.coerce(self._schema, asked.variables, suggestions=self._suggestions)
        except RequestError as error:
            answer.codes.append(error.code)
            answer.body = _request_errors(error)
            return answer
        answer.executed = True
        parsed = time.perf_counter()
        try:
            steps = self._steps(operation, variables, actor)
        except Refusal as refusal:  # which root fields there are cannot be said: there is no data
            shown = {"message": refusal.message, "extensions": {"code": refusal.code}}
            answer.codes.append(refusal.code)
            answer.body = _body("null", [shown])
            return answer
        planned = time.perf_counter()
        await self._run(steps, variables, actor, answer, barred, caller)
        answer.parse_seconds, answer.plan_seconds = parsed - started, planned - parsed
        answer.run_seconds = time.perf_counter() - planned
        return answer

    def _steps(self, operation: Operation, variables: Mapping[str, Any], actor: Actor | None) -> list[Step]:
        key = (actor and (actor.role, actor.root_fields), operation.plan_key(variables))
        steps: list[Step] | None = operation.plans.get(key)
        if steps is None:
            symbolic = operation.symbolic(variables)
            maker = StepMaker(self._schema, operation, symbolic, actor, self._desk, self._sizes)
            steps = operation.plans.put(key, maker.steps())
        return steps

    async def _run(
        self,
        steps: list[Step],
        variables: Mapping[str, Any],
        actor: Actor | None,
        answer: Answer,
        barred: SessionalError | None,
        caller: Calling,
    ) -> None:
        members: list[str] = []
        errors: list[dict[str, Any]] = []
        whole = True
        ends = time.perf_counter() + self._deadline
        for step in steps:
            try:
                if time.perf_counter() > ends:
                    raise DeadlineExceeded("a request ran out of time between two of its fields")
                done = await step.run(self._desk, actor, variables, caller)
            except Exception as raised:
                error = barred if barred and isinstance(raised, Unauthenticated) else raised
                self._note(error, step, actor)
                errors.append(self._error(error, step))
                done = Done("null")
                whole = whole and self._is_nullable(step, answer.is_mutation)
            text = done.text
            if STORED_MARK in text:
                text = self._opened(text)
            if CLIENT_MARK in text:
                text = self._note_reading(text, step, actor, answer)
            if marks.is_marked(text):
                text, found = marks.resolve(text, step.key)
                errors += found
            members.append(f'"{step.key}":{text}')
            answer.rows += done.rows
        data = "{" + ",".join(members) + "}" if whole else "null"
        answer.body = _body(data, errors)
        answer.codes += [error["extensions"]["code"] for error in errors]

    def _opened(self, text: str) -> str:
        """The answer in clear. What no key opens is null and an error of its own: a change stands, and its
        answer says so; of a list the other rows are there."""
        text, failed = marks.open_stored(text, self._desk.keyring.open)
        if failed is not None:
            self._on_fault(failed)
        return text

    def _note_reading(self, text: str, step: Step, actor: Actor | None, answer: Answer) -> str:
        """The answer without its marks; the clients whose data it holds go on record."""
        text, clients = marks.take_clients(text)
        if actor is not None:
            field_, request_id = step.node.name.value, self._desk.request_id()
            self._desk.notebook.read(actor, field_, answer.operation_name, clients, request_id)
        return text

    def _note(self, error: Exception, step: Step, actor: Actor | None) -> None:
        """A refusal of access goes on record where it is known who was refused. Log-ins note theirs
        themselves: about the account that was tried, not the one that a token came along for."""
        field_ = step.node.name.value
        if actor is not None and isinstance(error, EntryRefused) and field_ != "auth":
            request_id = self._desk.request_id()
            self._desk.notebook.refused(actor, field_, error.code, request_id)

    def _is_nullable(self, step: Step, is_mutation: bool) -> bool:
        root = self._schema.mutation_type if is_mutation else self._schema.query_type
        field_ = root.fields.get(step.node.name.value) if root is not None else None
        return field_ is not None and not isinstance(field_.type, GraphQLNonNull)

    def _error(self, error: Exception, step: Step) -> dict[str, Any]:
        """A root field's error as the caller may see it."""
        extensions: dict[str, Any] = {}
        if isinstance(error, Refusal):
            message, code = error.message, error.code
            extensions = {key: _shown(item) for key, item in plain_data(error).items()}
        else:
            self._on_fault(error)
            fault = error if isinstance(error, Fault) else Fault(str(error))
            message, code = fault.public_message, fault.code
        shown: dict[str, Any] = {"message": message, "path": [step.key]}
        if step.node.loc is not None:
            place = get_location(step.node.loc.source, step.node.loc.start)
            shown["locations"] = [{"line": place.line, "column": place.column}]
        return {**shown, "extensions": {"code": code, **extensions}}


def _shown(item: Any) -> Any:
    """Data of a refusal as JSON: instants as RFC 3339."""
    if isinstance(item, list):
        return [_shown(inner) for inner in item]
    if not isinstance(item, dict):
        return item
    return {k: write_date_time(v) if k.endswith("At") else v for k, v in item.items()}


def _body(data: str, errors: list[dict[str, Any]]) -> bytes:
    if not errors:
        return f'{{"data":{data}}}'.encode()
    return f'{{"errors":{orjson.dumps(errors).decode()},"data":{data}}}'.encode()


def _request_errors(error: RequestError) -> bytes:
    """A refusal before execution: errors, and no data at all."""
    shown = [
        {**e.formatted, "extensions": {**(e.extensions or {}), "code": error.code}} for e in error.errors
    ]
    return orjson.dumps({"errors": shown})
