"""Sessional: the appointment engine for therapy services."""

from typing import Final

__version__: Final = "0.1.0"
