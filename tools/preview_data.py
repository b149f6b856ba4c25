"""Sample data for tools/preview.py: the context of every page and mail, as the console and the worker fill them."""

from preview_rows import (
    LONG_NAME,
    LONG_PERSON,
    check,
    date,
    invitation_rows,
    member_rows,
    options,
    results,
)

__all__ = ["ACTIONS", "check", "mail_context", "mails", "pages"]


def pages(lang, say):
    """Name of the picture: (template, context). `say(key, **values)` is a text of the catalogue."""
    other = "en" if lang == "fr" else "fr"
    base = {
        "lang": lang,
        "other_lang": other,
        "other_lang_name": {"fr": "Français", "en": "English"}[other],
        "lang_switch_url": f"/{lang}/sign_in",
        "min_length": 8,
        "error": {},
        "form": {},
    }
    inviter = {
        "organization_name": "Bar",
        "inviter_name": "Olive Martin",
        "email": "zoe.nguyen@exemple.fr",
        "role_text": say("role.member"),
        "expires_text": date(lang, 28, 11, True),
        "change_title": {"fr": "Une application d’authentification a été ajoutée", "en": "An authenticator app was added"}[lang],
        "change_text": {"fr": "Désormais, la connexion demande un code de cette application.", "en": "Signing in now asks for a code of this app."}[lang],
        "has_message": True,
        "message_lines": {
            "fr": ["Bonjour Zoé,", "voici de quoi nous rejoindre avant lundi."],
            "en": ["Hello Zoé,", "here is how to join us before Monday."],
        }[lang],
    }
    long_inviter = {
        **inviter,
        "organization_name": LONG_NAME,
        "inviter_name": " ".join(LONG_PERSON[:2]),
        "email": LONG_PERSON[2],
        "has_message": False,
    }
    me = {
        "given_name": "Olive",
        "family_name": "Martin",
        "full_name": "Olive Martin",
        "email": "olive@bar.exemple.fr",
        "initials": "OM",
    }
    organization = {"name": "Bar", "slug": "bar", "initial": "B"}
    public = {
        "invitation": inviter,
        "action_url": "/x",
        "decline_url": f"/{lang}/invite_decline",
        "organization_name": "Bar",
        "inviter_name": "Olive Martin",
        "email": "zoe.nguyen@exemple.fr",
        "next": "/i/x",
        "forgotten_url": "/password/forgotten",
        "sign_in_url": f"/{lang}/sign_in",
        "way_url": "/",
        "way_text": say("problem.way_home"),
        "request_id": "req_01jdm8f4w7e0m9t2",
        "me": me,
        "switch_url": "/x",
        "home_url": "/",
        "ask_again_url": "/x",
        "back_url": f"/{lang}/invite_enrol",
        "locale_options": options([("fr", "Français"), ("en", "English")], lang),
    }
    inside = {
        "organization": organization,
        "organization_name": "Bar",
        "me": me,
        "many_organizations": False,
        "organizations": [],
        "nav": [
            {"url": f"/{lang}/home", "text": say("nav.home"), "icon": "home"},
            {"url": f"/{lang}/users", "text": say("nav.users"), "icon": "users", "current": True},
            {"url": f"/{lang}/settings", "text": say("nav.settings"), "icon": "settings"},
        ],
        "may": {
            "invite": True,
            "remove": True,
            "revoke": True,
            "link": True,
            "create": True,
            "invite_administrator": True,
        },
        "back_url": f"/{lang}/users",
        "back_text": say("nav.back_members"),
        "action_url": "/x",
    }
    members = member_rows(lang, say)
    lists = {
        "tabs": {"members_current": True, "members_text": "128", "invitations_text": "12"},
        "has_members": True,
        "members": members,
        "clear_url": f"/{lang}/users",
        "retry_url": f"/{lang}/users",
        "list": {},
        "filter": {
            "q": "",
            "role_options": options(
                [
                    ("", say("role.any")),
                    ("owner", say("role.owner")),
                    ("administrator", say("role.administrator")),
                    ("member", say("role.member")),
                ],
                "",
            ),
            "state_options": options(
                [
                    ("", say("member_state.any")),
                    ("active", say("member_state.active")),
                    ("suspended", say("member_state.suspended")),
                ],
                "",
            ),
        },
        "sort": {
            "name_url": "?sort=-family_name",
            "name_dir": "ascending",
            "email_url": "?sort=email",
            "email_dir": "none",
            "role_url": "?sort=role",
            "role_dir": "none",
            "joined_url": "?sort=-joined_at",
            "joined_dir": "none",
            "value": "family_name",
        },
        "count_text": say("users.count", count=128),
        "page": {"is_paged": True, "first_url": "?", "next_url": "?cursor=x"},
    }
    invitation_lists = {
        **lists,
        "tabs": {"invitations_current": True, "members_text": "128", "invitations_text": "12"},
        "has_invitations": True,
        "can_pick": True,
        "invitations": invitation_rows(lang, say),
        "count_text": say("invitations.count", count=12),
        "page": {"is_paged": False},
        "filter": {
            "q": "",
            "state_options": options(
                [("", say("invitation_state.any"))]
                + [
                    (one, say("invitation_state." + one))
                    for one in ("pending", "accepted", "declined", "revoked", "expired")
                ],
                "",
            ),
        },
    }
    role_options = [
        {"value": one, "text": say("role." + one), "detail": say(f"role.{one}.detail"), "selected": one == "member"}
        for one in ("owner", "administrator", "member")
    ]
    form = {
        "addresses": "zoe.nguyen@exemple.fr\ntom@münchen.example",
        "role": "member",
        "locale": "",
        "message": "",
        "expires_in": "7d",
    }
    invite = {
        "form": form,
        "max_addresses": 1000,
        "message_max": 1000,
        "good": {"count": 3},
        "bad": {"count": 4},
        "back_text": say("nav.back_users"),
        "results": results(lang, say),
        "seats": {"text": say("seats.free", count=8, limit=50)},
        "role_options": role_options[1:],
        "role_text": say("role.member"),
        "expires_text": say("duration.days", count=7),
        "locale_text": say("invite.language_auto"),
        "locale_options": options([("", say("invite.language_auto")), ("fr", "Français"), ("en", "English")], ""),
        "expires_options": options([(f"{days}d", say("duration.days", count=days)) for days in (1, 3, 7, 30)], "7d"),
        "mail_subject": {
            "fr": "Olive Martin vous invite à rejoindre Bar",
            "en": "Olive Martin invites you to join Bar",
        }[lang],
        "mail_frame_url": f"/{lang}/mail_invitation",
        "may_send": True,
        "batch_url": f"/{lang}/batch",
        "users_url": f"/{lang}/invitations",
        "invite_url": f"/{lang}/invite_addresses",
    }
    batch = {
        "batch": {
            "created_at_text": date(lang, 18),
            "created_by_name": "Olive Martin",
            "count": 31,
            "total": 40,
            "others_text": say("batch.declined", count=2) + ", " + say("batch.revoked", count=1),
        },
        "waiting": {"count": 6, "resend_url": "/x", "links_url": "/x"},
        "invitations": invitation_rows(lang, say, 40),
        "back_text": say("nav.back_invitations"),
    }
    settings = {
        "form": {"name": "Bar"},
        "locale_options": options([("", say("settings.language_both")), ("fr", "Français"), ("en", "English")], "fr"),
        "existing_options": [
            {
                "value": one,
                "text": say("settings.existing." + one),
                "detail": say(f"settings.existing.{one}.detail"),
                "selected": one == "attach",
            }
            for one in ("attach", "refuse")
        ],
        "administrators_may_invite": True,
        "lifetime_options": invite["expires_options"],
        "reminder_options": options(
            [("", say("settings.reminder_none")), ("3d", say("settings.reminder_days", count=3))], "3d"
        ),
        "reminder_max_options": options(
            [("1", say("settings.reminder_times", count=1)), ("2", say("settings.reminder_times", count=2))], "1"
        ),
        "seats": invite["seats"],
        "notice": {"text": say("notice.settings_saved"), "is_success": True},
    }
    mine = {
        "security": {"has_totp": True, "has_factor": True, "is_short": True, "codes_text": say("security.codes_left", count=2), "totp_url": "/me/totp/remove", "codes_url": "/me/recovery-codes"},
        "is_me_page": True,
        "is_change": True,
        "form": {"given_name": "Olive", "family_name": "Martin"},
        "locale_options": options([("fr", "Français"), ("en", "English")], lang),
        "sessions": [
            {
                "device_text": say("me.session_device", browser="Firefox", system="Linux"),
                "source": "203.0.113.7",
                "seen_text": say("me.session_seen", when=say("date.just_now")),
                "is_current": True,
            },
            {
                "device_text": say("me.session_device", browser="Safari", system="iOS"),
                "source": "2001:db8:85a3::8a2e:370:7334",
                "seen_text": say("me.session_seen", when=say("date.hours_ago", count=3)),
                "end_url": "/x",
            },
        ],
        "has_memberships": True,
        "memberships": [
            {"name": "Bar", "url": "/o/bar", "role_text": say("role.owner"), "initial": "B"},
            {"name": LONG_NAME, "url": "/o/asso", "role_text": say("role.member"), "initial": "A"},
        ],
    }
    home = {
        "membership": {
            "role_text": say("role.member"),
            "joined_at": "2026-10-07",
            "joined_at_text": date(lang, 7, 10),
            "invited_by_name": "Olive Martin",
        },
        "leave_url": f"/{lang}/leave",
        "contacts": [{**one, "role_text": one["role_text"]} for one in members[:2]],
    }
    person = {
        **members[2],
        "is_unproved": True,
        "pending_text": say("member.pending_count", count=3),
        "invited_by_name": "Olive Martin",
    }
    wrong = {"fr": "Cette adresse n’est pas valable.", "en": "This is not an e-mail address."}[lang]
    seen = {
        "setup": ("setup", {**public, "form": {"organization": "", "email": "olive@"}, "error": {"email": wrong}}),
        "sign_in": ("sign_in", public),
        "sign_in_failed": (
            "sign_in",
            {**public, "form": {"email": "olive@bar.exemple.fr"}, "problem_text": say("problem.sign-in-failed.detail")},
        ),
        "password_forgotten": ("password_forgotten", public),
        "password_sent": ("password_sent", public),
        "password_reset": ("password_reset", {**public, "is_change": True}),
        "own_password": ("own_password", public),
        "own_password_ended": ("own_password", {**public, "ended_title": say("problem.invitation-expired.title"), "ended_text": say("problem.invitation-expired.detail")}),
        "email_confirm": ("email_confirm", {**public, "email": "zoe@nouveau.exemple.fr", "current_email": "zoe@ancien.exemple.fr"}),
        "email_undo": ("email_undo", {**public, "email": "zoe@ancien.exemple.fr", "current_email": "zoe@nouveau.exemple.fr"}),
        "invite_enrol": ("invite_enrol", {**public, "form": {"given_name": "Zoé", "family_name": "Nguyễn"}}),
        "invite_enrol_typed": ("invite_enrol", {**public, "form": {"given_name": "Zoé", "family_name": "Nguyễn"}}),
        "invite_enrol_long": (
            "invite_enrol",
            {**public, "invitation": long_inviter, "error": {"password": say("problem.password-too-weak.detail")}},
        ),
        "invite_accept": ("invite_accept", public),
        "invite_sign_in": ("invite_sign_in", public),
        "invite_switch": ("invite_switch", public),
        "invite_decline": ("invite_decline", public),
        "invite_declined_done": ("invite_declined_done", public),
        "asked_again": ("asked_again", public),
        "invite_mailed": ("invite_mailed", public),
        "join": ("join", public),
        "problem": (
            "problem",
            {**public, "title": say("problem.unavailable.title"), "detail": say("problem.unavailable.detail")},
        ),
        "not_found": ("not_found", public),
        "home": ("home", {**inside, **home}),
        "home_unproved": (
            "home",
            {
                **inside,
                **home,
                "may": {},
                "me": {**me, "is_unproved": True},
                "organization": {"name": LONG_NAME, "slug": "asso", "initial": "A"},
                "many_organizations": True,
                "nav": inside["nav"][:1],
                "organizations": [
                    {"name": "Bar", "url": "/o/bar", "initial": "B"},
                    {"name": LONG_NAME, "url": "/o/asso", "initial": "A", "current": True},
                ],
            },
        ),
        "users": ("users", {**inside, **lists}),
        "users_menu": ("users", {**inside, **lists}),
        "users_panel": ("users", {**inside, **lists}),
        "users_ask": ("users", {**inside, **lists}),
        "users_picked": ("users", {**inside, **lists, "recommend_second_administrator": True}),
        "users_none_match": (
            "users",
            {**inside, **lists, "has_members": False, "is_filtered": True, "filter": {**lists["filter"], "q": "xyzzy"}},
        ),
        "users_failed": ("users", {**inside, **lists, "has_members": False, "list": {"is_failed": True}}),
        "invitations": (
            "invitations",
            {
                **inside,
                **invitation_lists,
                "mail_kept": False,
                "notice": {"text": say("notice.invitation_resent"), "is_success": True},
            },
        ),
        "invitations_none": (
            "invitations",
            {**inside, **invitation_lists, "has_invitations": False, "mail_kept": True},
        ),
        "member": (
            "member",
            {
                **inside,
                "member": person,
                "has_actions": True,
                "change_role_url": f"/{lang}/member_role",
                "transfer_url": f"/{lang}/transfer",
                "remove_url": f"/{lang}/member_remove",
            },
        ),
        "member_role": ("member_role", {**inside, "member": members[3], "role_options": role_options}),
        "member_remove": (
            "member_remove",
            {
                **inside,
                "members": members[2:4],
                "count": 2,
                "is_several": True,
                "goes": [say("removal.membership", organization_name="Bar"), say("removal.keys")],
                "has_pending": True,
                "pending_text": say("member.pending_count", count=3),
            },
        ),
        "transfer": ("transfer", {**inside, "members": members[1:2], "member": members[1]}),
        "leave": ("leave", {**inside, "back_text": say("nav.back_home")}),
        "leave_last": (
            "leave",
            {**inside, "is_last_owner": True, "users_url": f"/{lang}/users", "back_text": say("nav.back_home")},
        ),
        "invitation_revoke": ("invitation_revoke", {**inside, "invitation": {"email": LONG_PERSON[2]}}),
        "invitation_resend": (
            "invitation_resend",
            {**inside, "invitation": {"email": "zoe@exemple.fr", "expires_text": date(lang, 28)}},
        ),
        "invitation_correct": (
            "invitation_correct",
            {**inside, "invitation": {"email": "bastien@exmple.fr"}, "form": {"email": "bastien@exmple.fr"}},
        ),
        "invitation_link": (
            "invitation_link",
            {
                **inside,
                "invitation": {"email": "zoe@exemple.fr", "expires_text": date(lang, 28, 11, True)},
                "link": "https://parvis.exemple.fr/i/01jdm8f4w7e0m9t2xk5q3v8y1b.Zt9wq2Lr8uXcVbNmAsDfGh",
                "code": "4XK7Q M2T9W",
                "join_url_text": "parvis.exemple.fr/join",
                "code_expires_text": date(lang, 22, 11, True),
            },
        ),
        "invite_addresses": (
            "invite_addresses",
            {
                **inside,
                **invite,
                "step": {"addresses_current": True},
                "form": {},
                "has_results": False,
                "seats": invite["seats"],
            },
        ),
        "invite_addresses_typed": (
            "invite_addresses",
            {**inside, **invite, "step": {"addresses_current": True}, "form": {}, "has_results": False},
        ),
        "invite_addresses_checked": (
            "invite_addresses",
            {**inside, **invite, "step": {"addresses_current": True}, "has_results": True, "can_go_on": True},
        ),
        "invite_options": ("invite_options", {**inside, **invite, "step": {"options_current": True}}),
        "invite_preview": ("invite_preview", {**inside, **invite, "step": {"preview_current": True}}),
        "invite_preview_short": (
            "invite_preview",
            {
                **inside,
                **invite,
                "step": {"preview_current": True},
                "is_short": True,
                "good": {"count": 40},
                "fit": {"count": 8},
                "seats": {"text": say("seats.short", count=32), "is_short": True},
            },
        ),
        "invite_sent": ("invite_sent", {**inside, **invite, "results": invite["results"][3:]}),
        "invite_sent_none": (
            "invite_sent",
            {
                **inside,
                **invite,
                "good": None,
                "batch_url": None,
                "is_none_sent": True,
                "results": invite["results"][3:],
            },
        ),
        "batch": ("batch", {**inside, **batch}),
        "settings": ("settings", {**inside, **settings}),
        "me": ("me", {**inside, **mine}),
        "sign_in_factor": ("sign_in_factor", {**public, "has_totp": True, "has_recovery_codes": True}),
        "totp": ("totp", {**inside, "back_text": say("me.title"), "is_demanded": True, "is_change": True, "needs_password": True}),
        "totp_confirm": ("totp_confirm", {**inside, "back_text": say("me.title"), "secret": "3UKW 2QUA TNL7 Q4WA JLGL UKTO NH4I LOFG",
                                          "qr": {"size": 29, "path": "M4 4h7v7h-7zM18 4h7v7h-7zM4 18h7v7h-7zM14 14h3v3h-3z"}}),
        "totp_wrong": ("totp_confirm", {**inside, "back_text": say("me.title"), "error": {"code": say("field.wrong-code")}, "again_url": "/me/totp"}),
        "totp_remove": ("totp_remove", {**inside, "back_text": say("me.title"), "is_last": True}),
        "recovery_codes": ("recovery_codes", {**inside, "back_text": say("me.title"), "security": {"codes_text": say("security.codes_left", count=2)}}),
        "recovery_codes_shown": ("recovery_codes_shown", {**inside, "codes": [{"code": f"4XK7Q-M2T9{digit}"} for digit in "0123456789"]}),
        "me_unproved": (
            "me",
            {
                **inside,
                **mine,
                "me": {**me, "is_unproved": True, "proof_sent": True},
                "has_memberships": False,
                "memberships": [],
                "password_problem_text": say("problem.sign-in-failed.detail"),
                "organization": None,
            },
        ),
    }
    for state in ("expired", "revoked", "declined", "replaced", "accepted", "refused", "invalid"):
        seen["closed_" + state] = ("invite_closed", {**public, "is_" + state: True})
    return {
        name: (template, {**base, "page_title": say("title." + template), **context})
        for name, (template, context) in seen.items()
    }


