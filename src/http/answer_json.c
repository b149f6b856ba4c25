/*
 * JSON written by hand for the few answers that no schema describes; where a secret stands is noted, so that a kept
 * answer is without it.
 */
#include "http/answer_json.h"

json_writer answer_json(request *r, int status)
{
    r->out.n = r->secret_count = 0;
    r->status = status;
    r->content_type = S("application/json");
    return (json_writer){.out = &r->out};
}

static void note_place(request *r, size_t from, size_t to)
{
    if (r->secret_count == r->secret_room) {
        size_t room = r->secret_room ? r->secret_room * 2 : 8;
        struct secret_place *more = arena_alloc(r->a, room * sizeof *more);
        if (r->secret_count)
            memcpy(more, r->secrets, r->secret_count * sizeof *more);
        r->secrets = more;
        r->secret_room = room;
    }
    r->secrets[r->secret_count++] = (struct secret_place){from, to};
}

void answer_secret(request *r, json_writer *w, str key, str value)
{
    json_str(w, key, STR_NONE); /* the comma and the key are the same for null */
    r->out.n -= sizeof "null" - 1;
    size_t from = r->out.n;
    json_writer bare = {.out = &r->out};
    json_str(&bare, STR_NONE, value);
    r->has_secret = true;
    note_place(r, from, r->out.n);
}
