"""The error that a user can fix."""


class UserError(Exception):
    """An error that the user can fix: one sentence with the value, the place and the remedy."""
