"""What is done with a secret that is good for once, by each door: how it is sent, and what its sender has then."""

import re

from lib.mailbox import token_of
from lib.otp import set_up
from lib.people import PASSWORD, fresh
from lib.ways import NEW, mailed

WHO = {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}


def stranger(town):
    """Somebody without a session; from a source of their own, where the town has such."""
    return getattr(town, "stranger", town.client)


class Deed:
    """`send(client)` sends it, `changed` in place of what it brings. `opens`: it ends in a session of `email`."""

    def __init__(self, town, send, values, email=None, opens=None, org=None, client=None):
        self.town, self.sends, self.values, self.email, self.opens, self.org = town, send, values, email, opens, org
        self.client = client or stranger(town)

    def send(self, client, **changed):
        while True:
            answer = self.sends(client, {**self.values, **changed})
            if answer.status != 503:  # busy
                return answer

    def is_in(self, client):
        """Whether the sender has what it opens."""
        if self.opens == "half":
            return client.get("/me/memberships").problem == "password-change-required"
        return self.opens is None or client.get("/me").json.get("email") == self.email


def invited(town, **more):
    org, email = town.found("Twice"), fresh()
    link = org.link(org.invite(email, deliver=False, **more)).ok()
    return org, email, token_of(link["url"]), link["code"]


def accept_api(town):
    org, email, token, _ = invited(town)
    return Deed(town, lambda c, v: c.post("/invitations/accept", {"token": token, **v}), WHO, email, "full", org)


def accept_form(town):
    org, email, token, _ = invited(town)
    return Deed(town, lambda c, v: c.submit(f"/i/{token}", v), WHO, email, "full", org)


def accept_mailed(town):
    org, email = town.found("Twice"), fresh()
    org.invite(email)
    token = town.inbox.token_for(email)
    return Deed(town, lambda c, v: c.submit(f"/i/{token}", v), WHO, email, "full", org)


def accept_code_api(town):
    org, email, _, code = invited(town)
    return Deed(town, lambda c, v: c.post("/invitations/accept", {"email": email, "code": code, **v}), WHO, email, "full", org)


def accept_code_form(town):
    org, email, _, code = invited(town)
    return Deed(town, lambda c, v: c.submit("/join/accept", {"email": email, "code": code, **v}), WHO, email, "full", org)


def decline_api(town):
    org, _, token, _ = invited(town)
    return Deed(town, lambda c, v: c.post("/invitations/decline", {"token": token, **v}), {}, org=org)


def decline_form(town):
    org, _, token, _ = invited(town)
    return Deed(town, lambda c, v: c.submit(f"/i/{token}/decline", v), {}, org=org)


def decline_code_form(town):
    org, email, _, code = invited(town)
    return Deed(town, lambda c, v: c.submit("/join/decline", {"email": email, "code": code}), {}, org=org)


def lapsed(town):
    org, email = town.found("Twice"), fresh()
    token = token_of(org.link(org.invite(email, deliver=False, expires_in="1h")).ok()["url"])
    town.clock.advance(hours=2)
    return org, token


def ask_again_api(town):
    org, token = lapsed(town)
    return Deed(town, lambda c, v: c.post("/invitations/ask-again", {"token": token}), {}, org=org)


def ask_again_form(town):
    org, token = lapsed(town)
    return Deed(town, lambda c, v: c.submit(f"/i/{token}/ask-again", v), {}, org=org)


def reset_token(town, email):
    stranger(town)().post("/password-resets", {"email": email}).ok(202)
    return town.inbox.resets(email)[-1].token


def reset_api(town):
    person = town.found("Twice").join()
    token = reset_token(town, person.email)
    return Deed(town, lambda c, v: c.post("/password-resets/complete", {"token": token, **v}), {"new_password": NEW}, person.email)


def reset_form(town):
    person = town.found("Twice").join()
    token = reset_token(town, person.email)
    return Deed(town, lambda c, v: c.submit(f"/password/reset/{token}", v), {"new_password": NEW}, person.email)


