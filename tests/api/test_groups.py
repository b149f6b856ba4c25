"""Groups: made, named, filled, invited into, gone."""

import pytest

from lib.people import fresh


def group(org, name, by=None):
    return (by or org.api).post(org.path + "/groups", {"name": name}).ok(201).json


def put(org, g, m, by=None):
    return (by or org.api).call("PUT", f"{org.path}/groups/{g['id']}/members/{m['id']}")


def take(org, g, m, by=None):
    return (by or org.api).delete(f"{org.path}/groups/{g['id']}/members/{m['id']}")


def counts(org):
    return {g["name"]: g["members"] for g in org.api.items(org.path + "/groups")}


def test_a_group_is_made_renamed_and_deleted(acme):
    made = group(acme, "  Équipe   nord ")
    assert made == {"id": made["id"], "name": "Équipe nord", "members": 0, "created_at": made["created_at"]}
    at = f"{acme.path}/groups/{made['id']}"
    assert acme.api.get(at).ok().json == made
    assert acme.api.patch(at, {"name": "Sud"}).ok(200)["name"] == "Sud"
    assert acme.api.patch(at, {"name": "SUD"}).ok(200)["name"] == "SUD", "its own name in other letters"
    acme.api.delete(at).ok(204)
    acme.api.get(at).refused("not-found", 404)
    acme.api.delete(at).refused("not-found", 404)


