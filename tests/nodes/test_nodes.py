"""What one node did, the others know at the next request; what must happen once happens once, whoever does it."""

import re
import time

import pytest

from attack.test_guessing import *  # noqa: F403 — every client on the next node, so that guesses are spread over all of them
from lib.cluster import NODES, Scattered
from lib.mailbox import Mailbox
from lib.people import PASSWORD, World, fresh
from lib.server import together

EACH = 8  # clients on each node


@pytest.fixture(scope="module")
def proxied(make_server, smtp):
    return World(Scattered(make_server(mail=smtp.uri, rate_limits="on")), smtp)


def on_each(server, client):
    """The same caller, straight to each node."""
    twins = []
    for node in server.nodes:
        twin = client.twin()
        twin.port = node.port
        twins.append(twin)
    return twins


def spread(server, client, count=EACH * NODES):
    return [on_each(server, client)[i % NODES] for i in range(count)]


# ---- felt at the next request


def test_the_proxy_gives_work_to_every_node(server, acme):
    count, until = 36, time.monotonic() + 10
    clients = [acme.api.twin() for _ in range(count)]
    ids = [a.headers["X-Request-Id"] for a in together(count, lambda i: clients[i].get(acme.path).ok())]
    done = []
    while sum(done) < count and time.monotonic() < until:  # a log line may come after its answer
        done = [sum(i in log for i in ids) for log in (node.log() for node in server.nodes)]
    assert sum(done) == count and all(done), done


def test_what_visitors_say_of_their_address_is_not_believed(server, acme):
    for header, said in (("X-Forwarded-For", "203.0.113.66"), ("Forwarded", "for=203.0.113.66")):
        body = {"email": acme.owner.email, "password": PASSWORD}
        server.client().post("/sessions", body, {header: said}).ok(201)
    assert {row[0] for row in server.query("SELECT DISTINCT source FROM session")} == {"127.0.0.1"}


def test_a_session_ended_on_one_node_is_refused_by_the_others(server, acme):
    for at in range(NODES):
        person = on_each(server, acme.world.client().sign_in(acme.owner.email, PASSWORD))
        for client in person:
            client.get("/me").ok()
        cookies = dict(person[at].cookies)
        person[at].delete("/sessions/current").ok(204)
        for client in person:
            client.cookies = dict(cookies)
            client.get("/me").refused("unauthenticated", 401)


def test_a_changed_password_ends_sessions_on_every_node(server, acme):
    person = acme.join()
    others = on_each(server, acme.world.client().sign_in(person.email, PASSWORD))
    for client in others:
        client.get("/me").ok()
    here = on_each(server, person.api)
    here[1].post("/me/password", {"current_password": PASSWORD, "new_password": "orchard-lantern-43"}).ok(204)
    for client in others:
        client.get("/me").refused("unauthenticated", 401)
    for client in on_each(server, here[1]):
        client.get("/me").ok()


def test_no_session_of_the_old_password_outlives_its_change(server, acme):
    """People who sign in while it is changed elsewhere: what they got is dead once the change is answered."""
    for round in range(6):
        person, new = acme.join(), f"orchard-lantern-6{round}"
        here = on_each(server, person.api)
        guests = spread(server, acme.world.client(), 9)

        def act(i):
            if i == len(guests):
                return here[round % NODES].post("/me/password", {"current_password": PASSWORD, "new_password": new})
            return guests[i].post("/sessions", {"email": person.email, "password": PASSWORD})

        together(len(guests) + 1, act)[-1].ok(204)
        for guest in guests:
            if guest.cookies:
                guest.get("/me").refused("unauthenticated", 401)


def test_a_role_changed_on_one_node_is_felt_on_the_others(server, acme):
    admin = acme.join(role="administrator")
    owner, person = on_each(server, acme.api), on_each(server, admin.api)
    target = f"{acme.path}/members/{acme.member(admin)['id']}"
    for round in range(2 * NODES):
        owner[round % NODES].patch(target, {"role": "member"}).ok(200)
        for client in person:
            client.get(acme.path + "/invitations").refused("forbidden", 403)
            asked = client.post("/check", {"organization": acme.slug, "permission": "invitations.create"}).ok(200)
            assert (asked["allowed"], asked["role"]) == (False, "member")
        owner[(round + 1) % NODES].patch(target, {"role": "administrator"}).ok(200)
        for client in person:
            client.get(acme.path + "/invitations").ok(200)


def test_a_removed_member_is_out_on_every_node(server, acme):
    person = acme.join()
    clients = on_each(server, person.api)
    for client in clients:
        client.get(acme.path).ok()
    on_each(server, acme.api)[2].delete(f"{acme.path}/members/{acme.member(person)['id']}").ok(204)
    for client in clients:
        client.get(acme.path).refused("not-found", 404)


