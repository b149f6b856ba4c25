/* Which language an answer is in. */
#ifndef PARVIS_HTTP_LANGUAGE_CHOICE_H
#define PARVIS_HTTP_LANGUAGE_CHOICE_H

#include "http/exchange.h"

/** Chooses r->lang by what is known: the address, the switch on a page, the account, the browser. */
void language_choose(exchange *x);

#endif
