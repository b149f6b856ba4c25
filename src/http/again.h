/*
 * A form that was refused comes back: the page that shows it (route.page) is made again, by its own handler, in a
 * transaction that reads, and says why. What was typed stands in r->typed, the reason in r->again; what becomes of
 * both on the page is the console's.
 */
#ifndef PARVIS_HTTP_AGAIN_H
#define PARVIS_HTTP_AGAIN_H

#include "http/exchange.h"

/**
 * Whether the outcome is the refusal of a form, or of a page's query, that a page shows. Not for who has to sign in
 * first, and not for trouble of the server's: there, the same request may be sent again as it is. Once for a request.
 */
bool again_wanted(const exchange *x);
/** Notes why, before the page is read. */
void again_begin(exchange *x);
/** Makes the page; perhaps more than once. Errors: whatever keeps the page from being shown to this caller. */
err again_show(exchange *x, txn *t);
/** `shown` by again_show. Where the page could not be shown, the outcome is a refusal again. */
void again_end(exchange *x, err shown);

#endif
