"""An authenticator app and recovery codes: setting up, signing in, changing, losing."""

import re
import subprocess

import pytest

from lib.otp import STEP, App, code_at, set_up
from lib.people import PASSWORD


@pytest.fixture
def person(acme):
    return acme.join()


def sign_in(world, person, code=None):
    body = {"email": person.email, "password": person.password}
    return world.client().post("/sessions", {**body, "code": code} if code else body)


def status(person):
    return person.api.get("/me").ok()["second_factor"]


def test_setting_up_an_app(person, clock, inbox):
    assert status(person) == {"totp": False, "passkeys": 0, "recovery_codes_left": 0}
    made = person.api.post("/me/totp", {}).ok(201)
    assert re.fullmatch("[A-Z2-7]{32}", made["secret"])
    assert made["uri"] == f"otpauth://totp/Parvis:{person.email}?secret={made['secret']}&issuer=Parvis"
    assert made["qr"].startswith("<svg") and made["qr"].endswith("</svg>")
    assert not status(person)["totp"], "not before its first code"
    person.api.post("/me/totp/confirm", {"code": "000000"}).refused("invalid-request", 422)
    answer = person.api.post("/me/totp/confirm", {"code": App(clock, made["secret"]).code()}).ok(200)
    codes = answer["recovery_codes"]
    assert len(set(codes)) == 10 and all(re.fullmatch("[0-9A-Z]{5}-[0-9A-Z]{5}", c) for c in codes)
    assert status(person) == {"totp": True, "passkeys": 0, "recovery_codes_left": 10}
    person.api.post("/me/totp", {}).refused("conflict", 409)
    person.api.post("/me/totp/confirm", {"code": "000000"}).refused("conflict", 409)
    assert "authenticator app was added" in inbox.last(person.email, 2).subject


def test_signing_in_asks_for_a_code(world, person, clock):
    app, _ = set_up(person.api, clock)
    without = sign_in(world, person).refused("second-factor-required", 401)
    assert "Set-Cookie" not in without.headers
    wrong = sign_in(world, person, "123456").refused("second-factor-failed", 401)
    assert "Set-Cookie" not in wrong.headers
    answer = sign_in(world, person, app.fresh()).ok(201)
    assert "parvis_session=" in answer.headers["Set-Cookie"]


def test_a_wrong_password_never_tells_of_a_second_factor(world, person, clock):
    app, _ = set_up(person.api, clock)
    other = world.found("Plain").owner
    answers = []
    for who in (person, other):
        for code in (None, "123456", app.code()):
            body = {"email": who.email, "password": "wrong", **({"code": code} if code else {})}
            answer = world.client().post("/sessions", body).refused("sign-in-failed", 401).json
            answers.append({k: v for k, v in answer.items() if k != "request_id"})
    assert all(a == answers[0] for a in answers)


def test_the_window_has_an_edge_on_each_side(world, person, clock):
    app, _ = set_up(person.api, clock)
    clock.advance(minutes=5)
    clock.advance(seconds=STEP - clock.now() % STEP + 5)  # well inside a step
    sign_in(world, person, app.code(-2)).refused("second-factor-failed")
    sign_in(world, person, app.code(2)).refused("second-factor-failed")
    sign_in(world, person, app.code(-1)).ok(201)
    sign_in(world, person, app.code(+1)).ok(201)


def test_a_code_works_once_and_none_before_it(world, person, clock):
    app, _ = set_up(person.api, clock)
    clock.advance(minutes=2)
    code, earlier = app.code(), app.code(-1)
    sign_in(world, person, code).ok(201)
    sign_in(world, person, code).refused("second-factor-failed")
    sign_in(world, person, earlier).refused("second-factor-failed")
    clock.advance(seconds=STEP)
    sign_in(world, person, code).refused("second-factor-failed")
    sign_in(world, person, app.code()).ok(201)


def test_the_code_that_confirmed_signs_nobody_in(world, person, clock):
    made = person.api.post("/me/totp", {}).ok(201)
    code = App(clock, made["secret"]).code()
    person.api.post("/me/totp/confirm", {"code": code}).ok()
    sign_in(world, person, code).refused("second-factor-failed")


def test_a_recovery_code_works_once(world, person, clock, inbox):
    _, codes = set_up(person.api, clock)
    sign_in(world, person, codes[0]).ok(201)
    sign_in(world, person, codes[0]).refused("second-factor-failed")
    sign_in(world, person, codes[1].replace("-", " ").lower()).ok(201)
    assert status(person)["recovery_codes_left"] == 8
    inbox.settle(0.3)
    assert sum("recovery code was used" in m.subject for m in inbox.all_for(person.email)) == 2


def test_a_new_set_replaces_the_old(world, person, clock):
    _, old = set_up(person.api, clock)
    new = person.api.post("/me/recovery-codes", {}).ok(201)["recovery_codes"]
    assert not set(old) & set(new)
    sign_in(world, person, old[0]).refused("second-factor-failed")
    sign_in(world, person, new[9]).ok(201)


def test_no_recovery_codes_without_a_factor(person):
    person.api.post("/me/recovery-codes", {}).refused("conflict", 409)


def test_removing_the_app(world, person, clock, inbox):
    person.api.call("DELETE", "/me/totp", {}).refused("not-found", 404)
    app, codes = set_up(person.api, clock)
    person.api.call("DELETE", "/me/totp", {"current_password": "wrong"}).refused("sign-in-failed", 401)
    person.api.call("DELETE", "/me/totp", {"code": "123456"}).refused("second-factor-failed", 401)
    person.api.call("DELETE", "/me/totp", {"code": app.fresh()}).ok(204)
    assert status(person) == {"totp": False, "passkeys": 0, "recovery_codes_left": 0}
    sign_in(world, person).ok(201)
    sign_in(world, person, codes[0]).ok(201)  # nobody asked for one


