"""Taking one's data along, and closing an account."""

import json
import threading

import pytest

from lib.people import PASSWORD, fresh


def close(person, password=PASSWORD):
    return person.api.call("DELETE", "/me", {"current_password": password})


def everywhere(server, *words):
    """The tables and columns that hold one of the words."""
    tables = ["account", "membership", "member_word", "invitation", "mail", "audit_detail", "audit_event", "session", "idempotency",
              "account_token", "email_change"]
    found = []
    for table in tables:
        for row in server.query(f"SELECT * FROM {table}"):
            for value in row:
                text = bytes(value).decode("utf-8", "replace") if isinstance(value, (bytes, memoryview)) else str(value)
                found += [(table, word) for word in words if word.lower() in text.lower()]
    return found


# ---- export

def test_the_export_holds_what_is_ones_own(acme, rival):
    person = acme.join(role="administrator", given="Ana", family="Lima")
    acme.send("somebody.else@example.org", by=person.api).ok()
    answer = person.api.get("/me/export").ok(200)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="parvis-account.json"'
    data = answer.json
    assert data["account"]["email"] == person.email and data["account"]["given_name"] == "Ana"
    assert [m["organization"]["slug"] for m in data["memberships"]] == [acme.slug]
    assert len(data["sessions"]) == 1 and data["sessions"][0]["source"] == "127.0.0.1"
    assert [(i["email"], i["role"]) for i in data["invitations"]] == [(person.email, "administrator")]
    actions = [e["action"] for e in data["audit_events"]]
    assert {"invitation.accepted", "invitation.created"} <= set(actions)
    assert data["audit_events"][0]["at"] >= data["audit_events"][-1]["at"]


def test_the_operator_exports_an_account(acme, server):
    person = acme.join()
    done = server.cli("account", "export", person.email)
    assert json.loads(done.stdout)["account"]["email"] == person.email
    done = server.cli("account", "export", fresh("nobody"), check=False)
    assert done.returncode == 1 and done.stderr.startswith("parvis: ")


# ---- closing

def test_closing_takes_everything_of_a_person(acme, rival, inbox, server, anonymous):
    email = fresh("zenobia.quirk")
    person = acme.join(email, "administrator", "Zenobia", "Quirkson")
    rival.invite(email)
    person.api.post("/invitations/accept", {"token": inbox.token_for(email, 2)}).ok(201)
    person.api.patch("/me", {"family_name": "Quirkdottir"}).ok()
    person.api.post("/me/email", {"email": "zenobia.quirk.new@example.org", "current_password": PASSWORD}).ok(202)
    pending = acme.send("wanted@example.org", by=person.api).ok()["results"][0]["invitation"]
    other = acme.world.client().sign_in(email, PASSWORD)
    member, account = acme.member(person)["id"], person.id
    used = acme.recount()[1][0]
    before = len(inbox.all_for(email))
    answer = close(person).ok(204)
    assert "parvis_session" not in person.api.cookies and answer.headers["Set-Cookie"]
    for client in (person.api, other):
        client.get("/me").refused("unauthenticated", 401)
    anonymous.post("/sessions", {"email": email, "password": PASSWORD}).refused("sign-in-failed", 401)
    acme.api.get(f"{acme.path}/members/{member}").refused("not-found", 404)
    assert acme.invitation(pending if isinstance(pending, str) else pending["id"])["state"] == "revoked"
    assert acme.recount()[1][0] == used - 1 and acme.recount()[0] == acme.recount()[1]
    assert "closed" in inbox.last(email, before + 1).subject
    inbox.settle(0.5)
    assert everywhere(server, "zenobia", "quirk") == []
    assert account in json.dumps(acme.api.get(acme.path + "/invitations", state="accepted").ok().json), "the id stays"


def test_a_closed_address_is_free_again(acme, inbox, anonymous):
    person = acme.join()
    first = person.id
    close(person).ok(204)
    inbox.settle(0.3)
    before = len(inbox.all_for(person.email))
    acme.invite(person.email)
    answer = acme.world.enrol(inbox.token_for(person.email, before + 1), "New", "Person").ok(201)
    assert answer.client.get("/me").ok()["id"] != first


def test_the_last_owner_stays(acme, rival):
    owner = acme.owner
    answer = close(owner).refused("last-owner", 409)
    assert [e["pointer"] for e in answer["errors"]] == [f"/organizations/{acme.slug}"]
    acme.join(role="owner")
    close(owner).ok(204)


def test_closing_asks_for_the_password(acme):
    person = acme.join()
    close(person, "wrong").refused("sign-in-failed", 401)
    person.api.call("DELETE", "/me", {}).refused("sign-in-failed", 401)
    person.api.get("/me").ok()


def test_two_owners_close_at_the_same_moment(acme):
    owners = [acme.owner, acme.join(role="owner")]
    answers = [None, None]

    def end(n):
        answers[n] = close(owners[n])

    threads = [threading.Thread(target=end, args=(n,)) for n in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(a.status for a in answers) == [204, 409], [a.body for a in answers]
    left = owners[[a.status for a in answers].index(409)]
    assert [m["role"] for m in left.api.items(acme.path + "/members")] == ["owner"]


def test_closing_twice_at_the_same_moment(acme):
    person = acme.join()
    answers = []
    clients = [person.api.twin() for _ in range(4)]
    threads = [threading.Thread(target=lambda c=c: answers.append(c.call("DELETE", "/me", {"current_password": PASSWORD})))
               for c in clients]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert [a.status for a in answers].count(204) == 1 and {a.status for a in answers} <= {204, 401, 404}


@pytest.mark.parametrize("typed", ["\x1facc", "acc_", "closed", ""])
def test_nothing_typed_finds_a_closed_account(acme, anonymous, typed):
    person = acme.join()
    account = person.id
    close(person).ok(204)
    for email in (typed, typed + account, "\x1f" + account):
        answer = anonymous.post("/sessions", {"email": email, "password": PASSWORD})
        assert answer.status in (401, 422), answer


def test_others_read_closed_account(acme):
    person = acme.join(role="administrator", given="Ana", family="Lima")
    acme.send("later@example.org", by=person.api).ok()
    newcomer = acme.join(by=person.api)
    close(person).ok(204)
    page = acme.api.page(f"/o/{acme.slug}/users/invitations?state=").text
    assert "closed account" in page and "Lima" not in page
    assert "closed account" in newcomer.api.page(f"/o/{acme.slug}").text


def test_the_page_says_what_goes_and_asks(acme):
    page = acme.api.page("/me/close").text
    assert f"/o/{acme.slug}/users" in page and 'name="current_password"' not in page
    person = acme.join()
    page = person.api.page(f"/me/close?from={acme.slug}").text
    assert f"{acme.name}" in page and 'name="current_password"' in page and "/api/v1/me/export" in page
    page = person.api.submit("/me/close", {"current_password": "wrong"})
    assert page.status == 422 and '<span class="wrong">' in page.text
    went = person.api.submit("/me/close", {"current_password": PASSWORD})
    assert went.headers["Location"] == "/sign-in?notice=account_closed"
    person.api.get("/me").refused("unauthenticated", 401)


def test_the_operator_closes_an_account(acme, server):
    person = acme.join()
    done = server.cli("account", "close", person.email, check=False)
    assert done.returncode == 2 and "--yes" in done.stderr
    person.api.get("/me").ok()
    assert person.email in server.cli("account", "close", person.email, "--yes").stdout
    person.api.get("/me").refused("unauthenticated", 401)
    done = server.cli("account", "close", acme.owner.email, "--yes", check=False)
    assert done.returncode == 1 and acme.slug in done.stderr
