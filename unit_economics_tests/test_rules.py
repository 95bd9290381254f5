"""Which rule takes a charge: conditions by example, and the SQL held to their meaning on random rules and bills.

Here: one charge and its rule. Not here: what shared cost makes of it (test_allocation.py), the whole graph
(test_allocated_flow.py).
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics.allocation.rules import is_untagged, taken_by
from unit_economics.entries.allocation import Allocation
from unit_economics.entries.conditions import Charge, Match
from unit_economics_tests.focus_bills import DAY, billed, charge, read_bill, write_bill

EC2 = Charge({"service_name": "Amazon EC2", "resource_id": "i-1_x", "region_id": None}, {"team": "cart", "env": ""})


def match(**where: Any) -> Match:
    return Match.model_validate(where)


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"service_name": "Amazon EC2"}, True),
        ({"service_name": "amazon ec2"}, False),
        ({"service_name": ["Amazon S3", "Amazon EC2"]}, True),
        ({"service_name": {"prefix": "Amazon"}}, True),
        ({"service_name": {"prefix": "mazon"}}, False),
        ({"resource_id": {"glob": "i-?_*"}}, True),
        ({"resource_id": {"glob": "i-[0-9]*"}}, False),
        ({"resource_id": {"glob": "i-%"}}, False),
        ({"region_id": {"present": False}}, True),
        ({"region_id": {"present": True}}, False),
        ({"region_id": {"not": "eu-west-1"}}, True),
        ({"service_name": {"prefix": "Amazon", "not": {"glob": "*S3"}}}, True),
        ({"tags": {"team": "cart"}}, True),
        ({"tags": {"env": {"present": True}}}, False),
        ({"tags": {"Team": "cart"}}, False),
        ({"service_name": "Amazon EC2", "tags": {"team": "search"}}, False),
        ({"any": [{"tags": {"team": "search"}}, {"region_id": {"present": False}}]}, True),
        ({"service_name": "Amazon EC2", "not": {"tags": {"team": "cart"}}}, False),
    ],
)
def test_a_condition_holds_as_it_reads(where: dict[str, Any], holds: bool) -> None:
    assert match(**where).holds(EC2) is holds


def rules(*entries: Mapping[str, Any], **more: Any) -> Allocation:
    """An allocation with these rules."""
    return Allocation.model_validate({"rules": list(entries), **more})


CART = {"to": "cart", "where": {"tags": {"team": "cart"}}}
COMPUTE = {"to": "compute", "where": {"service_name": {"prefix": "Amazon"}}}


def test_the_first_rule_that_matches_takes_the_charge() -> None:
    assert taken_by(rules(CART, COMPUTE), DAY, EC2) == "cart"
    assert taken_by(rules(COMPUTE, CART), DAY, EC2) == "compute"


def test_overlap_has_to_be_asked_for() -> None:
    assert taken_by(rules(CART, COMPUTE, overlap="every_match"), DAY, EC2) == "cart,compute"


def test_a_charge_that_no_rule_takes_is_unallocated() -> None:
    assert taken_by(rules(CART), DAY, Charge({}, {})) == "unallocated"


def test_a_rule_holds_from_since_until_the_day_before_until() -> None:
    dated = rules({**CART, "since": DAY, "until": date(2024, 9, 12)})
    days = [date(2024, 9, day) for day in (9, 10, 11, 12)]
    assert [taken_by(dated, day, EC2) for day in days] == ["unallocated", "cart", "cart", "unallocated"]


def test_an_unused_commitment_is_a_line_of_its_own_before_any_rule() -> None:
    unused = Charge({"service_name": "Amazon EC2", "commitment_discount_status": "Unused"}, {"team": "cart"})
    assert taken_by(rules(CART), DAY, unused) == "unused_commitment"


@pytest.mark.parametrize(
    ("part", "columns"),
    [
        ("tax", {"charge_category": "Tax"}),
        ("credits", {"charge_category": "Credit"}),
        ("adjustments", {"charge_category": "Adjustment"}),
        ("corrections", {"charge_category": "Usage", "charge_class": "Correction"}),
    ],
)
def test_a_part_is_in_unless_it_is_declared_out(part: str, columns: dict[str, str | None]) -> None:
    some = Charge(columns, {"team": "cart"})
    assert taken_by(rules(CART), DAY, some) == "cart"
    assert taken_by(rules(CART, leave_out=[part]), DAY, some) == "left_out"


def test_untagged_is_a_charge_with_none_of_the_keys_that_are_looked_at() -> None:
    assert is_untagged({"app", "env"}, EC2)
    assert not is_untagged({"app", "team"}, EC2)
    assert not is_untagged(set(), EC2)


def taken(path: Path, **allocations: Allocation) -> list[dict[str, str]]:
    """What the scan wrote down of each row of charges."""
    return [json.loads(text) for text in read_bill(path, allocations=allocations).charges["taken_by"]]


def test_the_scan_puts_each_charge_to_its_rule_in_every_scope(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(Tags='{"team":"cart"}', ServiceName="Amazon EC2"))
    assert taken(tmp_path, teams=rules(CART), services=rules(COMPUTE)) == [{"teams": "cart", "services": "compute"}]


def test_a_tag_that_only_a_rule_looks_at_makes_no_row_of_its_own(tmp_path: Path) -> None:
    write_bill(tmp_path, *(charge(Tags=json.dumps({"name": f"node-{n}"})) for n in range(5)))
    nodes = {"to": "nodes", "where": {"tags": {"name": {"prefix": "node-"}}}}
    found = read_bill(tmp_path, allocations={"pools": rules(nodes)}).charges
    assert list(found["taken_by"]) == ['{"pools":"nodes"}']
    assert list(found["tags"]) == ["{}"]


def test_a_column_that_the_bill_lacks_is_absent(tmp_path: Path) -> None:
    write_bill(tmp_path, charge())
    bare = {"to": "bare", "where": {"resource_id": {"present": False}}}
    assert taken(tmp_path, pools=rules(bare)) == [{"pools": "bare"}]


TEXTS = ["", "a", "ab", "A", "a_b", "a%b", "a!b", "é", "x'y"]
COLUMNS = {"resource_id": "ResourceId", "service_name": "ServiceName", "charge_class": "ChargeClass"}
texts = st.sampled_from([text for text in TEXTS if text])
tests = st.recursive(
    st.one_of(
        texts,
        st.lists(texts, min_size=1, max_size=3),
        st.builds(lambda text: {"prefix": text}, texts),
        st.builds(lambda text: {"glob": text}, st.sampled_from(["*", "?", "a*", "*b", "a?b", "a%b", "a_*", "!*"])),
        st.builds(lambda there: {"present": there}, st.booleans()),
    ),
    lambda inner: st.builds(lambda one: {"not": one}, inner),
    max_leaves=2,
)
atoms = st.one_of(
    st.builds(lambda column, test: {column: test}, st.sampled_from(sorted(COLUMNS)), tests),
    st.builds(lambda key, test: {"tags": {key: test}}, st.sampled_from(["team", "it's"]), tests),
)
wheres = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(lambda some: {"any": some}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda one: {"not": one}, inner),
    ),
    max_leaves=3,
)
days = st.sampled_from([None, DAY, date(2024, 9, 11)])
entries = st.builds(
    lambda to, where, since: {"to": to, "where": where, "since": since, "name": None},
    st.sampled_from(["one", "two", "three"]),
    wheres,
    days,
)
allocations = st.builds(
    lambda rules, overlap, out: {"rules": rules, "overlap": overlap, "leave_out": out},
    st.lists(entries, min_size=1, max_size=4),
    st.sampled_from(["first_wins", "every_match"]),
    st.lists(st.sampled_from(["credits", "corrections"]), max_size=2, unique=True),
)
charges = st.fixed_dictionaries(
    {
        "ResourceId": st.sampled_from(TEXTS),
        "ServiceName": st.sampled_from(TEXTS),
        "ChargeClass": st.sampled_from(["", "Correction"]),
        "ChargeCategory": st.sampled_from(["Usage", "Credit"]),
        "CommitmentDiscountStatus": st.sampled_from(["", "Used", "Unused"]),
        "Tags": st.dictionaries(st.sampled_from(["team", "it's", "env"]), st.sampled_from(TEXTS)).map(json.dumps),
    }
)


def as_charge(row: Mapping[str, str]) -> Charge:
    columns = {name: row[focus] or None for name, focus in COLUMNS.items()}
    columns |= {"charge_category": row["ChargeCategory"]}
    columns |= {"commitment_discount_status": row["CommitmentDiscountStatus"] or None}
    return Charge(columns, json.loads(row["Tags"]))


@settings(max_examples=100)
@given(written=allocations, bill=st.lists(charges, min_size=1, max_size=6))
def test_the_scan_takes_every_charge_as_the_rules_mean_it(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, Any], bill: list[dict[str, str]]
) -> None:
    allocation = Allocation.model_validate(written)
    folder = tmp_path_factory.mktemp("bill")
    write_bill(folder, *(charge(**row) for row in bill))
    found = read_bill(folder, allocations={"pools": allocation})
    counted: dict[tuple[str, bool], int] = {}
    columns = ("taken_by", "is_untagged", "charge_rows")
    for text, untagged, times in zip(*(found.charges[column] for column in columns), strict=True):
        key = (json.loads(text)["pools"], untagged)
        counted[key] = counted.get(key, 0) + times
    meant: dict[tuple[str, bool], int] = {}
    for row in bill:
        one = as_charge(row)
        key = (taken_by(allocation, DAY, one), is_untagged(allocation.tag_keys, one))
        meant[key] = meant.get(key, 0) + 1
    assert counted == meant
    assert billed(found) == len(bill) * billed(read_bill(write_bill(folder / "one", charge())))
