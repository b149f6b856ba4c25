/*
 * Everything starts at the secret: what is right about it (mailed or copied, live or replaced, telling or not) is found
 * once, and every answer follows from that.
 */
#include "domain/lifecycle/door.h"

#include "domain/invitation/disclosure.h"
#include "domain/invitation/parts.h"
#include "domain/member/member.h"
#include "domain/organization/organization.h"
#include "domain/shared/secret.h"
#include "domain/shared/session.h"
#include "domain/shared/throttle.h"
#include "ports/address.h"

static err read_door(txn *t, uuid organization_id, uuid id, opened *o)
{
    err e = q_invitation_door(t, &o->inv, .organization_id = organization_id, .id = id);
    return e == ERR_NOT_FOUND ? ERR_INVITATION_INVALID : e;
}

/* Which of its links this is: the mailed one, the copied one, an earlier one. */
static err match_secret(txn *t, str hash, opened *o)
{
    q_invitation_old_secret_row old;
    o->secret_hash = hash;
    if (token_equal(o->inv.secret_hash, hash)) {
        o->mailed = true;
        return OK;
    }
    if (token_equal(o->inv.link_hash, hash))
        return OK;
    err e = q_invitation_old_secret(t, &old, .organization_id = o->inv.organization_id, .invitation_id = o->inv.id,
                                    .secret_hash = hash);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_INVITATION_INVALID : e;
    o->mailed = old.is_live; /* only reminders leave an earlier link live, and they are mailed */
    o->replaced = !old.is_live;
    return OK;
}

static err open_by_token(txn *t, str token, opened *o)
{
    secret s;
    if (!secret_open(t->a, token, true, &s))
        return ERR_INVITATION_INVALID;
    TRY(read_door(t, s.first, s.second, o));
    return match_secret(t, s.hash, o);
}

/* Every invitation of the address is tried, pending ones first; a code is bound to its invitation. */
static err find_code(txn *t, str email_key, str code, opened *o)
{
    q_invitation_codes_rows rows;
    for (size_t which = 0; which < Q_INVITATION_CODES_WHICH_COUNT; which++) {
        TRY(q_invitation_codes(t, which, &rows, .email_key = email_key));
        for (size_t i = 0; i < rows.n; i++) {
            const q_invitation_codes_row *r = &rows.p[i];
            str hash = invitation_code_hash(t, r->id, code);
            bool mailed = token_equal(r->code_hash, hash) && r->code_at > t->now;
            bool copied = token_equal(r->link_code_hash, hash) && r->link_code_at > t->now;
            if (mailed || copied) {
                o->mailed = mailed;
                o->secret_hash = hash;
                return read_door(t, r->organization_id, r->id, o);
            }
        }
    }
    return ERR_INVITATION_INVALID;
}

static err open_by_code(txn *t, const actor *who, str email, str typed, opened *o)
{
    address where;
    char code[CODE_LENGTH + 1];
    str subject = address_parse(t->a, email, &where) ? where.key : email;
    const throttle_of tries = {THROTTLE_CODE, subject, who->source};
    TRY(throttle_check(t, &tries));
    err e = code_normalise(typed, code) ? find_code(t, subject, str_of(code), o) : ERR_INVITATION_INVALID;
    if (e == ERR_INVITATION_INVALID && t->writes) {
        TRY(throttle_failed(t, &tries));
        txn_keep(t);
    }
    return e;
}

/* A proved address is what a mailed link would prove. */
static err open_own(txn *t, const invitation_key *key, opened *o)
{
    o->mailed = true;
    o->secret_hash = S("");
    return read_door(t, key->organization_id, key->invitation_id, o);
}

static bool is_own(const invitation_key *key)
{
    return !uuid_none(key->invitation_id);
}

err door_open(txn *t, const actor *who, const invitation_key *key, opened *o)
{
    *o = (opened){0};
    if (is_own(key))
        TRY(open_own(t, key, o));
    else if (key->token.p)
        TRY(open_by_token(t, key->token, o));
    else if (key->email.p && key->code.p)
        TRY(open_by_code(t, who, key->email, key->code, o));
    else
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/token"), S("required"), 0);
    o->tells = o->mailed || (o->inv.is_link_telling && !accounts_hidden(t->env));
    err e = q_account_by_key(t, &o->account, o->inv.email_key);
    o->has_account = e == OK;
    if (is_own(key) && (!door_is_holders(who, o) || !o->account.email_proved_at))
        return e == OK || e == ERR_NOT_FOUND ? ERR_NOT_FOUND : e;
    return e == ERR_NOT_FOUND ? OK : e;
}

