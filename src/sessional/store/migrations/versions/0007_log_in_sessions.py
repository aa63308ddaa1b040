"""Who is logged in where: refresh tokens that rotate, sessions that can be revoked."""

from sessional.store.migrate import run_step

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_step(revision)
