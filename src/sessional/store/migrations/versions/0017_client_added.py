"""Clients have been known since an instant."""

from sessional.store.migrate import run_step

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run_step(revision)
