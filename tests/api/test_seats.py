"""Seats: a pending invitation holds one, accepting uses it, an end of any kind frees it."""

import json

from lib.people import fresh


def numbers(org):
    s = org.seats
    return s["limit"], s["used"], s["held"], s["free"]


def agrees(org):
    counted, kept = org.recount()
    assert counted == kept


def test_the_walk_of_a_seat(acme, inbox, enrol):
    assert acme.seats["limit"] is None
    acme.limit(3)
    assert numbers(acme) == (3, 1, 0, 2)
    email = fresh()
    inv = acme.invite(email)
    assert numbers(acme) == (3, 1, 1, 1)
    enrol(inbox.token_for(email)).ok(201)
    assert numbers(acme) == (3, 2, 0, 1)
    inv = acme.invite(fresh())
    assert numbers(acme) == (3, 2, 1, 0)
    acme.revoke(inv).ok()
    assert numbers(acme) == (3, 2, 0, 1)
    agrees(acme)


def test_a_full_organization_says_so_row_by_row(acme):
    acme.limit(3)
    answer = acme.send(*[fresh() for _ in range(4)]).ok(200)
    assert [r["outcome"] for r in answer["results"]] == [
        "invited",
        "invited",
        "seat-limit-reached",
        "seat-limit-reached",
    ]
    assert acme.seats["held"] == 2
    agrees(acme)


def test_the_preview_counts_seats(acme):
    acme.limit(3)
    body = {"invitations": [{"email": fresh(), "role": "member"} for _ in range(4)]}
    answer = acme.api.post(acme.path + "/invitations/preview", body).ok()
    assert [r["outcome"] for r in answer["results"]] == ["new-person"] * 2 + ["seat-limit-reached"] * 2
    assert acme.seats["held"] == 0


def test_an_expired_invitation_gives_its_seat_back_when_it_is_wanted(acme, clock):
    acme.limit(2)
    acme.invite(fresh(), expires_in="1h", deliver=False)
    assert acme.outcome(fresh()) == "seat-limit-reached"
    clock.advance(hours=1, seconds=1)
    assert acme.outcome(fresh()) == "invited"
    agrees(acme)


def test_after_a_lower_limit_an_organization_only_shrinks(acme):
    people = [acme.join() for _ in range(2)]
    pending = acme.invite(fresh(), deliver=False)
    acme.limit(1)
    assert acme.outcome(fresh()) == "seat-limit-reached"
    acme.api.get(acme.path + "/members").ok()
    acme.revoke(pending).ok()
    assert acme.outcome(fresh()) == "seat-limit-reached"
    for p in people:
        acme.remove(p).ok()
    assert acme.outcome(fresh()) == "seat-limit-reached"
    acme.limit(2)
    assert acme.outcome(fresh()) == "invited"
    agrees(acme)


def test_a_held_seat_survives_a_lower_limit(acme, inbox, enrol):
    email = fresh()
    acme.invite(email)
    acme.limit(1)
    enrol(inbox.token_for(email)).ok(201)
    agrees(acme)


def test_only_the_operator_sets_the_limit(acme):
    acme.api.patch(acme.path, {"member_limit": 100}).refused("forbidden", 403)
    acme.world.operator.patch(acme.path, {"member_limit": 0}).refused("invalid-request", 422)
    acme.world.operator.patch(acme.path, {"member_limit": 5}).ok()
    acme.world.operator.patch(acme.path, {"member_limit": None}).ok()
    assert acme.seats["limit"] is None


def test_a_correction_needs_no_second_seat(acme):
    acme.limit(2)
    inv = acme.invite(fresh(), deliver=False)
    acme.correct(inv, fresh()).ok(200)
    assert acme.seats["held"] == 1
    agrees(acme)


def test_what_a_full_house_swept_is_not_given_back_again(acme, clock):
    """The first row of an order sweeps what lapsed; the second is for an address whose invitation was among that."""
    acme.limit(3)
    again = fresh()
    for email in (again, fresh()):
        acme.invite(email, expires_in="1h", deliver=False)
    clock.advance(hours=2)
    assert [r["outcome"] for r in acme.send(fresh(), again, deliver=False).ok()["results"]] == ["invited"] * 2
    counted, kept = acme.recount()
    assert counted == kept == (1, 2)


def test_lapsed_invitations_to_the_same_addresses_free_their_seats_once(acme, clock):
    """The first of two takes back all that lapsed; the second finds its own retired already."""
    guests = [fresh() for _ in range(3)]
    acme.limit(4)
    acme.send(*guests, expires_in="1h").ok()
    clock.advance(hours=2)
    assert [r["outcome"] for r in acme.send(*guests).ok()["results"]] == ["invited"] * 3
    assert acme.recount() == ((1, 3), (1, 3))
    clock.advance(days=8)
    for invitation in acme.api.items(acme.path + "/invitations", state="expired"):
        if invitation["sent_count"]:
            acme.resend(invitation)
        assert acme.recount()[0] == acme.recount()[1]


def test_whoever_reads_seats_sees_the_same_number(acme, clock):
    """What lapsed holds nothing from that moment on, whether somebody has retired it already or not."""
    acme.limit(9)
    acme.invite(fresh(), deliver=False)
    for _ in range(2):
        acme.invite(fresh(), expires_in="1h", deliver=False)

    def seen():
        body = {"invitations": [{"email": fresh(), "role": "member"}]}
        slug = acme.path.rsplit("/", 1)[-1]
        listed = next(o for o in acme.world.operator.items("/organizations") if o["slug"] == slug)
        shown = json.loads(acme.world.server.cli("organization", "show", slug, "--json").stdout)
        return {
            "show": acme.seats["held"],
            "list": listed["seats"]["held"],
            "preview": acme.api.post(acme.path + "/invitations/preview", body).ok()["seats"]["held"],
            "command line": shown["seats"]["held"],
        }

    assert set(seen().values()) == {3}
    clock.advance(hours=1, seconds=1)
    assert set(seen().values()) == {1}, seen()
    acme.limit(2)
    assert acme.outcome(fresh()) == "seat-limit-reached"  # which retires them
    assert set(seen().values()) == {1}
    agrees(acme)
