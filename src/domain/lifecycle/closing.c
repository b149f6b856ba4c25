/*
 * What goes with an account and what stays, statement by statement: the same whether its holder closes it, the operator
 * does, or somebody proved its address.
 */
#include "domain/lifecycle/closing.h"

#include "domain/account/ways_in.h"
#include "domain/lifecycle/other_records.h"
#include "domain/mail/mail.h"
#include "domain/member/member.h"
#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "queries.h"

err closing_preview(txn *t, uuid account_id, closing_place **out, size_t *count)
{
    q_closing_places_rows rows;
    TRY(q_closing_places(t, &rows, .now = t->now, .account_id = account_id));
    *out = arena_array_of(t->a, closing_place, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        const q_closing_places_row *r = &rows.p[i];
        (*out)[i] =
            (closing_place){r->organization_id,    r->id, r->name, r->slug, r->role, r->last_owner != 0, r->api_keys,
                            r->pending_invitations};
    }
    return OK;
}

err closing_undoable(txn *t, uuid account_id, msec *until)
{
    q_email_change_standing_row undo;
    err e = q_email_change_standing(t, &undo, .account_id = account_id, .kind = email_change_kind_text(EMAIL_UNDO),
                                    .now = t->now);
    *until = e == OK ? undo.expires_at : 0;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* All that keep the account open are named at once. */
static err refuse_last_owner(txn *t, const closing_place *places, size_t count)
{
    err refusal = OK;
    for (size_t i = 0; i < count; i++)
        if (places[i].last_owner)
            refusal = problem_at(t->problem, ERR_LAST_OWNER, arena_join(t->a, S("/organizations/"), places[i].slug),
                                 S("last-owner"), 0);
    return refusal;
}

/*
 * Whoever had the account a week ago may take it back: it is not closed under their hands. The operator, whom they can
 * ask, may.
 */
static err refuse_undoable(txn *t, const actor *by, uuid account_id)
{
    msec until;
    TRY(closing_undoable(t, account_id, &until));
    return until && by->kind != ACTOR_OPERATOR ? problem_at(t->problem, ERR_CONFLICT, S(""), S("address-changed"), 0)
                                               : OK;
}

/* The unit separator cannot stand in anything that was typed: no address, no sign-in finds this key. */
str account_no_key(arena *a, uuid id)
{
    char text[TYPEID_SIZE];
    return arena_join(a, S("\x1F"), typeid_format(ID_ACCOUNT, id, text));
}

/* What nobody retired yet has ended all the same. */
static err retire_lapsed(txn *t, str email_key)
{
    seats s;
    q_invitation_lapsed_at_rows rows;
    TRY(q_invitation_lapsed_at(t, &rows, .email_key = email_key, .now = t->now));
    for (size_t i = 0; i < rows.n; i++) {
        TRY(seats_lock(t, rows.p[i].organization_id, &s));
        TRY(seat_lapse(t, &s, rows.p[i].id));
    }
    return OK;
}

err account_leaves_address(txn *t, const q_account_kept_row *who)
{
    if (!who->email_proved_at)
        return OK;
    TRY(retire_lapsed(t, who->email_key));
    TRY(q_invitation_claim(t, .person_id = who->id, .email_key = who->email_key));
    return q_mail_claim(t, .account_id = who->id, .recipient_key = who->email_key);
}

err account_erase(txn *t, const q_account_kept_row *who)
{
    TRY(ways_end(t, WAYS_CLOSED, &(ways_of){.account_id = who->id}));
    TRY(account_leaves_address(t, who));
    TRY(other_records_blank(t, who->id));
    TRY(q_audit_detail_erase(t, who->id));
    TRY(q_mail_recipient_erase(t, who->id));
    TRY(q_invitation_person_erase(t, who->id));
    TRY(q_idempotency_erase(t, who->id));
    return q_account_erase(t, .email_key = account_no_key(t->a, who->id), .closed_at = t->now, .id = who->id);
}

err account_close(txn *t, const actor *by, uuid account_id)
{
    q_account_kept_row who;
    closing_place *places;
    size_t count;
    TRY(q_account_kept(t, &who, account_id));
    if (who.closed_at)
        return ERR_NOT_FOUND;
    TRY(closing_preview(t, account_id, &places, &count));
    TRY(refuse_last_owner(t, places, count));
    TRY(refuse_undoable(t, by, account_id));
    for (size_t i = 0; i < count; i++)
        TRY(member_close(t, by, places[i].organization_id, places[i].membership_id));
    TRY(account_erase(t, &who));
    mail_order goodbye = {.kind = MAIL_ACCOUNT_CLOSED, .recipient = who.email, .locale = who.locale};
    TRY(mail_queue(t, &goodbye, NULL));
    actor server = *by; /* the server's own record */
    server.organization_id = UUID_NONE;
    return audit(t, &server, EVENT_ACCOUNT_CLOSED, .subject_id = account_id);
}
