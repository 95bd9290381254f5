"""The catalogue's `allocation`: which charges pay for which target, and how shared cost is divided.

Here: the shape of rules and shares, and that they make sense together. Not here: conditions on a charge
(conditions.py), putting a charge to its rule (allocation/rules.py), the division (allocation/double_entry.py).

A rule or a share holds for the business days from `since` until the day before `until`: history keeps the rules it had.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from unit_economics.entries.conditions import Match
from unit_economics.entries.entry import Entry
from unit_economics.nearest import did_you_mean

UNALLOCATED = "unallocated"
UNUSED_COMMITMENT = "unused_commitment"
LEFT_OUT = "left_out"
OVERLAP = "overlap"
OWN_LINES = (UNALLOCATED, UNUSED_COMMITMENT, LEFT_OUT, OVERLAP)
"""Lines that are always there: what no rule takes, what nobody used, what is declared out, what is counted twice."""

PARTS = {
    "tax": Match(charge_category="Tax"),
    "credits": Match(charge_category="Credit"),
    "adjustments": Match(charge_category="Adjustment"),
    "corrections": Match(charge_class="Correction"),
}
"""What can be declared out, by FOCUS 1.2's ChargeCategory and ChargeClass; refunds are adjustments there."""

Target = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$", description="A team, a product, a shared pool")]
Part = Literal["tax", "credits", "adjustments", "corrections"]
Positive = Annotated[Decimal, Field(gt=0)]
Variant = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$", description="The name of an alternative key")]


class Dated(Entry):
    """What holds for some business days only."""

    since: date | None = Field(default=None, description="The first business day on which it holds")
    until: date | None = Field(default=None, description="The first business day on which it no longer holds")

    @model_validator(mode="after")
    def _some_days(self) -> "Dated":
        if self.since and self.until and self.since >= self.until:
            raise ValueError("until: it must lie after `since`; the day of `until` itself is no longer included")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it holds on this business day."""
        return (self.since is None or day >= self.since) and (self.until is None or day < self.until)


class Rule(Dated):
    """The charges that go to one target."""

    to: Target
    where: Match
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,59}$", description="In explanations")

    @field_validator("to")
    @classmethod
    def _not_a_line_of_ours(cls, to: str) -> str:
        if to in (UNALLOCATED, OVERLAP, LEFT_OUT):
            raise ValueError(f"{to!r} is made by the platform; give the target another name")
        return to

    @field_validator("name")
    @classmethod
    def _not_called_like_a_line_of_ours(cls, name: str | None) -> str | None:
        if name in OWN_LINES:
            raise ValueError(f"{name!r} is made by the platform; give the rule another name")
        return name


class Weights(Entry):
    """In proportion to fixed numbers."""

    weights: dict[Target, Positive] = Field(min_length=1)


class Percent(Entry):
    """By fixed percentages; what they leave of 100 stays where it is."""

    percent: dict[Target, Positive] = Field(min_length=1)

    @field_validator("percent")
    @classmethod
    def _at_most_all(cls, percent: dict[str, Decimal]) -> dict[str, Decimal]:
        if sum(percent.values()) > 100:
            raise ValueError(f"they add up to {sum(percent.values())}, more than 100")
        return percent


class Units(Entry):
    """In proportion to the units of metrics."""

    units: dict[Target, str] = Field(min_length=1, description="The metric that counts each target's units")


class Driver(Entry):
    """In proportion to a measured driver: an entry under `drivers`, whose segments are the targets."""

    driver: str


Key = Literal["even", "direct_cost"] | Weights | Percent | Units | Driver


class Tier(Entry):
    """A part of the pool, from where the tier before ends."""

    up_to: Positive | None = Field(default=None, description="A day, in the currency of the cost; the last has none")
    by: Key


class Tiers(Entry):
    """The first so much by one key, the next by another."""

    tiers: list[Tier] = Field(min_length=1)

    @field_validator("tiers")
    @classmethod
    def _rising(cls, tiers: list[Tier]) -> list[Tier]:
        ends = [tier.up_to for tier in tiers]
        if any(end is None for end in ends[:-1]) or ends[-1] is not None:
            raise ValueError("every tier but the last needs `up_to`, and the last has none")
        rising = [end for end in ends if end is not None]
        if rising != sorted(set(rising)):
            raise ValueError("each `up_to` must be larger than the one before")
        return tiers


class Share(Dated):
    """One pool that others pay for: it gets -X, they get +X. Shares are taken in their order (step-down)."""

    cost_of: Target
    among: list[Target] = Field(min_length=1)
    by: Key | Tiers
    or_by: dict[Variant, Key | Tiers] = Field(default={}, description="Alternative keys by name: the band")

    @property
    def keys(self) -> "Sequence[Key | Tiers]":
        """The declared key and the alternatives."""
        return [self.by, *self.or_by.values()]

    @model_validator(mode="after")
    def _consistent(self) -> "Share":
        if self.cost_of in self.among:
            raise ValueError(f"among: {self.cost_of!r} can't pay for itself")
        twice = [name for name, times in Counter(self.among).items() if times > 1]
        if twice:
            raise ValueError(f"among: {twice[0]!r} stands here more than once")
        if UNUSED_COMMITMENT in self.among:
            raise ValueError(
                f"among: {UNUSED_COMMITMENT!r} is what nobody used; it can be shared, but pays for nothing"
            )
        for key in self.keys:
            _refuse_strangers(key, self.among)
        return self


class Allocation(Entry):
    """Ordered rules, then shared cost: every charge is somewhere, and the lines add up to the bill."""

    rules: list[Rule] = Field(min_length=1, description="In order: the first that matches a charge takes it")
    shared: list[Share] = Field(default=[], description="In order: a pool that was shared receives nothing any more")
    overlap: Literal["first_wins", "every_match"] = Field(
        default="first_wins",
        description="every_match: each rule takes the whole charge; the line `overlap` takes it off",
    )
    leave_out: list[Part] = Field(default=[], description="What pays for nobody: it stays visible as `left_out`")
    max_unallocated: Decimal | None = Field(default=None, ge=0, le=1, description="Share of a day's cost that warns")
    max_untagged: Decimal | None = Field(default=None, ge=0, le=1, description="Share of a day's cost that warns")

    @model_validator(mode="after")
    def _consistent(self) -> "Allocation":
        _refuse_twice([self.name_of(place) for place in range(len(self.rules))])
        known = {UNUSED_COMMITMENT, *(rule.to for rule in self.rules)}
        for place, share in enumerate(self.shared):
            named = {"cost_of": share.cost_of, **{f"among.{n}": name for n, name in enumerate(share.among)}}
            for where, name in named.items():
                if name not in known:
                    raise ValueError(f"shared.{place}.{where}: {_no_rule_gives_to(name, known)}")
            _refuse_back(self.shared[:place], share, place)
        return self

    def name_of(self, place: int) -> str:
        """What the rule at this place is called: its own name, or its target, numbered from the second on."""
        rule = self.rules[place]
        if rule.name:
            return rule.name
        nth = sum(other.to == rule.to and not other.name for other in self.rules[: place + 1])
        return rule.to if nth == 1 else f"{rule.to}-{nth}"

    @property
    def target_of(self) -> dict[str, str]:
        """The target of each rule by the rule's name."""
        return {self.name_of(place): rule.to for place, rule in enumerate(self.rules)}

    @property
    def targets(self) -> list[str]:
        """Every target, in the order of the rules, and the lines of our own."""
        return list(dict.fromkeys([*self.target_of.values(), UNUSED_COMMITMENT, UNALLOCATED]))

    @property
    def tag_keys(self) -> set[str]:
        """The tag keys that the rules look at."""
        return {key for rule in self.rules for match in rule.where.below() for key in match.tags}

    @property
    def columns(self) -> set[str]:
        """The FOCUS columns, in snake_case, that the rules look at."""
        matches = [match for rule in self.rules for match in rule.where.below()]
        parts = [match for part in self.leave_out for match in PARTS[part].below()]
        return {name for match in [*matches, *parts] for name in match.columns}

    @property
    def keys(self) -> list[Key]:
        """Every key by which something is shared, alternatives included."""
        return [plain for share in self.shared for key in share.keys for plain in plain_keys(key)]

    @property
    def variants(self) -> list[str]:
        """The names of the alternative keys."""
        return sorted({name for share in self.shared for name in share.or_by})

    @property
    def scanned(self) -> tuple[object, ...]:
        """What decides where the scan puts a charge: the bill is read again when it changes, but not for a share."""
        return (tuple(self.rules), self.overlap, tuple(sorted(self.leave_out)))


