"""The appointment API: accounts, therapists, services, appointments, idempotency keys."""

from sessional.store.migrate import run_step

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_step(revision)
