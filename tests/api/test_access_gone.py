"""Whoever is suspended, or whose access ended, is told so where they come: since when, and whom to ask."""

import html
import re

import pytest

from lib.access import ended, member, suspend

OUT = pytest.mark.parametrize("out", [suspend, ended], ids=lambda f: f.__name__)


def said(page):
    return html.unescape(re.sub(r"<[^>]*>", " ", page.text))


def follow(client, target):
    """Where a page leads."""
    seen = []
    while (page := client.page(target)).status == 303:
        target = page.headers["Location"]
        assert target not in seen, "round in circles"
        seen.append(target)
    return page


WORDS = {"suspend": "is suspended", "ended": "has ended"}


@OUT
def test_the_pages_of_an_organization_say_so(acme, out):
    zoe = acme.join()
    out(acme, zoe)
    zoe.api.sign_in(zoe.email, zoe.password)
    words = f"Your access to {acme.name} {WORDS[out.__name__]}"
    for where in (f"/o/{acme.slug}", f"/o/{acme.slug}/users", f"/o/{acme.id}"):
        page = follow(zoe.api, where)
        assert page.status == 404 and words in said(page), where
        assert acme.owner.email in page.text and re.search(r"Access (suspended since|ended on) \d", said(page))
    page = zoe.api.submit(f"/o/{acme.slug}/leave")
    assert page.status == 404 and words in said(page)
    zoe.api.get(acme.path).refused("not-found", 404)


@OUT
def test_ones_own_page_lists_it(acme, out):
    zoe = acme.join()
    assert zoe.api.get("/me/memberships").ok()["out"] == []
    out(acme, zoe)
    zoe.api.sign_in(zoe.email, zoe.password)
    page = zoe.api.page("/me")
    assert "belong to no organization" not in said(page) and f'href="/o/{acme.slug}"' in page.text
    answer = zoe.api.get("/me/memberships").ok().json
    (gone,) = answer["out"]
    assert answer["items"] == [] and gone["organization"]["slug"] == acme.slug
    assert gone["access"] == {"suspend": "suspended", "ended": "ended"}[out.__name__] and gone["since"]
    assert gone["ask_whom"]["given_name"] == acme.api.get("/me").ok()["given_name"]


def test_since_when_it_was_suspended_first(acme):
    zoe = suspend(acme, acme.join())
    since = zoe.api.get("/me/memberships").ok()["out"][0]["since"]
    acme.world.clock.advance(days=2)
    acme.api.sign_in(acme.owner.email, acme.owner.password)
    acme.api.patch(member(acme, zoe), {"groups": []}).ok()
    assert zoe.api.get("/me/memberships").ok()["out"][0]["since"] == since
    acme.api.patch(member(acme, zoe), {"state": "active"}).ok()
    assert zoe.api.get("/me/memberships").ok()["out"] == []
    assert zoe.api.page(f"/o/{acme.slug}").status == 200
    suspend(acme, zoe)
    assert zoe.api.get("/me/memberships").ok()["out"][0]["since"] > since


def test_a_stranger_learns_nothing(acme, rival):
    suspend(acme, acme.join())
    page = rival.api.page(f"/o/{acme.slug}")
    assert page.status == 404 and acme.name not in said(page)


@pytest.mark.parametrize("path", ["users", "users/invitations", "settings", "users/invite"])
def test_the_way_back_of_a_refusal_does_not_lead_to_itself(acme, path):
    zoe = acme.join()
    here = f"/o/{acme.slug}/{path}"
    page = zoe.api.page(here)
    assert page.status == 403
    (way,) = re.findall(r'<a class="btn wide" href="([^"]+)"', page.text)
    assert way != here and follow(zoe.api, way).status == 200
