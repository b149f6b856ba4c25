"""A bound that is told in one unit and counted in another."""

import pytest

from lib.people import PASSWORD


@pytest.mark.parametrize("sign", ["a", "é", "漢", "🗝"])
def test_a_passwords_bound_is_in_characters(acme, sign):
    person = acme.join()
    start = "orchard-lantern-"
    longest = start + sign * (1024 - len(start))
    answer = person.api.post("/me/password", {"current_password": PASSWORD, "new_password": longest + sign})
    (field,) = answer.refused(answer.problem, 422)["errors"]
    assert field["code"] == "too-long" and "1024" in field["detail"].replace(",", "")
    person.api.post("/me/password", {"current_password": PASSWORD, "new_password": longest}).ok(204)
    acme.world.client().sign_in(person.email, longest)
    page = acme.world.client().submit("/sign-in", {"email": person.email, "password": longest})
    assert page.status == 303, "and by a form"
