"""What may go wrong in words a door can pass on. A door turns each class into its own answer, in one place."""


class SikproError(Exception):
    """Something the caller may fix. Its docstring is its default message."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class NotFound(SikproError):  # noqa: N818 a sentence, not a suffix
    """There is no such record, or it is outside the person's area; the two look the same on purpose."""


class NotAllowed(SikproError):  # noqa: N818
    """This person's role does not permit it."""


class Conflict(SikproError):  # noqa: N818
    """The record is not in a state that permits this."""


class Invalid(SikproError):  # noqa: N818
    """A value cannot be used; `fields` says which and why, in machine words."""

    def __init__(self, **fields: str) -> None:
        super().__init__(", ".join(f"{name}: {code}" for name, code in fields.items()))
        self.fields = fields
