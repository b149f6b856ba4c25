/*
 * A tree of path segments, built once. Literal words win over parameters, and a path that exists under another method
 * is told so.
 */
#include "http/router.h"

#include "http/gate.h"
#include "ports/token.h"

enum { METHODS = 5 };
static const str method_names[METHODS] = {S_INIT("GET"), S_INIT("POST"), S_INIT("PATCH"), S_INIT("PUT"),
                                          S_INIT("DELETE")};

typedef struct node node;
struct node {
    str word;
    node *next;      /* another word at this place */
    node *words;     /* what may follow */
    node *parameter; /* {…} may follow */
    const route *routes[METHODS];
    str allow;
};

struct router {
    node root;
};

static size_t method_index(str method)
{
    for (size_t i = 0; i < METHODS; i++)
        if (str_eq(method_names[i], method))
            return i;
    return METHODS;
}

static node *word_below(const node *n, str word)
{
    node *child = n->words;
    while (child && !str_eq(child->word, word))
        child = child->next;
    return child;
}

static node *add_below(arena *a, node *n, str segment)
{
    if (segment.n && segment.p[0] == '{') {
        if (!n->parameter)
            n->parameter = arena_new_of(a, node);
        return n->parameter;
    }
    node *child = word_below(n, segment);
    if (!child) {
        child = arena_new_of(a, node);
        child->word = segment;
        child->next = n->words;
        n->words = child;
    }
    return child;
}

static void set_allow(arena *a, node *n)
{
    str allow = S("");
    for (size_t i = 0; i < METHODS; i++)
        if (n->routes[i])
            allow = arena_join(a, allow, method_names[i], i == 0 ? S(", HEAD, ") : S(", "));
    if (allow.n)
        n->allow = arena_join(a, allow, S("OPTIONS"));
}

const router *router_new(arena *a, const route *routes, size_t count)
{
    router *r = arena_new_of(a, router);
    for (size_t i = 0; i < count; i++) {
        node *n = &r->root;
        str rest = str_slice(routes[i].pattern, 1, routes[i].pattern.n);
        while (rest.n)
            n = add_below(a, n, str_cut(&rest, '/'));
        n->routes[method_index(routes[i].method)] = &routes[i];
        set_allow(a, n);
    }
    return r;
}

enum { DEPTH_MAX = 16 };

typedef struct walk {
    str segments[DEPTH_MAX];
    size_t depth;
    str params[DEPTH_MAX];
} walk;

/* Words first; where they lead nowhere, the parameter at the same place is tried. */
static const node *descend(const node *n, walk *w, size_t at, size_t params)
{
    if (at == w->depth)
        return n->allow.n ? n : NULL;
    const node *child = word_below(n, w->segments[at]);
    const node *found = child ? descend(child, w, at + 1, params) : NULL;
    if (found || !n->parameter || w->segments[at].n == 0)
        return found;
    w->params[params] = w->segments[at];
    return descend(n->parameter, w, at + 1, params + 1);
}

static bool split(arena *a, str path, walk *w)
{
    str rest = str_slice(path, 1, path.n);
    if (rest.n == 0)
        return true;
    while (rest.p) {
        if (w->depth == DEPTH_MAX || !percent_decode(a, str_cut(&rest, '/'), false, &w->segments[w->depth]))
            return false;
        w->depth++;
    }
    return true;
}

err router_find(const router *r, arena *a, str method, str path, route_match *out)
{
    *out = (route_match){0};
    walk w = {0};
    const node *found = path.n && path.p[0] == '/' && split(a, path, &w) ? descend(&r->root, &w, 0, 0) : NULL;
    if (!found)
        return ERR_NOT_FOUND;
    out->allow = found->allow;
    size_t index = method_index(str_eq(method, S("HEAD")) ? S("GET") : method);
    if (index == METHODS || !found->routes[index])
        return ERR_METHOD_NOT_ALLOWED;
    out->route = found->routes[index];
    for (size_t i = 0; i < PATH_PARAMS_MAX && out->route->params[i].name.p; i++) {
        str prefix = out->route->params[i].prefix;
        bool secret = out->route->params[i].secret;
        out->params[i].text = secret ? base64url_run(w.params[i]) : w.params[i];
        if (secret && out->params[i].text.n == 0)
            return ERR_NOT_FOUND;
        if (prefix.p && !typeid_parse(w.params[i], prefix, &out->params[i].id))
            return ERR_NOT_FOUND;
    }
    return OK;
}