# What is done on a page before its picture is taken.
ACTIONS = {
    "users_menu": ["document.querySelectorAll('.row-menu')[1].open = true"],
    "users_panel": ["document.querySelectorAll('a[data-open=panel]')[2].click()"],
    "users_ask": ["document.querySelector('a.danger[data-open]').click()"],
    "users_picked": ["document.querySelectorAll('.pick')[0].click(); document.querySelectorAll('.pick')[2].click()"],
    "invite_enrol_typed": [
        "const f = document.querySelector('#new-password'); f.value = 'un parvis sous la pluie';"
        "f.dispatchEvent(new Event('input')); document.querySelector('.show').click()"
    ],
    "invite_addresses_typed": [
        "const d = new DataTransfer(); d.setData('text', 'Zoé Nguyễn <zoe@exemple.fr>; tom@münchen.example\\nhugo chez exemple, "
        "marie-antoinette.josephine.de-la-rochefoucauld@administration.centrale.exemple.fr');"
        "document.querySelector('#chip-input').dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: d, cancelable: true}))"
    ],
}


def mails(lang):
    """Name of the page: (kind of mail, languages of the mail)."""
    kinds = {
        "mail_" + kind: (kind, [lang])
        for kind in ("invitation", "temporary_password", "password_reset", "password_changed", "address_proof", "ask_again", "invitation_go_on", "signup_code", "signup_known",
                     "email_change", "email_taken", "email_changed", "account_closed", "factor_changed")
    }
    return {
        **kinds,
        "mail_reminder_existing": ("invitation", [lang]),
        "mail_invitation_both": ("invitation", ["fr", "en"]),
        "mail_invitation_long": ("invitation", [lang]),
    }


