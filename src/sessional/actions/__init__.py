"""One function for each thing the desk can do: open, load, ask the diary, commit."""

from sessional.actions.anyone import book_anyone
from sessional.actions.booking import LOOKS, Booked, book
from sessional.actions.desk import Desk
from sessional.actions.entry import LogIn, log_in, refresh

__all__ = ["LOOKS", "Booked", "Desk", "LogIn", "book", "book_anyone", "log_in", "refresh"]
