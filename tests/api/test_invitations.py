"""Inviting: results row by row, what may become of an invitation, links, codes and batches."""

import re

import pytest

from lib.mailbox import token_of
from lib.people import PASSWORD, fresh


def lookup(client, token):
    return client.post("/invitations/lookup", {"token": token})


# ---- sending


def test_an_invitation_says_what_it_is(acme):
    email = fresh("Zoe.Durand")
    inv = acme.invite(email, locale="fr", message="À lundi", given_name="Zoé", family_name="Durand")
    inv = acme.invitation(inv)
    assert inv["id"].startswith("inv_") and inv["batch"].startswith("bat_")
    assert inv["email"] == email
    assert inv["role"] == "member" and inv["state"] == "pending" and inv["locale"] == "fr"
    assert inv["invited_by"] == acme.owner.id
    assert inv["message"] == "À lundi"
    assert inv["sent_count"] >= 0 and inv["accepted_by"] is None and inv["accepted_at"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", inv["expires_at"])
    assert inv["delivery"]["state"] in ("queued", "sent")
    organization = inv["organization"]
    assert (organization["id"] if isinstance(organization, dict) else organization) == acme.id


def test_results_come_in_the_order_given_each_its_own(acme, inbox):
    member = acme.join()
    waiting = fresh()
    acme.invite(waiting)
    good, twice = fresh(), fresh()
    rows = [good, "no address", member.email, waiting, twice, twice.upper(), {"email": fresh(), "role": "owner"}]
    answer = acme.send(*rows).ok(200).json
    assert answer["batch"].startswith("bat_")
    assert [r["email"] for r in answer["results"]] == [r if isinstance(r, str) else r["email"] for r in rows]
    assert [r["outcome"] for r in answer["results"]] == [
        "invited",
        "invalid-address",
        "already-member",
        "already-invited",
        "invited",
        "already-invited",
        "forbidden",
    ]
    for r in answer["results"]:
        if r["outcome"] == "invited":
            assert r["invitation"]
        else:
            assert r["problem"]["code"] == r["outcome"] and r["problem"]["detail"]
    inbox.wait(good)
    inbox.wait(twice)


@pytest.mark.parametrize(
    "address",
    [
        "zoé@example.org",
        '"zoe"@example.org',
        "zoe@[127.0.0.1]",
        "zoe@",
        "@example.org",
        "zoe",
        "zoe@@example.org",
        "zoe@example..org",
        ".zoe@example.org",
        "zoe..d@example.org",
        "zoe@-example.org",
        "a" * 65 + "@example.org",
        "zoe@" + "a" * 64 + ".org",
        "z@" + ".".join(["a" * 60] * 5),
        "zoe@exam ple.org",
        "",
    ],
)
def test_what_is_not_an_address_is_refused(acme, address):
    assert acme.outcome(address) == "invalid-address"


@pytest.mark.parametrize(
    "same",
    [
        ("Zoe.D@example.org", "zoe.d@EXAMPLE.org"),
        ("zoe@bücher.example", "zoe@xn--bcher-kva.example"),
        ("zoe@BÜCHER.example", "zoe@bücher.example"),
    ],
)
def test_one_address_in_two_spellings_is_one(acme, same):
    assert acme.outcome(same[0]) == "invited"
    assert acme.outcome(same[1]) == "already-invited"


@pytest.mark.parametrize("other", [("zoe+bar@example.org", "zoe@example.org"), ("z.oe@example.org", "zoe@example.org")])
def test_plus_and_dots_tell_addresses_apart(acme, other):
    assert acme.outcome(other[0]) == "invited"
    assert acme.outcome(other[1]) == "invited"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"invitations": []},
        {"invitations": [{"email": "a@example.org"}]},
        {"invitations": [{"email": "a@example.org", "role": "king"}]},
        {"invitations": [{"email": "a@example.org", "role": "member", "state": "accepted"}]},
        {"invitations": [{"email": "a@example.org", "role": "member"}], "method": "temporary_password"},
        {"invitations": [{"email": "a@example.org", "role": "member"}], "expires_in": "soon"},
        {"invitations": [{"email": "a@example.org", "role": "member"}], "expires_in": "59m"},
        {"invitations": [{"email": "a@example.org", "role": "member"}], "expires_in": "91d"},
        {"invitations": [{"email": "a@example.org", "role": "member"}], "expires_in": "-7d"},
        {"invitations": [{"email": f"a{i}@example.org", "role": "member"} for i in range(1001)]},
        {"invitations": {"email": "a@example.org", "role": "member"}},
        {"invitations": [{"email": 7, "role": "member"}]},
    ],
)
def test_what_the_schema_refuses_writes_nothing(acme, body):
    acme.api.post(acme.path + "/invitations", body).refused("invalid-request", 422)
    assert acme.api.items(acme.path + "/invitations") == []


