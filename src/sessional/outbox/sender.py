"""Claims what waits in the outbox, sends it, and notes what became of it. One in each worker.

A notice is sent at least once: it is claimed with a lease, and whoever dies with it leaves it to be
claimed again. Its Message-ID stays the same, so that a second copy can be known as one. What cannot be sent
is tried again for about a day, ever more rarely, then given up and kept to be seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sessional.diary.reminders import falling_due
from sessional.keyring import Keyring
from sessional.outbox.letters import Notice, needless, notice_of
from sessional.outbox.mail import Unwritable, message
from sessional.outbox.post import Never, NotNow, Place, Post, Unreachable
from sessional.store.store import Store, Transaction

POLL_SECONDS: Final = 1.0
REMINDER_SECONDS: Final = 15
# A batch is done well within its lease: each mail takes a few silences of the server at the most.
TOGETHER: Final = 10
LEASE_SECONDS: Final = 900
MOST_ATTEMPTS: Final = 12
FIRST_DELAY_SECONDS: Final = 60
LONGEST_DELAY_SECONDS: Final = 6 * 3600
FORGET_SECONDS: Final = 30 * 86_400
SECONDS_AT_STOP: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How the sender tells of itself. ``warned`` gets a sentence without personal data."""

    warned: Callable[[str], None]
    failed: Callable[[BaseException], None]


def delay_seconds(attempts: int) -> int | None:
    """How long to wait after so many attempts; None where it was the last."""
    if attempts >= MOST_ATTEMPTS:
        return None
    doubled: int = FIRST_DELAY_SECONDS * 2 ** (attempts - 1)
    return min(doubled, LONGEST_DELAY_SECONDS)


