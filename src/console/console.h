/*
 * What the pages share: the frame around each of them, texts with their placeholders filled, dates as the language
 * writes them, addresses with a query, and how a form comes back with what was wrong in it.
 *
 * A handler is `console_OPERATION(request, txn)`; tools/gen_routes.py declares them all from spec/console.yaml.
 */
#ifndef PARVIS_CONSOLE_CONSOLE_H
#define PARVIS_CONSOLE_CONSOLE_H

#include "console_table.h"
#include "routes.h"
#include "domain/invitation/invitation.h"
#include "domain/lifecycle/enrolment.h"
#include "domain/member/member.h"
#include "domain/organization/organization.h"
#include "domain/shared/phrase.h"
#include "http/answer.h"
#include "http/app.h"
#include "http/problem.h"
#include "ports/mustache.h"

/* Template data: names are program text. */
#define PUT(object, name, value)      m_set_str((object), S(name), (value))
#define PUT_INT(object, name, value)  m_set_int((object), S(name), (value))
#define PUT_BOOL(object, name, value) m_set_bool((object), S(name), (value))

/* ---- frame.c: what surrounds every page ---- */

/**
 * Starts the data of a page: language, assets, who is signed in, the organization, navigation, rights, and the notice
 * that the address asks for. `t` may be NULL (the problem page): then without organizations.
 */
err page_open(request *r, txn *t, mval **out);
/**
 * Renders a template into the answer; its title in the browser is title.NAME of the catalogue. A page that refuses (its
 * status says so, or r->again) has its form filled in as it was sent: refill.h.
 */
err page_answer(request *r, int status, const char *name, mval *m);
/** The way back above a title. */
void page_back(request *r, mval *m, str url, const char *text);
/**
 * Answers a form that was refused with its own page, the message beside each field and above: status and texts from the
 * refusal. Refusals that are no matter of the form (not found, unavailable …) are returned instead.
 */
err page_refused(request *r, err refusal, const char *name, mval *m);
/** Whether what was searched for was refused, and no old address: then the list is shown with that search. */
bool is_search_refused(const request *r, err refusal);
/** 303, with a notice on the next page. */
err page_redirect(request *r, str path, notice said);
/** Hands out the session and leads to `next` (STR_NONE: the root), by way of a second factor that is still owed. */
err page_enter(request *r, const signed_in *in, str next);
/** The same with a number in its text. */
err page_redirect_count(request *r, str path, notice said, int64_t count);
/** What out_page needs (app.look_out). */
err console_look_out(request *r, txn *t);
/** The problem page (app.problem_page). */
void console_problem(request *r, err refusal);

/**
 * Does the work of a form in a savepoint: it stays when it comes to OK; it is undone, and *refusal given, when the form
 * can say what is wrong. Anything else returns from the caller.
 */
#define PAGE_ATTEMPT(t, refusal, work)               \
    do {                                             \
        TRY(store_savepoint(t));                     \
        TRY(page_attempted((t), (work), (refusal))); \
    } while (0)
/** The end of that, for whoever looks at `result` first: after store_savepoint. */
err page_attempted(txn *t, err result, err *refusal);

/**
 * In admit and prepare: notes a refusal with its details in r->finding, for the handler; trouble (5xx) is returned
 * instead.
 */
err page_note(request *r, err refusal);
/** In the handler: the details are the request's again; gives the refusal. With one, the handler only reads. */
err page_recall(request *r);

/**
 * Judges names and a new password together, so that all that is wrong is said at once; hashes only when nothing is.
 * Fields /given_name, /family_name, /password. `known` is what else must not be in the password.
 */
err page_new_person(request *r, const password_terms *terms, str given, str family, str password, const str *known,
                    size_t count, str *hash);
/**
 * The same for a password beside other fields: `refusal` says what they came to, and goes first. `about` as
 * password_check.
 */
err page_new_password(request *r, err refusal, const password_terms *terms, str password, const str *about,
                      size_t count, str *hash);

/** min_length of partials/password_new, as password_least says it. Pages without it have the server's. */
err put_least(mval *m, txn *t, uuid account_id, uuid organization_id);

/** Mails go into files instead of the world. */
bool mail_is_kept(const request *r);

/** The settings page again, with what is wrong in a form beside its own. */
err settings_refused(request *r, txn *t, err refusal);
/** Puts theme_url and logo_url, where an organization has a colour or a logo of its own. */
err put_theme(request *r, txn *t, mval *m, uuid organization_id);

/* ---- text.c: domain/phrase.h in the reader's language ---- */

/** A text of the catalogue. */
str text(const request *r, const char *key);
/** The same with {name} replaced, from name, value pairs. */
#define TEXT(r, key, ...) PHRASE((r)->a, (r)->lang, S(key), __VA_ARGS__)
/** A plural entry with its {count}. */
str text_count(const request *r, const char *key, int64_t count);
enum { COUNT_MOST = 10000 }; /* a list's total is counted so far */
/** text_count(key), or, when there are more, the text of `key`_more. */
str text_total(const request *r, const char *key, int64_t count, bool more);
/** The text of `key` with `word` behind a point ("role", "owner" → role.owner). */
str text_of(const request *r, const char *key, str word);
/** A date in the reader's time zone (actor_tell_in). */
str date_text(const request *r, msec t);
/** The same without the year, when it is that of `now`. */
str day_text(const request *r, msec t, msec now);
/** A day and its hour, with the zone. */
str moment_text(const request *r, msec t);
/** When an access ends: its last day, or a moment. */
str access_end_text(const request *r, msec t);
/** A date; with the hour when it is less than two days away. */
str until_text(const request *r, msec t, msec now);
/** RFC 3339, for <time>. */
str machine_time(const request *r, msec t);
/** « OM »; of one name its first letter. */
str initials(const request *r, str given, str family);
/** A TypeID in the request's arena. */
str id_text(const request *r, str prefix, uuid id);
/** Puts full_name, given_name, family_name, email, initials. */
void put_person(const request *r, mval *m, str given, str family, str email);
/** What became of one's access, and since when: access_text, is_ended. */
void put_out(const request *r, mval *m, const membership_out *out, msec now);
/** whom_name?, asked_text?, ask_again_url?: who can send another, and the button that asks them, by a link's token. */
void put_asking(const request *r, mval *m, const invitation_door *door, str token, msec now);
/** own_invitations[]: what waits for whoever is signed in. */
err put_own_invitations(request *r, txn *t, mval *m);
/** silences[]: whose invitations they want no more. */
err put_silences(request *r, txn *t, mval *m);
/** The page of an organization that lets its member in no more, of what console_look_out found. */
err out_page(request *r);
/** One choice of a select or radio group; `chosen` STR_NONE: not this one, not even the empty one. */
void put_option(mval *list, str value, str label, str chosen);
/** An option for each language, called as its own people call it. */
void put_languages(mval *list, str chosen);

