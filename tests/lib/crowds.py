"""Many people behind one address, and the wrong tries they make."""

from lib.people import fresh

FREE = 50  # wrong tries of a source before it waits


def from_(source):
    return {"X-Forwarded-For": source}


NAT = from_("198.51.100.4")


def attempt(client, email, password, source=NAT):
    return client.post("/sessions", {"email": email, "password": password}, source)


def exhaust(world, source=NAT):
    """Until nobody unknown is served from this source for some seconds."""
    for i in range(FREE + 1):
        attempt(world.client(), fresh("guess"), "guessed", source).refused("sign-in-failed", 401)
    hold(world, source)


def hold(world, source=NAT):
    """The source's wait is long enough again for a test to go on in it."""
    for _ in range(12):
        answer = attempt(world.client(), fresh("guess"), "guessed", source)
        wait = int(answer.headers["Retry-After"]) if answer.status == 429 else 0
        if wait >= 20:
            return
        world.clock.advance(seconds=wait)
    raise AssertionError("no limit")
