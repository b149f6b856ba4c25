#include "domain/throttle.h"

#include "queries.h"

#include <arpa/inet.h>

enum { FREE_TRIES_SOURCE = 50, LONGEST_WAIT = 15 * MSEC_MINUTE, FORGET_AFTER = MSEC_DAY };

/* A keyed hash, so that the table shows nobody's address. */
static str key_of(txn *t, str name, str subject, str source)
{
    token_digest d = token_mac(t->env->key, KEY_THROTTLE, arena_join(t->a, name, S("\n"), subject, S("\n"), source));
    return arena_str(t->a, token_digest_str(&d));
}

typedef struct pace {
    str name;
    int64_t free_tries;
    msec longest_wait;
} pace;

static const pace paces[] = {
    [THROTTLE_SIGN_IN] = {S_INIT("sign_in"), 4, LONGEST_WAIT}, [THROTTLE_CODE] = {S_INIT("code"), 4, LONGEST_WAIT},
    [THROTTLE_PROOF] = {S_INIT("proof"), 4, LONGEST_WAIT},     [THROTTLE_FACTOR] = {S_INIT("factor"), 4, LONGEST_WAIT},
    [THROTTLE_TOTP] = {S_INIT("totp"), 10, MSEC_HOUR}, /* 24 tries a day, 3 codes good of a million: 2.6 % in a year */
};

str throttle_source(arena *a, str source)
{
    struct in6_addr six;
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, arena_cstr(a, source), &six) != 1)
        return source;
    memset(&six.s6_addr[8], 0, 8);
    return inet_ntop(AF_INET6, &six, text, sizeof text) ? arena_str(a, str_of(text)) : source;
}

static str pair_key(txn *t, throttle_kind kind, str subject, str source)
{
    return key_of(t, paces[kind].name, subject, throttle_source(t->a, source));
}

static str source_key(txn *t, throttle_kind kind, str source)
{
    return key_of(t, paces[kind].name, S("*"), throttle_source(t->a, source));
}

static err check_key(txn *t, str key)
{
    q_throttle_get_row row;
    if (t->writes && store_is_shared(t->store)) /* what is counted after this is counted once */
        TRY(q_throttle_claim(t, .throttle_key = key, .updated_at = t->now));
    err e = q_throttle_get(t, &row, key);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (row.until_at <= t->now)
        return OK;
    t->problem->retry_after = (row.until_at - t->now + MSEC_SECOND - 1) / MSEC_SECOND;
    return ERR_RATE_LIMITED;
}

err throttle_check(txn *t, throttle_kind kind, str subject, str source)
{
    TRY(check_key(t, pair_key(t, kind, subject, source)));
    return source.p ? check_key(t, source_key(t, kind, source)) : OK;
}

static msec wait_after(int64_t failures, int64_t free_tries, msec longest)
{
    int64_t over = failures - free_tries;
    if (over <= 0)
        return 0;
    msec wait = (msec)MSEC_SECOND << (over > 20 ? 20 : over - 1);
    return wait < longest ? wait : longest;
}

/* How many wrong tries count still. */
static err count_failures(txn *t, str key, int64_t *failures)
{
    q_throttle_get_row row;
    err e = q_throttle_get(t, &row, key);
    *failures = 0;
    if (e == OK && t->now - row.updated_at <= FORGET_AFTER)
        *failures = row.failures;
    return e == ERR_NOT_FOUND ? OK : e;
}

static err note_failure(txn *t, str key, int64_t free_tries, msec longest)
{
    int64_t failures;
    TRY(count_failures(t, key, &failures));
    failures++;
    return q_throttle_put(t, .throttle_key = key, .failures = failures,
                          .until_at = t->now + wait_after(failures, free_tries, longest), .updated_at = t->now);
}

err throttle_failed(txn *t, throttle_kind kind, str subject, str source)
{
    TRY(note_failure(t, pair_key(t, kind, subject, source), paces[kind].free_tries, paces[kind].longest_wait));
    return source.p ? note_failure(t, source_key(t, kind, source), FREE_TRIES_SOURCE, LONGEST_WAIT) : OK;
}

err throttle_failures(txn *t, throttle_kind kind, str subject, str source, int64_t *failures)
{
    return count_failures(t, pair_key(t, kind, subject, source), failures);
}

err throttle_passed(txn *t, throttle_kind kind, str subject, str source)
{
    return q_throttle_forget(t, pair_key(t, kind, subject, source));
}

err rate_take(txn *t, const rate_rule *rule, str subject, int64_t want, int64_t *taken)
{
    *taken = want;
    if (!t->env->settings->rate_limits || want == 0)
        return OK;
    msec start = t->now - t->now % rule->window;
    str key = key_of(t, str_of(rule->name), subject, S(""));
    q_rate_add_row row;
    TRY(q_rate_add(t, &row, .throttle_key = key, .window_at = start, .count = want));
    int64_t over = row.count - rule->most;
    if (over <= 0)
        return OK;
    over = over < want ? over : want;
    *taken = want - over;
    t->problem->retry_after = (start + rule->window - t->now + MSEC_SECOND - 1) / MSEC_SECOND;
    return q_rate_add(t, &row, .throttle_key = key, .window_at = start, .count = -over); /* ours until the commit */
}

err rate_take_distinct(txn *t, const rate_rule *rule, str subject, str item, bool *granted)
{
    *granted = true;
    if (!t->env->settings->rate_limits)
        return OK;
    msec start = t->now - t->now % rule->window;
    str key = key_of(t, str_of(rule->name), subject, item);
    q_rate_get_row seen;
    err e = q_rate_get(t, &seen, .throttle_key = key, .window_at = start);
    if (e != ERR_NOT_FOUND)
        return e;
    int64_t taken, marked;
    TRY(rate_take(t, rule, subject, 1, &taken));
    *granted = taken == 1;
    return taken ? q_rate_mark(t, &marked, .throttle_key = key, .window_at = start) : OK;
}

err rate_check(txn *t, const rate_rule *rule, str subject)
{
    q_rate_get_row row;
    if (!t->env->settings->rate_limits)
        return OK;
    msec start = t->now - t->now % rule->window;
    err e = q_rate_get(t, &row, .throttle_key = key_of(t, str_of(rule->name), subject, S("")), .window_at = start);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (row.count < rule->most)
        return OK;
    t->problem->retry_after = (start + rule->window - t->now + MSEC_SECOND - 1) / MSEC_SECOND;
    return ERR_RATE_LIMITED;
}
