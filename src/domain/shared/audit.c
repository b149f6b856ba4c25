/*
 * Writes a line from its event's own struct, by the generated table. What anybody can have written over and over is
 * gathered into one line with a count, or the record would be a place to fill disks from.
 */
#include "domain/shared/audit.h"

#include "domain/shared/throttle.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/random.h"
#include "queries.h"

#include <stdlib.h>

/* A line as it is written: what its event's own struct holds, in words. */
typedef struct entry {
    str action, subject_kind;
    uuid subject_id, organization_id, about;
    str before, after, detail; /* JSON objects; STR_NONE: nothing to say */
    bool took_a_secret, refusal;
} entry;

static uuid actor_id(const actor *by)
{
    return by->kind == ACTOR_API_KEY || by->kind == ACTOR_INSTANCE_KEY ? by->key_id : by->account_id;
}

static uuid organization_of(const actor *by, const entry *e)
{
    return uuid_none(e->organization_id) ? by->organization_id : e->organization_id;
}

static err write_line(txn *t, const actor *by, const entry *e, uuid id)
{
    uuid organization = organization_of(by, e);
    TRY(q_audit_insert(t, .organization_id = organization, .id = id, .actor_kind = actor_kind_text(by->kind),
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

/* ---- gathering ---- */

/* Whether anybody can have as many of these lines written as they like. */
static bool is_gathered(const actor *by, const entry *e)
{
    if (e->took_a_secret || !uuid_none(organization_of(by, e)))
        return false;
    return by->kind == ACTOR_ANONYMOUS || e->refusal;
}

/* The line's own object with the count at its end; STR_NONE: the count alone. */
static str with_count(arena *a, str said, int64_t count)
{
    str open = said.n > 2 ? arena_join(a, str_slice(said, 0, said.n - 1), S(",")) : S("{");
    return arena_join(a, open, arena_printf(a, "\"count\":%lld}", (long long)count));
}

/* Under whose name this one is gathered: its source's, or, when today has too many lines already, everybody's. */
static err choose_source(txn *t, const actor *by, const entry *e, msec minute, str *source)
{
    q_audit_gathering_find_row there;
    q_audit_gather_row day;
    *source = throttle_source(t->a, by->source.p ? by->source : S("-"));
    err found = q_audit_gathering_find(t, &there, .action = e->action, .source = *source, .since_at = minute);
    if (found != ERR_NOT_FOUND)
        return found;
    TRY(q_audit_gather(t, &day, .action = S(""), .source = S(""), .since_at = t->now - t->now % MSEC_DAY,
                       .event_id = uuid_new(t->now)));
    if (day.count > AUDIT_LINES_A_DAY)
        *source = S("");
    return OK;
}

/* One more in a line that stands: who and what it is about, and what it says, go where they are no longer the same. */
static err add_to_line(txn *t, const actor *by, const entry *e, uuid id, int64_t count)
{
    q_audit_gathered_row line;
    TRY(q_audit_gathered(t, &line, .organization_id = UUID_NONE, .id = id));
    bool same_actor = uuid_eq(line.actor_id, actor_id(by)), same_subject = uuid_eq(line.subject_id, e->subject_id);
    bool same_words = str_eq(line.after, with_count(t->a, e->after, count - 1));
    return q_audit_gathered_set(
        t, .actor_id = same_actor ? line.actor_id : UUID_NONE, .subject_id = same_subject ? line.subject_id : UUID_NONE,
        .after = with_count(t->a, same_words ? e->after : STR_NONE, count), .organization_id = UUID_NONE, .id = id);
}

static err gather(txn *t, const actor *by, const entry *e)
{
    str source;
    q_audit_gather_row line;
    msec minute = t->now - t->now % MSEC_MINUTE;
    TRY(choose_source(t, by, e, minute, &source));
    TRY(q_audit_gather(t, &line, .action = e->action, .source = source, .since_at = minute,
                       .event_id = uuid_new(t->now)));
    if (line.count > 1)
        return add_to_line(t, by, e, line.event_id, line.count);
    actor from = *by;
    entry first = *e;
    from.source = source.n && by->source.p ? source : STR_NONE;
    first.after = with_count(t->a, e->after, 1);
    return write_line(t, &from, &first, line.event_id);
}

/* ---- what a line says ---- */

const char audit_null[] = "";

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

/* The object of one place, of the fields that are said; STR_NONE when none is. */
static str object(arena *a, const event_object *place, const char *line)
{
    BUF_SCOPED b = {0};
    for (size_t i = 0; i < place->count; i++) {
        str value;
        memcpy(&value, line + place->at + i * sizeof value, sizeof value);
        if (place->fields[i].optional && !value.p)
            continue;
        buf_byte(&b, b.n ? ',' : '{');
        add_text(&b, place->fields[i].name);
        buf_byte(&b, ':');
        if (value.p && value.p != audit_null)
            add_text(&b, value);
        else
            buf_lit(&b, "null");
    }
    if (!b.n)
        return STR_NONE;
    buf_byte(&b, '}');
    return arena_str(a, buf_str(&b));
}

static entry entry_of(arena *a, const event_row *event, const void *line)
{
    event_about of;
    memcpy(&of, line, sizeof of);
    return (entry){.action = event->action,
                   .subject_kind = event->subject,
                   .subject_id = of.subject_id,
                   .organization_id = of.organization_id,
                   .about = of.about,
                   .before = object(a, &event->before, line),
                   .after = object(a, &event->after, line),
                   .detail = object(a, &event->detail, line),
                   .took_a_secret = of.took_a_secret,
                   .refusal = event->refusal};
}

/* A test that makes somebody do what the table does not know of them ends here. */
static void expect(const event_row *event, const actor *by)
{
#ifdef PARVIS_TEST_HOOKS
    if (event->by & 1u << by->kind)
        return;
    log_(LOG_ERROR, "spec/events.yaml knows no such event by such an actor", LOG_TEXT("action", event->action),
         LOG_TEXT("by", actor_kind_text(by->kind)));
    abort();
#else
    (void)event, (void)by;
#endif
}

err audit_write(txn *t, const actor *by, audit_event event, const void *line)
{
    const event_row *row = &event_table[event];
    expect(row, by);
    const entry e = entry_of(t->a, row, line);
    return is_gathered(by, &e) ? gather(t, by, &e) : write_line(t, by, &e, uuid_new(t->now));
}
