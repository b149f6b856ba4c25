"""Members: lists, search, roles, removal, leaving, owners."""

import pytest

from lib.people import PASSWORD, fresh


# ---- lists


def test_a_member_says_who_and_since_when(acme):
    zoe = acme.join(given="Zoé", family="Durand")
    row = acme.member(zoe)
    assert row["account"] == {
        **row["account"],
        "id": zoe.id,
        "email": zoe.email,
        "given_name": "Zoé",
        "family_name": "Durand",
    }
    assert row["role"] == "member" and row["state"] == "active" and row["joined_at"]
    assert acme.api.get(f"{acme.path}/members/{row['id']}").ok().json == row


def test_walking_501_members_and_501_invitations_loses_none(acme):
    rows = [{"email": fresh("crowd"), "role": "member"} for _ in range(501)]
    acme.api.post(acme.path + "/invitations", {"invitations": rows, "deliver": False}).ok()
    for limit in (200, 50, 7):
        got = [i["email"] for i in acme.api.items(acme.path + "/invitations", limit=limit)]
        assert len(got) == 501 and len(set(got)) == 501
    assert set(got) == {r["email"] for r in rows}
    stored = [i["id"] for i in acme.api.items(acme.path + "/invitations", limit=200)]
    assert stored == sorted(stored, reverse=True), "newest first"


def test_a_page_says_when_there_is_more(acme):
    for _ in range(3):
        acme.invite(fresh(), deliver=False)
    page = acme.api.get(acme.path + "/invitations", limit=3).ok().json
    assert len(page["items"]) == 3 and page["next_cursor"] is None and "total" not in page
    page = acme.api.get(acme.path + "/invitations", limit=2).ok().json
    assert len(page["items"]) == 2 and page["next_cursor"]


@pytest.fixture(scope="module")
def choir(world):
    org = world.found("Choir")
    for given, family in [
        ("Zoé", "Élan"),
        ("Ana", "de la Cruz"),
        ("Björn", "Ångström"),
        ("Łukasz", "Żak"),
        ("Ana", "Alma"),
    ]:
        org.join(f"{fresh('c')}", given=given, family=family)
    return org


@pytest.mark.parametrize(
    "q,found",
    [
        ("zoe", {"Zoé"}),
        ("ZOÉ", {"Zoé"}),
        ("elan", {"Zoé"}),
        ("cruz", {"Ana"}),
        ("ana cr", {"Ana"}),
        ("bjo ang", {"Björn"}),
        ("zak", {"Łukasz"}),
        ("oe", set()),
        ("olive", {"Olive"}),
        ("%", set()),
        ("_", set()),
        ("zoe xyz", set()),
    ],
)
def test_search_by_beginnings_of_words_accents_folded(choir, q, found):
    assert {m["account"]["given_name"] for m in choir.members(q=q)} == found


def test_search_finds_a_common_word_in_pages_without_loss(choir):
    names = [m["account"]["family_name"] for m in choir.members(q="ana", limit=1)]
    assert sorted(names) == ["Alma", "de la Cruz"]


@pytest.mark.parametrize(
    "sort,key", [("joined_at", lambda m: m["joined_at"]), ("email", lambda m: m["account"]["email"].lower())]
)
def test_sorted_both_ways(choir, sort, key):
    up = choir.members(sort=sort, limit=2)
    down = choir.members(sort="-" + sort, limit=2)
    assert [key(m) for m in up] == sorted(map(key, up)) and len(up) == 6
    assert [m["id"] for m in down] == [m["id"] for m in reversed(up)]


def test_sorted_by_family_name_as_people_expect(choir):
    names = [m["account"]["family_name"] for m in choir.members(sort="family_name", limit=2)]
    assert names == ["Alma", "Ångström", "de la Cruz", "Élan", "Martin", "Żak"]


def test_filters(choir):
    assert len(choir.members(role="owner")) == 1
    assert len(choir.members(role="member", state="active")) == 5
    assert choir.members(state="suspended") == []
    assert choir.api.get(choir.path + "/members", count="true", role="member").ok()["total"] == 5


# ---- roles