def test_settings_changed_on_one_node_count_on_the_others(server, acme):
    owner = on_each(server, acme.api)
    for n in range(NODES):
        owner[n].patch(acme.path + "/settings", {"reminder_max": n + 2}).ok()
        assert {c.get(acme.path + "/settings").ok()["reminder_max"] for c in owner} == {n + 2}


# ---- once


def test_one_key_on_three_nodes_at_once_is_one_effect_and_one_answer(server, acme):
    for _ in range(8):
        body = {"invitations": [{"email": fresh(), "role": "member"} for _ in range(3)], "deliver": False}
        key, clients = {"Idempotency-Key": fresh("key")}, spread(server, acme.api)
        before = len(acme.api.items(acme.path + "/invitations"))
        answers = together(len(clients), lambda i: clients[i].post(acme.path + "/invitations", body, key))
        assert {a.status for a in answers} == {200} and len({a.body for a in answers}) == 1
        assert sum(a.headers["Idempotency-Replayed"] is None for a in answers) == 1
        assert len(acme.api.items(acme.path + "/invitations")) == before + 3


def test_large_invitations_of_the_same_addresses_on_three_nodes(server, acme):
    """In opposite orders, so that their rows meet crosswise."""
    emails = [fresh("cross") for _ in range(300)]
    clients = spread(server, acme.api, 6)

    def send(i):
        mine = emails if i % 2 else emails[::-1]
        return acme.send(*mine, by=clients[i], deliver=False)

    outcomes = [r["outcome"] for a in together(6, send) for r in a.ok(200)["results"]]
    assert outcomes.count("invited") == 300 and set(outcomes) == {"invited", "already-invited"}
    counted, kept = acme.recount()
    assert counted == kept == (1, 300)


def test_a_mailed_reset_is_used_once(server, acme, inbox):
    acme.world.client().post("/password-resets", {"email": acme.owner.email}).ok(202)
    token = inbox.resets(acme.owner.email)[-1].token
    clients = spread(server, acme.world.client(), 6)

    def use(i):
        return clients[i].post("/password-resets/complete", {"token": token, "new_password": f"orchard-lantern-5{i}"})

    statuses = sorted(a.status for a in together(6, use) if a.status != 503)
    assert statuses.count(204) == 1, statuses


def test_a_code_that_proves_an_address_is_used_once(server, acme, inbox):
    inv = acme.invite(fresh(), deliver=False)
    answer = acme.world.enrol(acme.link(inv).ok()["url"]).ok(201)
    answer.client.post("/me/address-proof").ok(202)
    code = inbox.last(inv["email"]).code
    clients = spread(server, answer.client, 9)
    events = "SELECT count(*) FROM audit_event WHERE action = 'address.proved'"
    before = server.query(events)[0][0]
    answers = together(9, lambda i: clients[i].post("/me/address-proof/confirm", {"code": code}))
    assert {a.status for a in answers} == {200}, "one of them does it, the others are its repeats"
    assert server.query(events)[0][0] == before + 1
    server.clock.advance(minutes=2)
    clients[0].post("/me/address-proof/confirm", {"code": code}).refused("token-invalid")


def test_three_workers_send_each_mail_once(make_cluster):
    box = Mailbox()
    box.data_delay = 0.01  # so that one node alone is not done before the others look
    server = make_cluster(mail=box.uri, log_level="debug")
    org = World(server, box).found("Post")
    emails = [fresh("post") for _ in range(360)]
    parts = [emails[n::NODES] for n in range(NODES)]
    owner = on_each(server, org.api)
    together(NODES, lambda n: org.send(*parts[n], by=owner[n]).ok(200))
    for email in emails:
        box.wait(email, seconds=60)
    server.mails_at_rest()
    box.settle(1.5)
    assert sorted(m.recipients[0] for m in box.mails) == sorted(emails)
    by_node = [node.log().count("mail handed over") for node in server.nodes]
    assert sum(by_node) == len(emails) and all(by_node), by_node
    box.stop()


def test_a_late_no_does_not_undo_anothers_yes(make_cluster):
    """A node stops in the midst of a mail; another sends it; the first goes on and finds its exchange cut off."""
    box = Mailbox()
    server = make_cluster(mail=box.uri, test_lease="2s")
    org, email = World(server, box).found("Late"), fresh("late")
    first, *others = server.nodes
    for node in others:
        node.pause()
    box.data_delay = 8.0
    org.send(email, by=on_each(server, org.api)[0]).ok(200)
    until = time.monotonic() + 10
    while not box.kept_waiting and time.monotonic() < until:
        time.sleep(0.01)
    first.pause()
    box.data_delay = 0.0
    for node in others:
        node.go_on()
    box.wait(email)
    server.mails_at_rest()
    box.data_reply = "451 4.3.0 not now"  # what the first one's exchange ends with
    first.go_on()
    time.sleep(3)
    assert server.query("SELECT state, attempts FROM mail WHERE recipient = ?", email) == [("sent", 2)]
    assert len(box.all_for(email)) == 1
    box.stop()