str door_state(const opened *o, msec now)
{
    str state = invitation_effective(o->inv.state, o->inv.expires_at, now);
    bool live = invitation_state_is(state, INVITATION_PENDING) || invitation_state_is(state, INVITATION_EXPIRED);
    return o->replaced && live ? invitation_state_text(INVITATION_REPLACED) : state;
}

bool door_gives_way(const opened *o)
{
    bool waits = !uuid_none(o->account.temporary_invitation_id);
    return o->has_account && o->account.email_proved_at == 0 && (o->mailed || waits);
}

bool door_is_holders(const actor *who, const opened *o)
{
    return who->kind == ACTOR_ACCOUNT && o->has_account && uuid_eq(who->account_id, o->account.id);
}

str door_next(const actor *who, const opened *o)
{
    bool holder = door_is_holders(who, o);
    if (who->kind == ACTOR_ACCOUNT && !holder)
        return S("switch_account");
    if (!o->has_account || door_gives_way(o))
        return S("enrol");
    return holder ? S("accept") : o->tells ? S("sign_in") : S("enrol");
}

bool door_is_accepters(const actor *who, const opened *o)
{
    return invitation_state_is(o->inv.state, INVITATION_ACCEPTED) && who->kind == ACTOR_ACCOUNT &&
           uuid_eq(who->account_id, o->inv.accepted_by_id);
}

err door_place(txn *t, const opened *o, uuid account_id, uuid *membership_id)
{
    q_member_of_account_row m;
    TRY(q_member_of_account(t, &m, .organization_id = o->inv.organization_id, .account_id = account_id));
    *membership_id = m.id;
    return membership_is_active(m.state, m.access_ends_at, t->now) ? OK : ERR_NOT_FOUND;
}

