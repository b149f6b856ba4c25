"""Entitlements: defined by the organization, given to members, read by applications."""

import pytest

from lib.people import fresh


def define(org, key, default=False, **more):
    body = {"key": key, "name": {"fr": "Accès hors ligne", "en": "Offline access"}, "default": default, **more}
    return org.api.post(org.path + "/entitlements", body)


def check(caller, org, **more):
    return caller.post("/check", {"organization": org.slug, "permission": "resources.use", **more}).ok(200).json


def give(org, member, by=None, **entitlements):
    return (by or org.api).patch(f"{org.path}/members/{member['id']}", {"entitlements": entitlements})


def test_an_option_is_defined_changed_and_deleted(acme):
    made = define(acme, "offline").ok(201).json
    assert made == {"key": "offline", "name": {"fr": "Accès hors ligne", "en": "Offline access"}, "default": False,
                    "roles": ["owner", "administrator", "member"]}
    at = acme.path + "/entitlements/offline"
    assert acme.api.get(at).ok().json == made
    assert acme.api.items(acme.path + "/entitlements") == [made]
    changed = acme.api.patch(at, {"name": {"en": "Off the grid"}, "default": True, "roles": ["member"]}).ok(200).json
    assert changed == {**made, "name": {**made["name"], "en": "Off the grid"}, "default": True, "roles": ["member"]}
    acme.api.delete(at).ok(204)
    acme.api.get(at).refused("not-found", 404)
    acme.api.patch(at, {"default": True}).refused("not-found", 404)
    acme.api.delete(at).refused("not-found", 404)


@pytest.mark.parametrize("key", ["", "Offline", "hors ligne", "é", "a" * 41, "a/b", "a:b", "a\u0007"])
def test_a_key_is_plain(acme, key):
    define(acme, key).refused("invalid-request", 422)


def test_a_key_is_there_once_and_there_are_62(acme):
    for i in range(62):
        define(acme, f"option-{i}").ok(201)
    assert define(acme, "option-3").refused("conflict", 409)["errors"][0]["code"] == "taken"
    assert define(acme, "one-more").refused("conflict", 409)["errors"][0]["code"] == "too-many"
    zoe = acme.join()
    give(acme, acme.member(zoe), **{f"option-{i}": True for i in range(62)}).ok(200)
    assert all(check(zoe.api, acme)["entitlements"].values())
    acme.api.delete(acme.path + "/entitlements/option-61").ok(204)
    define(acme, "one-more").ok(201)
    assert check(zoe.api, acme)["entitlements"]["one-more"] is False, "a slot that is used again is off for everybody"


def test_what_a_member_has_is_read_everywhere(acme):
    define(acme, "offline").ok(201)
    define(acme, "mobile-app", default=True).ok(201)
    zoe = acme.join()
    row = acme.member(zoe)
    assert row["entitlements"] == {"offline": False, "mobile-app": True}
    assert check(zoe.api, acme) == {"allowed": True, "role": "member", "entitlements": row["entitlements"]}
    assert check(acme.api, acme, account=zoe.id)["entitlements"] == row["entitlements"]
    assert zoe.membership(acme)["entitlements"] == row["entitlements"]
    now = give(acme, row, offline=True, **{"mobile-app": False}).ok(200).json
    assert now["entitlements"] == {"offline": True, "mobile-app": False}
    assert check(zoe.api, acme)["entitlements"] == now["entitlements"], "felt at the next request"
    assert zoe.membership(acme)["entitlements"] == now["entitlements"]


def test_the_default_is_for_those_who_come(acme, world, inbox):
    early = acme.join()
    define(acme, "offline", default=True).ok(201)
    assert acme.member(early)["entitlements"] == {"offline": False}
    email = fresh()
    inv = acme.invite(email, entitlements={"offline": False})
    assert inv["entitlements"] == {"offline": False} == acme.invitation(inv)["entitlements"]
    assert world.enrol(inbox.token_for(email)).ok(201)["member"]["entitlements"] == {"offline": False}
    assert acme.member(acme.join())["entitlements"] == {"offline": True}


def test_who_may_have_it_decides_when_it_is_read(acme):
    define(acme, "offline", default=True, roles=["member"]).ok(201)
    zoe = acme.join(role="administrator")
    assert check(zoe.api, acme)["entitlements"] == {"offline": False}
    acme.set_role(zoe, "member").ok(200)
    assert check(zoe.api, acme)["entitlements"] == {"offline": True}
    acme.api.patch(acme.path + "/entitlements/offline", {"roles": ["owner"]}).ok(200)
    assert check(zoe.api, acme)["entitlements"] == {"offline": False}


def test_a_deleted_option_is_gone_from_invitations_too(acme, world, inbox):
    define(acme, "offline").ok(201)
    email = fresh()
    inv = acme.invite(email, entitlements={"offline": True})
    acme.api.delete(acme.path + "/entitlements/offline").ok(204)
    define(acme, "other").ok(201)
    assert acme.invitation(inv)["entitlements"] == {"other": False}
    assert world.enrol(inbox.token_for(email)).ok(201)["member"]["entitlements"] == {"other": False}


def test_a_stranger_has_none(acme, rival):
    define(acme, "offline", default=True).ok(201)
    assert check(rival.api, acme) == {"allowed": False, "role": None, "entitlements": {}}


@pytest.mark.parametrize("value", [{"offline": 1}, {"offline": None}, {"": True}, {"x" * 41: True}, ["offline"],
                                   {f"k{i}": True for i in range(63)}, {"nothing": True}])
def test_a_body_names_options_with_true_or_false(acme, value):
    define(acme, "offline").ok(201)
    zoe = acme.member(acme.join())
    acme.api.patch(f"{acme.path}/members/{zoe['id']}", {"entitlements": value}).refused("invalid-request", 422)


def test_the_command_line(acme, world):
    zoe, cli = acme.join(), lambda *args, **kw: world.server.cli(*args, "--organization", acme.slug, **kw)
    cli("entitlement", "create", "offline", "--name-fr", "Hors ligne", "--name-en", "Offline", "--default", "on", "--roles", "member")
    assert acme.api.get(acme.path + "/entitlements/offline").ok()["roles"] == ["member"]
    cli("member", "set", zoe.email, "--entitlements", "offline=on", "--access-ends-at", "2126-01-31")
    row = acme.member(zoe)
    assert row["entitlements"] == {"offline": True} and row["access_ends_at"] == "2126-02-01T00:00:00.000Z"
    assert "offline" in cli("member", "show", zoe.email).stdout
    cli("member", "set", zoe.email, "--entitlements", "offline=off", "--access-ends-at", "none")
    assert acme.member(zoe)["access_ends_at"] is None
    assert cli("member", "set", zoe.email, "--entitlements", "offline", check=False).returncode != 0
    cli("member", "suspend", zoe.email)
    assert acme.member(zoe)["state"] == "suspended"
    cli("member", "reactivate", zoe.email)
    assert acme.member(zoe)["state"] == "active"
    cli("entitlement", "set", "offline", "--default", "off")
    assert "offline" in cli("entitlement", "list").stdout
    cli("entitlement", "delete", "offline")
    assert acme.api.items(acme.path + "/entitlements") == []
