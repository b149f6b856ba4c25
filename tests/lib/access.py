"""How a member's access comes to rest."""

import datetime


def member(org, person):
    return f"{org.path}/members/{org.member(person)['id']}"


def ahead(org, hours):
    moment = datetime.datetime.fromtimestamp(org.world.clock.now() + 3600 * hours, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def suspend(org, person):
    org.api.patch(member(org, person), {"state": "suspended"}).ok()
    return person


def ended(org, person):
    """Whose access ended an hour ago."""
    org.api.patch(member(org, person), {"access_ends_at": ahead(org, 1)}).ok()
    org.world.clock.advance(hours=2)
    return person
