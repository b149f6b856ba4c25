"""A mail scanner opens every link of every mail, many times. Nothing changes; the person still enrols."""

import re

from lib.people import PASSWORD, fresh
from lib.spec import routes

MAY_CHANGE = ("session.seen_at", "rate_window.count")


def local(link):
    return re.sub(r"^https?://[^/]+", "", link)


def test_get_and_head_on_every_link_change_nothing(acme, rival, inbox, clock):
    world = acme.world
    new, expired, known = fresh("new"), fresh("expired"), rival.join()
    acme.invite(expired, expires_in="1h")
    inbox.wait(expired)
    clock.advance(hours=2)
    world.client().post("/invitations/ask-again", {"token": inbox.token_for(expired)}).ok(202)
    acme.invite(new)
    acme.invite(known.email)
    copied = fresh("copied")
    made_by_link = world.enrol(acme.link(acme.invite(copied, deliver=False)).ok()["url"]).ok(201).client
    made_by_link.post("/me/address-proof").ok(202)
    world.client().post("/password-resets", {"email": acme.owner.email}).ok(202)
    for address, count in ((new, 1), (known.email, 2), (copied, 1)):
        inbox.wait(address, count)
    inbox.resets(acme.owner.email)
    inbox.settle(0.7)
    links = {link for mail in inbox.mails for link in mail.links + re.findall(r'href="(http[^"]+)"', mail.html)}
    ours = [l for l in links if l.startswith(world.server.url)]
    assert len(ours) >= 5 and ours == [l for l in links if l.startswith("http://127.0.0.1")]

    callers = [world.client(), acme.api.twin(), known.api.twin()]
    for link in ours:  # what a first look may write (last seen) is written now
        callers[1].page(local(link))
    before = world.server.dump(without=MAY_CHANGE)
    for _ in range(5):
        for link in ours:
            for client in callers:
                cookies = dict(client.cookies)
                for method in ("GET", "HEAD"):
                    answer = client.send(method, local(link))
                    assert answer.status < 500, (link, answer)
                    assert "parvis_session" not in str(answer.headers.get_all("Set-Cookie"))
                client.cookies = cookies
    after = world.server.dump(without=MAY_CHANGE)
    assert {t for t in after if after[t] != before.get(t)} == set()

    world.enrol(inbox.token_for(new)).ok(201)
    known.api.post("/invitations/accept", {"token": inbox.token_for(known.email, 2)}).ok(201)
    token = inbox.resets(acme.owner.email)[0].token
    world.client().post("/password-resets/complete", {"token": token, "new_password": PASSWORD + "!"}).ok(204)


def test_every_get_route_of_the_console_changes_nothing(acme, inbox):
    """Links inside pages are followed too, by prefetchers: every page an owner can reach by GET."""
    email = fresh()
    inv = acme.invitation(acme.invite(email))
    member = acme.member(acme.join())
    inbox.wait(email)
    inbox.settle(0.5)
    values = {
        "org": acme.slug,
        "member": member["id"],
        "invitation": inv["id"],
        "batch": inv["batch"],
        "token": inbox.token_for(email),
        "organization": acme.id,
        "group": acme.api.post(acme.path + "/groups", {"name": "Nord"}).ok(201)["id"],
        "entitlement": "offline",
        "session": "ses_01h455vb4pex5vsknk084sn02q",
        "passkey": "pky_01h455vb4pex5vsknk084sn02q",
        "signup": "sgn_01h455vb4pex5vsknk084sn02q",
        "api_key": acme.api.post(acme.path + "/api-keys", {"name": "Seen"}).ok(201)["id"],
        "theme": "1f5f5b.css",
        "digest": "0" * 32,
    }
    acme.api.post(acme.path + "/entitlements", {"key": "offline", "name": {"fr": "Hors ligne", "en": "Offline"}}).ok(201)
    acme.world.server.mails_at_rest()
    gets = [r for name in ("console.yaml", "openapi.yaml") for r in routes(name) if r.method == "GET"]
    for r in gets[:3]:
        acme.api.page(r.path.format(**values))
    before = acme.world.server.dump(without=MAY_CHANGE)
    seen = 0
    for r in gets:
        answer = acme.api.page(r.path.format(**values))
        assert answer.status < 500, (r, answer)
        seen += answer.status == 200
    assert seen > 20
    after = acme.world.server.dump(without=MAY_CHANGE)
    assert {t for t in after if after[t] != before.get(t)} == set()
