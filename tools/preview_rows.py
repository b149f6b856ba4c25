"""The rows of preview_data: people, invitations, what the console says of addresses; ordinary and awkward ones."""

LONG_NAME = "Association des anciennes élèves du conservatoire de Saint-Étienne-du-Bois"
LONG_PERSON = (
    "Marie-Antoinette-Joséphine",
    "de la Rochefoucauld-Montbéliard-Saint-Amand",
    "marie-antoinette.josephine.de-la-rochefoucauld@administration.centrale.exemple.fr",
)
REPLY = (
    "452 4.2.2 The email account that you tried to reach is over quota and inactive. Please direct the recipient to "
    "https://support.example.net/mail/?p=OverQuotaTemp d9443c01a7336-1fa0c3f1d2bsi1234567.89 - gsmtp, try again later"
)
PEOPLE = [
    ("Olive", "Martin", "olive@bar.exemple.fr", "owner"),
    ("Bastien", "Le Goff", "bastien.legoff@bar.exemple.fr", "administrator"),
    (*LONG_PERSON, "member"),
    ("Zoé", "Nguyễn", "zoe.nguyen@bar.exemple.fr", "member"),
    ("Tom", "Ó Briain", "tom@münchen.example", "member"),
    ("Aïcha", "Benali", "aicha.benali@bar.exemple.fr", "member"),
    ("Łukasz", "Wiśniewski", "lukasz@bar.exemple.fr", "member"),
    ("Anne", "Roy", "a@b.fr", "member"),
]


def initials(given, family):
    return given[0] + family[0]


def date(lang, day, month=11, time=None):
    name = {"fr": ["septembre", "octobre", "novembre"], "en": ["September", "October", "November"]}[lang][month - 9]
    hour = {"fr": "à 14 h 05", "en": "14:05"}[lang]
    return f"{day} {name} 2026" + ((" " if lang == "fr" else ", ") + hour if time else "")


def options(rows, chosen):
    return [{"value": value, "text": text, "selected": value == chosen} for value, text in rows]


def member_rows(lang, say):
    rows = []
    for at, (given, family, email, role) in enumerate(PEOPLE):
        url = f"/{lang}/member"
        rows.append(
            {
                "id": f"mbr_01jdm8{at:02d}",
                "url": url,
                "full_name": f"{given} {family}",
                "email": email,
                "initials": initials(given, family),
                "role_text": say("role." + role),
                "is_admin": role != "member",
                "state_text": say("member_state." + ("suspended" if at == 5 else "active")),
                "is_suspended": at == 5,
                "joined_at": "2026-10-07T08:12:00.000Z",
                "joined_at_text": date(lang, 7 + at, 10),
                "is_me": at == 0,
                "can_select": at != 0,
                "has_menu": at != 0,
                "change_role_url": f"/{lang}/member_role",
                "transfer_url": f"/{lang}/transfer",
                "remove_url": f"/{lang}/member_remove",
            }
        )
    return rows


def invitation_rows(lang, say, count=None):
    kinds = [
        ("pending", "sent", None),
        ("pending", "deferred", REPLY),
        ("pending", "failed", "550 5.1.1 <bastien@exmple.fr>: Recipient address rejected: User unknown"),
        ("accepted", "sent", None),
        ("expired", "sent", None),
        ("declined", "sent", None),
        ("revoked", "queued", None),
        ("pending", "kept", None),
        ("pending", None, None),
    ]
    addresses = [
        "zoe@exemple.fr",
        LONG_PERSON[2],
        "bastien@exmple.fr",
        "tom@münchen.example",
        "anne.roy@exemple.fr",
        "hugo@exemple.fr",
        "ines@exemple.fr",
        "noé@exemple.fr",
        "a@b.fr",
    ]
    rows = []
    for at in range(count or len(kinds)):
        state, delivery, reply = kinds[at % len(kinds)]
        is_open = state in ("pending", "expired")
        row = {
            "id": f"inv_01jdm8{at:02d}",
            "email": addresses[at] if at < len(addresses) else f"personne.{at}@exemple.fr",
            "full_name": "Zoé Nguyễn" if at == 0 else None,
            "role_text": say("role.administrator" if at == 1 else "role.member"),
            "state_text": say("invitation_state." + state),
            "is_" + state: True,
            "invited_by_name": "Marie-Antoinette-Joséphine de la Rochefoucauld-Montbéliard-Saint-Amand"
            if at == 1
            else "Olive Martin",
            "created_at": "2026-11-18T08:12:00.000Z",
            "created_at_text": date(lang, 18),
            "expires_text": say(
                "invitations.expires_on" if state == "pending" else "invitations.expired_on", date=date(lang, 28)
            )
            if is_open
            else None,
            "can_select": is_open,
            "has_menu": is_open,
            "resend_url": "/x" if is_open else None,
            "link_url": "/x" if state == "pending" else None,
            "revoke_url": f"/{lang}/invitation_revoke" if is_open else None,
            "correct_url": f"/{lang}/invitation_correct" if is_open else None,
            "batch_url": f"/{lang}/batch",
        }
        if delivery:
            row["delivery"] = {
                "text": say("delivery." + delivery),
                "at_text": date(lang, 18, 11, True),
                "reply": reply,
                "is_" + delivery: True,
                "sent_text": say("delivery.sent_count", count=2) if at in (1, 4) else None,
            }
        rows.append(row)
    return rows


def results(lang, say):
    def row(shown, outcome, kind, detail=None, **more):
        return {
            "shown": shown,
            "email": shown,
            "outcome": outcome,
            "kind": kind,
            "is_good": kind == "good",
            "is_warning": kind == "warn",
            "is_bad": kind == "bad",
            "label": say("outcome." + outcome),
            "detail": detail,
            "action_url": None,
            **more,
        }

    not_one = {"fr": "Il manque le signe @ et le domaine.", "en": "The @ sign and the domain are missing."}[lang]
    return [
        row("zoe.nguyen@exemple.fr", "new-person", "good", full_name="Zoé Nguyễn"),
        row("tom@münchen.example", "existing-account", "good", say("outcome.existing-account.detail")),
        row(LONG_PERSON[2], "new-person", "good"),
        row(
            "bastien.legoff@bar.exemple.fr",
            "already-member",
            "warn",
            action_url="/x",
            action_text=say("outcome.change_role"),
        ),
        row("ines@exemple.fr", "already-invited", "warn", action_url="/x", action_text=say("outcome.resend")),
        row("hugo chez exemple", "invalid-address", "bad", not_one),
        row("anne@exemple.fr", "account-already-active", "bad", say("outcome.account-already-active.detail")),
    ]


def check(lang, text):
    """What the console answers to app.js."""
    found = []
    for line in text.splitlines():
        good = "@" in line and "." in line.rsplit("@", 1)[1]
        found.append(
            {
                "raw": line,
                "email": line,
                "given_name": "",
                "family_name": "",
                "outcome": "new-person" if good else "invalid-address",
                "kind": "good" if good else "bad",
                "label": {"fr": "Nouvelle personne", "en": "New person"}[lang]
                if good
                else {"fr": "Adresse non valable", "en": "Not an address"}[lang],
                "detail": ""
                if good
                else {"fr": "Il manque le signe @ et le domaine.", "en": "The @ sign and the domain are missing."}[
                    lang
                ],
            }
        )
    return {"results": found, "seats": {"text": {"fr": "8 places libres sur 50.", "en": "8 seats free of 50."}[lang]}}
