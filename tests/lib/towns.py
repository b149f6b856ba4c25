"""A town that anybody may found in, where inviters are told who has an account: for tests of accounts that change hands."""

import pytest

from lib.people import World

SITE = "http://localhost:4711"


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, public_url=SITE, signup="on", tell_accounts="on"), smtp)


@pytest.fixture
def acme(town):
    return town.found("Acme")
