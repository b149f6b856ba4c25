/* An invitation on its way through the steps: what was entered, and what would become of each address. */
#ifndef PARVIS_CONSOLE_INVITE_H
#define PARVIS_CONSOLE_INVITE_H

#include "console/console.h"
#include "domain/invitation/temporary.h"
#include "domain/organization/entitlement.h"
#include "ports/address.h"
#include "ports/pasted.h"

typedef body_invite_step_form invite_form; /* all steps post the same fields */

/* Two ways with the same steps: to invite people, and to add administrators. */
typedef struct invite_way {
    const char *path, *title;
    bool administrators;
} invite_way;

typedef struct invite_draft {
    const invite_form *form;
    const invite_way *way;
    str role, locale, expires_in; /* locale STR_NONE: each person's own, or the organization's */
    str method;                   /* link, send, show: invite_method.c */
    temporary_terms terms;
    msec lifetime; /* 0: as the organization has set */
    entitlement_choice *choices;
    size_t choice_count;
    msec access_ends_at; /* 0: never */
    organization_view organization;
    pasted read;           /* its columns, where it was a sheet */
    pasted_entry *entries; /* of it */
    invite_row *rows;
    invite_result *results;
    size_t count;
    seats seats;
    int64_t good, bad, short_of_seats; /* of results */
    bool all_exist;                    /* all the good ones have an account */
    const problem_field *wrong_option; /* what the rules refuse of what was chosen for all */
} invite_draft;

/**
 * Reads what was entered. ERR_INVALID_REQUEST at /addresses when there are none or too many, at /expires_in, /method,
 * /groups, /access_ends_at.
 */
err invite_draft_read(request *r, txn *t, const invite_way *way, const invite_form *form, invite_draft *d);
invite_order invite_draft_order(const invite_draft *d);
/** Fills results and seats: what sending would do. */
err invite_draft_judge(request *r, txn *t, invite_draft *d);
/** What was entered as it goes on: as typed, or a line for each once the script had it read in pieces. */
str invite_draft_text(request *r, const invite_draft *d);
/** The columns of a sheet, where it is asked which is which: partials/columns. */
void put_columns(request *r, mval *m, const invite_draft *d);
/** Counts the results. */
void invite_draft_count(invite_draft *d);
/** When what is sent now will expire, for those without an account. */
msec invite_draft_lifetime(const invite_draft *d);
/**
 * The list of partials/results; `sent`: what has become of them, the refused ones first, without those whose temporary
 * password is shown. Gives how many there are.
 */
size_t put_results(request *r, mval *m, const invite_draft *d, bool sent);
/** The same for the script of the address field. */
err answer_results(request *r, const invite_draft *d);
/* ---- invite_options.c ---- */

/** Reads groups, entitlements and the end of access into every row. ERR_INVALID_REQUEST at /groups, /access_ends_at. */
err invite_options_read(request *r, txn *t, invite_draft *d);
/** What was chosen of them, for the fields that carry it. */
void put_chosen(mval *form, const invite_draft *d);
/** What there is to choose from. */
err put_option_lists(request *r, txn *t, mval *m, const invite_draft *d);
/** What was chosen, in words. */
err put_option_texts(request *r, txn *t, mval *m, const invite_draft *d);

/* ---- invite_method.c ---- */

/** Whether one may choose it; `link`: links are offered too. */
bool method_allowed(const temporary_terms *terms, bool link, str method);
/** The one that is chosen until somebody chooses. */
str method_usual(const request *r, const temporary_terms *terms, bool link);
/** What partials/invite_method needs. */
void put_methods(request *r, mval *m, const temporary_terms *terms, bool link, str chosen);
/** Fills the order's method and delivery. */
void method_into(str method, invite_order *order);

/* ---- invite_report.c ---- */

/** A temporary password that is shown this once. */
typedef struct shown_password {
    str email, full_name, password, locale; /* locale STR_NONE: the organization's */
    msec expires_at;
} shown_password;
/** Puts what the page invite_report needs but for the other addresses, and makes the answer one that holds secrets. */
void put_report(request *r, mval *m, const shown_password *shown, size_t count, str done_url);
/** The whole page, for one invitation. */
err answer_report(request *r, txn *t, uuid invitation_id, str password);

#endif
