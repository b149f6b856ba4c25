/*
 * Whether an address has an account is told to an organization through this door alone: hidden, or counted and audited.
 * Members of the organization itself are no secret to it, and whoever holds a mailed link is the holder.
 */
#ifndef PARVIS_DOMAIN_INVITATION_DISCLOSURE_H
#define PARVIS_DOMAIN_INVITATION_DISCLOSURE_H

#include "domain/shared/actor.h"
#include "domain/shared/env.h"

/** True where anyone may found an organization and the operator did not say that inviters are told all the same. */
bool accounts_hidden(const struct env *env);

/** What one change tells, gathered for one line of the record. */
typedef struct disclosure {
    txn *t;
    const actor *by;
    uuid organization_id;
    int64_t told;     /* addresses, with an account or without */
    msec retry_after; /* seconds; 0: the hour had room for all that was asked */
} disclosure;

/** Nothing is told yet. Borrows t and by until disclosure_end. */
disclosure disclosure_begin(txn *t, const actor *by, uuid organization_id);
/**
 * Asked before anything depends on whether this address has an account, whether it has one or not. *may is false where
 * accounts are hidden, and past addresses_per_hour: then nothing that the organization sees may depend on it.
 */
err disclosure_ask(disclosure *d, str email_key, bool *may);
/** The same for what tells even where accounts are hidden: counted and audited; past the hour *may is false. */
err disclosure_count(disclosure *d, str email_key, bool *may);
/** ERR_RATE_LIMITED when disclosure_count would not be granted now; reads only, before work is done for the answer. */
err disclosure_check(txn *t, uuid organization_id, str email_key);
/** Writes the record, if anything was told. */
err disclosure_end(const disclosure *d);
/** All three for one address. */
err disclosure_of(txn *t, const actor *by, uuid organization_id, str email_key, bool *may);

#endif