def test_names_are_unique_as_people_read_them(acme):
    group(acme, "Équipe")
    answer = acme.api.post(acme.path + "/groups", {"name": "EQUIPE"}).refused("conflict", 409)
    assert answer["errors"][0]["pointer"] == "/name" and answer["errors"][0]["code"] == "taken"
    other = group(acme, "Autre")
    acme.api.patch(f"{acme.path}/groups/{other['id']}", {"name": "équipe"}).refused("conflict", 409)
    assert sorted(counts(acme)) == ["Autre", "Équipe"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\u0007b", "http://evil.example", "\u202egroup"])
def test_a_name_is_clean(acme, name):
    acme.api.post(acme.path + "/groups", {"name": name}).refused("invalid-request", 422)


def test_members_come_and_go(acme):
    g, h = group(acme, "Nord"), group(acme, "Sud")
    zoe, ana = acme.member(acme.join()), acme.member(acme.join())
    assert put(acme, g, zoe).ok(200)["groups"] == [g["id"]]
    put(acme, g, zoe).ok(200)
    put(acme, g, ana).ok(200)
    assert put(acme, h, zoe).ok(200)["groups"] == [g["id"], h["id"]]
    assert counts(acme) == {"Nord": 2, "Sud": 1}
    inside = acme.api.items(f"{acme.path}/groups/{g['id']}/members")
    assert {m["id"] for m in inside} == {zoe["id"], ana["id"]}
    take(acme, g, zoe).ok(204)
    take(acme, g, zoe).ok(204)
    assert counts(acme) == {"Nord": 1, "Sud": 1}
    assert acme.api.get(f"{acme.path}/members/{zoe['id']}").ok()["groups"] == [h["id"]]


def test_a_removed_member_leaves_the_groups(acme):
    g, zoe = group(acme, "Nord"), acme.member(acme.join())
    put(acme, g, zoe).ok(200)
    acme.api.delete(f"{acme.path}/members/{zoe['id']}").ok(204)
    assert counts(acme) == {"Nord": 0}
    assert acme.api.items(f"{acme.path}/groups/{g['id']}/members") == []


def test_a_deleted_group_leaves_its_members(acme):
    g, h, zoe = group(acme, "Nord"), group(acme, "Sud"), acme.member(acme.join())
    put(acme, g, zoe).ok(200)
    put(acme, h, zoe).ok(200)
    acme.api.delete(f"{acme.path}/groups/{g['id']}").ok(204)
    assert acme.api.get(f"{acme.path}/members/{zoe['id']}").ok()["groups"] == [h["id"]]
    acme.api.get(acme.path + "/members", group=g["id"]).refused("not-found", 404)


def test_people_are_invited_into_groups(acme, world, inbox):
    g, h = group(acme, "Nord"), group(acme, "Sud")
    email = fresh()
    inv = acme.invite(email, groups=[h["id"], g["id"], h["id"]])
    assert inv["groups"] == [h["id"], g["id"]] == acme.invitation(inv)["groups"]
    acme.api.delete(f"{acme.path}/groups/{h['id']}").ok(204)
    assert acme.invitation(inv)["groups"] == [g["id"]], "deleted groups vanish"
    member = world.enrol(inbox.token_for(email)).ok(201)["member"]
    assert member["groups"] == [g["id"]]
    assert counts(acme) == {"Nord": 1}


def test_a_corrected_address_keeps_its_groups(acme, inbox):
    g = group(acme, "Nord")
    inv = acme.invite(fresh(), groups=[g["id"]])
    assert acme.correct(inv, fresh()).ok(200)["groups"] == [g["id"]]


def test_the_list_filters_by_group_with_everything_else(acme):
    g = group(acme, "Nord")
    inside = [acme.join(given="Zoé", family=f"Durand{i}") for i in range(5)] + [
        acme.join(fresh("ana"), given="Ana", role="administrator")]
    acme.join(given="Zoé", family="Outside")
    for p in inside:
        put(acme, g, acme.member(p)).ok(200)
    ids = lambda **f: sorted(m["account"]["id"] for m in acme.members(group=g["id"], **f))
    assert ids() == sorted(p.id for p in inside)
    assert ids(limit=2) == ids()
    for sort in ("joined_at", "-family_name", "email", "role"):
        assert ids(sort=sort, limit=2) == ids(), sort
    assert ids(q="zoe") == sorted(p.id for p in inside[:5])
    assert ids(q="zoe dur durand3") == [inside[3].id]
    assert ids(role="administrator") == [inside[5].id]
    assert acme.api.get(acme.path + "/members", group=g["id"], count="true").ok()["total"] == 6
    assert acme.api.get(acme.path + "/members", group=g["id"], q="zoe", count="true").ok()["total"] == 5
    acme.api.get(acme.path + "/members", group="grp_nonsense").refused("invalid-request", 422)


def test_a_renamed_person_stays_in_the_group(acme):
    g, zoe = group(acme, "Nord"), acme.join()
    put(acme, g, acme.member(zoe)).ok(200)
    zoe.api.patch("/me", {"family_name": "Autre"}).ok(200)
    assert [m["account"]["family_name"] for m in acme.members(group=g["id"])] == ["Autre"]
    assert [m["account"]["family_name"] for m in acme.members(group=g["id"], q="autre")] == ["Autre"]


def test_groups_are_listed_by_name_in_pages(acme):
    for name in ("Zèbre", "âne", "Bœuf", "chat"):
        group(acme, name)
    assert [g["name"] for g in acme.api.items(acme.path + "/groups", limit=1)] == ["âne", "Bœuf", "chat", "Zèbre"]


def test_nobody_finds_a_group_by_typing_its_id(acme):
    g, zoe = group(acme, "Nord"), acme.member(acme.join())
    put(acme, g, zoe).ok(200)
    for q in (g["id"], "grp", g["id"][4:]):
        assert acme.members(q=q) == []


def test_the_command_line(acme, world):
    zoe, cli = acme.join(), lambda *args: world.server.cli(*args, "--organization", acme.slug)
    cli("group", "create", "Équipe nord")
    cli("group", "add", "Équipe nord", zoe.email)
    assert counts(acme) == {"Équipe nord": 1}
    assert zoe.email in cli("member", "list", "--group", "Équipe nord").stdout
    cli("group", "rename", "Équipe nord", "Sud")
    assert "Sud" in cli("group", "list").stdout
    email = fresh()
    cli("invite", email, "--group", "Sud", "--access-ends-at", "2126-01-31")
    inv = next(i for i in acme.api.items(acme.path + "/invitations") if i["email"] == email)
    assert inv["groups"] and inv["access_ends_at"] == "2126-02-01T00:00:00.000Z"
    cli("group", "remove", "Sud", zoe.email)
    assert counts(acme) == {"Sud": 0}
    refused = world.server.cli("group", "delete", "Nord", "--organization", acme.slug, check=False)
    assert refused.returncode == 1 and "Nord" in refused.stderr
    cli("group", "delete", "Sud")
    assert counts(acme) == {}


def test_the_command_line_names_a_group_whatever_its_name_holds(acme, server):
    comma, quotes, plain = group(acme, "Nord, est"), group(acme, 'Le "Sud"'), group(acme, "Nord")
    marks = group(acme, '"Ouest", "îles"')
    zoe = acme.member(acme.join())

    def named(*flags, check=True, **env):
        return server.cli("member", "set", zoe["id"], "--organization", acme.slug, *flags, check=check, env=env)

    for flags, wanted in (
            (["--group", '"Nord, est"'], [comma]),
            (["--group", 'Nord,"Nord, est", Le "Sud"'], [plain, comma, quotes]),
            (["--group", "Nord", "--group", '"""Ouest"", ""îles"""', "--group", comma["id"]], [plain, marks, comma]),
            (["--group", ""], [])):
        named(*flags)
        assert sorted(acme.api.get(f"{acme.path}/members/{zoe['id']}").ok()["groups"]) == sorted(g["id"] for g in wanted), flags

    for lang, unknown, unclosed in (("en_GB.UTF-8", "stands in double quotes", "double quotes do not fit"),
                                    ("fr_FR.UTF-8", "entre guillemets droits", "guillemets droits ne vont pas")):
        done = named("--group", "Sud, Nord", check=False, LC_ALL=lang)
        assert done.returncode == 1 and unknown in done.stderr
        for wrong in ('"Nord, est', '"Nord" est', '"'):
            done = named("--group", wrong, check=False, LC_ALL=lang)
            assert done.returncode == 2 and unclosed in done.stderr, wrong

    invited = server.cli("invite", fresh(), "--organization", acme.slug, "--group", '"Nord, est"', "--no-mail", "--json")
    assert invited.returncode == 0 and comma["id"] in invited.stdout
    named("--group", '"Nord, est"')
    assert zoe["id"] in server.cli("member", "list", "--organization", acme.slug, "--group", "Nord, est").stdout
    assert zoe["id"] not in server.cli("member", "list", "--organization", acme.slug, "--group", "Nord").stdout
    server.cli("group", "rename", "Nord, est", "Est, nord", "--organization", acme.slug)
    assert counts(acme)["Est, nord"] == 1
