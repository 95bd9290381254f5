"""What the platform says instead of a wrong number.

Here: the exceptions that a user is meant to read, each one plain sentence of what is wrong, where, and the way out.
Not here: catching them (the CLI and the assets do) and faults of the program itself, which stay ordinary exceptions.

    Refusal            the input, or the state of a day, is not acceptable as it is
    +- DayRefusal      one business day is not acceptable; the other days of the same read are
    +- UsageRefusal    what the user typed or configured can't be meant that way
    +- Unreachable     something outside did not answer; the same call may work later
"""

from datetime import date


class Refusal(Exception):  # noqa: N818  # it is an answer, not an error
    """An input that was not accepted: what is wrong, where it is, and what to do about it."""

    exit_code = 1
    aside = ""
    """What only the command line and the log add: the server's own words. Never on a page."""

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(f"{where}: {what}. {remedy}.")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.remedy)


class DayRefusal(Refusal):
    """One business day that was not accepted, whatever the days beside it are."""

    def __init__(self, what: str, *, where: str, remedy: str, day: date) -> None:
        self.day = day
        super().__init__(what, where=where, remedy=remedy)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_day, (self.what, self.where, self.remedy, self.day)


class UsageRefusal(Refusal):
    """A catalogue, an option or a variable that can't be meant that way."""

    exit_code = 2


class Unreachable(Refusal):
    """A database, an API or a storage that did not answer within its deadline."""

    exit_code = 3


def _rebuild(kind: type[Refusal], what: str, where: str, remedy: str) -> Refusal:
    return kind(what, where=where, remedy=remedy)


def _rebuild_day(what: str, where: str, remedy: str, day: date) -> DayRefusal:
    return DayRefusal(what, where=where, remedy=remedy, day=day)
