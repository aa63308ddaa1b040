"""The outbox: notices and reminders that wait to be sent."""

from sessional.store.migrate import run_step

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    run_step(revision)
