"""The one exception that says a file as a whole cannot be used. Words for its codes are in `say.TROUBLE`."""

from typing import Any

from shared.errors import SikproError


class FileRefused(SikproError):  # noqa: N818 a sentence, not a suffix
    """This file cannot be used; `code` and `params` say why."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params