def mail_context(name, lang):
    context = {
        "lang": lang,
        "organization_name": "Bar",
        "inviter_name": "Olive Martin",
        "role_text": {"fr": "Membre", "en": "Member"}[lang],
        "email": "zoe.nguyen@exemple.fr",
        "given_name": "Zoé",
        "accept_url": "https://parvis.exemple.fr/i/01jdm8f4w7e0m9t2xk5q3v8y1b.Zt9wq2Lr8uXcVbNmAsDfGh",
        "code": "4XK7Q M2T9W",
        "join_url": "https://parvis.exemple.fr/join",
        "code_expires_text": date(lang, 22, 11, True),
        "expires_text": date(lang, 28, 11, True),
        "server_url": "https://parvis.exemple.fr",
        "server_text": "parvis.exemple.fr",
        "reset_url": "https://parvis.exemple.fr/password/reset/Zt9wq2Lr8uXcVbNmAsDfGh",
        "forgotten_url": "https://parvis.exemple.fr/password/forgotten",
        "when_text": date(lang, 21, 11, True),
        "asker_email": "zoe.nguyen@exemple.fr",
        "account_email": "zoe@nouveau.exemple.fr" if name == "mail_email_changed" else "zoe@ancien.exemple.fr",
        "confirm_url": "https://parvis.exemple.fr/email/confirm/Zt9wq2Lr8uXcVbNmAsDfGh",
        "undo_url": "https://parvis.exemple.fr/email/undo/Zt9wq2Lr8uXcVbNmAsDfGh",
        "invitations_url": "https://parvis.exemple.fr/o/bar/users/invitations",
        "has_message": True,
        "message_lines": {
            "fr": ["Bonjour Zoé,", "voici de quoi nous rejoindre avant lundi."],
            "en": ["Hello Zoé,", "here is how to join us before Monday."],
        }[lang],
    }
    if name == "mail_reminder_existing":
        context.update(is_reminder=True, is_existing_account=True, has_message=False)
    if name == "mail_invitation_long":
        context.update(organization_name=LONG_NAME, inviter_name=" ".join(LONG_PERSON[:2]), email=LONG_PERSON[2])
    return context
