/* Names go into mails to strangers: what a mail program would make a link of is no name. */
#include "domain/shared/name.h"
#include "ports/typed.h"

enum { NAME_MAX_LENGTH = 100 };

static bool looks_like_link(str s)
{
    static const str signs[] = {S_INIT("://"), S_INIT("www."), S_INIT("<"), S_INIT(">"), S_INIT("@"), S_INIT("[url")};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        for (size_t at = 0; at + signs[i].n <= s.n; at++)
            if (str_eq_nocase(str_slice(s, at, at + signs[i].n), signs[i]))
                return true;
    return false;
}

/* Given, and empty: not the same as not given, which is forgotten. */
static bool may_be_empty(str pointer, str name)
{
    return name.p && str_ends(pointer, S("/family_name"));
}

err name_clean(arena *a, problem *p, str pointer, str name, str *out)
{
    str clean = S("");
    typed_verdict v = typed_line(a, name, &clean);
    if (v == TYPED_EMPTY && !may_be_empty(pointer, name))
        return problem_at(p, ERR_INVALID_REQUEST, pointer, S("required"), 0);
    if (str_codepoints(clean) > NAME_MAX_LENGTH)
        return problem_at(p, ERR_INVALID_REQUEST, pointer, S("too-long"), NAME_MAX_LENGTH);
    if (v == TYPED_UNSEEN || v == TYPED_REFUSED || looks_like_link(clean))
        return problem_at(p, ERR_INVALID_REQUEST, pointer, S("invalid-characters"), 0);
    *out = clean;
    return OK;
}

err name_sought(arena *a, problem *p, str sought, str *out)
{
    *out = S("");
    if (typed_line(a, sought, out) == TYPED_REFUSED)
        return problem_at(p, ERR_INVALID_REQUEST, S("/q"), S("invalid-characters"), 0);
    return OK;
}
