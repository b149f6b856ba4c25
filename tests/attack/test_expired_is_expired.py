"""A lapsed invitation is expired for every rule, whether or not anything has marked it yet (authentik CVE-2025-64708)."""

import pytest

from lib.people import fresh


@pytest.fixture
def lapse(acme, clock):
    """Invites, lets it lapse, and (marked) has a full organization mark it, as the next inviter would."""
    def make(marked, by=None):
        email = fresh("late")
        inv = acme.invite(email, expires_in="1h", deliver=False, by=by)
        clock.advance(hours=1)
        if marked:
            acme.limit(len(acme.members()))
            assert acme.outcome(fresh()) == "seat-limit-reached"
            acme.limit(None)
        return email, inv
    return make


def test_a_later_invitation_that_lapsed_too_does_not_stand_in_the_way(acme, lapse, clock):
    email, first = lapse(marked=True)
    acme.invite(email, expires_in="1h", deliver=False)
    clock.advance(hours=1)
    acme.resend(first).ok()
    counted, kept = acme.recount()
    assert counted == kept == (1, 1)


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("fate", ["revoke", "take_over"])
def test_what_had_lapsed_is_neither_revoked_nor_inherited(acme, lapse, marked, fate):
    admin = acme.join(role="administrator")
    _, inv = lapse(marked, by=admin.api)
    acme.remove(admin, pending_invitations=fate).ok()
    assert acme.state(inv) == "expired"


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("ending", ["removed", "demoted"])
def test_nothing_goes_out_in_the_name_of_whoever_no_longer_invites(acme, lapse, inbox, marked, ending):
    admin = acme.join(role="administrator", given="Gustave")
    email, inv = lapse(marked, by=admin.api)
    (acme.remove(admin) if ending == "removed" else acme.set_role(admin, "member")).ok()
    resent = acme.resend(inv).ok().json
    assert resent["invited_by"] == acme.owner.id
    mail = inbox.last(email)
    assert "Gustave" not in mail.text + mail.subject and admin.email not in str(mail["Reply-To"])


def test_a_batch_that_is_resent_over_the_limit_keeps_the_count(acme, clock):
    batch = acme.send(*[{"email": fresh()} for _ in range(3)], expires_in="1h", deliver=False).ok()["batch"]
    clock.advance(hours=1)
    acme.limit(1)
    assert acme.api.post(f"{acme.path}/invitation-batches/{batch}/resend").ok()["resent"] == 0
    counted, kept = acme.recount()
    assert counted == kept == (1, 3)
    acme.limit(None)
    acme.api.post(f"{acme.path}/invitation-batches/{batch}/resend").ok()
    counted, kept = acme.recount()
    assert counted == kept == (1, 3)


@pytest.mark.parametrize("nothing", ["0h", "0d"])
def test_no_time_at_all_is_not_the_usual_time(acme, nothing):
    acme.send(fresh(), expires_in=nothing).refused("invalid-request", 422)
    acme.set(invitation_lifetime=nothing).refused("invalid-request", 422)
