/* A copied link proves no address, and may say of an account what was counted when it was copied. */
#include "domain/invitation/link.h"

#include "base/buf.h"
#include "domain/invitation/disclosure.h"
#include "domain/invitation/standing.h"
#include "domain/invitation/temporary.h"
#include "domain/shared/audit.h"
#include "domain/shared/secret.h"
#include "limits_table.h"
#include "queries.h"

/* Looking through a link changes nothing, so it is decided here what it may say of an account, and counted. */
static err make_link(txn *t, const actor *by, standing *s, disclosure *telling, invitation_link_view *out)
{
    bool tells;
    str token, hash;
    char code[CODE_LENGTH + 1];
    TRY(disclosure_ask(telling, s->inv.email_key, &tells));
    secret_new(t->a, s->organization_id, s->inv.id, &token, &hash);
    str typed = arena_str(t->a, code_make(code));
    if (s->inv.link_hash.p)
        TRY(q_invitation_old_secret_insert(t, .organization_id = s->organization_id, .invitation_id = s->inv.id,
                                           .secret_hash = s->inv.link_hash, .is_live = false));
    TRY(q_invitation_link_set(t, .link_hash = hash, .link_code_hash = invitation_code_hash(t, s->inv.id, typed),
                              .link_code_expires_at = t->now + LINK_CODE_LIFETIME, .is_link_telling = tells,
                              .organization_id = s->organization_id, .id = s->inv.id));
    *out = (invitation_link_view){s->inv.email, arena_join(t->a, t->env->public_url, S("/i/"), token),
                                  code_display(t->a, typed)};
    return audit(t, by, EVENT_INVITATION_LINK_COPIED, .subject_id = s->inv.id);
}

err invitation_link_make(txn *t, const actor *by, uuid id, invitation_link_view *out)
{
    standing s;
    TRY(standing_take_up(t, by->organization_id, id, &s));
    TRY(standing_may_become(&s, CHANGE_PENDING_ONLY));
    TRY(invitation_role_allowed(by, s.inv.role));
    disclosure telling = disclosure_begin(t, by, by->organization_id);
    TRY(make_link(t, by, &s, &telling, out));
    return disclosure_end(&telling);
}

err batch_links(txn *t, const actor *by, uuid batch_id, invitation_link_view **out, size_t *count)
{
    q_batch_by_id_row batch;
    q_batch_unanswered_rows rows;
    standing s;
    TRY(q_batch_by_id(t, &batch, .organization_id = by->organization_id, .id = batch_id));
    TRY(temporary_hold(t, by->organization_id, Q_TEMPORARY_OF_WHOSE_BATCH, batch_id));
    TRY(q_batch_unanswered(t, &rows, .organization_id = by->organization_id, .batch_id = batch_id));
    disclosure telling = disclosure_begin(t, by, by->organization_id);
    *out = arena_array_of(t->a, invitation_link_view, rows.n);
    *count = 0;
    for (size_t i = 0; i < rows.n; i++) {
        TRY(standing_take_up(t, by->organization_id, rows.p[i].id, &s));
        if (standing_may_become(&s, CHANGE_PENDING_ONLY) == OK && invitation_role_allowed(by, s.inv.role) == OK)
            TRY(make_link(t, by, &s, &telling, &(*out)[(*count)++]));
    }
    return disclosure_end(&telling);
}

/* RFC 4180, 2. A leading apostrophe keeps a spreadsheet from reading a formula into an address. */
static void csv_cell(buf *b, str s, char end)
{
    buf_byte(b, '"');
    if (s.n && str_has_byte(S("=+-@\t\r"), s.p[0]))
        buf_byte(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_byte(b, '"');
        buf_byte(b, s.p[i]);
    }
    buf_byte(b, '"');
    buf_add(b, end == ',' ? S(",") : S("\r\n"));
}

str links_csv(arena *a, const invitation_link_view *links, size_t count)
{
    BUF_SCOPED b = {0};
    buf_lit(&b, "email,url,code\r\n");
    for (size_t i = 0; i < count; i++) {
        csv_cell(&b, links[i].email, ',');
        csv_cell(&b, links[i].url, ',');
        csv_cell(&b, links[i].code, '\n');
    }
    return arena_str(a, buf_str(&b));
}
