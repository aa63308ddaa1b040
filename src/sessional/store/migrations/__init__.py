"""The database's schema, step by step, run by Alembic.

A step is a file of SQL for each database under one name, and an entry in ``STEPS``. The files stay
as they were released; a change is a new step.
"""

from typing import Final

# revision -> file name, in order. The revision is what Alembic notes in the database.
STEPS: Final = {"0001": "0001_appointment_api", "0002": "0002_diary"}
HEAD: Final = list(STEPS)[-1]
