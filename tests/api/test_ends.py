"""How long each secret is good: used a moment before its end, and refused a moment after it."""

import pytest

from lib.mailbox import token_of
from lib.otp import set_up
from lib.people import Person, fresh

NEW = "lantern-orchard-43"
BEFORE, AFTER = -60, 60  # seconds around the end, which is a few before: mails take their time
EDGES = pytest.mark.parametrize("moment", [BEFORE, AFTER], ids=["before", "after"])


def went(answer, moment, code, status):
    return answer.ok() if moment == BEFORE else answer.refused(code, status)


def unproved(acme):
    """Somebody who came by a link that was handed over."""
    email = fresh("handed")
    client = acme.world.enrol(acme.link(acme.invite(email, deliver=False))["url"]).ok(201).client
    return Person(client, email)


def wrong_codes(person, clock, count):
    """So many wrong codes, each after the wait that the one before it earned."""
    for _ in range(count):
        answer = person.api.post("/me/address-proof/confirm", {"code": "AAAAA-AAAAA"})
        if answer.status == 429:
            clock.advance(seconds=int(answer.headers["Retry-After"]))
            answer = person.api.post("/me/address-proof/confirm", {"code": "AAAAA-AAAAA"})
        answer.refused("token-invalid")


@EDGES
def test_a_reset_ends_after_an_hour(acme, inbox, anonymous, clock, moment):
    anonymous.post("/password-resets", {"email": acme.owner.email}).ok(202)
    token = inbox.resets(acme.owner.email)[-1].token
    spoilt = token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB")
    anonymous.post("/password-resets/complete", {"token": spoilt, "new_password": NEW}).refused("token-invalid", 410)
    clock.advance(hours=1, seconds=moment)
    went(anonymous.post("/password-resets/complete", {"token": token, "new_password": NEW}), moment, "token-invalid", 410)


@EDGES
def test_the_operators_link_ends_after_a_week(world, anonymous, clock, moment):
    body = {"name": "Handed", "owner": {"email": fresh("olive"), "given_name": "Olive", "family_name": "Martin"}}
    token = token_of(world.operator.post("/organizations", body).ok(201)["set_password_url"])
    clock.advance(days=7, seconds=moment)
    went(anonymous.post("/password-resets/complete", {"token": token, "new_password": NEW}), moment, "token-invalid", 410)


@EDGES
def test_a_proof_code_ends_after_an_hour(acme, inbox, clock, moment):
    person = unproved(acme)
    person.api.post("/me/address-proof").ok(202)
    code = inbox.last(person.email).code
    clock.advance(hours=1, seconds=moment)
    went(person.api.post("/me/address-proof/confirm", {"code": code}), moment, "token-invalid", 410)


@pytest.mark.parametrize("wrong", [9, 10])
def test_a_proof_code_is_tried_ten_times(acme, inbox, clock, wrong):
    person = unproved(acme)
    person.api.post("/me/address-proof").ok(202)
    code = inbox.last(person.email).code
    wrong_codes(person, clock, wrong)
    clock.advance(minutes=2)
    went(person.api.post("/me/address-proof/confirm", {"code": code}), BEFORE if wrong < 10 else AFTER, "token-invalid", 410)


@EDGES
def test_a_copied_code_ends_after_a_day(acme, anonymous, clock, moment):
    email = fresh("copied")
    code = acme.link(acme.invite(email, deliver=False)).ok()["code"]
    clock.advance(days=1, seconds=moment)
    went(anonymous.post("/invitations/lookup", {"email": email, "code": code}), moment, "invitation-invalid", None)


@EDGES
def test_a_session_is_proof_for_ten_minutes(acme, clock, moment):
    """Who has a factor and shows nothing anew changes it for as long as the sign-in is fresh."""
    person = acme.join()
    set_up(person.api, clock)
    clock.advance(minutes=10, seconds=moment)
    answer = person.api.post("/me/recovery-codes", {})
    assert answer.problem == (None if moment == BEFORE else "proof-required")
