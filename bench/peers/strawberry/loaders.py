"""Reading and writing rows. A DataLoader gathers what one level of the answer asks for."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from strawberry.dataloader import DataLoader

from bench.peers.strawberry.models import (
    AppointmentRow,
    SpecialismRow,
    TherapistRow,
    TherapistSpecialismRow,
)

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "10"))
engine = create_async_engine(
    os.environ["BENCH_DATABASE"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=CONNECTIONS,
    max_overflow=0,
    connect_args={"server_settings": {"plan_cache_mode": "force_generic_plan", "jit": "off"}},
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def load_page(begin: int, end: int, first: int) -> Sequence[AppointmentRow]:
    wanted = (
        select(AppointmentRow)
        .where(AppointmentRow.starts_at >= begin, AppointmentRow.starts_at <= end)
        .order_by(AppointmentRow.starts_at, AppointmentRow.appointment_id)
        .limit(first)
    )
    async with sessions() as session:
        return (await session.scalars(wanted)).all()


async def load_appointment(number: int) -> AppointmentRow | None:
    wanted = select(AppointmentRow).where(AppointmentRow.appointment_id == number)
    async with sessions() as session:
        return (await session.scalars(wanted)).one_or_none()


async def insert(row: AppointmentRow) -> None:
    async with sessions() as session, session.begin():
        session.add(row)


async def load_therapists(numbers: list[int]) -> list[TherapistRow | None]:
    wanted = select(TherapistRow).where(TherapistRow.therapist_id.in_(numbers))
    async with sessions() as session:
        found = {row.therapist_id: row for row in await session.scalars(wanted)}
    return [found.get(number) for number in numbers]


async def load_specialisms(therapists: list[int]) -> list[list[SpecialismRow]]:
    link = TherapistSpecialismRow
    wanted = (
        select(link.therapist_id, SpecialismRow)
        .join(SpecialismRow, SpecialismRow.specialism_id == link.specialism_id)
        .where(link.therapist_id.in_(therapists))
        .order_by(link.therapist_id, link.specialism_id)
    )
    found = defaultdict(list)
    async with sessions() as session:
        for therapist, specialism in await session.execute(wanted):
            found[therapist].append(specialism)
    return [found[therapist] for therapist in therapists]


@dataclass
class Loaders:
    """One set for each request: a DataLoader remembers what it has loaded."""

    therapist: DataLoader[int, TherapistRow | None]
    specialisms: DataLoader[int, list[SpecialismRow]]


def new_loaders() -> Loaders:
    return Loaders(
        therapist=DataLoader(load_fn=load_therapists),
        specialisms=DataLoader(load_fn=load_specialisms),
    )
