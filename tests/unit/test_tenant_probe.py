"""The probe of organizations, tried on the project's own statements: each passes, and none with one of its conditions taken away."""
import copy
import os
import re
import sys

import pytest

pytestmark = pytest.mark.timeout(900)

ROOT = os.path.join(os.path.dirname(__file__), "../..")
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.join(ROOT, "tests")]
import tenant_probe  # noqa: E402
from lib.tenants import FOOLS, fool, project  # noqa: E402

CONDITION = re.compile(r"(?:\b\w+\.)?organization_id\s*=\s*(?:\?\d+|\w+\.organization_id)")
# Taken away alone, these change nothing: what stands beside them ties the same row.
NEEDLESS = {"members_gather": "r.organization_id = ?1"}  # the row of this id and role is looked for among the organization's own


@pytest.fixture(scope="module")
def schema():
    return project()[0]


@pytest.fixture(scope="module")
def queries():
    return project()[1]


def without(query):
    """(condition, the statement that does not hold to it)"""
    for found in CONDITION.finditer(query.sqlite):
        if re.search(r"\bSET\s+(\w+ = [^,]+, )*$", query.sqlite[:found.start()]):
            continue
        loose = copy.copy(query)
        loose.sqlite = f"{query.sqlite[:found.start()]}({found[0]} OR 1 = 1){query.sqlite[found.end():]}"
        yield found[0], loose


def meets(engines, query):
    return any(tenant_probe.compare(engine, world, query, world.params(query))[1] for _ in range(200) for engine, world in engines)


def test_each_statement_meets_rows_and_keeps_to_its_organization(schema, queries):
    assert len(queries) > 100  # the generator took them all
    engines = tenant_probe.engines_of(schema)
    assert [query.name for query in queries if not meets(engines, query)] == []


@pytest.mark.parametrize("kind, sql", FOOLS.values(), ids=FOOLS.keys())
def test_what_reads_well_and_does_wrong(schema, tmp_path, kind, sql):
    ((where, why),) = tenant_probe.faults(schema, [fool(schema, tmp_path, kind, sql)])
    assert where == (str(tmp_path / "fool.sql"), 1) and "fool, run as one organization, " in why


def test_each_condition_is_missed_when_it_is_taken_away(schema, queries):
    engines = tenant_probe.engines_of(schema)
    unseen, seen = {}, set()
    for query in queries:
        for number, (condition, loose) in enumerate(without(query)):
            what = (query.statement.where, query.statement.name.split("{")[0], number, condition)
            if any(query.name.startswith(name) and condition == needless for name, needless in NEEDLESS.items()) or what[0::2] in seen:
                continue
            if tenant_probe.judge(engines, loose, patience=4)[0]:
                seen.add(what[0::2])
            else:
                unseen[what[0::2]] = query.name, condition
    assert len(seen) > 60
    assert [told for what, told in unseen.items() if what not in seen] == []
