"""The one exception that is meant for the person who runs the workflow."""


class UserError(Exception):
    """Something that the user can fix: says what went wrong, where, and what to do."""