def test_a_role_changes_and_is_felt_at_the_next_request(acme):
    zoe = acme.join()
    members = acme.path + "/members"
    zoe.api.get(members).refused("forbidden", 403)
    assert acme.set_role(zoe, "administrator").ok(200)["role"] == "administrator"
    zoe.api.get(members).ok(200)
    acme.set_role(zoe, "member").ok(200)
    zoe.api.get(members).refused("forbidden", 403)


def test_an_administrator_changes_no_role(acme):
    admin, zoe = acme.join(role="administrator"), acme.join()
    acme.set_role(zoe, "administrator", by=admin.api).refused("forbidden", 403)
    acme.set_role(admin, "owner", by=admin.api).refused("forbidden", 403)


def test_who_loses_the_right_to_invite_loses_what_they_sent(acme, inbox, enrol):
    admin = acme.join(role="administrator")
    email = fresh()
    inv = acme.invite(email, by=admin.api)
    token = inbox.token_for(email)
    acme.set_role(admin, "member").ok()
    assert acme.state(inv) == "revoked"
    enrol(token).refused("invitation-revoked", 410)


def test_only_one_with_the_right_invites_administrators(acme):
    admin = acme.join(role="administrator")
    assert acme.outcome({"email": fresh(), "role": "administrator"}, by=admin.api) == "invited"
    acme.set(administrators_may_invite_administrators=False).ok(200)
    assert acme.outcome({"email": fresh(), "role": "administrator"}, by=admin.api) == "forbidden"
    assert acme.outcome({"email": fresh(), "role": "member"}, by=admin.api) == "invited"
    assert acme.outcome({"email": fresh(), "role": "administrator"}) == "invited"
    assert acme.outcome({"email": fresh(), "role": "owner"}) == "forbidden"


# ---- removal


def test_removal_ends_all_access_at_the_next_request(acme, rival, inbox):
    zoe = acme.join()
    rival.invite(zoe.email)
    zoe.api.post("/invitations/accept", {"token": inbox.token_for(zoe.email, 2, invitation=True)}).ok(201)
    zoe.api.get(acme.path).ok()
    acme.remove(zoe).ok(204)
    zoe.api.get(acme.path).refused("not-found", 404)
    answer = zoe.api.post("/check", {"organization": acme.slug, "permission": "resources.use"})
    assert answer.problem == "not-found" or answer.json == {**answer.json, "allowed": False, "role": None}, answer
    zoe.api.get(rival.path).ok()  # the account and its sessions live on
    zoe.api.get("/me").ok()
    assert acme.seats["used"] == 1


@pytest.mark.parametrize("by", ["api", "page"])
def test_who_is_removed_is_told(acme, inbox, by):
    zoe = acme.join()
    before, member = len(inbox.all_for(zoe.email)), acme.member(zoe)["id"]
    if by == "api":
        acme.remove(zoe).ok()
    else:
        acme.api.submit(f"/o/{acme.slug}/users/{member}/remove").ok(303)
    mail = inbox.wait(zoe.email, before + 1)[-1]
    assert "You are no longer a member of Acme" in mail.subject and "http" not in mail.text.split("--")[0]


def test_who_leaves_is_told_nothing(acme, inbox, world):
    zoe = acme.join()
    before = len(inbox.all_for(zoe.email))
    zoe.api.post(acme.path + "/leave").ok()
    world.server.mails_at_rest()
    assert len(inbox.all_for(zoe.email)) == before


def test_a_removed_members_pending_invitations_go_or_are_taken_over(acme, inbox, enrol):
    for fate in ("revoke", "take_over"):
        admin = acme.join(role="administrator")
        email = fresh()
        inv = acme.invite(email, by=admin.api)
        token = inbox.token_for(email)
        acme.remove(admin, pending_invitations=fate).ok(204)
        after = acme.invitation(inv)
        if fate == "revoke":
            assert after["state"] == "revoked"
            enrol(token).refused("invitation-revoked", 410)
        else:
            assert after["state"] == "pending" and after["invited_by"] == acme.owner.id
            enrol(token).ok(201)


