/* An invitation on its way through the steps: what was entered, and what would become of each address. */
#ifndef PARVIS_CONSOLE_INVITE_H
#define PARVIS_CONSOLE_INVITE_H

#include "console/console.h"
#include "ports/address.h"

typedef body_invite_step_form invite_form; /* all steps post the same fields */

typedef struct invite_draft {
    const invite_form *form;
    str role, locale, expires_in; /* locale STR_NONE: each person's own, or the organization's */
    msec lifetime;
    organization_view organization;
    address_entry *entries;
    invite_row *rows;
    invite_result *results;
    size_t count;
    seats seats;
    int64_t good, bad, short_of_seats; /* of results */
    bool all_exist;                    /* all the good ones have an account */
    const problem_field *wrong_message;
} invite_draft;

/**
 * Reads what was entered. ERR_PAYLOAD_TOO_LARGE for more than INVITE_ROWS_MAX addresses; ERR_INVALID_REQUEST at
 * /addresses when there are none, at /expires_in.
 */
MUST err invite_draft_read(request *r, txn *t, const invite_form *form, invite_draft *d);
invite_order invite_draft_order(const invite_draft *d);
/** Fills results and seats: what sending would do. */
MUST err invite_draft_judge(request *r, txn *t, invite_draft *d);
/** Counts the results. */
void invite_draft_count(invite_draft *d);
/** The list of partials/results; `sent`: what has become of them, the refused ones first. */
void put_results(request *r, mval *m, const invite_draft *d, bool sent);
/** The same for the script of the address field. */
MUST err answer_results(request *r, const invite_draft *d);
/** The choices of settings.c, also offered for one invitation. */
void put_lifetimes(request *r, mval *m, const char *name, msec chosen);

#endif
