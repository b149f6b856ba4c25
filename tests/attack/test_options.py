"""Options beyond one's own: above the role, of another organization, after the end, owners with an end."""

import datetime

import pytest

from lib.people import PASSWORD, fresh
from lib.spec import texts


def tomorrow(clock, hours=30):
    moment = datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def define(org, key, roles):
    body = {"key": key, "name": {"fr": "Ici", "en": "Here"}, "roles": roles}
    org.api.post(org.path + "/entitlements", body).ok(201)


def group(org, name="Nord"):
    return org.api.post(org.path + "/groups", {"name": name}).ok(201)["id"]


def patch(org, member, by=None, **what):
    return (by or org.api).patch(f"{org.path}/members/{member['id']}", what)


# ---- above the inviter


def test_no_option_beyond_the_role(acme):
    define(acme, "chest", ["owner", "administrator"])
    admin, zoe = acme.join(role="administrator"), acme.member(acme.join())
    row = {"email": fresh(), "role": "member", "entitlements": {"chest": True}}
    result = acme.send(row, by=admin.api).ok(200)["results"][0]
    assert result["outcome"] == "invalid-request"
    assert result["problem"]["errors"][0] == {**result["problem"]["errors"][0], "pointer": "/entitlements/chest", "code": "not-for-role"}
    assert patch(acme, zoe, entitlements={"chest": True}).refused("invalid-request", 422)["errors"][0]["code"] == "not-for-role"
    answer = acme.api.post(acme.path + "/members/bulk", {"members": [zoe["id"]], "entitlements": {"chest": True}}).ok(200)
    assert answer["results"][0]["outcome"] == "invalid-request"
    assert patch(acme, zoe, role="administrator", entitlements={"chest": True}).ok(200)["entitlements"] == {"chest": True}


def test_an_administrator_gives_no_role_by_the_side(acme):
    admin, zoe = acme.join(role="administrator"), acme.member(acme.join())
    patch(acme, zoe, by=admin.api, state="active", role="owner").refused("forbidden", 403)
    assert acme.outcome({"email": fresh(), "role": "owner", "groups": []}, by=admin.api) == "forbidden"
    body = {"key": "k", "name": {"fr": "Ici", "en": "Here"}}
    admin.api.post(acme.path + "/entitlements", body).refused("forbidden", 403)


def test_a_contractor_does_not_prolong_their_own_access(acme, clock):
    admin = acme.join(role="administrator")
    me = acme.member(admin)
    patch(acme, me, access_ends_at=tomorrow(clock)).ok(200)
    for end in (None, "2126-01-01"):
        patch(acme, me, by=admin.api, access_ends_at=end).refused("forbidden", 403)
        answer = admin.api.post(acme.path + "/members/bulk", {"members": [me["id"]], "access_ends_at": end}).ok(200)
        assert answer["results"][0]["outcome"] == "forbidden"


# ---- for oneself


def favours(clock):
    """What nobody does for themselves, as the body of a change; and whether an owner may."""
    return [
        ({"entitlements": {"chest": True}}, True),
        ({"access_ends_at": tomorrow(clock, 300)}, False),
        ({"access_ends_at": None}, False),
        ({"state": "active"}, False),
        ({"state": "suspended"}, False),
    ]


def test_nobody_grants_themselves_what_they_lack(acme, clock):
    """By every door: the member's own route, the bulk route, the page of one and the page of many, session and key."""
    define(acme, "chest", ["owner", "administrator", "member"])
    define(acme, "lamp", ["owner", "administrator", "member"])
    admin = acme.join(role="administrator")
    me = acme.member(admin)
    patch(acme, me, entitlements={"lamp": True}, access_ends_at=tomorrow(clock)).ok(200)
    operator = acme.world.operator
    key = acme.world.client(key=operator.post(acme.path + "/api-keys", {"name": "Own", "member": me["id"]}).ok(201)["api_key"])

    def kept():
        found = acme.api.get(f"{acme.path}/members/{me['id']}").ok().json
        return {name: value for name, value in found.items() if name != "last_active_on"}  # they do come

    before = kept()
    for caller in (admin.api, key):
        for body, _ in favours(clock):
            patch(acme, me, by=caller, **body).refused("forbidden", 403)
            patch(acme, me, by=caller, groups=[], **body).refused("forbidden", 403)
            many = caller.post(acme.path + "/members/bulk", {"members": [me["id"]], **body}).ok(200)
            assert many["results"][0]["outcome"] == "forbidden"
    people = f"/o/{acme.slug}/users"
    options = f"{people}/{me['id']}/options"
    for form in ([("entitlement", "chest"), ("entitlement", "lamp")], [("entitlement", "lamp"), ("access_ends_at", "2126-01-01")],
                 [("entitlement", "lamp"), ("access_ends_at", "")]):
        assert admin.api.submit(options, form).status == 403
    several = [("member", me["id"]), ("confirmed", "true")]
    for form in ([("action", "options"), ("entitlement", "chest=on")], [("action", "options"), ("end", "none")],
                 [("action", "options"), ("end", "on"), ("access_ends_at", "2126-01-01")], [("action", "reactivate")], [("action", "suspend")]):
        assert admin.api.submit(people + "/change", several + form).status == 403
    assert kept() == before


