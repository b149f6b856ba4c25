/* The outbox: what is to be sent is written in the commit of the change it tells of, its secret sealed. */
#ifndef PARVIS_DOMAIN_MAIL_MAIL_H
#define PARVIS_DOMAIN_MAIL_MAIL_H

#include "domain/shared/actor.h"
#include "domain/shared/page.h"

/**
 * MAIL_EMAIL_CHANGED: the link gives what was gained under the address, and not the account. MAIL_PASSWORD_RESET: the
 * address has it now, in an account of its own.
 */
#define MAIL_DETAIL_SHARE S("share")
/** MAIL_EMAIL_LOST: an account of its own stays with the address. */
#define MAIL_DETAIL_PARTED S("parted")
/** MAIL_PASSWORD_CHANGED: by a reset, which ends API keys, too. */
#define MAIL_DETAIL_RESET S("reset")
/** MAIL_PASSWORD_RESET: the address took its account back, nobody asked. */
#define MAIL_DETAIL_UNDONE S("undone")

/** One of the MAIL_MEMBER_…. */
bool mail_is_about_member(str kind);

/** How long the code of a sign-up is good for. */

typedef struct mail_order {
    mail_kind kind;
    uuid organization_id, invitation_id, membership_id,
        account_id;  /* what it is about; UUID_NONE where it does not apply */
    str recipient;   /* the stored spelling */
    str locale;      /* "fr", "en", STR_NONE: both languages */
    str token, code; /* secrets; sealed here */
    str detail;      /* what its kind says besides; sealed, too, since it may be an address */
    str asked_from;  /* the source of whoever asks for it whom nobody knows: whose turn it takes; else STR_NONE */
} mail_order;

/**
 * Writes a mail into the outbox, its secrets sealed; it goes out when t commits. *id (may be NULL) is its own. Of
 * notices that somebody can cause without end (MAIL_FACTOR_…, MAIL_MEMBER_…, MAIL_PASSWORD_CHANGED) an address gets six
 * of a kind an hour; the others are dropped.
 */
err mail_queue(txn *t, const mail_order *order, uuid *id);
/**
 * Has `listener` called whenever this process committed mails, on a thread of the store: quick. NULL ends it. One
 * listener a process.
 */
void mail_on_queued(void (*listener)(void *context), void *context);
/** Keeps a waiting mail from being sent and erases its secret; nothing happens to one already handed over. */
err mail_withdraw(txn *t, uuid mail_id);

/* ---- for the worker ---- */

/** A mail claimed for delivery, with everything its templates need. Text lives in the claiming transaction's arena. */
typedef struct mail_job {
    uuid id;         /* also its Message-ID, the same on every try */
    int64_t turn_of; /* whose turn it takes, and which */
    msec turn_at;
    str kind, recipient, locale;
    int64_t attempts; /* before this one */
    msec created_at;
    str link; /* the address behind the button; STR_NONE: none */
    str code; /* as shown, in two fives; or the temporary password; STR_NONE: none */
    str organization_name, organization_slug;
    str inviter_given_name, inviter_family_name, inviter_email; /* STR_NONE when the organization itself invites */
    str given_name, family_name;                                /* of the recipient, where known */
    str time_zone;     /* the recipient's, the organization's or the server's */
    str account_email; /* of the account it is about, as it is now */
    str role, message;
    msec expires_at;
    bool existing_account;
    str asker_email;                           /* ask_again: who asks */
    str detail;                                /* the order's */
    str member_given_name, member_family_name; /* whom a MAIL_MEMBER_… is about */
} mail_job;

typedef enum mail_outcome { MAIL_SENT, MAIL_KEPT, MAIL_DEFERRED, MAIL_FAILED } mail_outcome;

/**
 * How long a claimed mail is its process's own: 10 minutes, longer than the longest exchange with a mail server. In a
 * build with -Dtest_hooks=true what PARVIS_TEST_LEASE says.
 */
msec mail_lease(void);
enum { MAIL_BUT_MOST = 3 };

/**
 * How many mails are wanted, and whose not; 0: nobody's. What `has_enough` says of, who may be anybody, is put behind
 * the others instead, a second each.
 */
typedef struct mail_wish {
    int64_t most, but[MAIL_BUT_MOST]; /* mail_job.turn_of */
    bool (*has_enough)(void *context, int64_t turn_of);
    void *context;
} mail_wish;
/**
 * Leases due mails (mail_lease) and gives them in turns (domain/shared/turn.h). Mails that lost their reason are
 * withdrawn here, and count as claimed: *more may be due.
 */
err mail_claim(txn *t, const mail_wish *wish, mail_job **jobs, size_t *count, bool *more);
/**
 * Records what became of a claimed mail at its `attempt` (from 1). Anything but MAIL_DEFERRED erases its secret;
 * MAIL_DEFERRED tries again at `next_at`, in a turn of `turn_of` (the job's). `reply` is the mail server's own words
 * (cleaned). A trouble that came to a lease that is no longer one's own is not recorded: another process has taken the
 * mail up.
 */
err mail_record(txn *t, uuid id, int64_t attempt, int64_t turn_of, mail_outcome outcome, str reply, msec next_at);
/** Somebody else has the row: to be recorded later. Otherwise it is held from here on. */
err mail_is_busy(txn *t, uuid id, bool *busy);
/** Whether a mail claimed for its `attempt` is still this process's own, and has its reason still. */
err mail_still_due(txn *t, uuid id, int64_t attempt, bool *due);
/** Gives a claimed mail back, untried: whoever looks next takes it up. */
err mail_put_back(txn *t, uuid id, int64_t attempt);
/** Ends leases that a process that is gone still holds; once at start, under the data folder's lock. */
err mail_release_leases(txn *t);

/* ---- for people ---- */

/** The outcome, as an invitation or a list shows it. */
typedef struct mail_view {
    uuid id, organization_id, invitation_id;
    str kind, recipient, state, reply;
    int64_t attempts;
    msec created_at, at; /* at: of the last thing that happened */
} mail_view;
/** An organization's mails; UUID_NONE with an operator: all. */
err mail_list(txn *t, uuid organization_id, page *p, mail_view **out, size_t *count);
/** Makes all deferred mails due now; *count is how many. */
err mail_retry(txn *t, const actor *by, int64_t *count);

#endif
