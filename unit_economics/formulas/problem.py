"""What is said of a formula that can't be meant that way, and at which character.

Here: the one exception of the package. Not here: its sentences (each is written where it is found).
"""

_BEFORE, _AT_MOST = 80, 120


class FormulaProblem(Exception):  # noqa: N818  # it is an answer, not an error
    """A formula that was not accepted: what is wrong, at which character (the first is 1), of which text."""

    def __init__(self, what: str, column: int, text: str = "") -> None:
        self.what, self.column, self.text = what, column, text
        super().__init__(what, column, text)

    def __str__(self) -> str:
        return f"column {self.column}: {self.what}"

    @property
    def pointed(self) -> str:
        """The formula, and under it a caret at the character; of a long one the part around it."""
        start = max(0, self.column - 1 - _BEFORE)
        part = self.text[start : start + _AT_MOST]
        # Each character stays one character, or the caret would stand under another one.
        line = "".join(letter if letter.isprintable() else " " for letter in part)
        return f"{line}\n{' ' * (self.column - 1 - start)}^"

    def of(self, text: str) -> "FormulaProblem":
        """The same, said of this text: who finds a problem in a part doesn't know the whole."""
        return FormulaProblem(self.what, self.column, text)
