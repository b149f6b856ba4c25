/*
 * What the two halves of the walk share: exchange.c (the head, the answer) and exchange_run.c (what is done). Inside
 * this room.
 */
#ifndef PARVIS_HTTP_EXCHANGE_PARTS_H
#define PARVIS_HTTP_EXCHANGE_PARTS_H

#include "http/exchange.h"

/** The schema of a body or query that is none. */
extern const schema exchange_no_body;

/** Chooses r->lang by what is known: the address, the switch on a page, the account, the browser. */
void exchange_choose_language(exchange *x);
/** GET, HEAD, OPTIONS. */
bool exchange_is_safe(str method);
/** What the route's body must be. */
const schema *exchange_body_schema(const exchange *x);
body_media exchange_media(const exchange *x);
/** The media type as sent; *parameters (may be NULL): what follows it. */
str exchange_content_type(const exchange *x, str *parameters);

#endif
