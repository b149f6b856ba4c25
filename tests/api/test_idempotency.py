"""The same request twice is done once."""

from lib.people import World, fresh
from lib.server import together


def body(email):
    return {"invitations": [{"email": email, "role": "member"}], "deliver": False}


def test_the_same_key_and_body_get_the_first_answer_again(acme):
    email, key = fresh(), {"Idempotency-Key": fresh("key")}
    first = acme.api.post(acme.path + "/invitations", body(email), key).ok(200)
    again = acme.api.post(acme.path + "/invitations", body(email), key).ok(200)
    assert first.headers["Idempotency-Replayed"] is None
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    assert len(acme.api.items(acme.path + "/invitations")) == 1


def test_the_key_belongs_to_one_actor_method_and_path(acme):
    key = {"Idempotency-Key": fresh("key")}
    admin = acme.join(role="administrator")
    one = acme.api.post(acme.path + "/invitations", body(fresh()), key).ok()
    two = admin.api.post(acme.path + "/invitations", body(fresh()), key).ok()
    assert one.json != two.json and two.headers["Idempotency-Replayed"] is None
    acme.api.post(acme.path + "/invitations/preview", {"invitations": [{"email": fresh(), "role": "member"}]}, key).ok()


def test_another_body_is_refused(acme):
    key = {"Idempotency-Key": fresh("key")}
    acme.api.post(acme.path + "/invitations", body(fresh()), key).ok()
    acme.api.post(acme.path + "/invitations", body(fresh()), key).refused("idempotency-key-reused", 422)


def test_a_secret_is_null_the_second_time(acme):
    inv = acme.invite(fresh(), deliver=False)
    key = {"Idempotency-Key": fresh("key")}
    path = f"{acme.path}/invitations/{inv['id']}/link"
    first = acme.api.post(path, headers=key).ok(200)
    again = acme.api.post(path, headers=key).ok(200)
    assert first["url"] and first["code"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again["url"] is None and again["code"] is None


def test_a_refusal_is_kept_too(acme):
    inv = acme.invite(fresh(), deliver=False)
    key = {"Idempotency-Key": fresh("key")}
    path = f"{acme.path}/invitations/{inv['id']}/correct"
    first = acme.api.post(path, {"email": acme.owner.email}, key).refused("already-member", 409)
    again = acme.api.post(path, {"email": acme.owner.email}, key).refused("already-member", 409)
    assert again.headers["Idempotency-Replayed"] == "true" and first.headers["Idempotency-Replayed"] is None


def test_a_note_outlives_the_refusal_that_is_kept(make_server, smtp):
    """That an account was told of is counted, though the answer is no and all else that was tried is undone; once for one key."""
    world = World(make_server(mail=smtp.uri), smtp)
    org, known = world.found("Asking"), world.found("Told of").join().email
    org.set(existing_accounts="refuse").ok()
    email, key = fresh(), {"Idempotency-Key": fresh("key")}
    inv = org.invite(email, deliver=False)
    path = f"{org.path}/invitations/{inv['id']}/correct"
    told = "SELECT COUNT(*) FROM audit_event WHERE action = 'addresses.looked_up'"
    [(before,)] = world.server.query(told)
    for _ in range(2):
        org.api.post(path, {"email": known}, key).refused("account-already-active", 409)
        assert world.server.query(told) == [(before + 1,)]
    assert [(i["email"], i["state"]) for i in org.api.items(org.path + "/invitations")] == [(email, "pending")]


def test_wrong_tries_count_under_a_key_too(acme):
    """Each with a key of its own: what a refusal is kept with must not undo the note of the try."""
    handed = acme.world.enrol(acme.link(acme.invite(fresh(), deliver=False))["url"]).ok(201).client
    handed.post("/me/address-proof").ok(202)
    wrong = [handed.post("/me/address-proof/confirm", {"code": "AAAAA-AAAAA"}, {"Idempotency-Key": fresh("key")}) for _ in range(10)]
    assert wrong[0].problem == "token-invalid" and "rate-limited" in [a.problem for a in wrong]


def test_a_missing_right_is_felt_even_by_a_replay(acme):
    admin = acme.join(role="administrator")
    key = {"Idempotency-Key": fresh("key")}
    sent = body(fresh())
    admin.api.post(acme.path + "/invitations", sent, key).ok()
    acme.set_role(admin, "member").ok()
    admin.api.post(acme.path + "/invitations", sent, key).refused("forbidden", 403)


def test_after_a_day_the_key_is_free(acme, clock):
    key = {"Idempotency-Key": fresh("key")}
    acme.api.post(acme.path + "/invitations", body(fresh()), key).ok()
    clock.advance(hours=24, seconds=1)
    acme.api.post(acme.path + "/invitations", body(fresh()), key).ok()


def test_duplicates_in_flight_do_the_work_once(acme):
    sent, key = body(fresh()), {"Idempotency-Key": fresh("key")}
    clients = [acme.api.twin() for _ in range(16)]
    answers = together(16, lambda i: clients[i].post(acme.path + "/invitations", sent, key))
    assert {a.status for a in answers} == {200}
    assert len({a.body for a in answers}) == 1
    assert len(acme.api.items(acme.path + "/invitations")) == 1


def test_odd_keys(acme):
    for key in ("x" * 300, " ", "é"):
        answer = acme.api.send("POST", "/api/v1" + acme.path + "/leave", None, {"Idempotency-Key": key.encode("utf-8")})
        assert answer.problem in ("last-owner", "invalid-request", "bad-request"), answer


def test_the_operator_repeats_as_anybody_does(operator):
    key = {"Idempotency-Key": fresh("key")}
    first = operator.post("/instance-keys", {"name": "again"}, key).ok(201)
    again = operator.post("/instance-keys", {"name": "again"}, key).ok(201)
    assert again["id"] == first["id"] and first["key"] and again["key"] is None
