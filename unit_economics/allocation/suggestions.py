"""Rules that would catch what no rule takes: the few that catch the most, no charge by two of them.

Here: choosing by arithmetic. Not here: what the rules match today (rule_matches.py), the words (cli/allocation/).

A rule is worth what it catches, times the part of the whole bill that is not like it: nearly every charge is `Usage`,
so that says little about who owns it, and a tag that few charges have says much. Of rules that are worth nearly the
same, the one that asks for a tag comes first, then those that ask for a column, as `COLUMNS` has them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from unit_economics.entries.allocation import OWN_LINES, Rule
from unit_economics.entries.conditions import Match
from unit_economics.exact import EXACT, RATIO, total

COLUMNS = ("sub_account_id", "service_name", "region_id", "charge_category", "provider_name")
"""What a suggested rule may ask of, after tags: what tells most about an owner comes first."""
LONGEST_VALUE = 1000
_NEARLY = Decimal("0.9")
_LONGEST_NAME = 50


@dataclass(frozen=True)
class Feature:
    """A FOCUS column, or a tag, with the value that charges have there."""

    name: str
    value: str
    is_tag: bool = False


@dataclass(frozen=True)
class Kind:
    """Charges that look the same; is_open: no rule takes them."""

    features: Sequence[Feature]
    currency: str
    amount: Decimal | None
    charge_rows: int
    is_open: bool


@dataclass(frozen=True)
class Suggestion:
    """A rule, and what of the charges that no rule takes it catches after the suggestions before it; by currency."""

    rule: Rule
    caught: Mapping[str, Decimal | None]
    charge_rows: int


def suggestions(kinds: Sequence[Kind], most: int) -> list[Suggestion]:
    """At most so many rules, the best first; pasted in this order after the others, each catches what it says."""
    weights = _weights(kinds)
    common = _sums(kinds, weights)
    left = [n for n, kind in enumerate(kinds) if kind.is_open]
    found: list[Suggestion] = []
    while len(found) < most and (best := _best(kinds, left, weights, common)):
        caught = [n for n in left if best in kinds[n].features]
        left = [n for n in left if best not in kinds[n].features]
        found.append(_suggestion(best, [kinds[n] for n in caught]))
    return found


def amounts(kinds: Iterable[Kind]) -> dict[str, Decimal | None]:
    """The exact sum of each currency; None where an amount is not stated."""
    found: dict[str, Decimal | None] = {}
    for kind in kinds:
        found[kind.currency] = total(found.get(kind.currency, Decimal(0)), kind.amount)
    return found


def _weights(kinds: Sequence[Kind]) -> list[Decimal]:
    """Each kind's part of the bill, whatever its sign; every currency counts the same."""
    sizes: dict[str, Decimal] = defaultdict(Decimal)
    for kind in kinds:
        sizes[kind.currency] = EXACT.add(sizes[kind.currency], abs(kind.amount or Decimal(0)))
    return [
        RATIO.divide(abs(kind.amount or Decimal(0)), sizes[kind.currency] * len(sizes))
        if sizes[kind.currency]
        else Decimal(0)
        for kind in kinds
    ]


def _sums(
    kinds: Sequence[Kind], weights: Sequence[Decimal], chosen: Iterable[int] | None = None
) -> dict[Feature, Decimal]:
    sums: dict[Feature, Decimal] = defaultdict(Decimal)
    for n in range(len(kinds)) if chosen is None else chosen:
        for feature in kinds[n].features:
            sums[feature] += weights[n]
    return sums


def _best(
    kinds: Sequence[Kind], left: Sequence[int], weights: Sequence[Decimal], common: Mapping[Feature, Decimal]
) -> Feature | None:
    """The most valuable one; None where nothing that is left costs anything."""
    caught = {feature: weight for feature, weight in _sums(kinds, weights, left).items() if weight}
    if not caught:
        return None
    worth = {feature: weight * max(1 - common[feature], Decimal(0)) for feature, weight in caught.items()}
    enough = max(worth.values()) * _NEARLY
    nearly_best = [feature for feature in worth if worth[feature] >= enough]
    return min(nearly_best, key=lambda feature: (_rank(feature), -worth[feature], -caught[feature]))


def _rank(feature: Feature) -> int:
    return -1 if feature.is_tag else COLUMNS.index(feature.name)


def _suggestion(feature: Feature, caught: Sequence[Kind]) -> Suggestion:
    asked = {"tags": {feature.name: feature.value}} if feature.is_tag else {feature.name: feature.value}
    rule = Rule(to=target_of(feature), where=Match.model_validate(asked))
    return Suggestion(rule, amounts(caught), sum(kind.charge_rows for kind in caught))


def target_of(feature: Feature) -> str:
    """A name for who pays, made of the value: `amazon-s3`. Whoever pastes the rule knows a better one."""
    slug = re.sub(r"[^a-z0-9_]+", "-", feature.value.lower()).strip("-_")[:_LONGEST_NAME].rstrip("-_")
    if re.match("[a-z]", slug) and slug not in OWN_LINES:
        return slug
    kind = re.sub(r"[^a-z]+", "-", feature.name.lower().removesuffix("_id").removesuffix("_name")).strip("-")
    return "-".join(filter(None, ["tag" if feature.is_tag and not kind else kind, slug]))[: _LONGEST_NAME + 10]


def features_of(columns: Mapping[str, str | None], tags: Mapping[str, str | None]) -> Iterator[Feature]:
    """What a rule could ask of a charge; what is empty is not asked."""
    known = {name: columns.get(name) for name in COLUMNS}
    for is_tag, values in ((True, tags), (False, known)):
        for name, value in values.items():
            if value and len(value) <= LONGEST_VALUE:
                yield Feature(name, value, is_tag)
