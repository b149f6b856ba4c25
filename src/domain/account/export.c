/*
 * Reads what an account may take along. Others whom its events name are left out: their traces are not this account's
 * to take.
 */
#include "domain/account/export.h"

#include "event_table.h"
#include "queries.h"

static err read_invitations(txn *t, uuid account_id, account_export *out)
{
    q_export_invitations_rows rows;
    TRY(q_export_invitations(t, &rows, account_id));
    out->invitations = arena_array_of(t->a, exported_invitation, rows.n);
    out->invitation_count = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        const q_export_invitations_row *r = &rows.p[i];
        out->invitations[i] = (exported_invitation){r->id,   r->organization_id, r->name,       r->slug,       r->email,
                                                    r->role, r->message,         r->created_at, r->accepted_at};
    }
    return OK;
}

/* What somebody did to others names them: only what the account did to itself keeps its details. */
static bool is_own(const q_export_events_row *r, uuid account_id)
{
    return str_eq(r->subject_kind, event_table[EVENT_ACCOUNT_CLOSED].subject) && uuid_eq(r->subject_id, account_id);
}

static err read_events(txn *t, uuid account_id, account_export *out)
{
    q_export_events_rows rows;
    TRY(q_export_events(t, &rows, account_id));
    out->events = arena_array_of(t->a, exported_event, rows.n);
    out->event_count = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        const q_export_events_row *r = &rows.p[i];
        out->events[i] = (exported_event){.id = r->id,
                                          .organization_id = r->organization_id,
                                          .subject_id = r->subject_id,
                                          .action = r->action,
                                          .subject_kind = r->subject_kind,
                                          .source = r->source,
                                          .before = r->before,
                                          .after = r->after,
                                          .detail = is_own(r, account_id) ? r->detail : STR_NONE};
    }
    return OK;
}

err account_export_read(txn *t, uuid account_id, account_export *out)
{
    *out = (account_export){0};
    TRY(account_get(t, account_id, &out->account));
    TRY(read_invitations(t, account_id, out));
    return read_events(t, account_id, out);
}