def issued(town):
    org, email = town.found("Twice"), fresh()
    row = org.send(email, method="temporary_password", delivery="show", deliver=False).ok()["results"][0]
    return org, {"email": email, "password": row["temporary_password"]}


def temporary_api(town):
    org, values = issued(town)
    return Deed(town, lambda c, v: c.post("/sessions", v), values, values["email"], "half", org)


def temporary_form(town):
    org, values = issued(town)
    return Deed(town, lambda c, v: c.submit("/sign-in", v), values, values["email"], "half", org)


def signing_up(town):
    email = fresh()
    signup = stranger(town)().post("/signups", {"email": email, **WHO, "organization": "Atelier"}).ok(202)["signup"]
    return email, signup, re.search(r"\b(\d{3}) (\d{3})\b", town.inbox.last(email).text).group(0)


def signup_api(town):
    email, signup, code = signing_up(town)
    return Deed(town, lambda c, v: c.post("/signups/confirm", {"signup": signup, **v}), {"code": code}, email, "full")


def signup_form(town):
    email, signup, code = signing_up(town)
    return Deed(town, lambda c, v: c.submit(f"/sign-up/{signup}", v), {"code": code}, email, "full")


def proving(town):
    person = town.found("Twice").owner
    person.api.post("/me/address-proof").ok(202)
    return person, {"code": town.inbox.last(person.email).code}


def proof_api(town):
    person, values = proving(town)
    return Deed(town, lambda c, v: c.post("/me/address-proof/confirm", v), values, person.email, client=person.api.twin)


def proof_form(town):
    person, values = proving(town)
    return Deed(town, lambda c, v: c.submit("/me/address-proof/confirm", v), values, person.email, client=person.api.twin)


def moving(town):
    person = town.found("Twice").owner.prove(town.inbox)
    new = fresh("moved")
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    return person, mailed(town.inbox, new, "/email/confirm/")


def moved(town):
    person, token = moving(town)
    stranger(town)().post("/email-changes/confirm", {"token": token}).ok(204)
    return mailed(town.inbox, person.email, "/email/undo/")


def confirm_api(town):
    _, token = moving(town)
    return Deed(town, lambda c, v: c.post("/email-changes/confirm", {"token": token}), {})


def confirm_form(town):
    _, token = moving(town)
    return Deed(town, lambda c, v: c.submit(f"/email/confirm/{token}", v), {})


def undo_api(town):
    token = moved(town)
    return Deed(town, lambda c, v: c.post("/email-changes/undo", {"token": token}), {})


def undo_form(town):
    token = moved(town)
    return Deed(town, lambda c, v: c.submit(f"/email/undo/{token}", v), {})


# What gives another session for the one that sends it: each sender has the cookie from before.


def own_password_form(town):
    org, values = issued(town)
    half = stranger(town)()
    half.post("/sessions", values).ok(201)
    typed = {"given_name": "Zoé", "family_name": "Durand", "password": NEW}
    return Deed(town, lambda c, v: c.submit("/password/new", v), typed, values["email"], "full", org, client=half.twin)


def factor_form(town):
    person = town.found("Twice").owner
    app, _ = set_up(person.api, town.clock)
    half = stranger(town)()
    half.submit("/sign-in", {"email": person.email, "password": PASSWORD}).ok(303)
    return Deed(town, lambda c, v: c.submit("/sign-in/factor", v), {"code": app.fresh(), "next": "/me"}, person.email, "full", client=half.twin)


def me_password_form(town):
    person = town.found("Twice").owner
    values = {"current_password": PASSWORD, "new_password": NEW}
    return Deed(town, lambda c, v: c.submit("/me/password", v), values, person.email, "full", client=person.api.twin)


SUCCEEDING = [own_password_form, factor_form, me_password_form]
DOORS = [*SUCCEEDING, accept_api, accept_form, accept_mailed, accept_code_api, accept_code_form, decline_api, decline_form, decline_code_form,
         ask_again_api, ask_again_form, reset_api, reset_form, temporary_api, temporary_form, signup_api, signup_form, proof_api, proof_form,
         confirm_api, confirm_form, undo_api, undo_form]
