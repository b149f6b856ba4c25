/*
 * A line tells an address as it was typed, and it is another's address however it was: compared by its key, and so read
 * here and not in a statement.
 */
#include "domain/lifecycle/other_records.h"

#include "base/buf.h"
#include "limits_table.h"
#include "ports/address.h"

/* From the first byte of a text to its end; what is escaped is no address's. */
static size_t text_end(str json, size_t at)
{
    while (at < json.n && json.p[at] != '"')
        at += json.p[at] == '\\' ? 2 : 1;
    return at < json.n ? at : json.n;
}

/* Whose of the keys that text is; NULL: nobody's. */
static const str *key_of(arena *a, str text, const str *keys, size_t count)
{
    address where;
    if (str_find_byte(text, '@') == text.n || !address_parse(a, text, &where))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (str_eq(keys[i], where.key))
            return &keys[i];
    return NULL;
}

/* The next text of a detail that is one of the keys, behind *at; NULL: none. It ends before *end. */
static const str *next_named(arena *a, str detail, const str *keys, size_t count, size_t *at, size_t *end)
{
    const str *key = NULL;
    while (!key && *at < detail.n) {
        *at += str_find_byte(str_slice(detail, *at, detail.n), '"') + 1;
        if (*at >= detail.n)
            return NULL;
        *end = text_end(detail, *at);
        key = key_of(a, str_slice(detail, *at, *end), keys, count);
        *at = key ? *at : *end + 1;
    }
    return key;
}

static err note_line(txn *t, uuid heir, const q_audit_details_since_row *line, const str *keys, size_t count)
{
    size_t at = 0, end;
    const str *key;
    while ((key = next_named(t->a, line->detail, keys, count, &at, &end))) {
        TRY(q_audit_detail_share(t, .account_id = heir, .organization_id = line->organization_id,
                                 .event_id = line->event_id, .email_key = *key));
        at = end + 1;
    }
    return OK;
}

/* That of the address that has the share, and those of the addresses that can take it back. */
static err keys_of(txn *t, const email_share *s, uuid heir, str **keys, size_t *count)
{
    q_email_change_keys_rows rows;
    TRY(q_email_change_keys(t, &rows, heir));
    *keys = arena_array_of(t->a, str, rows.n + 1);
    *count = 0;
    if (s->email.n) /* else it waits for one of the others */
        (*keys)[(*count)++] = s->email_key;
    for (size_t i = 0; i < rows.n; i++)
        (*keys)[(*count)++] = rows.p[i].email_key;
    return OK;
}

err other_records_note(txn *t, const email_share *s, uuid heir)
{
    str *keys;
    size_t count;
    q_audit_details_since_rows lines;
    TRY(keys_of(t, s, heir, &keys, &count));
    TRY(q_audit_details_since(t, &lines, .about_id = s->account_id,
                              .since = uuid_first(s->since - EMAIL_CHANGE_LIFETIME)));
    for (size_t i = 0; i < count; i++)
        TRY(q_audit_detail_also_follow(t, .heir = heir, .account_id = s->account_id, .email_key = keys[i]));
    for (size_t i = 0; i < lines.n; i++)
        TRY(note_line(t, heir, &lines.p[i], keys, count));
    return OK;
}

static str blanked(arena *a, str detail, const str *keys, size_t count)
{
    BUF_SCOPED b = {0};
    size_t at = 0, end, from = 0;
    while (next_named(a, detail, keys, count, &at, &end)) {
        buf_add(&b, str_slice(detail, from, at));
        from = end;
        at = end + 1;
    }
    buf_add(&b, str_slice(detail, from, detail.n));
    return arena_str(a, buf_str(&b));
}

err other_records_blank(txn *t, uuid account_id)
{
    q_audit_detail_also_keys_rows rows;
    q_audit_detail_also_lines_rows lines;
    TRY(q_audit_detail_also_keys(t, &rows, account_id));
    TRY(q_audit_detail_also_lines(t, &lines, account_id));
    str *keys = arena_array_of(t->a, str, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        keys[i] = rows.p[i].email_key;
    for (size_t i = 0; i < lines.n; i++)
        TRY(q_audit_detail_put(t, .detail = blanked(t->a, lines.p[i].detail, keys, rows.n),
                               .organization_id = lines.p[i].organization_id, .event_id = lines.p[i].event_id));
    return q_audit_detail_also_forget(t, account_id);
}
