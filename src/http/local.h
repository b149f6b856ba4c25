/* Calls inside the process: the command line's way to the same routes while no server runs. */
#ifndef PARVIS_HTTP_LOCAL_H
#define PARVIS_HTTP_LOCAL_H

#include "http/app.h"

typedef struct local_answer {
    int status;
    str content_type; /* STR_NONE without a body */
    str body;
} local_answer;

/**
 * Calls a route as the operator and waits for its answer, which lives in `a`. `target` is path and query; `body` JSON,
 * or STR_NONE. The language is `lang`'s. Errors: ERR_UNAVAILABLE without memory; a refusal of the route is an answer.
 */
err local_call(app *app, arena *a, language lang, str method, str target, str body, local_answer *out);

#endif
