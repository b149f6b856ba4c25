/* The walk's second half: what they sent, and on which thread what is done for them. */
#ifndef PARVIS_HTTP_EXCHANGE_RUN_H
#define PARVIS_HTTP_EXCHANGE_RUN_H

#include "http/exchange.h"

/** Whether exchange_run may return false, once the body is complete. */
bool exchange_may_wait(const exchange *x);
/** The body is complete. True: answered. False: on its way; call exchange_finish after ready() came. */
bool exchange_run(exchange *x);

#endif