def test_a_thousand_at_once(acme):
    rows = [{"email": fresh("bulk"), "role": "member"} for _ in range(1000)]
    answer = acme.api.post(acme.path + "/invitations", {"invitations": rows, "deliver": False}).ok(200)
    assert [r["outcome"] for r in answer["results"]] == ["invited"] * 1000
    assert acme.batch(answer["batch"])["total"] == 1000


def test_a_preview_sends_nothing_and_tells_what_would_be(acme, inbox):
    member = acme.join()
    stranger = acme.world.found("Elsewhere").join()
    new = fresh()
    before = len(inbox.mails)
    body = {"invitations": [{"email": e, "role": "member"} for e in (new, stranger.email, member.email, "nonsense")]}
    answer = acme.api.post(acme.path + "/invitations/preview", body).ok(200).json
    assert [r["outcome"] for r in answer["results"]] == [
        "new-person",
        "existing-account",
        "already-member",
        "invalid-address",
    ]
    assert answer["cost"] is None
    assert set(answer["seats"]) >= {"limit", "used", "held", "free", "after"}
    assert answer["seats"]["used"] == 2 and answer["seats"]["held"] == 0
    assert acme.owner.api.get("/me").ok().json["given_name"] in answer["mail"]["subject"]
    assert "Acme" in answer["mail"]["html"] and "Acme" in answer["mail"]["text"]
    assert acme.api.items(acme.path + "/invitations", state="pending") == []
    inbox.settle(0.3)
    assert len(inbox.mails) == before
    assert "Olive" not in str(answer["results"]), "an account's name is never told"


def test_deliver_false_sends_no_mail(acme, inbox):
    email = fresh()
    inv = acme.invitation(acme.invite(email, deliver=False))
    assert inv["delivery"]["state"] == "none" and inv["sent_count"] == 0
    acme.invite(fresh())
    inbox.settle(0.3)
    assert inbox.all_for(email) == []


# ---- the mail


def test_the_mail_says_everything(acme, inbox):
    email = fresh()
    acme.invite(email, locale="fr", message="Nous commençons lundi.")
    mail = inbox.last(email)
    assert mail.subject == "Olive Martin vous invite à rejoindre Acme"
    assert acme.owner.email in str(mail["Reply-To"])
    assert str(mail["From"]) == "Parvis <parvis@parvis.example>"
    for part in (mail.text, mail.html):
        assert "Acme" in part and "Olive Martin" in part and "Nous commençons lundi." in part
        assert mail.link in part
        assert mail.code[:5] in part and mail.code[-5:] in part
    assert mail.link.startswith(acme.world.server.url + "/i/")


def test_the_link_shows_the_invitation_in_any_state(acme, inbox, anonymous):
    email = fresh()
    inv = acme.invite(email)
    token = inbox.token_for(email)
    shown = lookup(anonymous, token).ok(200).json
    assert shown["organization"]["name"] == "Acme"
    assert shown["inviter"] == {"given_name": "Olive", "family_name": "Martin"}
    assert shown["email"] == email and shown["role"] == "member"
    assert shown["state"] == "pending" and shown["next"] == "enrol"
    acme.revoke(inv).ok(204)
    shown = lookup(anonymous, token).ok(200).json
    assert shown["state"] == "revoked" and shown["next"] == "none"


@pytest.mark.parametrize("who", ["nobody", "themselves", "somebody else", "has an account"])
def test_the_link_knows_what_comes_next(acme, rival, inbox, who):
    person = rival.join()
    email = fresh() if who == "nobody" else person.email
    acme.invite(email)
    client = {"themselves": person.api, "somebody else": rival.owner.api}.get(who) or acme.world.client()
    expected = {
        "nobody": "enrol",
        "themselves": "accept",
        "somebody else": "switch_account",
        "has an account": "sign_in",
    }
    token = inbox.wait(email, 1 if who == "nobody" else 2)[-1].token
    assert lookup(client, token).ok()["next"] == expected[who]


# ---- what may become of it


def put_into(acme, inbox, state, email):
    """An invitation in a state, and the mailed token."""
    inv = acme.invite(email, expires_in="1h" if state == "expired" else None)
    token = inbox.token_for(email)
    anonymous = acme.world.client()
    if state == "accepted":
        acme.world.enrol(token).ok(201)
    elif state == "declined":
        anonymous.post("/invitations/decline", {"token": token}).ok(204)
    elif state == "revoked":
        acme.revoke(inv).ok(204)
    elif state == "expired":
        acme.world.clock.advance(hours=1, seconds=1)
    assert acme.state(inv) == state
    return inv, token


