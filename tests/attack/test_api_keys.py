"""Keys that gain rights, outlive their reason, show themselves twice, or pass by what is asked of their member."""

import pytest

from lib.otp import set_up
from lib.people import fresh
from lib.server import together
from lib.spec import permissions, routes


def keys(org):
    return org.path + "/api-keys"


def make(org, by=None, **more):
    return (by or org.api).post(keys(org), {"name": "Attacked", **more})


def program(org, by=None, **more):
    return org.world.client(key=make(org, by, **more).ok(201)["api_key"])


# ---- more rights than the maker's


def test_nobody_gives_a_key_what_they_do_not_hold(acme):
    admin, zoe = acme.join(role="administrator"), acme.join()
    for person in (admin, zoe):
        make(acme, person.api, permissions=["members.read"]).refused("forbidden", 403)
        make(acme, person.api).refused("forbidden", 403)
        person.api.get(keys(acme)).refused("forbidden", 403)
    for owned in ("roles.change", "api_keys.manage", "organization.delete"):
        make(acme, acme.world.operator, member=acme.member(admin)["id"], permissions=["members.read", owned]).refused("forbidden", 403)
    acme.set(administrators_may_invite_administrators=False).ok()
    body = {"member": acme.member(admin)["id"], "permissions": ["administrators.invite"]}
    make(acme, acme.world.operator, **body).refused("forbidden", 403)


def test_a_key_makes_none_with_more_than_itself(acme):
    narrow = program(acme, permissions=["members.read", "api_keys.manage"])
    make(acme, narrow, permissions=["members.read", "invitations.read"]).refused("forbidden", 403)
    make(acme, narrow).refused("forbidden", 403)
    child = program(acme, narrow, permissions=["members.read"])
    child.get(acme.path + "/members").ok()
    make(acme, child, permissions=["members.read"]).refused("forbidden", 403)
    make(acme, program(acme, permissions=["members.read"]), permissions=["members.read"]).refused("forbidden", 403)


def test_a_key_that_ends_makes_none_that_outlives_it(acme):
    short = program(acme, expires_in="2d")
    make(acme, short).refused("forbidden", 403)
    make(acme, short, expires_in="3d").refused("forbidden", 403)
    make(acme, short, expires_in="1d").ok(201)


def test_nobody_makes_a_key_in_anothers_name(acme):
    other = acme.join(role="owner")
    named = acme.member(other)["id"]
    make(acme, member=named).refused("forbidden", 403)
    make(acme, program(acme), member=named).refused("forbidden", 403)
    make(acme, member=acme.member(acme.owner)["id"]).ok(201)


def test_every_permission_is_refused_to_a_key_without_it(acme):
    """Whatever a route asks for, a key with all the others does not open it."""
    for route in (r for r in routes() if r.permission and r.method == "GET" and r.path.count("{") == 1):
        path = route.path.removeprefix("/api/v1").format(org=acme.slug)
        others = [one for one in permissions() if one != route.permission]
        program(acme, permissions=others).get(path).refused("forbidden", 403)
        program(acme, permissions=[route.permission]).get(path).ok()


# ---- rights lost since


def test_a_demoted_makers_key_has_what_they_have_now(acme):
    second = acme.join(role="owner")
    everything, listed = program(acme, second.api), program(acme, second.api, permissions=["members.read", "members.update", "roles.change"])
    zoe = acme.member(acme.join())["id"]
    acme.set_role(second, "administrator").ok()
    for key in (everything, listed):
        key.get(acme.path + "/members").ok()
        key.patch(f"{acme.path}/members/{zoe}", {"role": "administrator"}).refused("forbidden", 403)
        make(acme, key, permissions=["members.read"]).refused("forbidden", 403)
    acme.set_role(second, "member").ok()
    for key in (everything, listed):
        key.get(acme.path + "/members").refused("forbidden", 403)
        key.get(acme.path).ok()
    acme.set_role(second, "owner").ok()
    listed.patch(f"{acme.path}/members/{zoe}", {"role": "administrator"}).ok()