class Sender:
    """Sends from one database through one mail server, until it is stopped.

    ``sender`` is the From line, ``leads`` how many seconds before a session reminders go out.
    """

    def __init__(
        self,
        store: Store,
        place: Place,
        *,
        sender: str,
        leads: Sequence[int],
        now: Callable[[], int],
        told: Told,
        keyring: Keyring,
    ) -> None:
        self._store = store
        self._post = Post(place)
        self._sender = sender
        self._leads = leads
        self._now = now
        self._told = told
        self._keyring = keyring
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail")
        self._stopping = asyncio.Event()
        self._next_reminders = 0
        self._next_forgetting = 0

    async def run(self) -> None:
        """Until ``stop``. A database that is away for a while ends nothing, nor does anything else."""
        while not self._stopping.is_set():
            more = False
            try:
                more = await self._round()
            except Exception as error:  # whatever it was, the next notice is still to be sent
                self._told.failed(error)
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), POLL_SECONDS)

    async def stop(self, running: asyncio.Task[None]) -> None:
        """Let a mail that is being sent be sent and noted; not for ever."""
        self._stopping.set()
        done, _ = await asyncio.wait({running}, timeout=SECONDS_AT_STOP)
        if not done:
            running.cancel()
            self._post.hang_up()
        with suppress(asyncio.CancelledError):
            await running
        self._thread.shutdown(wait=False, cancel_futures=True)

    # ---- one round ------------------------------------------------------------------------------

    async def _round(self) -> bool:
        """Whether there may be more to do at once."""
        now = self._now()
        if now >= self._next_reminders:
            self._next_reminders = now + REMINDER_SECONDS
            for lead_seconds in self._leads:
                await self._store.transact(lambda tx, lead=lead_seconds: _remind(tx, lead, now))  # type: ignore[misc]
        if now >= self._next_forgetting:
            self._next_forgetting = now + 3600
            await self._store.fetch("forget_notices", before=now - FORGET_SECONDS)
        return await self._send_some(now)

    async def _send_some(self, now: int) -> bool:
        if not await self._store.fetch("notices_waiting", now=now):
            return False
        lease = {"now": now, "lease_until": now + LEASE_SECONDS}
        claimed = await self._store.fetch("claim_notices", most=TOGETHER, **lease)
        try:
            await self._send_all(sorted((row[0], row[1]) for row in claimed))
        finally:
            if not self._stopping.is_set():
                await self._in_thread(self._post.close)
        return len(claimed) == TOGETHER

    async def _send_all(self, claimed: Sequence[tuple[int, int]]) -> None:
        away: Unreachable | None = None
        for outbox_id, attempts in claimed:
            if self._stopping.is_set():
                await self._delay(outbox_id, attempts, 0, None)  # for whoever comes next
            elif away is not None:
                await self._failed(outbox_id, attempts, away)
            else:
                away = await self._send(outbox_id, attempts)

    async def _send(self, outbox_id: int, attempts: int) -> Unreachable | None:
        """Send one and note what became of it; answers a server that is away."""
        if attempts > MOST_ATTEMPTS:  # Whoever had it before has died with it, every time.
            await self._given_up(outbox_id, attempts, "never came to an end")
            return None
        rows = await self._store.fetch("letter", outbox_id=outbox_id)
        if not rows:  # Its client was erased since it was claimed, and it with them.
            return None
        try:
            notice = notice_of(outbox_id, rows[0], self._keyring)
        except Exception as error:  # an address that no key opens here is in nobody else's way
            self._told.failed(error)
            await self._failed(outbox_id, attempts, error)
            return None
        if (why := needless(notice, self._now())) is not None:
            await self._ended(outbox_id, attempts, "DROPPED", why)
            return None
        try:
            await self._deliver(notice)
        except Unreachable as error:
            await self._failed(outbox_id, attempts, error)
            return error
        except NotNow as error:
            await self._failed(outbox_id, attempts, error)
        except (Never, Unwritable) as error:
            await self._given_up(outbox_id, attempts, f"refused: {error}")
        except Exception as error:
            self._told.failed(error)
            await self._failed(outbox_id, attempts, error)
        else:
            await self._ended(outbox_id, attempts, "SENT", None)
        return None

    async def _deliver(self, notice: Notice) -> None:
        mail = message(notice, self._sender)
        await self._in_thread(lambda: self._post.deliver(mail))

    async def _in_thread(self, work: Callable[[], Any]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # ---- what became of it ----------------------------------------------------------------------

    async def _failed(self, outbox_id: int, attempts: int, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}" if isinstance(error, NotNow) else type(error).__name__
        wait = delay_seconds(attempts)
        if wait is None:
            await self._given_up(outbox_id, attempts, why)
        else:
            await self._delay(outbox_id, attempts, wait, why)

    async def _delay(self, outbox_id: int, attempts: int, wait: int, why: str | None) -> None:
        row = {"outbox_id": outbox_id, "attempts": attempts}
        await self._store.fetch("delay_notice", next_at=self._now() + wait, outcome=why, **row)

    async def _given_up(self, outbox_id: int, attempts: int, why: str) -> None:
        await self._ended(outbox_id, attempts, "DEAD", why)
        self._told.warned(
            f"Notice {outbox_id} could not be sent and is given up ({why}). See: sessional outbox list"
        )

    async def _ended(self, outbox_id: int, attempts: int, status: str, why: str | None) -> None:
        row = {"outbox_id": outbox_id, "attempts": attempts, "now": self._now()}
        await self._store.fetch("end_notice", status=status, outcome=why, **row)


async def _remind(tx: Transaction, lead_seconds: int, now: int) -> None:
    """Write the reminders that fall due, and how far that has come, in one transaction."""
    rows = await tx.fetch("open_reminder_clock", lead_seconds=lead_seconds)
    reminded_until = rows[0][0] if rows else None
    span = falling_due(reminded_until, now, lead_seconds)
    if span is not None:
        times = {"starts_at": span.starts_at, "ends_at": span.ends_at}
        await tx.fetch("queue_reminders", lead_seconds=lead_seconds, now=now, **times)
    if reminded_until is None or now + lead_seconds > reminded_until:
        row = {"lead_seconds": lead_seconds, "reminded_until": now + lead_seconds}
        await tx.fetch("set_reminder_clock", **row)
