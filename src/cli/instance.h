/* A data folder in use: its lock, key and database. One process at a time has it. */
#ifndef PARVIS_CLI_INSTANCE_H
#define PARVIS_CLI_INSTANCE_H

#include "ports/config.h"
#include "ports/place.h"
#include "ports/token.h"
#include "store/store.h"

typedef struct instance {
    const settings *settings;
    int lock; /* descriptor of <data>/lock; -1 while not held */
    server_key *key;
    store *store;
    places *places; /* opened by `serve` alone */
} instance;

/**
 * Makes the data folder (mode 0700) when it is missing, and takes its lock without waiting. Before instance_open.
 * Errors: ERR_CONFLICT when another process holds the lock; ERR_UNAVAILABLE, with a log line.
 */
err instance_lock(const settings *s, instance *in);

/**
 * False where opening could only make a database, or where the key of a shared one is missing: for a command that makes
 * none, before it touches the folder.
 */
bool instance_has_data(const settings *s);

/**
 * Reads the key (made on a new database, required on an existing one) and opens the database. SQLite's is brought up to
 * date; a database that others share must be up to date. `makes`: it may be a new one. Errors: ERR_NOT_FOUND when it
 * would be, and may not; ERR_CONFLICT when the database was made with another key; ERR_UNAVAILABLE; the last two with a
 * log line.
 */
err instance_open(instance *in, bool makes);
/** The same, but brings any database up to date: `parvis migrate`. */
err instance_migrate(instance *in);

/** Closes what is open and gives the lock back. Harmless on a zeroed or half-opened instance with lock -1. */
void instance_close(instance *in);

/**
 * "<data>/parvis.sock", where the running server listens; `alone`: "<data>/command.sock", where a command that serves
 * itself does, so that other commands wait for the lock instead of talking to a server that is about to go.
 * NUL-terminated.
 */
str instance_socket(arena *a, const settings *s, bool alone);

/** True when a server listens on parvis.sock. */
bool instance_is_served(const settings *s);

#endif
