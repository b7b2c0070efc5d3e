"""The one exception that is meant for the person who runs the workflow."""

import re

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class UserError(Exception):
    """Something that the user can fix: says what went wrong, where, and what to do."""

    def __str__(self) -> str:
        """Return the message; control characters, which damaged files hold, are spelled out."""
        return _CONTROL.sub(lambda found: repr(found[0])[1:-1], super().__str__())


class Diverged(UserError):
    """A loss of a training, or a logit of its checkpoint, is NaN or infinite."""
