"""Nothing of one organization is readable or changeable from another: every route that takes an id."""

import pytest

from lib.callers import samples, things_of
from lib.people import World, fresh
from lib.pictures import multipart, png
from lib.spec import routes

INSIDE = [r for r in routes() if "{org}" in r.path]
PAGES = [r for r in routes("console.yaml") if "{org}" in r.path]
UNKNOWN = {
    "member": "mbr_01h455vb4pex5vsknk084sn02q",
    "invitation": "inv_01h455vb4pex5vsknk084sn02q",
    "batch": "bat_01h455vb4pex5vsknk084sn02q",
    "group": "grp_01h455vb4pex5vsknk084sn02q",
    "entitlement": "chest",
    "api_key": "key_01h455vb4pex5vsknk084sn02q",
}


@pytest.fixture(scope="module")
def two(world):
    ours, theirs = world.found("Ours"), world.found("Theirs Ltd")
    ids = things_of(theirs)
    world.server.mails_at_rest()  # a snapshot holds them, too
    return ours, theirs, ids


def nothing_said(answer, theirs, ids):
    for word in (theirs.name, theirs.id, theirs.owner.email, *ids.values()):
        assert word not in answer.text, word
    return answer


def snapshot(world, org):
    raw = world.server.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    tables = ("membership", "invitation", "organization_seat", "organization_owner", "audit_event", "mail",
              "member_group", "entitlement", "api_key")
    return [world.server.query(f"SELECT * FROM {t} WHERE organization_id = ?", raw) for t in tables]


@pytest.mark.parametrize("route", INSIDE, ids=repr)
def test_their_organization_in_the_path(world, two, route):
    ours, theirs, ids = two
    before = snapshot(world, theirs)
    for org in (theirs.slug, theirs.id, theirs.slug.upper()):
        path = route.path.removeprefix("/api/v1").format(org=org, **ids)
        answer = ours.api.call(route.method, path, samples(route, ids), route.headers).refused("not-found", 404)
        nothing_said(answer, theirs, {})
    assert snapshot(world, theirs) == before


@pytest.mark.parametrize(
    "route",
    [r for r in INSIDE if any("{%s}" % k in r.path for k in UNKNOWN)]
    + [r for r in INSIDE if r.name == "transfer_ownership"],
    ids=repr,
)
def test_their_thing_in_our_organization_is_like_none_at_all(world, two, route):
    ours, theirs, ids = two
    before = snapshot(world, theirs)
    answers = []
    for use in (ids, UNKNOWN):
        path = route.path.removeprefix("/api/v1").format(org=ours.slug, **use)
        answers.append(ours.api.call(route.method, path, samples(route, use)).refused("not-found", 404).json)
        answers[-1].pop("request_id")
    assert answers[0] == answers[1]
    assert snapshot(world, theirs) == before


@pytest.mark.parametrize("route", [r for r in INSIDE if any("{%s}" % k in r.path for k in UNKNOWN)], ids=repr)
@pytest.mark.parametrize(
    "wrong",
    [
        "x",
        "org_01h455vb4pex5vsknk084sn02q",
        "MBR_01h455vb4pex5vsknk084sn02q",
        "inv_" + "z" * 26,
        "inv_" + "0" * 25,
        "%C3%A9",
        "inv_8" + "0" * 25,
    ],
)
def test_ids_that_are_none(two, route, wrong):
    ours = two[0]
    path = route.path.removeprefix("/api/v1").format(org=ours.slug, **dict.fromkeys(UNKNOWN, wrong))
    ours.api.call(route.method, path, samples(route, UNKNOWN)).refused("not-found", 404)


@pytest.mark.parametrize("route", PAGES, ids=repr)
def test_their_pages(world, two, route):
    ours, theirs, ids = two
    before = snapshot(world, theirs)
    for org, use in ((theirs.slug, ids), (ours.slug, ids)):
        if org == ours.slug and not any("{%s}" % k in route.path for k in ids):
            continue
        path = route.path.format(org=org, **use)
        if route.method == "GET":
            answer = ours.api.page(path)
        elif route.is_multipart:
            body, headers = multipart(("logo", png(), "x.png"))
            answer = ours.api.send("POST", path, body, headers)
        else:
            answer = ours.api.submit(path, samples(route, ids) or {})
        assert answer.status == 404, (path, answer)
        nothing_said(answer, theirs, {})
    assert snapshot(world, theirs) == before


def test_lists_hold_ones_own_alone(two):
    ours, theirs, _ = two
    assert {o["id"] for o in ours.api.items("/organizations")} == {ours.id}
    assert {m["account"]["id"] for m in ours.members()} == {ours.owner.id}
    for path in ("/members", "/invitations", "/mail"):
        assert theirs.name not in ours.api.get(ours.path + path).text


def test_a_cursor_of_another_list_opens_nothing(two):
    ours, theirs, _ = two
    for _ in range(3):
        theirs.invite(fresh(), deliver=False)
    cursor = theirs.api.get(theirs.path + "/invitations", limit=1).ok()["next_cursor"]
    answer = ours.api.get(ours.path + "/invitations", cursor=cursor)
    assert answer.status == 422 or answer["items"] == []


def test_a_key_works_in_its_own_organization_alone(make_server, smtp):
    server = make_server(mail=smtp.uri)
    made = server.setup()
    key = server.client(key=made["api_key"])
    world = World(server, smtp)
    world.operator.post(
        "/organizations",
        {
            "name": "Second",
            "slug": "second",
            "owner": {"email": "olive.martin@example.org", "given_name": "Olive", "family_name": "Martin"},
        },
    ).ok(201)
    key.get("/organizations/bar/members").ok()
    key.get("/organizations/second/members").refused("not-found", 404)
    answer = key.post("/check", {"organization": "second", "permission": "resources.use"})
    assert answer.problem == "not-found" or answer["allowed"] is False


def test_an_idempotency_key_of_another_actor_tells_nothing(two):
    ours, theirs, _ = two
    key = {"Idempotency-Key": "shared-between-strangers"}
    first = theirs.api.post(
        theirs.path + "/invitations", {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False}, key
    ).ok()
    mine = ours.api.post(
        ours.path + "/invitations", {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False}, key
    ).ok()
    assert mine.json != first.json and mine.headers["Idempotency-Replayed"] is None
