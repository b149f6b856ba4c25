/*
 * Counts by the hour and organization, an address once however often it is asked about, and writes one line of the
 * record for all that one change told.
 */
#include "domain/invitation/disclosure.h"

#include "domain/shared/audit.h"
#include "domain/shared/throttle.h"

bool accounts_hidden(const struct env *env)
{
    return env->settings->signup && !env->settings->tell_accounts;
}

disclosure disclosure_begin(txn *t, const actor *by, uuid organization_id)
{
    return (disclosure){.t = t, .by = by, .organization_id = organization_id};
}

static str id_of(const uuid *organization_id)
{
    return (str){(const char *)organization_id->b, sizeof organization_id->b};
}

err disclosure_check(txn *t, uuid organization_id, str email_key)
{
    const rate_rule rule = RATE_ADDRESSES(t->env->settings);
    return rate_check_distinct(t, &rule, id_of(&organization_id), email_key);
}

/* A time to wait belongs to the limit, not to the refusal of whatever row is being judged. */
err disclosure_count(disclosure *d, str email_key, bool *may)
{
    txn *t = d->t;
    const rate_rule rule = RATE_ADDRESSES(t->env->settings);
    problem *outer = t->problem, own = {0};
    t->problem = &own;
    err e = rate_take_distinct(t, &rule, id_of(&d->organization_id), email_key, may);
    t->problem = outer;
    TRY(e);
    d->told += *may;
    if (!*may)
        d->retry_after = own.retry_after;
    return OK;
}

err disclosure_ask(disclosure *d, str email_key, bool *may)
{
    *may = false;
    return accounts_hidden(d->t->env) ? OK : disclosure_count(d, email_key, may);
}

err disclosure_end(const disclosure *d)
{
    if (!d->told)
        return OK;
    str count = arena_printf(d->t->a, "%lld", (long long)d->told);
    return audit(d->t, d->by, EVENT_ADDRESSES_LOOKED_UP, .subject_id = d->organization_id,
                 .organization_id = d->organization_id, .after = {.count = count});
}

err disclosure_of(txn *t, const actor *by, uuid organization_id, str email_key, bool *may)
{
    disclosure d = disclosure_begin(t, by, organization_id);
    TRY(disclosure_ask(&d, email_key, may));
    return disclosure_end(&d);
}
