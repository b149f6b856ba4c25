/*
 * Running the server until a signal. Signals are waited for by one thread; all others block them, so that no handler
 * runs in the midst of anything.
 */
#include "base/clock.h"
#include "base/log.h"
#include "commands.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { WAIT_FOR_LOCK = 20 * MSEC_SECOND };

/* A command that serves itself for a moment may hold the lock: it is let finish. A server is not waited for. */
static err lock_patiently(const settings *s, instance *in)
{
    msec until = clock_monotonic() + WAIT_FOR_LOCK;
    err e = instance_lock(s, in);
    while (e == ERR_CONFLICT && !instance_is_served(s) && clock_monotonic() < until) {
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
        e = instance_lock(s, in);
    }
    return e;
}

static void tell_setup(cli *c, str url)
{
    if (!url.p)
        return;
    say(SAID(c, "cli.serve.setup", {"url", url}));
    fflush(stdout);
}

/* SIGTERM, SIGINT and SIGHUP (a closed terminal), blocked before any thread starts, so that only sigwait sees them. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/* A second signal, while the server finishes, ends the process at once. */
static void wait_for_the_end(cli *c, const sigset_t *signals)
{
    int got;
    sigwait(signals, &got);
    log_(LOG_INFO, "stopping", LOG_TEXT("signal", arena_join(c->a, S("SIG"), str_of(sigabbrev_np(got)))));
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

/* Whatever the settings name that must be there already, before the data folder is touched. */
static int check_settings(cli *c, places **found)
{
    str file = c->settings.place_database;
    *found = NULL;
    if (!settings_links_reach(&c->settings))
        return refuse(EXIT_REFUSED, plain_text(c, "cli.serve.public_url"));
    if (str_empty(file) || places_open(file, found))
        return EXIT_DONE;
    return refuse(EXIT_REFUSED, SAID(c, "cli.serve.places", {"file", file}));
}

int run_serve(cli *c)
{
    instance in;
    host *server;
    places *found;
    sigset_t signals;

    int code = check_settings(c, &found);
    if (code != EXIT_DONE)
        return code;
    err e = lock_patiently(&c->settings, &in);
    if (e != OK)
        places_close(found);
    else
        in.places = found;
    if (e == ERR_CONFLICT)
        return refuse(EXIT_REFUSED, SAID(c, "cli.serve.locked", {"data", c->settings.data}));

    block_signals(&signals);
    if (e == OK)
        e = instance_open(&in, true);
    if (e == OK && c->host->start(&in, false, &server) != OK)
        e = ERR_UNAVAILABLE;
    if (e != OK) {
        instance_close(&in);
        return refuse_start(c, e);
    }
    tell_setup(c, c->host->setup_url(server));
    wait_for_the_end(c, &signals);
    c->host->stop(server);
    instance_close(&in);
    log_plain(LOG_INFO, "stopped");
    return EXIT_DONE;
}
