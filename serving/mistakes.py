"""Mistakes in a body that was checked part by part."""

from pydantic_core import ErrorDetails


class MistakesError(Exception):
    """Mistakes in a body, found part by part.

    Parameters
    ----------
    first : list of ErrorDetails
        The first of them, their places as in the whole body.
    count : int
        How many there are in all.
    """

    def __init__(self, first: list[ErrorDetails], count: int) -> None:
        super().__init__(f"{count} mistakes")
        self.first = first
        self.count = count
