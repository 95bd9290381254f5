"""deploy/compose.yaml and the Dockerfile as Compose would understand them.

Here: services, the image's own environment and files. Not here: running a service (sandbox.py).
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
OURS = "unit-economics"


@dataclass(frozen=True)
class Service:
    """One service, with every alias resolved."""

    name: str
    entry: dict[str, Any]

    @property
    def is_ours(self) -> bool:
        """Whether it runs the image of deploy/Dockerfile."""
        return str(self.entry["image"]).startswith(OURS)

    @property
    def needs(self) -> dict[str, str]:
        """The services that it waits for, and for what."""
        return {name: said["condition"] for name, said in self.entry.get("depends_on", {}).items()}

    @property
    def healthcheck(self) -> list[str] | None:
        """The command that says whether it is well."""
        test = self.entry.get("healthcheck", {}).get("test")
        return test[1:] if test else None

    @property
    def mounts(self) -> list[tuple[str, str, bool]]:
        """Each volume as (source, target, may be written)."""
        parts = [volume.split(":") for volume in self.entry.get("volumes", [])]
        return [(part[0], part[1], part[2:] != ["ro"]) for part in parts]

    @property
    def tmpfs(self) -> list[str]:
        """Where it may write until it ends."""
        return [mount.partition(":")[0] for mount in self.entry.get("tmpfs", [])]


def services() -> dict[str, Service]:
    """Every service by name."""
    said = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return {name: Service(name, entry) for name, entry in said.items()}


@dataclass(frozen=True)
class Image:
    """The last stage of the Dockerfile."""

    lines: list[tuple[str, str]]

    @property
    def environment(self) -> dict[str, str]:
        """What ENV sets."""
        pairs = [pair.partition("=") for text in self.of("ENV") for pair in shlex.split(text)]
        return {name: value for name, _, value in pairs}

    @property
    def files(self) -> dict[str, str]:
        """The project's files in it: from their place in the project to their place in the image."""
        copied = [text.split() for text in self.of("COPY") if "--from" not in text]
        return {words[-2]: words[-1] for words in copied}

    def of(self, instruction: str) -> list[str]:
        """What is said after each of these instructions."""
        return [text for word, text in self.lines if word == instruction]


def image() -> Image:
    """The image as the Dockerfile describes it."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    instructions = [line.split(maxsplit=1) for line in text.replace("\\\n", "").splitlines() if line.strip()]
    last = max(n for n, (word, _) in enumerate(instructions) if word == "FROM")
    return Image([(word, " ".join(rest.split())) for word, rest in instructions[last:]])
