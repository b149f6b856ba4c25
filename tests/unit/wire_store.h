/* A test's store on PostgreSQL, opened through the proxy that cuts its lines. */
#ifndef PARVIS_TEST_WIRE_STORE_H
#define PARVIS_TEST_WIRE_STORE_H

#include "store_fixture.h"
#include "wire_proxy.h"

static inline int port_of_server(void)
{
    return (int)strtol(strrchr(server_uri, ':') + 1, NULL, 10);
}

/* The store of the test, through the proxy. */
static inline void open_through(fixture *f, wire_proxy *p)
{
    store_close(f->s);
    wire_start(p, port_of_server());
    snprintf(f->uri, sizeof f->uri, "postgresql://parvis@127.0.0.1:%d/%s", p->port, f->path);
    open_store(f, &sample_migrations);
}

static inline void close_through(fixture *f, wire_proxy *p)
{
    store_close(f->s);
    f->s = NULL;
    wire_stop(p);
}

#endif