/* ---- zones.c ---- */

/**
 * What partials/zones lists, with `chosen` (STR_NONE: none) selected. `none`: what the choice of none is called;
 * STR_NONE: there has to be one.
 */
void put_zones(request *r, mval *m, str chosen, str none);
/** What a zone is called, in the reader's language. */
str zone_text(const request *r, str zone);

/* ---- links.c ---- */

/** path?name=value&… percent-encoded (RFC 3986); pairs without a value are left out. */
str link_with(arena *a, str path, const str (*pairs)[2], size_t count);
#define LINK(a, path, ...) \
    link_with((a), (path), (const str[][2]){__VA_ARGS__}, sizeof((const str[][2]){__VA_ARGS__}) / sizeof(str[2]))
/** "/o/SLUG" and what follows. */
str org_path(const request *r, const char *rest);
str org_path_id(const request *r, const char *before, str prefix, uuid id, const char *after);
/**
 * "/me" and what follows, with the organization one came from (?from=), whose navigation stays beside the account's
 * pages.
 */
str me_path(const request *r, str rest);
/**
 * Starts the account's page (me.mustache) for the forms below /me that come back to it; what was typed for another
 * address comes back in its field.
 */
err me_page_open(request *r, txn *t, mval **out);
/** A form of that page was refused: beside its fields, or in `place` above it. */
err me_page_refused(request *r, mval *m, err refusal, const char *place);
/** 303 to the account's page, with a notice. */
err me_redirect(request *r, notice said);
/** The change of address that waits for its link, with its way out; nothing where none does. */
err put_email_change(request *r, txn *t, mval *m);
/** `next` when it is a path of this server (one "/" first, plain ASCII without backslash), else `otherwise`. */
str safe_next(str next, str otherwise);
/** The address asked for, without `lang` and `notice`: to come back to. */
str link_here(const request *r);

/**
 * The page's own address; of a page that was answered to a form, that of the page which shows the form, and
 * `otherwise` where there is none.
 */
str page_address(const request *r, str otherwise);

/* ---- shared by pages ---- */

/** An account's name, or STR_NONE when it is nobody's (the operator's doing) or gone. */
err account_name(const request *r, txn *t, uuid account_id, str *out);
/** The rows of partials/invitation_rows, into m. */
err put_invitation_rows(request *r, txn *t, mval *m, const invitation_view *rows, size_t count);
/** What partials/invited and partials/decline_way say of an invitation to the person who is invited. */
err put_invited(request *r, txn *t, mval *m, const invitation_door *door);
/** How many seats are free, or will be after `wanted` more are taken, or are missing; STR_NONE without a limit. */
str seats_text(request *r, const seats *s, int64_t wanted);
/** The seats line; nothing without a limit. `wanted`: how many are about to be taken. */
void put_seats(request *r, mval *m, const seats *s, int64_t wanted);
/** The roles one may give, from the least, with what each may do. */
void put_role_options(request *r, mval *m, bool administrator, bool owner, str chosen);
/** One member, as the users page and the member's own page show them. */
void put_member(request *r, mval *m, const member_view *v, msec now);
/** The options of one member: entitlements, group_options, ends_text. */
err put_member_options(request *r, txn *t, mval *m, const member_view *v);
/** The head that the two tabs of the users page share; *o is the organization. */
err put_users_tabs(request *r, txn *t, mval *m, bool invitations, organization_view *o);
/** The choices of a filter: "any" (FAMILY.any), then the words with their texts (FAMILY.WORD). */
void put_choices(request *r, mval *filter, const char *list, const char *family, const str *words, size_t count,
                 str chosen);
/** First and next page of a list. */
void put_paging(mval *m, str cursor, str first_url, str next, str next_url);
/** An empty field of a form or query counts as not given. */
str some(str s);
/**
 * A page that ends in a change of the ways in: back to one's account, or on to `next`, and how one proves oneself first
 * (partials/proof).
 */
err change_open(request *r, txn *t, str next, const char *action, mval **out);
/** Verifies the password of such a page's form, which admit_change found; leaves it in r->scratch for change_prove. */
err change_prepare(request *r);
/** Who makes the change: the refusals of caller_proved, and ERR_INVALID_REQUEST at the field. */
err change_prove(request *r, txn *t);
/** One's passkeys, into `security` (partials/me_security). */
err put_passkeys(request *r, txn *t, mval *security);
/** The second factors as one's own page shows them (partials/me_security). */
err put_security(request *r, txn *t, mval *m);
/** Whether the caller is the only owner. */
err is_last_owner(request *r, txn *t, bool *out);

#endif
