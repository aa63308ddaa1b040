"""Which keys clients' texts may be encrypted with."""

from sessional.store.migrate import run_step

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_step(revision)
