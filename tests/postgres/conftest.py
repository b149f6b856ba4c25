"""Servers on a PostgreSQL of their own, whatever PARVIS_TEST_DATABASE says; by the proxy where a test harms the line."""

import pytest

from lib.people import World
from lib.pg_database import Database
from lib.pg_proxy import Proxy
from lib.server import Server


@pytest.fixture(scope="module")
def database():
    made = Database()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def proxy(database):
    made = Proxy(database.port)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def on_database(tmp_path_factory, database, smtp):
    """A server on a database of its own. `through`: by this proxy; `uri`: makes an address of a name; `name`: which one."""
    made = []

    def make(through=None, uri=None, name=None, wait=True, **settings):
        name = name or database.new()
        straight = database.base + name
        address = uri(name) if uri else straight
        if through:
            address = f"postgresql://parvis@127.0.0.1:{through.port}/{name}"
        settings = {"mail": smtp.uri, "mail_from": "Parvis <parvis@parvis.example>", **settings}
        server = Server(tmp_path_factory.mktemp("server"), database=address, cheap_passwords=True, **settings)
        server.beside = straight
        made.append(server)
        return server.start(wait)

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def people(smtp):
    """World of a server."""
    return lambda server: World(server, smtp)
