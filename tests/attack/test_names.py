"""Names travel in our mails, under our name: nothing in them may be a link, or hide."""

import re

import pytest

from lib.people import fresh


@pytest.mark.parametrize("name", ["x\u200by", "Zo\u202ee", "Z\u2060oe", "Zoe\U000e0041", "a\u2066b", "http://evil.example", "<b>Zoe</b>"])
def test_what_nobody_sees_or_what_is_a_link_is_no_name(acme, name):
    acme.api.patch("/me", {"given_name": name}).refused("invalid-request", 422)
    acme.api.patch(acme.path, {"name": name}).refused("invalid-request", 422)


def test_a_name_like_an_address_is_no_link_in_a_mail(acme, inbox):
    """Mail programs make links of bare domains by themselves."""
    acme.api.patch("/me", {"given_name": "evil.example/login", "family_name": "J.R.R. Martin"}).ok()
    acme.api.patch(acme.path, {"name": "Rewards.example"}).ok()
    email = fresh()
    acme.invite(email)
    mail = inbox.last(email)
    for part in (mail.text, mail.html, mail.subject):
        assert "evil.\u200cexample" in part
        assert not re.search(r"(evil|rewards)\.example", part, re.I)
