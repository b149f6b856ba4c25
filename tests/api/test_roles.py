"""Every route called by everybody: what the table of rights says is what happens. Generated from spec/."""

import pytest

from lib.people import fresh, serial
from lib.pictures import png
from lib.spec import permissions, routes

SAMPLE = {
    "create_invitations": lambda c: {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False},
    "preview_invitations": lambda c: {"invitations": [{"email": fresh(), "role": "member"}]},
    "make_password_sheets": lambda c: {
        "items": [{"email": fresh(), "temporary_password": "k7mp-2xwq", "expires_at": "2026-11-24T09:30:00.000Z"}]
    },
    "correct_invitation": lambda c: {"email": fresh()},
    "update_organization": lambda c: {"name": "Acme"},
    "update_settings": lambda c: {"reminder_max": 1},
    "put_logo": lambda c: png(),
    "update_member": lambda c: {"state": "active"},
    "update_members": lambda c: {"members": [c["member"]], "state": "suspended"},
    "create_api_key": lambda c: {"name": "House"},
    "create_group": lambda c: {"name": fresh("group").replace("@", " ")},
    "update_group": lambda c: {"name": fresh("group").replace("@", " ")},
    "create_entitlement": lambda c: {"key": "k" + c["entitlement"], "name": {"fr": "Ici", "en": "Here"}},
    "update_entitlement": lambda c: {"default": True},
    "transfer_ownership": lambda c: {"to": c["member"]},
    "renew_temporary_password": lambda c: {"delivery": "show"},
}
INSIDE = [r for r in routes() if "{org}" in r.path]
ROLES = ["owner", "administrator", "member", "outsider", "anonymous", "operator"]


def expected(route, role):
    """The refusal, or None when the call goes through."""
    if role == "anonymous":
        return "unauthenticated"
    if role == "outsider":
        return "not-found"
    if role == "operator":
        return "may"  # the operator is a member of nothing: some acts are refused to them for other reasons
    if route.access == "member":
        return None
    return None if role in permissions()[route.permission] else "forbidden"


@pytest.fixture(scope="module")
def house(world):
    org = world.found("House")
    return {
        "org": org,
        "owner": org.api,
        "administrator": org.join(role="administrator").api,
        "member": org.join().api,
        "outsider": world.found("Outside").api,
        "anonymous": world.client(),
        "operator": world.operator,
    }


@pytest.fixture
def call(house):
    """Calls a route with ids that exist, made for this call alone."""
    org = house["org"]

    def do(route, role):
        made = {"org": org.slug}
        if "{member}" in route.path or route.name in ("transfer_ownership", "update_members"):
            made["member"] = org.member(org.join())["id"]
        if "{invitation}" in route.path or "{batch}" in route.path:
            how = {"method": "temporary_password", "delivery": "show"} if "temporary" in route.name else {}
            inv = org.send(fresh(), deliver=False, **how).ok()["results"][0]["invitation"]
            made.update(invitation=inv["id"], batch=inv["batch"])
        if "{group}" in route.path:
            made["group"] = org.api.post(org.path + "/groups", {"name": fresh("group").replace("@", " ")}).ok(201)["id"]
        if "{api_key}" in route.path:
            made["api_key"] = org.api.post(org.path + "/api-keys", {"name": "House"}).ok(201)["id"]
        if "entitlement" in route.path:
            made["entitlement"] = f"option-{next(serial)}"
        if "{entitlement}" in route.path:
            body = {"key": made["entitlement"], "name": {"fr": "Ici", "en": "Here"}}
            org.api.post(org.path + "/entitlements", body).ok(201)
        body = SAMPLE[route.name](made) if route.name in SAMPLE else None
        assert (body is not None) == (route.body is not None), f"no sample for {route.name}"
        path = route.path.removeprefix("/api/v1").format(**made)
        caller = house[role]
        if route.name in ("leave_organization", "transfer_ownership") and role in ("owner", "administrator", "member"):
            caller = org.join(role=role).api  # somebody who may go
        if route.name == "delete_logo":
            org.api.send("PUT", "/api/v1" + path, png(), {"Content-Type": "image/png"}).ok()
        return caller.call(route.method, path, body, route.headers)

    return do


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", INSIDE, ids=repr)
def test_every_route_by_everybody(call, route, role):
    answer = call(route, role)
    refusal = expected(route, role)
    if refusal == "may":
        assert answer.problem not in ("unauthenticated", "not-found", "internal"), answer
    elif refusal:
        answer.refused(refusal)
    else:
        answer.ok()


@pytest.mark.parametrize("route", [r for r in routes() if r.access == "operator"], ids=repr)
def test_the_operators_routes_are_for_the_socket_alone(house, route):
    body = {
        "setup": {"organization": {"name": "X"}, "account": {"email": fresh(), "given_name": "A", "family_name": "B"}},
        "create_instance_key": {"name": "X"},
        "server_reset_password": {"email": house["org"].owner.email},
        "server_remove_second_factor": {"email": house["org"].owner.email},
    }.get(route.name)
    path = route.path.removeprefix("/api/v1").format(instance_key="ink_01h455vb4pex5vsknk084sn02q")
    query = {"email": house["org"].owner.email} if route.name == "server_show_account" else {}
    for role in ("owner", "administrator", "member", "outsider", "anonymous"):
        answer = house[role].call(route.method, path, body, **query)
        assert answer.problem in ("forbidden", "unauthenticated", "not-found"), (role, answer)


@pytest.mark.parametrize("route", [r for r in routes() if r.access in ("session", "caller")], ids=repr)
def test_ones_own_routes_need_somebody(house, route):
    body = {} if route.body is not None else None
    path = route.path.removeprefix("/api/v1").format(
        session="ses_01h455vb4pex5vsknk084sn02q", passkey="pky_01h455vb4pex5vsknk084sn02q"
    )
    house["anonymous"].call(route.method, path, body).refused("unauthenticated", 401)