def test_reminders_that_are_due_go_out_once(server, acme, inbox, clock):
    acme.set(reminder_after="1d", reminder_max=3).ok()
    emails = [fresh("remind") for _ in range(60)]
    acme.send(*emails, expires_in="30d").ok(200)
    for email in emails:
        inbox.wait(email)
    for reminder in (2, 3, 4):
        clock.advance(days=1, minutes=1)
        for email in emails:
            inbox.wait(email, reminder)
        inbox.settle(1.5)
        assert {len(inbox.all_for(e)) for e in emails} == {reminder}


# ---- limits that matter for security


def test_typed_codes_are_guessed_no_faster_on_three_nodes(proxied, smtp):
    acme = proxied.found("Codes")
    email = fresh()
    acme.invite(email)
    smtp.last(email)
    body = {"email": email, "code": "AAAAA-AAAAA"}
    clients = [proxied.client() for _ in range(24)]
    sources = {"X-Forwarded-For": "192.0.2.44"}
    codes = [a.problem for a in together(24, lambda i: clients[i].post("/invitations/lookup", body, sources))]
    assert codes.count("invitation-invalid") <= 6 and set(codes) == {"invitation-invalid", "rate-limited"}, codes


def test_codes_that_prove_an_address_are_guessed_no_faster(proxied, smtp):
    acme = proxied.found("Proofs")
    inv = acme.invite(fresh(), deliver=False)
    person = proxied.enrol(acme.link(inv).ok()["url"]).ok(201).client
    person.post("/me/address-proof").ok(202)
    smtp.last(inv["email"])
    clients = spread(proxied.server, person)
    answers = together(24, lambda i: clients[i].post("/me/address-proof/confirm", {"code": "AAAAA-AAAAA"}))
    codes = [a.problem for a in answers]
    assert codes.count("rate-limited") >= 18 and None not in codes, codes


def test_five_resets_an_hour_are_five_on_three_nodes(proxied, smtp):
    email = proxied.found("Resets").owner.email
    clients = [proxied.client() for _ in range(24)]

    def ask(i):
        return clients[i].post("/password-resets", {"email": email}, {"X-Forwarded-For": f"192.0.2.{100 + i}"})

    for a in together(24, ask):
        assert a.status in (202, 429), a
    smtp.resets(email, 5)
    smtp.settle()
    assert len(smtp.resets(email)) == 5


def test_invitations_an_hour_are_counted_over_the_nodes(make_cluster, smtp):
    world = World(make_cluster(mail=smtp.uri, rate_limits="on", invitations_per_hour=10), smtp)
    acme = world.found("Limited")
    clients = spread(world.server, acme.api)
    answers = together(len(clients), lambda i: acme.send(fresh(), by=clients[i], deliver=False))
    outcomes = [a["results"][0]["outcome"] if a.status == 200 else a.problem for a in answers]
    assert outcomes.count("invited") == 10 and set(outcomes) == {"invited", "rate-limited"}, outcomes


# ---- the first organization, and the key


def test_a_node_with_another_key_does_not_start(server, acme):
    """It would seal mails that the others cannot open, and take their codes for wrong ones."""
    odd = server.nodes[0].twin("odd")
    (odd.folder / "key").write_text("5e" * 32 + "\n")
    (odd.folder / "key").chmod(0o600)
    done = odd.cli("serve", check=False, env={"PARVIS_KEY_FILE": str(odd.folder / "key")})
    assert done.returncode == 1 and "restore that one from your backup" in done.stderr
    acme.api.get(acme.path).ok()


def test_the_setup_address_of_one_node_works_through_the_proxy_and_once(make_cluster):
    server = make_cluster()
    paths = {re.search(r"http://127\.0\.0\.1:\d+(/setup/[\w-]+)", node.log()).group(1) for node in server.nodes}
    assert len(paths) == 1, "every node prints the same address: whichever answers knows it"
    path = paths.pop()
    clients = [server.client() for _ in range(9)]
    assert all("<form" in c.page(path).ok(200).text for c in clients)

    def form(i):
        return {"organization": f"Bar {i}", "given_name": "Olive", "family_name": "Martin", "password": PASSWORD,
                "email": f"olive{i}@example.org"}

    answers = together(9, lambda i: clients[i].submit(path, form(i)))
    assert len(server.operator.items("/organizations")) == 1, [a.status for a in answers]


def test_two_setups_at_once_found_one_organization(make_cluster):
    server = make_cluster()

    def found(i):
        node = server.nodes[i % NODES]
        return node.operator.post("/setup", {
            "organization": {"name": f"Bar {i}"},
            "account": {"email": f"olive{i}@example.org", "given_name": "Olive", "family_name": "Martin",
                        "password": PASSWORD}})

    answers = together(6, found)
    assert sorted(a.status for a in answers) == [201] + [409] * 5, answers
    assert len(server.operator.items("/organizations")) == 1
