"""What people call an API, and where they mend what is wrong with it: the words of every message about a call.

Here: those words. Not here: the address itself (address.py) and the calls (client.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One API for people.

    setting: what holds its address: a variable, or a field of the catalogue. example: such an address.
    rights: what to know where something is forbidden. remedy: what to check where a call is refused for its content.
    is_address_secret: whether knowing the address is enough to read, so that no part of it may be shown.
    """

    name: str
    setting: str
    example: str
    rights: str = ""
    remedy: str = "Check the entry in the catalogue"
    is_address_secret: bool = False

    def of(self, path: str) -> str:
        """Where a message says that it happened, for a path of the API or a method and its path."""
        return f"{self.name} at {self.setting}" if self.is_address_secret else f"{self.name} {path}"
