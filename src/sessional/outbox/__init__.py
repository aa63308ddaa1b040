"""Sends what waits in the outbox: notices and reminders by mail. Writes no notice itself: that is done
by the action that a notice tells of, in the same transaction."""
