"""What a user can mend."""


class UserError(Exception):
    """Something the user can mend: one sentence that names the value, the place and the remedy."""