def test_what_is_not_to_be_had_is_not_offered(acme):
    define(acme, "chest", ["owner", "administrator", "member"])
    define(acme, "lamp", ["owner", "administrator", "member"])
    admin, zoe = acme.join(role="administrator"), acme.member(acme.join())
    me = acme.member(admin)
    patch(acme, me, entitlements={"lamp": True}).ok(200)
    own = admin.api.page(f"/o/{acme.slug}/users/{me['id']}/options").ok().text
    assert 'value="lamp" checked' in own and 'value="chest"' not in own and 'name="access_ends_at"' not in own
    assert texts("en")["member_options.own"] in own
    others = admin.api.page(f"/o/{acme.slug}/users/{zoe['id']}/options").ok().text
    assert 'value="chest"' in others and 'name="access_ends_at"' in others
    owner = acme.api.page(f"/o/{acme.slug}/users/{acme.member(acme.owner)['id']}/options").ok().text
    assert 'value="chest"' in owner


def test_less_for_oneself_is_ones_own_affair(acme):
    """An option may be given back, and what was on may be said again; an owner, who gives to anybody, gives to themselves."""
    define(acme, "lamp", ["owner", "administrator", "member"])
    admin = acme.join(role="administrator")
    me, owner = acme.member(admin), acme.member(acme.owner)
    patch(acme, me, entitlements={"lamp": True}).ok(200)
    patch(acme, me, by=admin.api, entitlements={"lamp": True}, groups=[group(acme)]).ok(200)
    admin.api.submit(f"/o/{acme.slug}/users/{me['id']}/options", [("entitlement", "lamp")]).ok(303)
    assert patch(acme, me, by=admin.api, entitlements={"lamp": False}).ok(200)["entitlements"] == {"lamp": False}
    patch(acme, me, by=admin.api, entitlements={"lamp": True}).refused("forbidden", 403)
    assert patch(acme, owner, entitlements={"lamp": True}).ok(200)["entitlements"] == {"lamp": True}
    for body, _ in [({"state": "suspended"}, None), ({"access_ends_at": None}, None)]:
        patch(acme, owner, **body).refused("forbidden", 403)


def test_an_invitation_brings_its_own_inviter_nothing(acme):
    """Neither to an address of theirs, nor by leaving and coming back: what they sent ends with them."""
    define(acme, "chest", ["owner", "administrator", "member"])
    admin = acme.join(role="administrator")
    row = {"email": admin.email, "role": "member", "entitlements": {"chest": True}}
    assert acme.outcome(row, by=admin.api) == "already-member"
    other = fresh("second")
    kept = acme.link(acme.invite(other, by=admin.api, entitlements={"chest": True}, deliver=False), by=admin.api).ok()["url"]
    admin.api.post(acme.path + "/leave").ok(204)
    admin.api.post("/invitations/accept", {"token": kept.rsplit("/", 1)[1]}).refused("invitation-revoked", 410)


def test_no_offer_of_administration_passes_through_hands_that_may_not_make_one(acme):
    """An administrator's invitation that stands is not sent again, corrected or copied by whoever could not send it."""
    admin = acme.join(role="administrator")
    acme.set(administrators_may_invite_administrators=False).ok()
    inv = acme.invite(fresh(), role="administrator", deliver=False)
    acme.resend(inv, by=admin.api).refused("forbidden", 403)
    acme.link(inv, by=admin.api).refused("forbidden", 403)
    acme.correct(inv, fresh(), by=admin.api).refused("forbidden", 403)
    assert admin.api.post(f"{acme.path}/invitation-batches/{inv['batch']}/links", {}).ok().text.split() == ["email,url,code"]
    assert acme.state(inv) == "pending"


# ---- another organization's


def test_no_group_of_another_organization(acme, rival):
    theirs, zoe = group(rival), acme.member(acme.join())
    stranger = rival.member(rival.owner)
    mine = group(acme)
    assert acme.outcome({"email": fresh(), "groups": [theirs]}) == "not-found"
    patch(acme, zoe, groups=[theirs]).refused("not-found", 404)
    acme.api.post(acme.path + "/members/bulk", {"members": [zoe["id"]], "groups_add": [theirs]}).refused("not-found", 404)
    acme.api.get(acme.path + "/members", group=theirs).refused("not-found", 404)
    for method in ("GET", "DELETE"):
        acme.api.call(method, f"{acme.path}/groups/{theirs}").refused("not-found", 404)
    acme.api.patch(f"{acme.path}/groups/{theirs}", {"name": "Mine"}).refused("not-found", 404)
    acme.api.get(f"{acme.path}/groups/{theirs}/members").refused("not-found", 404)
    for g, m in ((theirs, zoe["id"]), (mine, stranger["id"]), (theirs, stranger["id"])):
        for method in ("PUT", "DELETE"):
            acme.api.call(method, f"{acme.path}/groups/{g}/members/{m}").refused("not-found", 404)
    acme.api.call("PUT", f"{rival.path}/groups/{theirs}/members/{stranger['id']}").refused("not-found", 404)
    assert rival.api.get(f"{rival.path}/groups/{theirs}").ok()["members"] == 0
    assert acme.api.post(acme.path + "/members/bulk", {"members": [stranger["id"]], "state": "suspended"}).ok()["results"][0]["outcome"] == "not-found"


