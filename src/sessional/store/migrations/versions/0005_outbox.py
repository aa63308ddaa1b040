"""The outbox: notices and reminders that wait to be sent."""

from sessional.store.migrate import run_step

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_step(revision)
