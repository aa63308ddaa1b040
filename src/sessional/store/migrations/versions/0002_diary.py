"""The diary: working hours, clients, rooms, the life of a session."""

from sessional.store.migrate import run_step

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_step(revision)
