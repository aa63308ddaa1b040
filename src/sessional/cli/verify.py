"""sessional verify: whether a database holds what is promised of it. Reads only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from sessional.access import Role
from sessional.actions.sealing import Chain
from sessional.cli.data_keys import reading
from sessional.cli.exchange import counted, current
from sessional.cli.options import Database, loaded
from sessional.errors import Fault
from sessional.exchange.records import RECORDS
from sessional.keyring import ENCRYPTED, Keyring, second_factor_of
from sessional.store import bulk
from sessional.store.bulk import Snapshot
from sessional.store.migrations import HEAD

# Of one kind: who has more of them needs no longer list.
MOST_LINES: Final = 100


@dataclass(frozen=True, slots=True)
class Check:
    """A statement whose every row is a finding, and the finding's sentence."""

    statement: str
    sentence: str


BOTH: Final = (
    Check("verify_guard", "The guard against overlaps is missing: {}."),
    Check("verify_triggers", "The trigger {} is missing or switched off: nothing does what it is for."),
    Check("verify_overlaps", "Therapist {0}: appointment {1} overlaps appointment {2}."),
    Check("verify_rooms", "Room {0}: appointment {1} overlaps appointment {2}."),
    Check("verify_second_factors", "User “{}” has a second factor without a secret, and cannot log in."),
    Check("verify_clients", "Client {0}: appointment {1} overlaps appointment {2}."),
    Check("verify_participants", "Client {} in appointment {}: the time noted is not the session's."),
    Check("verify_places", "Appointment {} counts {} clients, but {} take part."),
    Check("verify_places_held", "Appointment {} counts {} held places, but {} are held."),
    Check("verify_history", "Appointment {} is not as its history has it since version {}."),
    Check("verify_events", "Event {} of a history is of appointment {}, which does not exist."),
    Check("verify_erased", "Client {} was erased, and is known again."),
    Check("verify_spans", "Appointment {} has an impossible span: {} to {}."),
    Check("verify_therapists", "Appointment {} belongs to therapist {}, who does not exist."),
    Check("verify_services", "Appointment {} is of the service “{}”, which does not exist."),
    Check("verify_waiting", "Waitlist entry {} is of client {} for the service “{}”: one does not exist."),
    Check("verify_accepted", "Waitlist entry {} came to appointment {}, which does not exist."),
    Check(
        "verify_offers", "Waitlist entry {} is offered a time of therapist {} that hold {} does not keep."
    ),
    Check("verify_offer_holds", "Hold {} keeps a time of therapist {} for an offer that does not exist."),
    Check("verify_links", "Therapist {} is linked to specialism {}, but not both exist."),
    Check(
        "verify_keys", "An idempotency key of account {} stands for appointment {}, which does not exist."
    ),
    Check("verify_unlinked", "The record: event {} was never linked into its chain."),
    Check("verify_key_owners", "An idempotency key belongs to account {}, which does not exist."),
    Check("verify_account_owners", "User “{}” belongs to a therapist or client who does not exist."),
)
SQLITE: Final = (
    Check("verify_file", "SQLite's integrity check: {}."),
    Check("verify_references", "SQLite's foreign key check: {} of {} refer to no {}."),
)
POSTGRES: Final = (
    Check("verify_next_ids", "The next id of {} would be one that is taken: the highest is {}."),
    Check("verify_indexes", "The index {} is not valid."),
)


def verify(database: Database = None) -> None:
    """Look for overlaps, orphans and damage; exit status 1 if there is anything."""
    place = current(database)
    if asyncio.run(findings(place, reading(loaded(database=database).settings, place))):
        raise typer.Exit(1)


async def findings(place: Path | str, keyring: Keyring) -> int:
    """Print what is wrong with a database, and a summary; answers how much that is."""
    total = 0
    async with bulk.snapshot(place) as snapshot:
        for check in (*(SQLITE if isinstance(place, Path) else POSTGRES), *BOTH):
            total += await _run(snapshot, check)
        total += await _roles(snapshot)
        total += await _encrypted(snapshot, keyring)
        total += await _second_factors(snapshot, keyring)
        chain, broken = await _chain(snapshot)
        typer.echo(await _summary(snapshot, chain, total := total + broken))
    return total


async def _run(snapshot: Snapshot, check: Check) -> int:
    """Print what a check finds; answers how much. A check that cannot be done is a finding."""
    found = 0
    try:
        async for rows in snapshot.batches(check.statement):
            for row in rows[: max(0, MOST_LINES - found)]:
                typer.echo(check.sentence.format(*row))
            found += len(rows)
    except Fault as fault:
        typer.echo(f"The check {check.statement} could not be done: {fault.message}.")
        return found + 1
    _count_rest(found)
    return found


def _count_rest(found: int) -> None:
    """Say how many there were beyond those that had a line each."""
    if found > MOST_LINES:
        typer.echo(f"… and {found - MOST_LINES:,} more of these.")


async def _roles(snapshot: Snapshot) -> int:
    """Accounts with a role that this program does not know could not log in."""
    found = 0
    async for rows in snapshot.batches("accounts"):
        for name, role, *_ in rows:
            if role not in set(Role):
                typer.echo(f"User “{name}” has the role “{role}”, which is not known.")
                found += 1
    return found


async def _encrypted(snapshot: Snapshot, keyring: Keyring) -> int:
    """What is encrypted of clients and no key opens."""
    found, columns = 0, RECORDS["client"].columns
    async for rows in snapshot.batches("export_clients"):
        for row in rows:
            for column, stored in zip(columns, row, strict=True):
                if column in ENCRYPTED and stored and not keyring.opens(column, stored):
                    if found < MOST_LINES:
                        typer.echo(f"Client {row[0]}: {column} is encrypted, and no key opens it.")
                    found += 1
    _count_rest(found)
    return found


async def _second_factors(snapshot: Snapshot, keyring: Keyring) -> int:
    """Secrets of second factors that no key opens: their accounts cannot log in."""
    found = 0
    async for rows in snapshot.batches("second_factors"):
        for account_id, stored in rows:
            if not keyring.opens(second_factor_of(account_id), stored):
                if found < MOST_LINES:
                    typer.echo(
                        f"Account {account_id}: the second factor is encrypted, and no key opens it."
                    )
                found += 1
    _count_rest(found)
    return found


async def _chain(snapshot: Snapshot) -> tuple[Chain, int]:
    """Whether the record is as it was written: its chain, and how much is wrong with it."""
    [start] = [row async for rows in snapshot.batches("verify_chain_start") for row in rows]
    chain, found = Chain(*start), 0
    async for rows in snapshot.batches("verify_chain"):
        for position, what in chain.broken(rows):
            if found < MOST_LINES:
                typer.echo(f"The record at position {position}: {what}.")
            found += 1
    _count_rest(found)
    return chain, found


async def _summary(snapshot: Snapshot, chain: Chain, findings: int) -> str:
    [sizes] = [row async for rows in snapshot.batches("sizes") for row in rows]
    kinds = ("appointment", "therapist", "user")
    looked_at = ", ".join(counted(size, kind) for size, kind in zip(sizes, kinds, strict=True))
    ends = f" (the last is {chain.hash})" if chain.position else ""
    looked_at = f"{looked_at}, {counted(chain.position, 'link')} of the record{ends}"
    said = "nothing is wrong" if not findings else f"findings: {findings:,}"
    return f"Looked at {looked_at} under the schema {HEAD}: {said}."
