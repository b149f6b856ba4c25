/* What an organization sets for itself: one table says what there is, how it is written, and what may stand in it. */
#ifndef PARVIS_DOMAIN_ORGANIZATION_SETTINGS_H
#define PARVIS_DOMAIN_ORGANIZATION_SETTINGS_H

#include "domain/shared/actor.h"
#include "domain/shared/env.h"

/** An organization's own values. STR_NONE and 0: as the server says, or nothing is asked. */
typedef struct organization_settings {
    str existing_accounts; /* "attach", "refuse" */
    bool administrators_invite;
    msec invitation_lifetime;
    msec reminder_after; /* 0: no reminders */
    int64_t reminder_max;
    str temporary_password_delivery; /* "ask", "send", "show" */
    msec temporary_password_lifetime;
    int64_t password_min_length;
    msec session_lifetime, session_idle;
    str second_factor;                    /* "none", "administrators", "all": of whom one is demanded */
    str allowed_domains, refused_domains; /* A-labels with a space between; "*.example.org": what is below it */
    str accent;                           /* "#1f5f5b" */
    str time_zone;                        /* "Europe/Paris" */
} organization_settings;

typedef enum setting_kind {
    KIND_WORD,     /* str, one of `words` */
    KIND_FLAG,     /* bool */
    KIND_DURATION, /* msec between least and most */
    KIND_NUMBER,   /* int64_t between least and most */
    KIND_DOMAINS,  /* str: a list of domains */
    KIND_COLOUR,   /* str: one that can be read */
    KIND_ZONE,     /* str: a time zone that the system knows */
} setting_kind;

typedef struct organization_setting {
    str name;    /* in the API, in forms and in the record */
    size_t said; /* in said_organization: where the record has it */
    setting_kind kind;
    size_t offset;    /* in organization_settings */
    const str *words; /* ended by STR_NONE */
    int64_t least, most;
    bool optional; /* null takes it away */
    bool inherits; /* where there is none, the server's holds */
} organization_setting;

enum { ORGANIZATION_SETTING_COUNT = 15 };
extern const organization_setting organization_setting_table[ORGANIZATION_SETTING_COUNT];

/** Puts the server's values where the organization has none of its own, and the stricter of the two where both bind. */
organization_settings organization_settings_effective(const settings *server, organization_settings own);

/**
 * Lays changes over *s, each a setting's name and its value as text, STR_NONE to take it away; names that are no
 * setting's are passed over. Every value that cannot stand is noted at its /name and left as it was. Errors:
 * ERR_INVALID_REQUEST.
 */
err organization_settings_lay(arena *a, problem *p, const text_pair *changes, size_t count, organization_settings *s);

/**
 * Changes the caller's organization's settings, and records what changed. Errors: ERR_INVALID_REQUEST; ERR_CONFLICT at
 * /second_factor when one is demanded by somebody whose own session has shown none: they would lock themselves out.
 */
err organization_settings_update(txn *t, const actor *by, const text_pair *changes, size_t count);

#endif
