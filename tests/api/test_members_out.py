"""Ways out and ends: leaving, removing, suspending, the end of access and of keys."""

import datetime
import time

from lib.people import Person, fresh


def at(org, hours):
    return datetime.datetime.fromtimestamp(org.world.clock.now() + 3600 * hours, datetime.timezone.utc)


def change(org, person, by=None, **what):
    return (by or org.api).patch(f"{org.path}/members/{org.member(person)['id']}", what)


def mails(org, kind, person):
    return org.world.server.query("SELECT count(*) FROM mail WHERE kind = ? AND recipient = ?", kind, person.email)[0][0]


def lines(org, action):
    raw = org.world.server.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    return org.world.server.query("SELECT count(*) FROM audit_event WHERE organization_id = ? AND action = ?", raw, action)[0][0]


def soon(query, wanted):
    """What the worker does by itself, once it did."""
    until = time.monotonic() + 20
    while query() != wanted:
        assert time.monotonic() < until, query()
        time.sleep(0.02)


# ---- out


def test_each_way_out_frees_a_seat(acme):
    leaves, removed, closes = (acme.join() for _ in range(3))
    assert acme.recount() == ((4, 0), (4, 0))
    leaves.api.post(acme.path + "/leave").ok()
    assert acme.recount() == ((3, 0), (3, 0))
    acme.remove(removed).ok()
    assert acme.recount() == ((2, 0), (2, 0))
    closes.api.call("DELETE", "/me", {"current_password": closes.password}).ok()
    assert acme.recount() == ((1, 0), (1, 0))


def test_nobody_removes_themselves(acme):
    other = acme.join(role="owner")
    acme.remove(other, by=other.api).refused("forbidden", 403)
    acme.remove(acme.owner, by=other.api).ok()


def test_no_key_with_a_list_leaves(acme):
    owner = acme.join(role="owner")
    body = {"name": "program", "permissions": ["members.read"]}
    key = owner.api.post(acme.path + "/api-keys", body).ok(201)["api_key"]
    acme.world.client(key=key).post(acme.path + "/leave").refused("forbidden", 403)
    assert acme.member(owner)


def test_who_steps_back_is_not_told_of_it(acme):
    other = acme.join(role="owner")
    before = mails(acme, "member_role_changed", other)
    change(acme, other, by=other.api, role="administrator").ok()
    assert mails(acme, "member_role_changed", other) == before
    change(acme, other, role="member").ok()
    assert mails(acme, "member_role_changed", other) == before + 1


# ---- ends


def test_nobody_whose_access_ended_is_made_active(acme, clock):
    zoe = acme.join()
    change(acme, zoe, access_ends_at=at(acme, 1).strftime("%Y-%m-%dT%H:%M:%SZ")).ok()
    clock.advance(hours=2)
    assert change(acme, zoe, state="active").refused("conflict", 409)["errors"][0]["pointer"] == "/access_ends_at"
    change(acme, zoe, state="active", access_ends_at=None).ok()
    zoe.api.get(acme.path).ok()


def test_an_end_by_its_day_lasts_until_the_day_is_over(acme):
    zoe = acme.join()
    day = at(acme, 48)
    ends = change(acme, zoe, access_ends_at=day.strftime("%Y-%m-%d")).ok()["access_ends_at"]
    assert ends.startswith((day + datetime.timedelta(days=1)).strftime("%Y-%m-%dT00:00:00"))


def test_whoever_is_suspended_is_not_warned(acme):
    zoe, other = acme.join(), acme.join()
    end = at(acme, 5).strftime("%Y-%m-%dT%H:%M:%SZ")
    change(acme, zoe, state="suspended", access_ends_at=end).ok()
    change(acme, other, access_ends_at=end).ok()
    soon(lambda: mails(acme, "member_ends", other), 1)
    due = "SELECT count(*) FROM membership WHERE access_warn_at <= ?"
    soon(lambda: acme.world.server.query(due, int(1000 * acme.world.clock.now())), [(0,)])
    assert mails(acme, "member_ends", zoe) == 0


def test_who_administers_is_warned_of_oneself_once(acme):
    admin = acme.join(role="administrator")
    change(acme, admin, access_ends_at=at(acme, 5).strftime("%Y-%m-%dT%H:%M:%SZ")).ok()
    soon(lambda: mails(acme, "member_ends", admin), 1)
    assert (mails(acme, "member_ends_notice", acme.owner), mails(acme, "member_ends_notice", admin)) == (1, 0)
    assert lines(acme, "member.access_ends_soon") == 1


# ---- checks, keys


def test_a_check_for_an_account_that_is_shut_in_elsewhere_is_no(acme, rival):
    """The operator names an unproved address as an owner: the place opens to whoever proves it."""
    email = fresh("shut")
    link = rival.link(rival.invite(email, deliver=False)).ok()["url"]
    squatter = Person(rival.world.enrol(link).ok(201).client, email)
    body = {"name": "Theirs", "owner": {"email": email, "given_name": "Olive", "family_name": "Martin"}}
    theirs = rival.world.operator.post("/organizations", body).ok(201)["organization"]
    ask = {"organization": theirs["slug"], "permission": "members.read", "account": squatter.id}
    assert rival.world.operator.post("/check", ask).ok()["allowed"] is False
    squatter.prove(rival.world.inbox)
    assert rival.world.operator.post("/check", ask).ok()["allowed"] is True


def test_a_key_wants_its_own_secret(acme):
    one, other = (acme.api.post(acme.path + "/api-keys", {"name": name}).ok(201)["api_key"] for name in ("one", "other"))
    for wrong in (one[:-8] + "AAAAAAAA", one[:-20] + other[-20:]):
        acme.world.client(key=wrong).get(acme.path).refused("unauthenticated", 401)
    acme.world.client(key=one).get(acme.path).ok()


def test_whose_key_it_is_hears_of_it(acme):
    zoe = acme.join()
    acme.world.operator.post(acme.path + "/api-keys", {"name": "program", "member": acme.member(zoe)["id"]}).ok(201)
    assert mails(acme, "member_api_key_created", zoe) == 1


def test_a_key_lists_its_own_organization_alone(acme, rival, inbox):
    person = acme.join(role="owner")
    rival.invite(person.email)
    token = inbox.token_for(person.email, 2, invitation=True)
    person.api.post("/invitations/accept", {"token": token}).ok(201)
    assert {o["slug"] for o in person.api.items("/organizations")} == {acme.slug, rival.slug}
    key = person.api.post(acme.path + "/api-keys", {"name": "program"}).ok(201)["api_key"]
    assert [o["slug"] for o in acme.world.client(key=key).items("/organizations")] == [acme.slug]
