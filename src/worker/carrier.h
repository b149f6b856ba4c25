/* The threads that render mails and hand them over. Inside this room. */
#ifndef PARVIS_WORKER_CARRIER_H
#define PARVIS_WORKER_CARRIER_H

#include "worker/parts.h"

/** A thread's main: takes parcels until the worker stops, and hangs up while there are none. `context`: a carrier. */
void *carrier_run(void *context);

#endif
