/*
 * Work that waits for nobody: mails, reminders, sweeping. One clerk takes due mails from the database and writes down
 * what became of them, many in one transaction; a few carriers render and hand them over, each on a connection of its
 * own.
 */
#ifndef PARVIS_WORKER_WORKER_H
#define PARVIS_WORKER_WORKER_H

#include "domain/shared/env.h"

typedef struct worker worker;

/**
 * Starts the threads over an open, migrated store whose env is set. *out is the caller's. Errors: ERR_UNAVAILABLE, with
 * a log line that says why (the setting `mail` or `mail_from` is malformed, no threads).
 */
err worker_start(store *s, const env *e, worker **out);
/**
 * Lets mails under way finish (5 s, then they are broken off and tried again), writes down what became of them, ends
 * the threads. Before the store closes. worker_stop(NULL) is harmless.
 */
void worker_stop(worker *w);
/** Waits until no mail is due and none under way, at most `patience`; false when some still are. */
bool worker_settle(worker *w, msec patience);

#endif
