"""Things that are taken for another of their kind: cookies that come twice, cursors of another list."""

import pytest


def twin(client, *values):
    """What a browser sends that holds several."""
    return {"Cookie": "; ".join("parvis_session=" + v for v in values)}


@pytest.mark.parametrize("first", [True, False])
def test_a_dead_twin_does_not_lead_round_in_circles(acme, first):
    live = acme.api.cookies["parvis_session"]
    client = acme.world.client()
    values = ["stale", live] if first else [live, "stale"]
    assert client.get("/me", headers=twin(client, *values)).ok()["email"] == acme.owner.email
    assert client.page("/", headers=twin(client, *values)).headers["Location"] == f"/o/{acme.slug}"


def test_two_that_live_are_nobodys_and_the_page_says_so(acme, rival):
    client = acme.world.client()
    both = twin(client, acme.api.cookies["parvis_session"], rival.api.cookies["parvis_session"])
    client.get("/me", headers=both).refused("unauthenticated", 401)
    page = client.page("/sign-in", headers=both)
    assert page.status == 200 and "two sign-ins" in page.text
    assert "two sign-ins" not in client.page("/sign-in").text


def test_many_are_nobodys(acme):
    client = acme.world.client()
    many = twin(client, *[f"x{n}" for n in range(9)], acme.api.cookies["parvis_session"])
    client.get("/me", headers=many).refused("unauthenticated", 401)


SORTS = ["joined_at", "-joined_at", "family_name", "-family_name", "email", "-email", "role", "-role"]


def test_a_cursor_belongs_to_its_list_and_sort(acme):
    for _ in range(3):
        acme.join()
        acme.invite(f"c{_}.{acme.slug}@example.org")
        acme.api.post(acme.path + "/groups", {"name": f"G{_}"}).ok(201)
    members = {sort: acme.api.get(acme.path + "/members", sort=sort, limit=1).ok()["next_cursor"] for sort in SORTS}
    others = {path: acme.api.get(acme.path + path, limit=1).ok()["next_cursor"] for path in ("/invitations", "/groups")}
    assert all([*members.values(), *others.values()])
    for sort in SORTS:
        for of, cursor in [*members.items(), *others.items()]:
            answer = acme.api.get(acme.path + "/members", sort=sort, limit=1, cursor=cursor)
            if of == sort:
                answer.ok()
            else:
                assert [e["pointer"] for e in answer.refused("invalid-request", 422)["errors"]] == ["/cursor"]
    for path in others:
        for cursor in [*members.values(), *(c for p, c in others.items() if p != path)]:
            acme.api.get(acme.path + path, cursor=cursor).refused("invalid-request", 422)