def _no_rule_gives_to(name: str, known: Collection[str]) -> str:
    return f"no rule gives to {name!r}; {did_you_mean(name, known)}they give to {', '.join(sorted(known))}"


def plain_keys(key: Key | Tiers) -> list[Key]:
    """The key, or that of each tier."""
    return [tier.by for tier in key.tiers] if isinstance(key, Tiers) else [key]


def _refuse_strangers(key: Key | Tiers, among: Sequence[str]) -> None:
    for named in [name for plain in plain_keys(key) for name in _named(plain)]:
        if named not in among:
            raise ValueError(f"among: {named!r} has a part in the key but does not stand here")


def _named(key: Key) -> Sequence[str]:
    """Whom a key names."""
    match key:
        case Weights():
            return list(key.weights)
        case Percent():
            return list(key.percent)
        case Units():
            return list(key.units)
        case _:
            return []


def _refuse_twice(names: list[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"rules: two rules are called {twice[0]!r}; give each its own `name`")


def _refuse_back(before: Sequence[Share], share: Share, place: int) -> None:
    """A pool that gave its cost away and got some back would hold a rest that nobody pays for."""
    for earlier in before:
        overlaps = (earlier.until is None or share.since is None or share.since < earlier.until) and (
            share.until is None or earlier.since is None or earlier.since < share.until
        )
        if overlaps and earlier.cost_of in (share.cost_of, *share.among):
            raise ValueError(
                f"shared.{place}: {earlier.cost_of!r} was shared before; put this one first, or leave it out"
            )
