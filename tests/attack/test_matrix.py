"""Every route of spec/ by every kind of caller: what the spec says of access, permission, stage and keys is what the server does.

A new route is called by everybody without being named here; one that takes a body inside an organization fails until
tests/lib/callers.py has a sample for it."""

import re

import pytest

from lib.callers import (BODIES, CALLERS, FIELDS, NOBODYS_ACCOUNT, SPENDS, Caller, House, call, every_route, expected, things_of,
                         verdict)
from lib.people import fresh
from lib.pictures import png
from lib.spec import permissions, routes


@pytest.fixture(scope="module")
def house(make_server, smtp):
    return House(make_server(mail=smtp.uri, signup="on"), smtp)


def wrong_answers(house, who, caller, org, role_of):
    """What was answered otherwise than the spec says; every path and body names another tenant's things."""
    for route in every_route():
        if org is house.other and "{org}" not in route.path:
            continue
        one = caller
        if route.name in SPENDS and caller.kind == "key" and caller.role:
            continue  # House.key_removed
        if route.name in SPENDS and caller.kind == "session":
            one = CALLERS[who](house)
        answer = call(route, one.client, org.slug, house.foreign)
        wrong = verdict(route, answer, expected(route, one, role_of(one)), one)
        if wrong:
            yield f"{org.name}: {wrong}"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("who", CALLERS)
def test_every_route_by_every_kind_of_caller(house, who):
    """In the caller's own organization, then in another's."""
    caller = CALLERS[who](house)
    wrong = list(wrong_answers(house, who, caller, house.org, lambda one: one.role))
    if who not in ("operator", "another tenant's owner", "unproved elsewhere"):  # who belong there
        wrong += wrong_answers(house, who, caller, house.other, lambda one: None)
    assert not wrong, "\n".join(wrong)


# ---- what is allowed is done


@pytest.fixture(scope="module")
def busy(world):
    """An organization where everything there is may be done, again and again."""
    org = world.found("Busy")
    return org, {role: org.join(role=role).api for role in ("owner", "administrator", "member")} | {"operator": world.operator}


def own_things(route, org, role):
    """Things that this call alone is about."""
    in_body = ["member"] if route.name in ("update_members", "transfer_ownership", "create_api_key") else []
    things = things_of(org, re.findall(r"\{(\w+)\}", route.path) + in_body)
    if "temporary" in route.name:
        made = org.send(fresh(), method="temporary_password", delivery="show", deliver=False).ok()["results"][0]["invitation"]
        things.update(invitation=made["id"], batch=made["batch"])
    things["operator"] = role == "operator"
    if route.name == "delete_logo":
        org.api.send("PUT", f"/api/v1{org.path}/logo", png(), {"Content-Type": "image/png"}).ok()
    return things


@pytest.mark.parametrize("route", [r for r in routes() if "{org}" in r.path], ids=repr)
def test_what_the_spec_allows_is_done(busy, route):
    org, people = busy
    for role, client in people.items():
        if expected(route, Caller(client, "operator" if role == "operator" else "session", role), role):
            continue
        if route.name in ("leave_organization", "transfer_ownership") and role != "operator":
            client = org.join(role=role).api  # somebody who may go
        answer = call(route, client, org.slug, own_things(route, org, role))
        if role == "operator" and route.name in NOBODYS_ACCOUNT:
            answer.refused("forbidden", 403)
        else:
            answer.ok()


def test_every_role_is_allowed_something_and_no_right_is_nobodys():
    assert all(roles and set(roles) <= {"owner", "administrator", "member"} for roles in permissions().values())


def test_samples_are_of_routes_that_exist():
    assert set(BODIES) | set(FIELDS) <= {r.name for r in every_route()}