/* The inviter's name; none when the operator, and so the organization itself, invites. */
static err add_inviter(txn *t, uuid account_id, invitation_door *out)
{
    q_account_by_id_row inviter;
    if (uuid_none(account_id))
        return OK;
    err e = q_account_by_id(t, &inviter, account_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    out->inviter_given_name = inviter.given_name;
    out->inviter_family_name = inviter.family_name;
    return OK;
}

err door_whom_to_ask(txn *t, const opened *o, account_view *out)
{
    q_member_of_account_row member;
    account_view *contacts;
    size_t n;
    uuid inviter = o->inv.invited_by_id;
    if (!uuid_none(inviter)) {
        err e = q_member_of_account(t, &member, .organization_id = o->inv.organization_id, .account_id = inviter);
        if (e == OK && !role_is(member.role, ROLE_MEMBER) &&
            membership_is_active(member.state, member.access_ends_at, t->now))
            return account_get(t, inviter, out);
        if (e != OK && e != ERR_NOT_FOUND)
            return e;
    }
    TRY(organization_contacts(t, o->inv.organization_id, 1, &contacts, &n));
    return n ? account_get(t, contacts[0].id, out) : ERR_NOT_FOUND;
}

bool door_may_be_asked(str state, bool *mails)
{
    *mails = invitation_state_is(state, INVITATION_EXPIRED) || invitation_state_is(state, INVITATION_REPLACED);
    return *mails || invitation_state_is(state, INVITATION_DECLINED) || invitation_state_is(state, INVITATION_REVOKED);
}

/* What a page says of one that is over: whom to ask, and whether that was done. */
static err add_asking(txn *t, const opened *o, invitation_door *out)
{
    account_view whom;
    bool mails;
    out->is_over = door_may_be_asked(out->state, &mails);
    if (!out->is_over)
        return OK;
    out->asked_at = o->inv.asked_at;
    err e = door_whom_to_ask(t, o, &whom);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    out->has_whom = true;
    out->whom_given_name = whom.given_name;
    out->whom_family_name = whom.family_name;
    if (o->inv.asked_count >= ASKS_MAX)
        return OK;
    return rate_room(t, &RATE_ASK_AGAIN, (str){(const char *)o->inv.id.b, sizeof o->inv.id.b}, &out->may_ask);
}

static err describe(txn *t, const opened *o, invitation_door *out)
{
    *out = (invitation_door){
        .organization_id = o->inv.organization_id,
        .invitation_id = o->inv.id,
        .account_id = door_gives_way(o) ? o->account.id : UUID_NONE,
        .organization_name = o->inv.organization_name,
        .organization_slug = o->inv.slug,
        .email = o->inv.email,
        .role = o->inv.role,
        .locale = o->inv.locale,
        .message = o->inv.message,
        .time_zone = o->inv.time_zone,
        .given_name = o->inv.given_name,
        .family_name = o->inv.family_name,
        .state = door_state(o, t->now),
        .expires_at = o->inv.expires_at,
        .mailed = o->mailed,
        .tells = o->tells,
        .email_key = o->inv.email_key,
        .secret_hash = o->secret_hash,
    };
    TRY(add_asking(t, o, out));
    return add_inviter(t, o->inv.invited_by_id, out);
}

err invitation_lookup(txn *t, const actor *who, const invitation_key *key, invitation_door *out)
{
    opened o;
    TRY(door_open(t, who, key, &o));
    TRY(describe(t, &o, out));
    out->next = invitation_state_error(out->state) == OK ? door_next(who, &o) : S("none");
    uuid membership_id;
    err in = door_is_accepters(who, &o) ? door_place(t, &o, who->account_id, &membership_id) : ERR_NOT_FOUND;
    out->is_in = in == OK;
    return in == ERR_NOT_FOUND ? OK : in;
}

err invitation_behind_password(txn *t, const actor *who, invitation_door *out)
{
    opened o = {0};
    q_account_by_id_row a;
    TRY(q_account_by_id(t, &a, who->account_id));
    if (uuid_none(a.temporary_invitation_id))
        return ERR_UNAUTHENTICATED;
    TRY(read_door(t, a.confined_to_id, a.temporary_invitation_id, &o));
    TRY(describe(t, &o, out));
    out->next = S("none");
    return OK;
}

err door_asking_link(txn *t, uuid account_id, str *token)
{
    str hash;
    q_account_by_id_row a;
    TRY(q_account_by_id(t, &a, account_id));
    if (uuid_none(a.temporary_invitation_id))
        return ERR_NOT_FOUND;
    str id = {(const char *)a.temporary_invitation_id.b, sizeof a.temporary_invitation_id.b};
    token_digest d = token_mac(t->env->key, KEY_ASKING, id);
    _Static_assert(sizeof d >= SECRET_BYTES, "a digest is longer than what is random in a secret");
    secret_of(t->a, a.confined_to_id, a.temporary_invitation_id, (const uint8_t *)token_digest_str(&d).p, token, &hash);
    return q_invitation_old_secret_insert(t, .organization_id = a.confined_to_id,
                                          .invitation_id = a.temporary_invitation_id, .secret_hash = hash,
                                          .is_live = false);
}

spending door_spending(spent_kind kind, uuid invitation_id, str secret_hash)
{
    return (spending){.kind = kind, .id = invitation_id, .secret_hash = secret_hash};
}

err door_may_be_again(txn *t, const actor *who, str state, const spending *s, bool *may)
{
    *may = false;
    bool accepted = who->kind != ACTOR_ACCOUNT && invitation_state_is(state, INVITATION_ACCEPTED);
    return accepted ? spent_standing(t, who, s, may) : OK;
}

err enrolment_admit(txn *t, const actor *who, const invitation_door *door, password_terms *terms)
{
    const spending s = door_spending(SPENT_ACCEPT, door->invitation_id, door->secret_hash);
    *terms = (password_terms){.salt = spent_salt(t, &s)};
    if (!str_eq(door->next, S("enrol")))
        return door_may_be_again(t, who, door->state, &s, &terms->is_again);
    if (!door->tells) /* the answer would tell */
        TRY(disclosure_check(t, door->organization_id, door->email_key));
    return password_least(t, UUID_NONE, door->organization_id, &terms->least);
}
