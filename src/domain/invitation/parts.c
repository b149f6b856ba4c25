/* What inviting, resending and reminding share. */
#include "domain/invitation/parts.h"

#include "domain/mail/mail.h"
#include "domain/shared/actor.h"
#include "domain/shared/secret.h"
#include "domain/shared/throttle.h"
#include "queries.h"

str invitation_effective(str state, msec expires_at, msec now)
{
    return invitation_state_is(state, INVITATION_PENDING) && expires_at <= now
               ? invitation_state_text(INVITATION_EXPIRED)
               : state;
}

str invitation_code_hash(txn *t, uuid invitation_id, str code)
{
    token_digest d =
        token_mac(t->env->key, KEY_CODE, arena_join(t->a, ((str){(const char *)invitation_id.b, 16}), code));
    return arena_str(t->a, token_digest_str(&d));
}

err invitation_find_account(txn *t, invitation_send *s)
{
    q_account_by_key_row account;
    err e = q_account_by_key(t, &account, s->email_key);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    if (account.email_proved_at) {
        s->account_email = account.email;
        s->account_locale = account.locale;
    }
    return OK;
}

static void make_link(txn *t, invitation_send *s, mail_order *order)
{
    char code[CODE_LENGTH + 1];
    secret_new(t->a, s->organization_id, s->invitation_id, &order->token, &s->secret_hash);
    order->code = arena_str(t->a, code_make(code));
    s->code_hash = invitation_code_hash(t, s->invitation_id, order->code);
    s->code_expires_at = t->now + INVITATION_CODE_LIFETIME;
}

err invitation_mail(txn *t, invitation_send *s)
{
    /* The account's language, else the invitation's, else the organization's; none of them: both languages. */
    mail_order order = {.kind = s->kind,
                        .organization_id = s->organization_id,
                        .invitation_id = s->invitation_id,
                        .recipient = s->account_email.p ? s->account_email : s->email,
                        .locale = s->account_locale.p ? s->account_locale
                                  : s->locale.p       ? s->locale
                                                      : s->organization_locale,
                        .asked_from = s->asked_from};
    if (!s->password.p || s->made_up)
        make_link(t, s, &order);
    else if (password_delivery_is(s->password_delivery, PASSWORD_DELIVERY_SEND))
        order.code = s->password;
    return mail_queue(t, &order, &s->mail_id);
}

msec invitation_next_reminder(msec now, msec after, int64_t most, int64_t reminded, msec expires_at)
{
    return after && reminded < most && now + after < expires_at ? now + after : 0;
}

msec invitation_expiry(msec now, msec lifetime, msec access_ends_at)
{
    return access_ends_at && access_ends_at < now + lifetime ? access_ends_at : now + lifetime;
}

err invitation_role_allowed(const actor *by, str role)
{
    if (role_is(role, ROLE_MEMBER))
        return OK;
    return role_is(role, ROLE_ADMINISTRATOR) && (by->may & PERM_ADMINISTRATORS_INVITE) ? OK : ERR_FORBIDDEN;
}

err invitation_rate(txn *t, uuid organization_id, int64_t want, int64_t *taken)
{
    str who = {(const char *)organization_id.b, sizeof organization_id.b};
    const rate_rule hour = RATE_INVITE_HOUR(t->env->settings);
    const rate_rule day = RATE_INVITE_DAY(t->env->settings);
    TRY(rate_take(t, &hour, who, want, taken));
    return rate_take(t, &day, who, *taken, taken);
}

err invitation_retire_secrets(txn *t, uuid organization_id, const q_invitation_for_change_row *inv)
{
    const str hashes[] = {inv->secret_hash, inv->link_hash};
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (hashes[i].p)
            TRY(q_invitation_old_secret_insert(t, .organization_id = organization_id, .invitation_id = inv->id,
                                               .secret_hash = hashes[i], .is_live = false));
    return q_invitation_old_secrets_kill(t, .organization_id = organization_id, .invitation_id = inv->id);
}

err invitation_state_error(str state)
{
    static const err refusals[INVITATION_COUNT] = {
        [INVITATION_PENDING] = OK,
        [INVITATION_ACCEPTED] = ERR_INVITATION_ALREADY_ACCEPTED,
        [INVITATION_DECLINED] = ERR_INVITATION_DECLINED,
        [INVITATION_REVOKED] = ERR_INVITATION_REVOKED,
        [INVITATION_EXPIRED] = ERR_INVITATION_EXPIRED,
        [INVITATION_REPLACED] = ERR_INVITATION_REPLACED,
    };
    invitation_state is;
    return invitation_state_of(state, &is) ? refusals[is] : ERR_INTERNAL;
}
