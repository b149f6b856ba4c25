"""Nobody's writes wait for long behind another tenant's: its invitations in bulk, a link of it that many show, one account's own calls.

`make bench` measures it (tests/bench/fair_writes.py); the clients are that measurement's."""

import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import fair_writes  # noqa: E402
import fairness  # noqa: E402
from lib.people import World  # noqa: E402

SANITIZED = 2  # times as slow as what is measured, at the least


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return fair_writes.Town(World(make_server(mail=smtp.uri), smtp))


@pytest.mark.timed
@pytest.mark.parametrize("flood", ["invitations in bulk", "a link of another's, 24 callers", "one account's changes, 24 callers", "all of these"])
def test_another_tenants_writes_are_answered_soon(town, flood):
    crowd = fair_writes.started(town.server, town.floods[flood], 5)
    time.sleep(1)
    waits = fairness.finished(fair_writes.started(town.server, town.others, 3, paced=True), 3)
    got = fairness.finished(crowd, 5)
    assert len(waits) > 5 and {status for status, _ in waits} == {200}, waits
    assert max(seconds for _, seconds in waits) < SANITIZED * fairness.SLOWEST, sorted(seconds for _, seconds in waits)[-5:]
    assert got and set(got) <= {"0", "200", "403"}, got  # 0: a bulk whose caller had no patience