def test_a_key_ends_with_its_membership(acme):
    second = acme.join(role="owner")
    key = program(acme, second.api)
    member = acme.member(second)["id"]
    acme.api.patch(f"{acme.path}/members/{member}", {"role": "administrator"}).ok()
    acme.api.patch(f"{acme.path}/members/{member}", {"state": "suspended"}).ok()
    key.get(acme.path).refused("not-found", 404)
    acme.api.patch(f"{acme.path}/members/{member}", {"state": "active"}).ok()
    key.get(acme.path).ok()
    acme.remove(second).ok(204)
    key.get("/me").refused("unauthenticated", 401)
    link = acme.link(acme.invite(second.email, deliver=False)).ok()["url"]  # coming back brings no key back
    second.api.post("/invitations/accept", {"token": link.rsplit("/", 1)[1]}).ok(201)
    key.get(acme.path).refused("unauthenticated", 401)
    assert acme.api.items(keys(acme)) == []


def test_a_key_ends_when_it_was_to(acme, clock):
    made = make(acme, expires_in="1d").ok(201)
    key = acme.world.client(key=made["api_key"])
    clock.advance(hours=23, minutes=59)
    key.get(acme.path).ok()
    clock.advance(minutes=2)
    key.get(acme.path).refused("unauthenticated", 401)
    key.post(acme.path + "/groups", {"name": "Late"}).refused("unauthenticated", 401)
    assert [k["id"] for k in acme.api.items(keys(acme))] == [made["id"]]  # seen, until revoked or forgotten
    clock.advance(days=31)
    acme.api.sign_in(acme.owner.email, acme.owner.password)
    make(acme).ok(201)
    assert made["id"] not in [k["id"] for k in acme.api.items(keys(acme))]


def test_a_revoked_key_is_dead_at_the_next_request(acme):
    made = make(acme).ok(201)
    key = acme.world.client(key=made["api_key"])
    key.post(acme.path + "/groups", {"name": "Before"}).ok(201)
    acme.api.delete(f"{keys(acme)}/{made['id']}").ok(204)
    key.get(acme.path).refused("unauthenticated", 401)
    key.post(acme.path + "/groups", {"name": "After"}).refused("unauthenticated", 401)


def test_revoking_and_using_at_once(acme):
    """Whatever the order, nothing that began after the answer to the revocation is done."""
    made = make(acme).ok(201)

    def work(i):
        if i == 0:
            return acme.api.twin().delete(f"{keys(acme)}/{made['id']}").status
        client = acme.world.client(key=made["api_key"])
        return [client.post(acme.path + "/groups", {"name": f"Group {i} {n}"}).status for n in range(5)]

    results = together(4, work)
    assert results[0] == 204
    for statuses in results[1:]:
        assert set(statuses) <= {201, 401} and statuses == sorted(statuses)
    acme.world.client(key=made["api_key"]).get(acme.path).refused("unauthenticated", 401)


def test_a_demotion_and_a_key_at_once(acme):
    """Neither order gives a key a right that its maker has lost."""
    for _ in range(3):
        second = acme.join(role="owner")
        member = acme.member(second)["id"]

        def work(i):
            if i == 0:
                return acme.api.twin().patch(f"{acme.path}/members/{member}", {"role": "member"}).status
            return make(acme, second.api.twin())

        demoted, made = together(2, work)
        assert demoted == 200 and made.status in (201, 403)
        if made.status == 201:
            acme.world.client(key=made["api_key"]).get(acme.path + "/members").refused("forbidden", 403)


# ---- another organization's


def test_a_key_of_another_organization(acme, rival):
    theirs = make(rival).ok(201)["id"]
    for org in (acme, rival):
        acme.api.delete(f"{keys(org)}/{theirs}").refused("not-found", 404)
        program(acme).delete(f"{keys(org)}/{theirs}").refused("not-found", 404)
    acme.api.get(keys(rival)).refused("not-found", 404)
    make(rival, acme.api).refused("not-found", 404)
    make(acme, acme.world.operator, member=rival.member(rival.owner)["id"]).refused("not-found", 404)
    at = f"/o/{acme.slug}/settings/api-keys/{theirs}/revoke"
    assert acme.api.page(at).status == 404 and acme.api.submit(at).status == 404
    assert [k["id"] for k in rival.api.items(keys(rival))] == [theirs]
    cursor = None
    for _ in range(2):
        make(rival).ok(201)
        cursor = rival.api.get(keys(rival), limit=1).ok()["next_cursor"]
    assert all(k["account"]["email"] == acme.owner.email for k in acme.api.get(keys(acme), cursor=cursor).json.get("items", []))


