"""How often things may be done: each limit says so, with the time to wait, and opens again."""

import pytest

from lib.people import World, fresh


@pytest.fixture(scope="module")
def strict(make_server, smtp):
    """A server that limits, with small numbers."""
    server = make_server(
        rate_limits="on", invitations_per_hour=5, invitations_per_day=8, addresses_per_hour=4, mail=smtp.uri
    )
    return World(server, smtp)


@pytest.fixture
def org(strict):
    return strict.found("Limited")


def waits(answer):
    answer.refused("rate-limited", 429)
    seconds = int(answer.headers["Retry-After"])
    assert seconds >= 1
    return seconds


def test_inviting_is_limited_by_hour_and_by_day(strict, org):
    """Five an hour, eight a day, of a day that has just begun: what refuses the ninth is the day."""
    strict.clock.advance(seconds=86400 - strict.clock.now() % 86400 + 60)
    assert [r["outcome"] for r in org.send(*[fresh() for _ in range(5)], deliver=False).ok()["results"]] == [
        "invited"
    ] * 5
    seconds = waits(org.send(fresh(), deliver=False))
    assert seconds <= 3600
    strict.clock.advance(seconds=seconds)
    assert org.outcome(fresh(), deliver=False) == "invited"
    assert org.outcome(fresh(), deliver=False) == "invited"
    assert org.outcome(fresh(), deliver=False) == "invited"
    strict.clock.advance(seconds=3600)
    seconds = waits(org.send(fresh(), deliver=False))
    assert 20 * 3600 < seconds <= 22 * 3600, "it is the day's, not the hour's"
    strict.clock.advance(seconds=seconds)
    assert org.outcome(fresh(), deliver=False) == "invited"


def test_what_fits_is_sent_and_the_rest_says_why(org):
    outcomes = [r["outcome"] for r in org.send(*[fresh() for _ in range(7)], deliver=False).ok()["results"]]
    assert outcomes == ["invited"] * 5 + ["rate-limited"] * 2


def test_resending_counts_as_inviting(org):
    inv = org.invite(fresh(), deliver=False)
    answers = [org.resend(inv) for _ in range(5)]
    assert any(a.status == 429 for a in answers)
    waits(answers[-1])


def test_one_organizations_limit_is_not_anothers(strict, org):
    org.send(*[fresh() for _ in range(5)], deliver=False).ok()
    other = strict.found("Other")
    assert other.outcome(fresh(), deliver=False) == "invited"


def test_telling_who_has_an_account_is_limited(strict, org):
    def look(*emails):
        return org.api.post(
            org.path + "/invitations/preview", {"invitations": [{"email": e, "role": "member"} for e in emails]}
        )

    four = [fresh() for _ in range(4)]
    look(*four).ok()
    look(*four).ok()  # the same addresses tell nothing new
    answer = look(fresh())
    strict.clock.advance(seconds=waits(answer))
    look(fresh()).ok()


def test_the_look_at_addresses_leaves_a_trace(strict, org):
    org.api.post(org.path + "/invitations/preview", {"invitations": [{"email": fresh(), "role": "member"}]}).ok()
    rows = strict.server.query(
        "SELECT action FROM audit_event WHERE action LIKE '%preview%' OR action LIKE '%address%'"
    )
    assert rows


def test_reset_mails_are_limited_and_the_answer_is_the_same(strict, org):
    known, unknown = org.owner.email, fresh("nobody")
    kinds = {}
    for email in (known, unknown):
        client = strict.client()
        kinds[email] = [client.post("/password-resets", {"email": email}).status for _ in range(12)]
    assert set(kinds[known]) <= {202, 429}
    strict.inbox.settle(1.2)
    assert len(strict.inbox.all_for(known)) <= 10
    assert kinds[known] == kinds[unknown] or 429 in kinds[unknown]


def test_asking_again_tells_the_inviter_once_a_day(strict, org):
    email = fresh()
    org.invite(email, expires_in="1h")
    token = strict.inbox.token_for(email)
    strict.clock.advance(hours=2)
    client = strict.client()
    before = len(strict.inbox.all_for(org.owner.email))
    client.post("/invitations/ask-again", {"token": token}).ok(202)
    strict.clock.advance(minutes=2)  # what comes again within one is a repeat
    for _ in range(2):
        waits(client.post("/invitations/ask-again", {"token": token}))
    strict.inbox.wait(org.owner.email, before + 1)
    strict.inbox.settle(0.4)
    assert len(strict.inbox.all_for(org.owner.email)) == before + 1


def test_wrong_codes_slow_down_and_never_block_the_link(strict, org):
    email = fresh()
    org.invite(email)
    mail = strict.inbox.last(email)
    client = strict.client()
    answers = [client.post("/invitations/lookup", {"email": email, "code": "AAAAA-AAAAA"}) for _ in range(30)]
    limited = [a for a in answers if a.status == 429]
    assert limited
    waits(limited[0])
    assert client.post("/invitations/lookup", {"token": mail.token}).ok()["state"] == "pending"
    strict.enrol(mail.token).ok(201)


def test_wrong_codes_for_an_address_from_elsewhere_do_not_stop_its_holder(make_server, smtp):
    server = make_server(rate_limits="on", mail=smtp.uri, trusted_proxies="127.0.0.1")
    world = World(server, smtp)
    org = world.found("Proxied")
    email = fresh()
    org.invite(email)
    mail = smtp.last(email)
    attacker, holder = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "198.51.100.7"}
    client = world.client()
    answers = [client.post("/invitations/lookup", {"email": email, "code": "AAAAA-AAAAA"}, attacker) for _ in range(30)]
    assert answers[-1].status == 429
    client.post("/invitations/lookup", {"email": email, "code": mail.code}, holder).ok(200)
    for _ in range(30):
        answer = client.post("/sessions", {"email": org.owner.email, "password": "wrong"}, attacker)
    assert answer.status == 429
    client.post("/sessions", {"email": org.owner.email, "password": org.owner.password}, holder).ok(201)


def test_without_the_setting_nothing_is_limited_but_guessing(world):
    org = world.found("Free")
    for _ in range(3):
        org.send(*[fresh() for _ in range(300)], deliver=False).ok()