REFUSED = {
    "accepted": "invitation-already-accepted",
    "declined": "invitation-declined",
    "revoked": "invitation-revoked",
    "expired": "invitation-expired",
}
# what the act answers in a state; None: it is done
ACTS = {
    "accept": {"pending": None, **REFUSED},
    "decline": {"pending": None, **REFUSED},
    "revoke": {
        "pending": None,
        "expired": None,
        "accepted": REFUSED["accepted"],
        "declined": REFUSED["declined"],
        "revoked": REFUSED["revoked"],
    },
    "resend": {"pending": None, "expired": None, "accepted": "conflict", "declined": "conflict", "revoked": "conflict"},
    "ask-again": {
        "pending": "conflict",
        "expired": None,
        "accepted": "conflict",
        "declined": None,
        "revoked": None,
    },
}


@pytest.mark.parametrize("state", ["pending", "accepted", "declined", "revoked", "expired"])
@pytest.mark.parametrize("act", ACTS)
def test_transitions(acme, inbox, act, state):
    inv, token = put_into(acme, inbox, state, fresh())
    acme.world.clock.advance(seconds=61)  # within the minute the same twice is once
    anonymous = acme.world.client()
    answer = {
        "accept": lambda: acme.world.enrol(token),
        "decline": lambda: anonymous.post("/invitations/decline", {"token": token}),
        "revoke": lambda: acme.revoke(inv),
        "resend": lambda: acme.resend(inv),
        "ask-again": lambda: anonymous.post("/invitations/ask-again", {"token": token}),
    }[act]()
    expected = ACTS[act][state]
    if expected is None:
        answer.ok()
        after = {"accept": "accepted", "decline": "declined", "revoke": "revoked", "resend": "pending"}.get(act, state)
        assert acme.state(inv) == after
    else:
        answer.refused(expected)
        assert acme.state(inv) == state
    counted, kept = acme.recount()
    assert kept[0] == counted[0] and kept[1] >= counted[1] - (1 if state == "expired" else 0)


def test_a_revoked_link_is_dead_at_once(acme, inbox, enrol):
    email = fresh()
    inv = acme.invite(email)
    link = inbox.link_for(email)
    acme.revoke(inv).ok(204)
    enrol(link).refused("invitation-revoked", 410)
    assert acme.seats["held"] == 0


def test_expiry_is_decided_at_the_moment_of_use(acme, inbox, enrol, clock):
    email = fresh()
    inv = acme.invite(email, expires_in="1h")
    token = inbox.token_for(email)
    clock.advance(minutes=59)
    assert lookup(acme.world.client(), token).ok()["state"] == "pending"
    clock.advance(minutes=1, seconds=1)
    assert lookup(acme.world.client(), token).ok()["state"] == "expired"
    enrol(token).refused("invitation-expired", 410)
    assert acme.state(inv) == "expired"
    assert [i["id"] for i in acme.api.items(acme.path + "/invitations", state="expired")] == [inv["id"]]
    assert acme.api.items(acme.path + "/invitations", state="pending") == []
    acme.invite(email)  # the lapsed row does not stand in the way


def test_resending_replaces_the_secret_and_starts_the_time_again(acme, inbox, enrol, clock):
    email = fresh()
    inv = acme.invite(email)
    old = inbox.last(email)
    first = acme.invitation(inv)
    clock.advance(days=2)
    acme.resend(inv).ok(200)
    new = inbox.last(email, 2)
    assert new.token != old.token and new.code != old.code
    after = acme.invitation(inv)
    assert after["sent_count"] == 2 and after["expires_at"] > first["expires_at"] and after["id"] == inv["id"]
    assert lookup(acme.world.client(), old.token).ok()["state"] == "replaced"
    enrol(old.token).refused("invitation-replaced", 410)
    acme.world.client().post("/invitations/decline", {"email": email, "code": old.code}).refused("invitation-invalid")
    enrol(new.token).ok(201)


def test_resending_what_has_expired_takes_the_seat_again(acme, inbox, clock, enrol):
    acme.limit(2)
    email = fresh()
    inv = acme.invite(email, expires_in="1h")
    inbox.wait(email)
    clock.advance(hours=2)
    other = acme.invite(fresh())  # its seat went to somebody else
    acme.resend(inv).refused("seat-limit-reached", 409)
    acme.revoke(other).ok()
    acme.resend(inv).ok(200)
    assert acme.state(inv) == "pending"
    enrol(inbox.token_for(email, 2)).ok(201)


