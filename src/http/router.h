/* From method and path to a row of the route table. */
#ifndef PARVIS_HTTP_ROUTER_H
#define PARVIS_HTTP_ROUTER_H

#include "http/request.h"

typedef struct router router;

/** Builds the tree of segments once, in the arena; read-only afterwards, from any thread. */
const router *router_new(arena *a, const route *routes, size_t count);

typedef struct route_match {
    const route *route;
    struct {
        str text;
        uuid id;
    } params[PATH_PARAMS_MAX];
    str allow; /* for the Allow header, when the path exists: "GET, HEAD, OPTIONS" */
} route_match;

/**
 * `path` passed the gate. Words win over parameters ("/users/invite" over "/users/{member}"). HEAD finds GET's route.
 * Errors: ERR_NOT_FOUND (no such path, an id in it that is none, no secret); ERR_METHOD_NOT_ALLOWED, with `allow` set.
 */
err router_find(const router *r, arena *a, str method, str path, route_match *out);

#endif
