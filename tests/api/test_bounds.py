"""Sizes and numbers: each is taken at its bound, and refused one beyond it, by every door that it guards."""

import pytest

from lib.people import PASSWORD, World, fresh
from lib.pictures import png


def group(org, name):
    return org.api.post(org.path + "/groups", {"name": name}).ok(201)["id"]


# ---- settings


@pytest.mark.parametrize("name, within, beyond", [
    ("invitation_lifetime", ["1h", "90d"], ["59m", "91d"]),
    ("reminder_after", ["1h", "30d"], ["59m", "31d"]),
    ("reminder_max", [0, 10], [-1, 11]),
    ("temporary_password_lifetime", ["1h", "30d"], ["59m", "31d"]),
    ("password_min_length", [6, 128], [5, 129]),
    ("session_lifetime", ["15m", "365d"], ["14m", "366d"]),
    ("session_idle", ["15m", "365d"], ["14m", "366d"]),
])
def test_each_setting_at_its_bounds_and_beyond(acme, name, within, beyond):
    by = acme.world.operator  # whose session no setting ends
    for value in within:
        by.patch(acme.path + "/settings", {name: value}).ok()
    for value in beyond:
        by.patch(acme.path + "/settings", {name: value}).refused("invalid-request", 422)
    assert by.get(acme.path + "/settings").ok()[name] == within[-1]


def test_a_hundred_domains(acme):
    names = [f"d{i}.example" for i in range(101)]
    acme.set(allowed_domains=names[:100]).ok()
    acme.set(allowed_domains=names).refused("invalid-request", 422)


def test_an_options_key_has_forty_characters(acme):
    body = {"name": {"en": "Option", "fr": "Option"}, "roles": ["member"]}
    acme.api.post(acme.path + "/entitlements", {**body, "key": "k" * 40}).ok(201)
    acme.api.post(acme.path + "/entitlements", {**body, "key": "k" * 41}).refused("invalid-request", 422)


# ---- groups


def test_an_invitation_names_fifty_groups(acme):
    groups = [group(acme, f"Group {i}") for i in range(51)]
    assert acme.outcome({"email": fresh(), "groups": groups[:50]}, deliver=False) == "invited"
    answer = acme.send({"email": fresh(), "groups": groups}, deliver=False)
    assert answer.problem == "invalid-request" or answer["results"][0]["outcome"] == "conflict"


def test_a_member_is_in_fifty_groups(acme):
    member = acme.member(acme.join())["id"]
    groups = [group(acme, f"Group {i}") for i in range(51)]
    acme.api.patch(f"{acme.path}/members/{member}", {"groups": groups[:50]}).ok()
    acme.api.call("PUT", f"{acme.path}/groups/{groups[50]}/members/{member}").refused("conflict", 409)


def test_an_organization_has_a_thousand_groups(acme):
    for i in range(1000):
        group(acme, f"Group {i}")
    answer = acme.api.post(acme.path + "/groups", {"name": "one more"}).refused("conflict", 409)
    assert answer["errors"][0]["code"] == "too-many"


def test_a_group_is_renamed_to_no_other_ones_name(acme):
    group(acme, "Équipe")
    other = group(acme, "Autre")
    acme.api.patch(f"{acme.path}/groups/{other}", {"name": "équipe"}).refused("conflict", 409)
    acme.api.patch(f"{acme.path}/groups/{other}", {"name": "EQUIPE"}).refused("conflict", 409)


def test_a_deleted_group_leaves_pending_invitations(acme, inbox, enrol):
    gone, kept = group(acme, "Gone"), group(acme, "Kept")
    email = fresh()
    inv = acme.invite(email, groups=[gone, kept])
    acme.api.delete(f"{acme.path}/groups/{gone}").ok(204)
    assert [g if isinstance(g, str) else g["id"] for g in acme.invitation(inv)["groups"]] == [kept]
    enrol(inbox.token_for(email)).ok(201)


# ---- seats


def test_check_finds_a_wrong_count_of_what_is_held(make_server, smtp):
    world = World(make_server(mail=smtp.uri), smtp)
    world.found("Counted")
    world.server.cli("check")
    for column in ("held", "used"):
        world.server.stop()
        world.server.tamper(f"UPDATE organization_seat SET {column} = {column} + 1")
        world.server.start()
        assert world.server.cli("check", check=False).returncode == 1, column
        world.server.stop()
        world.server.tamper(f"UPDATE organization_seat SET {column} = {column} - 1")
        world.server.start()
    world.server.cli("check")


def test_what_is_still_good_keeps_its_seat(acme, clock):
    acme.limit(2)
    inv = acme.invite(fresh(), expires_in="2h", deliver=False)
    clock.advance(minutes=90)
    assert acme.outcome(fresh(), deliver=False) == "seat-limit-reached"
    assert acme.state(inv) == "pending"


# ---- invitations


def test_an_invitation_is_good_for_an_hour_to_ninety_days(acme):
    for good in ("1h", "90d"):
        acme.send(fresh(), expires_in=good, deliver=False).ok()
    for bad in ("59m", "91d"):
        acme.send(fresh(), expires_in=bad, deliver=False).refused("invalid-request", 422)


def test_a_temporary_password_is_good_for_an_hour_to_thirty_days(acme):
    for good in ("1h", "30d"):
        acme.send(fresh(), expires_in=good, method="temporary_password", delivery="show").ok()
    for bad in ("59m", "31d"):
        acme.send(fresh(), expires_in=bad, method="temporary_password", delivery="show").refused("invalid-request", 422)


def test_a_message_has_a_thousand_characters(acme):
    assert acme.outcome({"email": fresh(), "message": "é" * 1000}, deliver=False) == "invited"
    answer = acme.send({"email": fresh(), "message": "é" * 1001}, deliver=False)
    assert answer.problem == "invalid-request" or answer["results"][0]["outcome"] == "invalid-request"


# ---- keys


def test_a_key_lives_for_an_hour_at_least(acme):
    acme.api.post(acme.path + "/api-keys", {"name": "short", "expires_in": "1h"}).ok(201)
    acme.api.post(acme.path + "/api-keys", {"name": "shorter", "expires_in": "59m"}).refused("invalid-request", 422)


def test_a_key_that_ended_is_listed_for_thirty_days(acme, clock):
    acme.api.post(acme.path + "/api-keys", {"name": "ended", "expires_in": "1h"}).ok(201)
    for days, there in ((29, True), (3, False)):
        clock.advance(days=days)
        acme.owner.api.sign_in(acme.owner.email, PASSWORD)
        acme.api.post(acme.path + "/api-keys", {"name": f"made after {days}"}).ok(201)
        assert ("ended" in [k["name"] for k in acme.api.items(acme.path + "/api-keys")]) == there


# ---- logos


def test_a_logos_address_is_not_guessed(acme):
    path = acme.api.send("PUT", f"/api/v1{acme.path}/logo", png(), {"Content-Type": "image/png"}).ok(200)["logo"]
    assert len(path.rpartition("/")[2]) == 22  # 16 bytes
