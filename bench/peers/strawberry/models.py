"""The tables as SQLAlchemy maps them."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger}  # noqa: RUF012 - SQLAlchemy's own form


class AppointmentRow(Base):
    __tablename__ = "appointment"
    therapist_id: Mapped[int] = mapped_column(ForeignKey("therapist.therapist_id"))
    appointment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    service_code: Mapped[str]
    starts_at: Mapped[int]
    ends_at: Mapped[int]


class TherapistRow(Base):
    __tablename__ = "therapist"
    therapist_id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]


class SpecialismRow(Base):
    __tablename__ = "specialism"
    specialism_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class TherapistSpecialismRow(Base):
    __tablename__ = "therapist_specialism"
    therapist_id: Mapped[int] = mapped_column(primary_key=True)
    specialism_id: Mapped[int] = mapped_column(primary_key=True)