def test_no_entitlement_of_another_organization(acme, rival):
    define(rival, "chest", ["owner", "administrator", "member"])
    zoe = acme.member(acme.join())
    assert acme.outcome({"email": fresh(), "entitlements": {"chest": True}}) == "invalid-request"
    patch(acme, zoe, entitlements={"chest": True}).refused("invalid-request", 422)
    acme.api.get(acme.path + "/entitlements/chest").refused("not-found", 404)
    acme.api.delete(rival.path + "/entitlements/chest").refused("not-found", 404)
    assert acme.api.get(f"{acme.path}/members/{zoe['id']}").ok()["entitlements"] == {}


# ---- after the end


def test_an_expired_contractors_session_and_key(make_server):
    server = make_server()
    made = server.setup()
    org = "/organizations/" + made["organization"]["slug"]
    key = server.client(key=made["api_key"])
    founder = server.client().sign_in("olive.martin@example.org", "orchard-lantern-42")
    row = {"email": "b@example.org", "role": "member"}
    inv = founder.post(org + "/invitations", {"invitations": [row], "deliver": False}).ok()["results"][0]["invitation"]
    link = founder.post(f"{org}/invitations/{inv['id']}/link").ok()["url"]
    heir = server.client()
    body = {"token": link.rsplit("/", 1)[1], "given_name": "B", "family_name": "C", "password": PASSWORD}
    member = heir.post("/invitations/accept", body).ok(201)["member"]
    founder.patch(f"{org}/members/{member['id']}", {"role": "owner"}).ok(200)
    mine = next(m for m in heir.items(org + "/members") if m["id"] != member["id"])
    at = f"{org}/members/{mine['id']}"
    heir.patch(at, {"role": "administrator", "access_ends_at": tomorrow(server.clock)}).ok(200)
    ask = {"organization": made["organization"]["id"], "permission": "members.read"}
    for caller in (founder, key):
        caller.get(org + "/members").ok(200)
        assert caller.post("/check", ask).ok(200)["allowed"] is True
    server.clock.advance(hours=31)
    for caller in (founder, key):
        caller.get(org + "/members").refused("not-found", 404)
        caller.post(org + "/invitations", {"invitations": [row]}).refused("not-found", 404)
        caller.post(org + "/leave").refused("not-found", 404)
        assert caller.post("/check", ask).ok(200).json == {"allowed": False, "role": None, "entitlements": {}}
        assert caller.get("/me/memberships").ok(200)["items"] == []
    contacts = heir.get(org + "/members", state="active").ok(200)["items"]
    assert [m["id"] for m in contacts] == [member["id"]]
    heir.post(org + "/ownership-transfer", {"to": mine["id"]}).refused("conflict", 409)


# ---- owners with an end, by every door


def test_no_owner_has_an_end_of_access(acme, clock):
    owner, zoe = acme.member(acme.owner), acme.member(acme.join())
    second = acme.member(acme.join(role="owner"))
    end = tomorrow(clock)

    def no(answer):
        answer.refused("conflict", 409)
        assert answer["errors"][0] == {**answer["errors"][0], "pointer": "/access_ends_at", "code": "not-for-owners"}

    no(patch(acme, second, access_ends_at=end))
    no(patch(acme, owner, by=acme.world.operator, access_ends_at=end))
    assert acme.api.post(acme.path + "/members/bulk", {"members": [second["id"]], "access_ends_at": end}).ok()["results"][0]["outcome"] == "conflict"
    no(patch(acme, zoe, role="owner", access_ends_at=end))
    patch(acme, zoe, access_ends_at=end).ok(200)
    no(patch(acme, zoe, role="owner"))
    no(acme.api.post(acme.path + "/ownership-transfer", {"to": zoe["id"]}))
    assert acme.outcome({"email": fresh(), "role": "owner", "access_ends_at": end}) == "forbidden"
    assert patch(acme, zoe, role="owner", access_ends_at=None).ok(200)["role"] == "owner"
    with acme.world.server.aside() as db:
        with pytest.raises(Exception, match="(?i)check"):
            db.cursor().execute("UPDATE membership SET access_ends_at = 1 WHERE role = 'owner'")


def test_who_ended_counts_nowhere(acme, clock):
    second = acme.join(role="administrator")
    patch(acme, acme.member(second), access_ends_at=tomorrow(clock)).ok(200)
    advice = texts("en")["users.second_title"]
    assert advice not in acme.api.page(f"/o/{acme.slug}/users").text
    clock.advance(hours=31)
    assert advice in acme.api.page(f"/o/{acme.slug}/users").text, "one alone administers again"