def test_correcting_an_address_revokes_and_invites_in_one_step(acme, inbox, enrol):
    wrong, right = fresh("zeo"), fresh("zoe")
    inv = acme.invite(wrong, message="Bonjour", locale="fr")
    old = inbox.token_for(wrong)
    new = acme.correct(inv, right).ok(200).json
    assert new["id"] != inv["id"] and new["email"] == right and new["state"] == "pending"
    assert new["message"] == "Bonjour" and new["locale"] == "fr" and new["role"] == "member"
    answer = enrol(old)
    assert answer.problem in ("invitation-revoked", "invitation-replaced"), answer
    enrol(inbox.token_for(right)).ok(201)
    assert acme.seats["held"] == 0 and acme.seats["used"] == 2


def test_a_correction_that_fails_changes_nothing(acme):
    taken, wrong = fresh(), fresh()
    acme.invite(taken)
    inv = acme.invite(wrong)
    acme.correct(inv, taken).refused("already-invited", 409)
    acme.correct(inv, acme.owner.email).refused("already-member", 409)
    acme.correct(inv, "nobody at all").refused("invalid-address", 422)
    assert acme.state(inv) == "pending"
    assert acme.seats["held"] == 2
    acme.revoke(inv).ok()
    acme.correct(inv, fresh()).refused("invitation-revoked", 410)


# ---- copied links


def test_a_copied_link_stands_beside_the_mailed_one(acme, inbox, enrol):
    email = fresh()
    inv = acme.invite(email)
    mailed = inbox.token_for(email)
    made = acme.link(inv).ok(200).json
    assert token_of(made["url"]) != mailed
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}.?[0-9A-HJKMNP-TV-Z]{5}", made["code"])
    assert lookup(acme.world.client(), mailed).ok()["state"] == "pending"
    enrol(made["url"]).ok(201)
    enrol(mailed).refused("invitation-already-accepted", 410)


@pytest.mark.parametrize("act", ["resend", "revoke"])
def test_resending_and_revoking_kill_both_links(acme, inbox, enrol, act):
    email = fresh()
    inv = acme.invite(email)
    mailed = inbox.token_for(email)
    copied = acme.link(inv).ok()["url"]
    getattr(acme, act)(inv).ok()
    for link in (mailed, copied):
        enrol(link).refused("invitation-replaced" if act == "resend" else "invitation-revoked", 410)


def test_links_of_a_batch_come_as_csv(acme, enrol):
    emails = [fresh("csv") for _ in range(3)]
    batch = acme.send(*emails, deliver=False).ok()["batch"]
    answer = acme.api.post(f"{acme.path}/invitation-batches/{batch}/links").ok(200)
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in (answer.headers["Content-Disposition"] or "")
    links = re.findall(r"http://\S+?/i/[\w-]+", answer.text)
    assert len(links) == 3 and all(e in answer.text for e in emails)
    enrol(links[0]).ok(201)


# ---- the typed code


def test_the_code_serves_in_place_of_the_link(acme, inbox, anonymous):
    email = fresh()
    acme.invite(email)
    code = inbox.last(email).code
    typed = code.replace("-", "").lower()
    assert anonymous.post("/invitations/lookup", {"email": email.upper(), "code": typed}).ok()["state"] == "pending"
    anonymous.post(
        "/invitations/accept",
        {"email": email, "code": code, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD},
    ).ok(201)
    assert anonymous.get("/me").ok()


def test_the_code_reads_o_as_zero_and_i_as_one(acme, inbox, anonymous):
    email = fresh()
    inv = acme.invite(email)
    for count in range(2, 40):  # until a code holds 0 or 1
        code = inbox.last(email, count - 1).code
        if "0" in code or "1" in code:
            break
        acme.resend(inv).ok()
    typed = code.replace("0", "o").replace("1", "l")
    anonymous.post("/invitations/lookup", {"email": email, "code": typed}).ok(200)


def test_the_code_is_good_for_24_hours(acme, inbox, anonymous, clock, enrol):
    email = fresh()
    acme.invite(email)
    mail = inbox.last(email)
    clock.advance(hours=24, seconds=1)
    anonymous.post("/invitations/lookup", {"email": email, "code": mail.code}).refused("invitation-invalid", 404)
    enrol(mail.token).ok(201)


