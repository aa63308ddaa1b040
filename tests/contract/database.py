"""A database beside its server: rows written and looked at by SQL, behind the service's back."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

_PREFIX = "sqlite:///"


@dataclass(frozen=True)
class Database:
    """Values are written as ``?`` for both engines."""

    url: str

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith(_PREFIX)

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.url.removeprefix(_PREFIX))

    def run(self, *statements: tuple[str, Sequence[Sequence[Any]]]) -> None:
        """Run each statement once for each of its rows of values, all in one transaction."""
        if self.is_sqlite:
            self._run_sqlite(statements)
        else:
            asyncio.run(self._run_postgres(statements))

    def execute(self, sql: str, *values: Any) -> None:
        self.run((sql, [values]))

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        if self.is_sqlite:
            with closing(self._connect()) as connection:
                return connection.execute(sql, values).fetchall()
        return asyncio.run(self._rows_postgres(sql, values))

    def value(self, sql: str, *values: Any) -> Any:
        """The one value of a statement that gives one."""
        ((found,),) = self.rows(sql, *values)
        return found

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _run_sqlite(self, statements: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        with closing(self._connect()) as connection, connection:
            for sql, rows in statements:
                connection.executemany(sql, rows)

    async def _run_postgres(self, statements: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction():
                for sql, rows in statements:
                    await connection.executemany(_numbered(sql), rows)
        finally:
            await connection.close()

    async def _rows_postgres(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(_numbered(sql), *values)]
        finally:
            await connection.close()


def _numbered(sql: str) -> str:
    """``?`` as PostgreSQL writes it: ``$1``, ``$2`` …"""
    numbers = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