def test_who_may_remove_whom(acme):
    admin, other, zoe = acme.join(role="administrator"), acme.join(role="administrator"), acme.join()
    acme.remove(zoe, by=admin.api).ok(204)
    acme.remove(acme.owner, by=admin.api).refused("forbidden", 403)
    acme.remove(admin, by=admin.api).refused("forbidden", 403)
    acme.remove(other, by=admin.api).ok(204)


def test_a_removed_person_can_be_invited_again(acme, inbox):
    zoe = acme.join()
    acme.remove(zoe).ok()
    acme.invite(zoe.email)
    zoe.api.post("/invitations/accept", {"token": inbox.token_for(zoe.email, 2, invitation=True)}).ok(201)
    zoe.api.get(acme.path).ok()


def test_the_founders_key_dies_with_the_membership(make_server):
    server = make_server()
    made = server.setup()
    key = server.client(key=made["api_key"])
    org = "/organizations/" + made["organization"]["slug"]
    key.get(org).ok()
    owner = server.client().sign_in("olive.martin@example.org", "orchard-lantern-42")
    inv = owner.post(
        org + "/invitations", {"invitations": [{"email": "b@example.org", "role": "member"}], "deliver": False}
    ).ok()["results"][0]["invitation"]
    inv_id = inv if isinstance(inv, str) else inv["id"]
    link = owner.post(f"{org}/invitations/{inv_id}/link").ok()["url"]
    heir = server.client()
    member = heir.post(
        "/invitations/accept",
        {"token": link.rsplit("/", 1)[1], "given_name": "B", "family_name": "C", "password": PASSWORD},
    ).ok(201)["member"]
    owner.patch(f"{org}/members/{member['id']}", {"role": "owner"}).ok()
    owner.post(org + "/leave").ok(204)
    key.get(org).refused("unauthenticated", 401)


# ---- leaving, owners


def test_leaving(acme):
    zoe = acme.join()
    zoe.api.post(acme.path + "/leave").ok(204)
    zoe.api.get(acme.path).refused("not-found", 404)
    assert acme.member(zoe) is None


def test_the_last_owner_stays_by_every_door(acme):
    admin = acme.join(role="administrator")
    me = acme.member(acme.owner)["id"]
    acme.api.post(acme.path + "/leave").refused("last-owner", 409)
    acme.set_role(acme.owner, "administrator").refused("last-owner", 409)
    acme.set_role(acme.owner, "member").refused("last-owner", 409)
    acme.world.operator.delete(f"{acme.path}/members/{me}").refused("last-owner", 409)
    acme.world.operator.patch(f"{acme.path}/members/{me}", {"role": "member"}).refused("last-owner", 409)
    acme.remove(acme.owner).refused("forbidden", 403)
    acme.remove(acme.owner, by=admin.api).refused("forbidden", 403)
    assert acme.member(acme.owner)["role"] == "owner"


def test_the_database_itself_refuses_to_lose_the_last_owner(acme, server):
    """Not only the code: the constraint stands in the database."""
    for sql in (
        "UPDATE membership SET role = 'member' WHERE role = 'owner'",
        "UPDATE membership SET state = 'suspended' WHERE role = 'owner'",
        "DELETE FROM membership WHERE role = 'owner'",
    ):
        with server.aside() as db, pytest.raises(db.IntegrityError):
            db.cursor().execute(sql)


def test_with_two_owners_either_can_go(acme):
    heir = acme.join(role="owner")
    acme.api.post(acme.path + "/leave").ok(204)
    heir.api.post(acme.path + "/leave").refused("last-owner", 409)
    heir.api.get(acme.path + "/members").ok()


def test_an_owner_may_remove_another_owner(acme):
    heir = acme.join(role="owner")
    acme.remove(acme.owner, by=heir.api).ok(204)
    acme.api.get(acme.path).refused("not-found", 404)


def test_ownership_is_transferred_in_one_step(acme):
    heir = acme.join()
    to = acme.member(heir)["id"]
    assert acme.api.post(acme.path + "/ownership-transfer", {"to": to}).ok(200)["role"] == "owner"
    assert acme.member(acme.owner)["role"] == "administrator"
    acme.api.post(acme.path + "/ownership-transfer", {"to": to}).refused("forbidden", 403)
    heir.api.post(acme.path + "/leave").refused("last-owner", 409)


