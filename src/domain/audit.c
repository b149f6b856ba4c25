#include "domain/audit.h"

#include "base/buf.h"
#include "base/random.h"
#include "queries.h"

static const str kinds[] = {
    [ACTOR_ANONYMOUS] = S_INIT("anonymous"), [ACTOR_ACCOUNT] = S_INIT("account"),
    [ACTOR_API_KEY] = S_INIT("api_key"),     [ACTOR_INSTANCE_KEY] = S_INIT("instance_key"),
    [ACTOR_OPERATOR] = S_INIT("operator"),   [ACTOR_INVITED] = S_INIT("invited"),
    [ACTOR_SYSTEM] = S_INIT("system"),
};

static uuid actor_id(const actor *by)
{
    return by->kind == ACTOR_API_KEY || by->kind == ACTOR_INSTANCE_KEY ? by->key_id : by->account_id;
}

err audit_write(txn *t, const actor *by, const audit_entry *e)
{
    uuid organization = uuid_none(e->organization_id) ? by->organization_id : e->organization_id;
    uuid id = uuid_new(t->now);
    TRY(q_audit_insert(t, .organization_id = organization, .id = id, .actor_kind = kinds[by->kind],
                       .actor_id = actor_id(by), .action = e->action, .subject_kind = e->subject_kind,
                       .subject_id = e->subject_id, .source = by->source, .request_id = by->request_id,
                       .before = e->before, .after = e->after));
    if (!e->detail.p)
        return OK;
    char salt[16];
    random_bytes(salt, sizeof salt);
    return q_audit_detail_insert(t, .organization_id = organization, .event_id = id,
                                 .about_id = uuid_none(e->about) ? e->subject_id : e->about,
                                 .salt = {salt, sizeof salt}, .detail = e->detail);
}

static void add_text(buf *b, str s)
{
    buf_byte(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            buf_byte(b, '\\');
        if (c < 0x20)
            buf_printf(b, "\\u%04x", c);
        else
            buf_byte(b, (char)c);
    }
    buf_byte(b, '"');
}

str audit_object(arena *a, const str (*pairs)[2], size_t count)
{
    BUF_SCOPED b = {0};
    for (size_t i = 0; i < count; i++) {
        buf_byte(&b, i ? ',' : '{');
        add_text(&b, pairs[i][0]);
        buf_byte(&b, ':');
        if (pairs[i][1].p)
            add_text(&b, pairs[i][1]);
        else
            buf_lit(&b, "null");
    }
    buf_byte(&b, '}');
    return arena_str(a, buf_str(&b));
}