def test_a_change_asks_who_makes_it(person, clock):
    """Ten minutes after signing in, a session that was left open changes nothing by itself."""
    clock.advance(minutes=11)
    for method, path in (("POST", "/me/totp"), ("DELETE", "/me/totp"), ("POST", "/me/recovery-codes")):
        person.api.call(method, path, {}).refused("proof-required", 403)
    person.api.post("/me/totp", {"current_password": "wrong"}).refused("sign-in-failed", 401)
    made = person.api.post("/me/totp", {"current_password": PASSWORD}).ok(201)
    app = App(clock, made["secret"])
    person.api.post("/me/totp/confirm", {"code": app.fresh()}).ok()
    clock.advance(minutes=11)
    person.api.post("/me/recovery-codes", {}).refused("proof-required")
    codes = person.api.post("/me/recovery-codes", {"code": app.fresh()}).ok(201)["recovery_codes"]
    person.api.call("DELETE", "/me/totp", {"code": codes[0]}).ok(204)


def test_a_password_reset_leaves_the_second_factor(world, person, clock, inbox):
    app, _ = set_up(person.api, clock)
    client = world.client()
    client.post("/password-resets", {"email": person.email}).ok(202)
    token = inbox.resets(person.email)[0].token
    client.post("/password-resets/complete", {"token": token, "new_password": "another good sentence"}).ok(204)
    person.password = "another good sentence"
    sign_in(world, person).refused("second-factor-required")
    sign_in(world, person, app.fresh()).ok(201)


def test_the_true_holder_of_an_address_finds_no_factor_of_a_squatter(world, acme, clock, inbox):
    """An account made by a copied link has an unproved address; its factors go when the mailbox speaks."""
    email = f"squat.{acme.slug}@example.org"
    link = acme.link(acme.invite(email, deliver=False)).ok()["url"]
    squatter = world.enrol(link).ok(201).client
    set_up(squatter, clock)
    client = world.client()
    client.post("/password-resets", {"email": email}).ok(202)
    token = inbox.resets(email)[0].token
    client.post("/password-resets/complete", {"token": token, "new_password": "another good sentence"}).ok(204)
    client.sign_in(email, "another good sentence")
    assert client.get("/me").ok()["second_factor"]["totp"] is False


def test_changing_the_password_keeps_what_the_session_has_shown(world, person, clock, server):
    set_up(person.api, clock)
    person.api.post("/me/password", {"current_password": PASSWORD, "new_password": "another good sentence"}).ok(204)
    assert server.query("SELECT count(*) FROM session s JOIN account a ON a.id = s.account_id WHERE a.email = '%s' "
                        "AND s.factor_at IS NOT NULL" % person.email) == [(1,)]


def test_the_operator_helps_somebody_who_lost_it(world, server, person, clock, inbox):
    assert server.cli("account", "remove-second-factor", person.email, check=False).returncode == 1
    set_up(person.api, clock)
    shown = server.cli("account", "show", person.email).stdout
    assert re.search(r"Authenticator app +yes", shown) and re.search(r"Recovery codes left +10", shown), shown
    server.cli("account", "remove-second-factor", person.email)
    person.api.get("/me").refused("unauthenticated", 401)
    sign_in(world, person).ok(201)
    inbox.settle(0.3)
    assert "Your second factor was removed" in inbox.all_for(person.email)[-1].subject
    assert server.query("SELECT count(*) FROM audit_event WHERE action = 'second_factor.removed'") == [(1,)]


def test_nothing_of_it_is_kept_in_clear(person, clock, server):
    made = person.api.post("/me/totp", {}).ok(201)
    codes = person.api.post("/me/totp/confirm", {"code": App(clock, made["secret"]).code()}).ok()["recovery_codes"]
    secrets = [made["secret"].encode(), *(c.replace("-", "").encode() for c in codes), *(c.encode() for c in codes)]
    for name, content in server.kept():
        assert not any(s in content for s in secrets), name


def test_the_replayed_answer_holds_no_secret(person, clock):
    key = {"Idempotency-Key": "set-up"}
    first = person.api.post("/me/totp", {}, key).ok(201)
    again = person.api.post("/me/totp", {}, key).ok(201)
    assert again.headers["Idempotency-Replayed"] == "true" and again.json == {"secret": None, "uri": None, "qr": None}
    body = {"code": App(clock, first["secret"]).code()}
    assert len(set(person.api.post("/me/totp/confirm", body, {"Idempotency-Key": "c"}).ok()["recovery_codes"])) == 10
    assert person.api.post("/me/totp/confirm", body, {"Idempotency-Key": "c"}).ok()["recovery_codes"] == [None] * 10


def test_the_app_shows_what_the_uri_says(person, clock, tmp_path):
    """zbarimg reads the code as a phone would, from the drawing's own picture."""
    made = person.api.post("/me/totp", {}).ok(201)
    size = int(re.search(r'viewBox="0 0 (\d+)', made["qr"]).group(1))
    scale, rows = 6, [[255] * size for _ in range(size)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", made["qr"]):
        for at in range(int(x), int(x) + int(width)):
            rows[int(y)][at] = 0
    picture = tmp_path / "qr.pgm"
    pixels = b"".join(bytes(v for v in row for _ in range(scale)) * scale for row in rows)
    picture.write_bytes(f"P5 {size * scale} {size * scale} 255\n".encode() + pixels)
    read = subprocess.run(["zbarimg", "-q", "--raw", str(picture)], capture_output=True, text=True, check=True)
    assert read.stdout.strip() == made["uri"]
    assert code_at(made["secret"], clock.now()).isdigit()
