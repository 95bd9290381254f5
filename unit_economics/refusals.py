"""What the platform says instead of a wrong number.

Here: the exceptions that a user is meant to read, each one plain sentence of what is wrong, where, and the way out.
Not here: catching them (the CLI and the assets do) and faults of the program itself, which stay ordinary exceptions.

    Refusal            the input, or the state of a day, is not acceptable as it is
    +- UsageRefusal    what the user typed or configured can't be meant that way
    +- Unreachable     something outside did not answer; the same call may work later
"""


class Refusal(Exception):  # noqa: N818  # it is an answer, not an error
    """An input that was not accepted: what is wrong, where it is, and what to do about it."""

    exit_code = 1

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(f"{where}: {what}. {remedy}.")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.remedy)


class UsageRefusal(Refusal):
    """A catalogue, an option or a variable that can't be meant that way."""

    exit_code = 2


class Unreachable(Refusal):
    """A database, an API or a storage that did not answer within its deadline."""

    exit_code = 3


def _rebuild(kind: type[Refusal], what: str, where: str, remedy: str) -> Refusal:
    return kind(what, where=where, remedy=remedy)
