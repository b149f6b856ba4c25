/*
 * The command line. One table of commands; each is a client of the HTTP API, but for the few that run the server
 * itself.
 */
#ifndef PARVIS_CLI_CLI_H
#define PARVIS_CLI_CLI_H

#include "cli/instance.h"

/** A running server inside this process. */
typedef struct host host;

/** What only the whole program can do, and main therefore gives. */
typedef struct cli_host {
    /**
     * Starts listeners and workers over an opened instance. `alone`: the operator's socket and no other address.
     * The instance outlives the host. Errors: ERR_UNAVAILABLE, with a log line that says why.
     */
    err (*start)(instance *in, bool alone, host **out);
    /** The address at which a browser sets up an empty server, one-time secret included; STR_NONE on any other. */
    str (*setup_url)(const host *h);
    /** Waits until no mail is due and none under way, at most `patience`; false when some still are. */
    bool (*settle)(host *h, msec patience);
    /** Finishes what is in flight, stops workers and listeners, frees. */
    void (*stop)(host *h);
} cli_host;

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

/**
 * Runs the command that the arguments name; returns the process's exit code (CONTRACT: 0 done, 1 refused, 2 wrong
 * usage).
 */
int cli_main(int argc, char **argv, const cli_host *host);

#endif
