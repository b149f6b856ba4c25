"""The first organization, and those the operator founds."""

import json
import re

from lib.mailbox import token_of
from lib.people import PASSWORD, fresh


def test_setup_founds_once(make_server):
    server = make_server()
    made = server.setup("Bar", slug="bar", locale="fr")
    assert made["organization"]["slug"] == "bar" and made["organization"]["id"].startswith("org_")
    assert made["account"]["id"].startswith("acc_") and made["account"]["email"] == "olive.martin@example.org"
    assert made["api_key"].startswith("pvk_")
    key = server.client(key=made["api_key"])
    assert key.get("/organizations/bar").ok()["name"] == "Bar"
    key.post("/check", {"organization": "bar", "permission": "organization.delete"}).ok()["allowed"]
    again = server.cli(
        "setup",
        "--organization",
        "Baz",
        "--email",
        "b@example.org",
        "--given-name",
        "B",
        "--family-name",
        "C",
        "--password-stdin",
        stdin=PASSWORD,
        check=False,
    )
    assert again.returncode == 1 and again.stderr.strip() and again.stdout == ""
    assert len(server.operator.items("/organizations")) == 1


def test_setup_without_a_password_prints_where_to_set_one(make_server):
    server = make_server()
    made = json.loads(
        server.cli(
            "setup",
            "--json",
            "--organization",
            "Bar",
            "--email",
            "olive@example.org",
            "--given-name",
            "Olive",
            "--family-name",
            "Martin",
        ).stdout
    )
    link = made["set_password_url"]
    server.client().post("/password-resets/complete", {"token": token_of(link), "new_password": PASSWORD}).ok(204)
    server.client().sign_in("olive@example.org", PASSWORD)


def test_the_setup_address_serves_once(make_server):
    server = make_server()
    url = re.search(r"http://127\.0\.0\.1:\d+(/setup/[\w-]+)", server.log()).group(1)
    client = server.client()
    assert "<form" in client.page(url).ok(200).text
    assert client.page("/setup/wrong").status == 404
    form = {
        "organization": "Bar",
        "given_name": "Olive",
        "family_name": "Martin",
        "email": "olive@example.org",
        "password": PASSWORD,
    }
    weak = client.submit(url, {**form, "password": "12345678"})
    assert weak.status == 422 and server.operator.items("/organizations") == []
    client.submit("/setup/wrong", form)
    assert server.operator.items("/organizations") == []
    client.submit(url, form).ok(303)
    client.get("/me").ok()
    other = server.client()
    assert other.page(url).ok(303).headers["Location"] == "/"
    other.submit(url, form)
    assert len(server.operator.items("/organizations")) == 1
    since = len(server.log())
    server.restart()
    assert not re.search(r"/setup/[\w-]", server.log(since)), "a request's line names the route alone"


def test_the_setup_link_is_dead_after_setup_by_command(make_server):
    server = make_server()
    url = re.search(r"http://127\.0\.0\.1:\d+(/setup/[\w-]+)", server.log()).group(1)
    server.setup()
    late = server.client().page(url).ok(303)
    assert late.headers["Location"] == "/" and "<form" not in late.text


def test_the_operator_founds_organizations(world):
    made = (
        world.operator.post(
            "/organizations",
            {
                "name": "Été & Cie",
                "member_limit": 5,
                "locale": "fr",
                "owner": {"email": fresh(), "given_name": "Ève", "family_name": "Noël"},
            },
        )
        .ok(201)
        .json
    )
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", made["organization"]["slug"])
    assert "set_password_url" in made
    got = world.operator.get("/organizations/" + made["organization"]["id"]).ok().json
    assert got["name"] == "Été & Cie" and got["locale"] == "fr"


def test_founding_for_somebody_with_an_account_needs_no_new_password(world, inbox):
    owner = world.found("One").owner
    made = (
        world.operator.post(
            "/organizations",
            {"name": "Two", "owner": {"email": owner.email, "given_name": "Other", "family_name": "Name"}},
        )
        .ok(201)
        .json
    )
    assert not made.get("set_password_url")
    assert made["account"]["id"] == owner.id
    assert len(owner.api.get("/me/memberships").ok()["items"]) == 1, "until the address is proved"
    owner.api.post("/me/address-proof").ok(202)
    owner.api.post("/me/address-proof/confirm", {"code": inbox.last(owner.email).code}).ok()
    assert len(owner.api.get("/me/memberships").ok()["items"]) == 2
    assert owner.api.get("/me").ok()["given_name"] == "Olive"