def test_every_wrong_secret_looks_the_same(acme, inbox, anonymous):
    email = fresh()
    acme.invite(email)
    token = inbox.token_for(email)
    wrong = [
        {"token": "x"},
        {"token": token[:-1]},
        {"token": token[:-2] + ("AA" if token[-2:] != "AA" else "BB")},
        {"token": token + "A"},
        {"token": token.swapcase()},
        {"email": email, "code": "AAAAA-AAAAA"},
        {"email": fresh(), "code": "AAAAA-AAAAA"},
        {"email": "nonsense", "code": "1"},
    ]
    answers = [anonymous.post("/invitations/lookup", w).refused("invitation-invalid", 404).json for w in wrong]
    for a in answers:
        a.pop("request_id")
    assert all(a == answers[0] for a in answers)


def test_one_secret_or_the_other(anonymous):
    for body in ({}, {"email": "a@example.org"}, {"code": "AAAAA-AAAAA"}):
        anonymous.post("/invitations/lookup", body).refused("invalid-request", 422)


# ---- declining, asking again


def test_declining_frees_the_seat(acme, inbox, anonymous):
    acme.limit(2)
    email = fresh()
    inv = acme.invite(email)
    assert acme.outcome(fresh()) == "seat-limit-reached"
    anonymous.post("/invitations/decline", {"token": inbox.token_for(email)}).ok(204)
    assert acme.state(inv) == "declined" and acme.seats["held"] == 0
    assert acme.outcome(email) == "invited"


def test_asking_again_tells_the_inviter(acme, inbox, anonymous, clock):
    email = fresh()
    acme.invite(email, expires_in="1h")
    token = inbox.token_for(email)
    clock.advance(hours=2)
    before = len(inbox.all_for(acme.owner.email))
    anonymous.post("/invitations/ask-again", {"token": token}).ok(202)
    mail = inbox.last(acme.owner.email, before + 1)
    assert email in mail.text
    assert "/i/" not in mail.text, "the inviter does not get the invited person's secret"


# ---- batches


def test_a_batch_counts_and_resends_to_those_who_have_not_answered(acme, inbox, enrol, anonymous):
    emails = [fresh("batch") for _ in range(4)]
    batch = acme.send(*emails).ok()["batch"]
    enrol(inbox.token_for(emails[0])).ok(201)
    anonymous.post("/invitations/decline", {"token": inbox.token_for(emails[1])}).ok()
    got = acme.batch(batch)
    assert (got["total"], got["accepted"], got["declined"], got["pending"]) == (4, 1, 1, 2)
    for e in emails[2:]:
        inbox.wait(e)
    acme.api.post(f"{acme.path}/invitation-batches/{batch}/resend").ok(200)
    for e in emails[2:]:
        inbox.wait(e, 2)
    inbox.settle(0.3)
    assert len(inbox.all_for(emails[0])) == 1 and len(inbox.all_for(emails[1])) == 1


# ---- lists


def test_lists_filter_by_state_address_and_batch(acme):
    a, b, c = "anna." + fresh(), "anne." + fresh(), "bert." + fresh()
    batch = acme.send(a, b).ok()["batch"]
    third = acme.invite(c)
    acme.revoke(third).ok()
    path = acme.path + "/invitations"
    assert [i["email"] for i in acme.api.items(path)] == [c, b, a]
    assert [i["email"] for i in acme.api.items(path, q="ann")] == [b, a]
    assert [i["email"] for i in acme.api.items(path, q="ANNA")] == [a]
    assert [i["email"] for i in acme.api.items(path, state="revoked")] == [c]
    assert {i["email"] for i in acme.api.items(path, batch=batch)} == {a, b}
    assert acme.api.get(path, count="true", limit=1).ok()["total"] == 3
    acme.api.get(path, state="nonsense").refused("invalid-request", 422)
    acme.api.get(path, limit=201).refused("invalid-request", 422)
    acme.api.get(path, limit=0).refused("invalid-request", 422)
    acme.api.get(path, cursor="nonsense").refused("invalid-request", 422)
    acme.api.get(path, page=2).refused("invalid-request", 422)


def test_the_answer_to_an_invitation_is_what_reading_it_gives(acme):
    full = {"role": "administrator", "locale": "fr", "message": "À lundi.", "given_name": "Zoé", "family_name": "Fèvre"}
    rows = [{"email": "plain@example.org", "role": "member"}, {"email": "full@example.org", **full}]
    for rows, deliver in ((rows, True), ([{"email": "copied@example.org", **full}], False)):
        answer = acme.api.post(f"{acme.path}/invitations", {"invitations": rows, "deliver": deliver}).ok(200).json
        for made in (result["invitation"] for result in answer["results"]):
            read = acme.api.get(f"{acme.path}/invitations/{made['id']}").ok(200).json
            assert made.pop("delivery")["state"] == ("queued" if deliver else "none")
            assert read.pop("delivery")["state"] in (("queued", "sent") if deliver else ("none",))
            assert made == read
