"""The rules and shares of the catalogue in words, for whoever asks what made a number.

Here: words. Not here: the shape of rules (entries/allocation.py, entries/conditions.py), what they came to (books.py).
"""

import json
from collections.abc import Sequence

from unit_economics.allocation.keys import pieces_of
from unit_economics.entries.allocation import Dated, Key, Rule, Share, Tiers
from unit_economics.entries.conditions import Asked, Condition, Match


def rule_in_words(rule: Rule) -> str:
    """What a rule asks of a charge, and when it holds."""
    return f"{match_in_words(rule.where)}{_when(rule)}"


def share_in_words(share: Share) -> str:
    """Who pays for a pool, by which key, and by which others it could be."""
    others = "".join(f", or {name}: {_key(key)}" for name, key in share.or_by.items())
    return f"{share.cost_of} is shared among {_listed(share.among, 'and')} by {_key(share.by)}{others}{_when(share)}"


def match_in_words(match: Match) -> str:
    """`service_name is "Amazon S3" and tag team is absent`."""
    parts = [_asked(name, asked) for name, asked in match.columns.items()]
    parts += [_asked(f"tag {key}", asked) for key, asked in match.tags.items()]
    if match.either:
        parts.append(f"({' or '.join(map(match_in_words, match.either))})")
    if match.negated:
        parts.append(f"not ({match_in_words(match.negated)})")
    return " and ".join(parts)


def _asked(name: str, asked: Asked) -> str:
    if isinstance(asked, Condition):
        return " and ".join(_tests(name, asked))
    return f"{name} is {_listed([_quoted(value) for value in ([asked] if isinstance(asked, str) else asked)], 'or')}"


def _tests(name: str, asked: Condition) -> list[str]:
    tests: list[str] = []
    if asked.prefix is not None:
        tests.append(f"{name} begins with {_quoted(asked.prefix)}")
    if asked.glob is not None:
        tests.append(f"{name} looks like {_quoted(asked.glob)}")
    if asked.present is not None:
        tests.append(f"{name} is {'present' if asked.present else 'absent'}")
    if asked.negated is not None:
        tests.append(f"not ({_asked(name, asked.negated)})")
    return tests


def _key(key: Key | Tiers) -> str:
    return ", ".join(piece.name for piece in pieces_of(key, None))


def _when(dated: Dated) -> str:
    since = f", since {dated.since}" if dated.since else ""
    return f"{since}, until {dated.until}" if dated.until else since


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _listed(words: Sequence[str], last: str) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