# ---- never told twice


def test_a_key_is_told_once(acme):
    once = {"Idempotency-Key": fresh("key")}
    body = {"name": "Once"}
    first = acme.api.post(keys(acme), body, headers=once).ok(201)
    again = acme.api.post(keys(acme), body, headers=once).ok(201)
    assert again.headers["Idempotency-Replayed"] == "true" and again["api_key"] is None and again["id"] == first["id"]
    secret = first["api_key"]
    assert first.headers["Cache-Control"] == "no-store"
    for text in (acme.api.get(keys(acme)).text, acme.api.page(f"/o/{acme.slug}/settings/api-keys").text,
                 repr(acme.world.server.dump()), acme.world.server.log()):
        assert secret not in text and secret.split("_")[1] not in text
    assert len(acme.api.items(keys(acme))) == 1


# ---- past the second factor


@pytest.fixture
def guarded(acme, clock):
    set_up(acme.api, clock)
    acme.admin, acme.zoe = acme.join(role="administrator"), acme.join()
    operator = acme.world.operator
    acme.keys = {p: program(acme, operator, member=acme.member(p)["id"]) for p in (acme.owner, acme.admin, acme.zoe)}
    return acme


@pytest.mark.parametrize("asked, refused", [("none", ()), ("administrators", ("admin",)), ("all", ("admin", "zoe"))])
def test_a_key_is_no_way_around_the_second_factor(guarded, clock, asked, refused):
    guarded.set(second_factor=asked).ok()
    for name in ("owner", "admin", "zoe"):
        key = guarded.keys[getattr(guarded, name)]
        calls = (key.get(guarded.path), key.post(guarded.path + "/leave", {}) if name in refused else key.get(guarded.path))
        for answer in calls:
            answer.refused("second-factor-required", 401) if name in refused else answer.ok()
        allowed = key.post("/check", {"organization": guarded.slug, "permission": "resources.use"}).ok()["allowed"]
        assert allowed is (name not in refused)
    for name in refused:  # the account has one now, and its key works on
        person = getattr(guarded, name)
        set_up(person.api, clock)
        guarded.keys[person].get(guarded.path).ok()


def test_a_key_stops_when_its_members_factor_is_taken_away(guarded):
    guarded.set(second_factor="all").ok()
    key = guarded.keys[guarded.owner]
    key.get(guarded.path).ok()
    guarded.world.server.cli("account", "remove-second-factor", guarded.owner.email)
    key.get(guarded.path).refused("unauthenticated", 401)


def test_an_app_that_waits_for_its_first_code_is_no_factor(guarded):
    guarded.set(second_factor="all").ok()
    guarded.zoe.api.post("/me/totp", {}).ok(201)
    guarded.keys[guarded.zoe].get(guarded.path).refused("second-factor-required", 401)


def test_no_key_demands_a_factor_that_its_member_lacks(acme, clock):
    """It would shut its member out, and itself."""
    key = program(acme)
    refused = key.patch(acme.path + "/settings", {"second_factor": "all"}).refused("conflict", 409)
    assert refused["errors"][0]["code"] == "own-factor-first"
    set_up(acme.api, clock)
    key.patch(acme.path + "/settings", {"second_factor": "all"}).ok()
    key.get(acme.path).ok()


# ---- keys that are none


def test_keys_of_no_shape(acme):
    secret = make(acme).ok(201)["api_key"]
    flipped = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for wrong in ("", "pvk_", secret[4:], "pvk_" + secret, flipped, secret + "A", secret.upper(), "pvi_" + secret[4:]):
        acme.world.client().get(acme.path, headers={"Authorization": "Bearer " + wrong}).refused("unauthenticated", 401)