def test_slugs(world):
    owner = {"email": fresh(), "given_name": "A", "family_name": "B"}
    for slug in ("a", "-ab", "ab-", "Ab", "a b", "a_b", "é", "a" * 64, "../x"):
        world.operator.post("/organizations", {"name": "X", "slug": slug, "owner": owner}).refused(
            "invalid-request", 422
        )
    name = fresh("same").split("@")[0].replace(".", "")
    first = world.operator.post("/organizations", {"name": name, "owner": owner}).ok(201)["organization"]["slug"]
    second = world.operator.post("/organizations", {"name": name, "owner": owner}).ok(201)["organization"]["slug"]
    assert first != second, "a slug made from the name finds a free one"


def test_the_operator_sees_all_and_resets_passwords(world, acme, rival):
    slugs = {o["slug"] for o in world.operator.items("/organizations", limit=200)}
    assert {acme.slug, rival.slug} <= slugs
    shown = world.operator.get("/server/accounts", email=acme.owner.email.upper()).ok().json
    assert acme.owner.id in json.dumps(shown)
    url = world.operator.post("/server/accounts/reset-password", {"email": acme.owner.email}).ok(200)["url"]
    client = world.client()
    client.post("/password-resets/complete", {"token": token_of(url), "new_password": "handed over by hand"}).ok(204)
    client.sign_in(acme.owner.email, "handed over by hand")
    world.operator.post("/server/accounts/reset-password", {"email": fresh()}).refused("not-found", 404)


def test_the_operators_mails_name_the_organization_as_inviter(world, acme, inbox):
    email = fresh()
    acme.invite(email, by=world.operator)
    inv = acme.api.items(acme.path + "/invitations")[0]
    assert inv["invited_by"] == "operator"
    mail = inbox.last(email)
    assert "Acme" in mail.subject and "Olive" not in mail.text


def test_the_server_checks_itself(world, acme):
    acme.join()
    acme.invite(fresh())
    answer = world.operator.get("/server/check").ok(200).json
    assert not answer.get("findings"), answer


def test_a_key_file_gone_is_refused_on_existing_data(make_server):
    server = make_server()
    server.setup()
    server.stop()
    key = (server.data / "key").read_bytes()
    (server.data / "key").unlink()
    server.start(wait=False)
    assert server.process.wait(20) != 0
    server.process = None
    assert not (server.data / "key").exists()
    (server.data / "key").write_bytes(key)
    (server.data / "key").chmod(0o600)
    server.start()


def test_two_servers_never_share_a_folder(make_server):
    server = make_server()
    done = server.cli("serve", check=False)
    assert done.returncode == 1 and done.stderr.strip()
    assert server.client().send("GET", "/readyz").status == 200


def test_audit_rows_stand_beside_each_change(world, acme, inbox, enrol):
    email = fresh()
    inv = acme.invite(email)
    inbox.wait(email)
    acme.resend(inv).ok()
    acme.link(inv).ok()
    enrol(inbox.token_for(email, 2)).ok(201)
    raw = world.server.query("SELECT id FROM organization WHERE slug = ?", acme.slug)[0][0]
    rows = world.server.query(
        "SELECT action, actor_kind, request_id FROM audit_event WHERE organization_id = ? ORDER BY id", raw
    )
    actions = [r[0] for r in rows]
    assert actions == [
        "organization.created",
        "invitation.created",
        "invitation.resent",
        "invitation.link_copied",
        "addresses.looked_up",
        "invitation.accepted",
    ]
    assert all(r[2] for r in rows if r[1] in ("account", "invited"))
    details = world.server.query("SELECT before, after FROM audit_event WHERE organization_id = ?", raw)
    assert email not in str(details), "personal details stand apart"