def test_ownership_goes_to_members_alone(acme, rival):
    stranger = rival.member(rival.owner)["id"]
    acme.api.post(acme.path + "/ownership-transfer", {"to": stranger}).refused("not-found", 404)
    mine = acme.member(acme.owner)["id"]
    assert acme.api.post(acme.path + "/ownership-transfer", {"to": mine}).status in (200, 403)
    assert acme.member(acme.owner)["role"] == "owner"


# ---- one account in many places


def test_one_account_many_organizations_many_roles(acme, rival, inbox):
    zoe = acme.join()
    rival.invite(zoe.email, "administrator")
    zoe.api.post("/invitations/accept", {"token": inbox.token_for(zoe.email, 2, invitation=True)}).ok(201)
    zoe.api.get(acme.path + "/members").refused("forbidden")
    zoe.api.get(rival.path + "/members").ok()
    assert zoe.membership(acme)["role"] == "member" and zoe.membership(rival)["role"] == "administrator"


def test_fifty_organizations_are_listed_without_loss(world, inbox):
    owner = world.found("First").owner
    owner.api.post("/me/address-proof").ok(202)  # until it is proved, an address leads to its first organization alone
    owner.api.post("/me/address-proof/confirm", {"code": inbox.last(owner.email).code}).ok()
    for i in range(50):
        world.operator.post(
            "/organizations",
            {"name": f"Many {i}", "owner": {"email": owner.email, "given_name": "Olive", "family_name": "Martin"}},
        ).ok(201)
    assert len(owner.api.get("/me/memberships").ok()["items"]) == 51
    assert len(owner.api.items("/organizations", limit=20)) == 51


# ---- check


def test_check_answers_for_oneself_and_for_others(acme, rival):
    zoe = acme.join()
    ask = {"organization": acme.slug, "permission": "invitations.create"}
    assert acme.api.post("/check", ask).ok(200).json == {"allowed": True, "role": "owner", "entitlements": {}}
    assert zoe.api.post("/check", ask).ok(200).json == {"allowed": False, "role": "member", "entitlements": {}}
    assert zoe.api.post("/check", {**ask, "permission": "resources.use"}).ok()["allowed"] is True
    other = acme.api.post(
        "/check", {**ask, "organization": acme.id, "account": zoe.id, "permission": "resources.use"}
    ).ok()
    assert other["allowed"] is True and other["role"] == "member"
    nobody = acme.api.post("/check", {**ask, "account": rival.owner.id}).ok().json
    assert nobody["allowed"] is False and nobody["role"] is None
    zoe.api.post("/check", {**ask, "account": acme.owner.id}).refused("forbidden", 403)
    acme.api.post("/check", {**ask, "permission": "world.rule"}).refused("invalid-request", 422)
    acme.api.post("/check", {**ask, "organization": "no-such-place"}).refused("not-found", 404)


def test_check_agrees_with_the_table_of_rights(acme):
    from lib.spec import permissions

    people = {"owner": acme.owner, "administrator": acme.join(role="administrator"), "member": acme.join()}
    for permission, roles in permissions().items():
        for role, person in people.items():
            got = person.api.post("/check", {"organization": acme.slug, "permission": permission}).ok()
            assert (got["allowed"], got["role"]) == (role in roles, role), permission


# ---- one's own account


def test_one_changes_ones_own_names_everywhere(acme, rival, inbox):
    zoe = acme.join()
    answer = zoe.api.patch("/me", {"given_name": "Zoë", "family_name": "Ōta", "locale": "fr"}).ok(200)
    assert answer["given_name"] == "Zoë" and answer["locale"] == "fr"
    assert acme.member(zoe)["account"]["family_name"] == "Ōta"
    assert [m["account"]["id"] for m in acme.members(q="ota")] == [zoe.id]
    assert acme.members(q="durand") == []
    zoe.api.patch("/me", {"email": "x@example.org"}).refused("invalid-request", 422)
