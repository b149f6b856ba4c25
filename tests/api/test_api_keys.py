"""API keys: made, listed, used, revoked, by API, page and command line."""

import datetime
import html
import json
import re
import time
import uuid

import pytest

from lib.people import fresh
from lib.spec import permissions, routes, texts


def keys(org):
    return org.path + "/api-keys"


def make(org, name="Payroll", by=None, **more):
    return (by or org.api).post(keys(org), {"name": name, **more})


def holding(org, *permissions_, **more):
    """A client with a key of exactly these permissions; all of its member's without any."""
    chosen = {"permissions": list(permissions_)} if permissions_ else {}
    return org.world.client(key=make(org, **chosen, **more).ok(201)["api_key"])


def today(clock):
    return datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc).strftime("%Y-%m-%d")


def until(holds):
    """What is noted beside an answer comes a moment later."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


# ---- the API


def test_a_key_is_made_used_and_revoked(acme, clock, inbox):
    before = len(inbox.all_for(acme.owner.email))
    made = make(acme, "  Night   export ").ok(201).json
    secret = made.pop("api_key")
    assert secret.startswith("pvk_") and made["id"].startswith("key_")
    mine = acme.member(acme.owner)
    assert made["name"] == "Night export" and made["member"] == mine["id"] and made["account"] == mine["account"]
    assert (made["permissions"], made["expires_at"], made["last_used_on"]) == (None, None, None)
    assert acme.api.get(keys(acme)).ok().json == {"items": [made], "next_cursor": None}
    program = acme.world.client(key=secret)
    program.get(acme.path + "/members").ok()
    until(lambda: program.get(keys(acme)).ok()["items"][0]["last_used_on"] == today(clock))
    mail = inbox.last(acme.owner.email, before + 1)
    assert acme.name in mail.subject and f"/o/{acme.slug}/settings/api-keys" in mail.text and secret not in mail.text
    acme.api.delete(f"{keys(acme)}/{made['id']}").ok(204)
    program.get(acme.path + "/members").refused("unauthenticated", 401)
    acme.api.delete(f"{keys(acme)}/{made['id']}").refused("not-found", 404)
    assert acme.api.items(keys(acme)) == []


def test_both_changes_stand_in_the_record(acme):
    made = make(acme, "Recorded", permissions=["members.read"], expires_in="30d").ok(201)
    acme.api.delete(f"{keys(acme)}/{made['id']}").ok(204)
    rows = acme.world.server.query(
        "SELECT action, before, after FROM audit_event WHERE action LIKE 'api_key.%' ORDER BY id DESC LIMIT 2"
    )
    (revoked, was, _), (created, _, becomes) = rows
    assert (created, revoked) == ("api_key.created", "api_key.revoked")
    assert json.loads(becomes) == json.loads(was) == {"name": "Recorded", "permissions": "members.read", "expires_at": made["expires_at"]}


def test_the_last_use_is_noted_once_a_day(acme, clock):
    made = make(acme, "Daily").ok(201)
    program = acme.world.client(key=made["api_key"])
    day = lambda: next(k["last_used_on"] for k in acme.api.items(keys(acme)) if k["id"] == made["id"])
    rows = lambda: acme.world.server.query("SELECT last_used_at FROM api_key WHERE name = 'Daily' AND last_used_at IS NOT NULL")
    assert day() is None
    for _ in range(2):
        program.get(acme.path).ok()
        until(lambda: day() == today(clock))
        assert all(at % 86_400_000 == 0 for (at,) in rows())
        program.post(acme.path + "/groups", {"name": fresh("group").replace("@", " ")}).ok(201)
        clock.advance(days=1)
        acme.api.sign_in(acme.owner.email, acme.owner.password)
    assert day() < today(clock)  # a day without use


def test_pages_of_keys(acme):
    made = [make(acme, f"Key {i}").ok(201)["id"] for i in range(5)]
    first = acme.api.get(keys(acme), limit=2).ok()
    assert [k["id"] for k in first["items"]] == [made[4], made[3]] and first["next_cursor"]
    assert [k["id"] for k in acme.api.items(keys(acme), limit=2)] == made[::-1]


def test_permissions_stand_in_the_tables_order_and_once(acme):
    asked = ["invitations.read", "members.read", "members.read"]
    assert make(acme, permissions=asked).ok(201)["permissions"] == ["members.read", "invitations.read"]


@pytest.mark.parametrize("body, pointer", [
    ({}, "/name"), ({"name": ""}, "/name"), ({"name": " "}, "/name"), ({"name": "x" * 101}, "/name"),
    ({"name": "K", "permissions": []}, "/permissions"), ({"name": "K", "permissions": ["members.fly"]}, "/permissions/0"),
    ({"name": "K", "permissions": ["members.read", "members.read "]}, "/permissions/1"),
    ({"name": "K", "permissions": [7]}, "/permissions/0"), ({"name": "K", "permissions": ["members.read"] * 65}, "/permissions"),
    ({"name": "K", "expires_in": "0d"}, "/expires_in"), ({"name": "K", "expires_in": "59m"}, "/expires_in"),
    ({"name": "K", "expires_in": "soon"}, "/expires_in"), ({"name": "K", "expires_in": "99999d"}, "/expires_in"),
    ({"name": "K", "member": "mbr_x"}, "/member"), ({"name": "K", "key": "x"}, "/key"),
])
def test_what_is_no_key(acme, body, pointer):
    refused = acme.api.post(keys(acme), body).refused("invalid-request", 422)
    assert refused["errors"][0]["pointer"] == pointer


def test_the_operator_says_whose(acme, rival, inbox):
    zoe = acme.join(role="administrator")
    operator = acme.world.operator
    assert make(acme, by=operator).refused("invalid-request", 422)["errors"][0]["pointer"] == "/member"
    member = acme.member(zoe)["id"]
    before = len(inbox.all_for(zoe.email))
    made = make(acme, by=operator, member=member, permissions=["members.read"]).ok(201)
    assert made["account"]["email"] == zoe.email
    mail = inbox.last(zoe.email, before + 1)
    assert "api-keys" not in mail.text  # an administrator has no such page
    program = acme.world.client(key=made["api_key"])
    program.get(acme.path + "/members").ok()
    program.get(acme.path + "/invitations").refused("forbidden", 403)
    make(acme, by=operator, member=member, permissions=["roles.change"]).refused("forbidden", 403)
    make(acme, by=operator, member=rival.member(rival.owner)["id"]).refused("not-found", 404)
    acme.api.patch(f"{acme.path}/members/{member}", {"state": "suspended"}).ok()
    make(acme, by=operator, member=member).refused("conflict", 409)
    program.get(acme.path + "/members").refused("not-found", 404)


def test_there_is_a_limit(make_server):
    server = make_server()
    server.setup(slug="bar")
    ((organization, member, account),) = server.query("SELECT organization_id, membership_id, account_id FROM api_key")
    literal = lambda raw: f"'{uuid.UUID(bytes=raw) if isinstance(raw, bytes) else raw}'" if server.is_shared else f"x'{raw.hex()}'"
    fixed = ", ".join(map(literal, (organization, member, account)))
    secret = "'\\x00'" if server.is_shared else "x'00'"
    rows = (f"({fixed}, {literal(i.to_bytes(16, 'big'))}, {secret}, 'Many', 1, {'2' if i == 1 else 'NULL'})" for i in range(1, 501))
    server.stop()
    server.tamper("INSERT INTO api_key (organization_id, membership_id, account_id, id, secret_hash, name, created_at, expires_at) "
                  "VALUES " + ", ".join(rows))
    server.start()
    mine = server.operator.items("/organizations/bar/members")[0]["id"]
    body = {"name": "One more", "member": mine}
    refused = server.operator.post("/organizations/bar/api-keys", body).refused("conflict", 409)  # 500, and the one of setup
    assert refused["errors"][0]["code"] == "too-many"
    setup = next(k["id"] for k in server.operator.items("/organizations/bar/api-keys", limit=200) if k["name"] == "setup")
    server.operator.delete(f"/organizations/bar/api-keys/{setup}").ok(204)
    server.operator.post("/organizations/bar/api-keys", body).ok(201)  # what expired long ago makes room
    server.operator.post("/organizations/bar/api-keys", body).refused("conflict", 409)


# ---- what a key may


def test_a_key_with_a_list_may_that_and_nothing_else(acme):
    zoe = acme.member(acme.join())
    program = holding(acme, "members.read")
    program.get(acme.path).ok()
    program.get(acme.path + "/members").ok()
    for method, path, body in (
        ("GET", "/invitations", None), ("PATCH", f"/members/{zoe['id']}", {"state": "suspended"}), ("PATCH", "", {"name": "Mine"}),
        ("DELETE", f"/members/{zoe['id']}", None), ("PATCH", "/settings", {"reminder_max": 1}), ("POST", "/leave", None),
        ("POST", "/ownership-transfer", {"to": zoe["id"]}), ("GET", "/api-keys", None), ("POST", "/api-keys", {"name": "More"}),
        ("PATCH", f"/members/{zoe['id']}", {"role": "owner"}),
    ):
        program.call(method, acme.path + path, body).refused("forbidden", 403)
    for permission, allowed in (("members.read", True), ("invitations.read", False), ("api_keys.manage", False)):
        answer = program.post("/check", {"organization": acme.slug, "permission": permission}).ok()
        assert answer["allowed"] is allowed and answer["role"] == "owner"
        asked = {"organization": acme.slug, "permission": permission, "account": acme.owner.id}
        assert program.post("/check", asked).ok()["allowed"] is True  # of its member, as of anybody else
        holding(acme, "mail.read").post("/check", asked).refused("forbidden", 403)


def test_an_administrators_key_invites_administrators_by_its_list_alone(acme):
    row = {"email": fresh(), "role": "administrator"}
    assert acme.outcome(row, by=holding(acme, "invitations.create")) == "forbidden"
    assert acme.outcome(row, by=holding(acme, "invitations.create", "administrators.invite")) == "invited"


# ---- the page


def page(org, by=None):
    return (by or org.api).page(f"/o/{org.slug}/settings/api-keys")


def test_the_page_lists_makes_and_revokes(acme):
    at = f"/o/{acme.slug}/settings/api-keys"
    empty = page(acme).ok().text
    assert texts("en")["api_keys.none"] in empty
    assert f'href="{at}"' in acme.api.page(f"/o/{acme.slug}/settings").ok().text
    shown = acme.api.submit(at, [("name", "Payroll & co"), ("rights", "chosen"), ("permission", "members.read"), ("expires_in", "30d")]).ok(200)
    secret = re.search(r'value="(pvk_[^"]+)"', shown.text)[1]
    assert shown.headers["Cache-Control"] == "no-store"
    acme.world.client(key=secret).get(acme.path + "/members").ok()
    (key,) = acme.api.items(keys(acme))
    assert key["permissions"] == ["members.read"] and key["expires_at"]
    listed = page(acme).ok().text
    assert "Payroll &amp; co" in listed and secret not in listed and texts("en")["permission.members.read"] in listed
    ask = acme.api.page(f"{at}/{key['id']}/revoke").ok().text
    assert "Payroll &amp; co" in ask
    done = acme.api.submit(f"{at}/{key['id']}/revoke").ok(303)
    assert done.headers["Location"] == at + "?notice=api_key_revoked"
    acme.world.client(key=secret).get(acme.path + "/members").refused("unauthenticated", 401)
    assert acme.api.page(f"{at}/{key['id']}/revoke").status == 404


def test_a_refused_form_comes_back_as_it_was(acme):
    at = f"/o/{acme.slug}/settings/api-keys"
    refused = acme.api.submit(at, [("name", ""), ("rights", "chosen"), ("permission", "mail.read"), ("expires_in", "365d")])
    assert refused.status == 422 and texts("en")["field.required"] in html.unescape(refused.text)
    assert re.search(r'value="mail.read" checked', refused.text) and re.search(r'value="365d" selected', refused.text)
    none = acme.api.submit(at, [("name", "Nothing"), ("rights", "chosen")])
    assert none.status == 422 and 'class="wrong"' in none.text
    everything = acme.api.submit(at, [("name", "All"), ("rights", "all"), ("permission", "mail.read"), ("expires_in", "")]).ok(200)
    assert "pvk_" in everything.text
    assert acme.api.items(keys(acme))[0]["permissions"] is None


def test_the_page_is_the_owners(acme):
    admin = acme.join(role="administrator")
    assert page(acme, admin.api).status == 403
    assert "api-keys" not in admin.api.page(f"/o/{acme.slug}").ok().text


def test_the_form_offers_whatever_a_route_asks_for(acme):
    asked = {r.permission for r in routes() if r.permission} | {"roles.change", "administrators.invite"}
    offered = set(re.findall(r'name="permission" value="([^"]+)"', page(acme).ok().text))
    assert asked <= offered <= set(permissions())
    assert all(f"permission.{one}" in texts("en") for one in offered)


# ---- the command line


def test_the_command_line_makes_lists_and_revokes(acme):
    cli = acme.world.server.cli
    run = lambda *args, **kw: cli("api-key", *args, "--organization", acme.slug, **kw)
    assert "no API key" in run("list").stdout
    key = run("create", "Backup", "--member", acme.owner.email, "--permission", "members.read", "--permission",
              "mail.read,invitations.read", "--expires-in", "30d").stdout.strip()
    program = acme.world.client(key=key)
    program.get(acme.path + "/invitations").ok()
    program.get(acme.path + "/groups").refused("forbidden", 403)
    table = run("list").stdout
    assert "Backup" in table and acme.owner.email in table and "members.read, invitations.read, mail.read" in table and key not in table
    (row,) = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    made = json.loads(run("create", "All", "--member", row["member"], "--json").stdout)
    assert made["permissions"] is None and made["api_key"].startswith("pvk_")
    assert row["id"] in run("revoke", row["id"], made["id"]).stdout
    program.get(acme.path).refused("unauthenticated", 401)
    refused = run("revoke", row["id"], check=False)
    assert refused.returncode == 1 and refused.stderr.startswith("parvis: ")
    refused = run("create", "No", "--member", acme.owner.email, "--permission", "members.fly", check=False)
    assert refused.returncode == 1 and "--permission: " in refused.stderr
    assert cli("api-key", "create", "No", "--organization", acme.slug, check=False).returncode == 2


def test_the_first_key_of_setup_is_listed_and_revoked(make_server):
    server = make_server()
    made = server.setup(slug="bar")
    first = server.client(key=made["api_key"])
    (row,) = first.get("/organizations/bar/api-keys").ok()["items"]
    assert row["name"] == "setup" and row["permissions"] is None and row["account"]["email"] == "olive.martin@example.org"
    first.delete(f"/organizations/bar/api-keys/{row['id']}").ok(204)  # it may end itself
    first.get("/organizations/bar").refused("unauthenticated", 401)
