/* Everything a running server has, made once in main. */
#ifndef PARVIS_HTTP_APP_H
#define PARVIS_HTTP_APP_H

#include "domain/env.h"
#include "http/request.h"

struct app {
    env env;
    store *store;
    const route *routes; /* generated, api and console together */
    size_t route_count;
    bool secure; /* public_url is https */
    str setup_token; /* on an empty database: the one-time setup address's secret; STR_NONE otherwise */
};

#endif
