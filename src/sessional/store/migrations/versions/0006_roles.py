"""Roles: whose an account is."""

from sessional.store.migrate import run_step

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_step(revision)
