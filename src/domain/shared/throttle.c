/*
 * Counters in rows under keyed hashes, locked by whoever counts: tries that come side by side, also on several nodes,
 * are counted one by one.
 */
#include "domain/shared/throttle.h"

#include "domain/shared/held.h"
#include "queries.h"

#include <arpa/inet.h>

/* A keyed hash, so that the table shows nobody's address. */
static str key_of(txn *t, str name, str subject, str source)
{
    token_digest d = token_mac(t->env->key, KEY_THROTTLE, arena_join(t->a, name, S("\n"), subject, S("\n"), source));
    return arena_str(t->a, token_digest_str(&d));
}

/* How a kind of try is slowed; a row of spec/limits.yaml. Only strangers' tries count for their source, too. */
typedef struct pace {
    str name;
    int64_t free_tries;
    msec longest_wait;
    bool counts_source;
} pace;

THROTTLE_TABLE(paces);

str throttle_source(arena *a, str source)
{
    struct in6_addr six;
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, arena_cstr(a, source), &six) != 1)
        return source;
    memset(&six.s6_addr[8], 0, 8);
    return inet_ntop(AF_INET6, &six, text, sizeof text) ? arena_str(a, str_of(text)) : source;
}

str throttle_network(arena *a, str source)
{
    enum { BYTES_OF_4 = 3, BYTES_OF_6 = 6 };
    unsigned char address[sizeof(struct in6_addr)] = {0};
    const char *text = arena_cstr(a, source);
    if (inet_pton(AF_INET6, text, address) == 1)
        return arena_str(a, (str){(const char *)address, BYTES_OF_6});
    if (inet_pton(AF_INET, text, address) == 1)
        return arena_str(a, (str){(const char *)address, BYTES_OF_4});
    return source;
}

str throttle_source_of(arena *a, const actor *who)
{
    return throttle_source(a, who->source.p ? who->source : S(""));
}

static str pair_key(txn *t, const throttle_of *of)
{
    return key_of(t, paces[of->kind].name, of->subject, throttle_source(t->a, of->source));
}

static str source_key(txn *t, const throttle_of *of)
{
    return key_of(t, paces[of->kind].name, S("*"), throttle_source(t->a, of->source));
}

static bool counts_source(const throttle_of *of)
{
    return paces[of->kind].counts_source && of->source.p;
}

/* ---- whose turn it is ---- */

/* What locks them knows them by the beginning of their key, as long as an id. */
static uuid hold_id(str key)
{
    uuid id;
    memcpy(id.b, key.p, sizeof id.b);
    return id;
}

/* All that begins so, and how many of them are locked. */
static err count_rows(txn *t, uuid id, unsigned how, size_t *count)
{
    token_digest from = {0}, to;
    memset(&to, 0xFF, sizeof to);
    memcpy(from.b, id.b, sizeof id.b);
    memcpy(to.b, id.b, sizeof id.b);
    *count = 0;
    for (unsigned of = Q_THROTTLE_ROWS_OF_TRIES; of <= Q_THROTTLE_ROWS_OF_RATES; of++) {
        q_throttle_rows_rows rows;
        TRY(q_throttle_rows(t, of, how, &rows, .from_key = token_digest_str(&from), .to_key = token_digest_str(&to)));
        *count += rows.n;
    }
    return OK;
}

/*
 * Counting locks. Who waits for rows briefly counts, and begins again if that took too long; who waits for long does so
 * in order alone.
 */
static err take_turn(txn *t, uuid id)
{
    size_t there, free;
    store_hold what = held_of(HELD_LIMIT, id);
    store_turn turn = store_hold_turn(t, what);
    if (turn == STORE_HELD)
        return OK;
    if (turn == STORE_TRY && store_is_patient(t)) {
        TRY(count_rows(t, id, Q_THROTTLE_ROWS_HOW_FREE, &free));
        TRY(count_rows(t, id, Q_THROTTLE_ROWS_HOW_LISTED, &there));
        if (free < there)
            return row_hold_first(t, HELD_LIMIT, id);
    }
    store_held(t, what);
    return OK;
}

err throttle_hold(txn *t, uuid id)
{
    size_t held;
    TRY(take_turn(t, id));
    return count_rows(t, id, Q_THROTTLE_ROWS_HOW_WAITS, &held);
}

/* ---- wrong tries ---- */

static err check_key(txn *t, str key)
{
    q_throttle_get_row row;
    if (t->writes && store_is_shared(t->store)) { /* what is counted after this is counted once */
        TRY(take_turn(t, hold_id(key)));
        TRY(q_throttle_claim(t, .throttle_key = key, .updated_at = t->now));
    }
    err e = q_throttle_get(t, &row, key);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (row.until_at <= t->now)
        return OK;
    t->problem->retry_after = (row.until_at - t->now + MSEC_SECOND - 1) / MSEC_SECOND;
    return ERR_RATE_LIMITED;
}

err throttle_check(txn *t, const throttle_of *of)
{
    TRY(check_key(t, pair_key(t, of)));
    return counts_source(of) ? check_key(t, source_key(t, of)) : OK;
}

static msec wait_after(int64_t failures, int64_t free_tries, msec longest)
{
    int64_t over = failures - free_tries;
    if (over <= 0)
        return 0;
    msec wait = (msec)MSEC_SECOND << (over > 20 ? 20 : over - 1);
    return wait < longest ? wait : longest;
}

/* A pair's wrong tries that count still, and since when they stand. */
static err pair_failures(txn *t, str key, q_throttle_get_row *row)
{
    err e = q_throttle_get(t, row, key);
    if (e == ERR_NOT_FOUND || (e == OK && t->now - row->updated_at > TRIES_FORGET_AFTER))
        *row = (q_throttle_get_row){0};
    return e == ERR_NOT_FOUND ? OK : e;
}

/*
 * A source's, of which one is forgiven every SOURCE_FORGIVES. updated_at says up to when that was done, so that nothing
 * of the running interval is lost.
 */
static err source_failures(txn *t, str key, q_throttle_get_row *row)
{
    err e = q_throttle_get(t, row, key);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    int64_t forgiven = e == OK ? (t->now - row->updated_at) / SOURCE_FORGIVES : 0;
    if (e == ERR_NOT_FOUND || row->failures <= forgiven) {
        *row = (q_throttle_get_row){.updated_at = t->now};
        return OK;
    }
    row->failures -= forgiven;
    row->updated_at += forgiven * SOURCE_FORGIVES;
    return OK;
}

static err put(txn *t, str key, int64_t failures, int64_t free_tries, msec longest, msec updated_at)
{
    return q_throttle_put(t, .throttle_key = key, .failures = failures,
                          .until_at = t->now + wait_after(failures, free_tries, longest), .updated_at = updated_at);
}

/*
 * What of a source's count is still this pair's: forgiven at the same pace, so that nobody washes off what others
 * guessed.
 */
static str share_key(txn *t, const throttle_of *of)
{
    str name = arena_join(t->a, paces[of->kind].name, S(" share"));
    return key_of(t, name, of->subject, throttle_source(t->a, of->source));
}

static err note_source(txn *t, const throttle_of *of)
{
    q_throttle_get_row row;
    str key = source_key(t, of), share = share_key(t, of);
    TRY(source_failures(t, key, &row));
    TRY(put(t, key, row.failures + 1, FREE_TRIES_SOURCE, paces[of->kind].longest_wait, row.updated_at));
    TRY(source_failures(t, share, &row));
    return q_throttle_put(t, .throttle_key = share, .failures = row.failures + 1, .until_at = 0,
                          .updated_at = row.updated_at);
}

err throttle_failed(txn *t, const throttle_of *of)
{
    q_throttle_get_row row;
    const pace *p = &paces[of->kind];
    str key = pair_key(t, of);
    TRY(pair_failures(t, key, &row));
    TRY(put(t, key, row.failures + 1, p->free_tries, p->longest_wait, t->now));
    return counts_source(of) ? note_source(t, of) : OK;
}

err throttle_failures(txn *t, const throttle_of *of, int64_t *failures)
{
    q_throttle_get_row row;
    TRY(pair_failures(t, pair_key(t, of), &row));
    *failures = row.failures;
    return OK;
}

err throttle_is_free(txn *t, const throttle_of *of, bool *is_free)
{
    int64_t failures;
    TRY(throttle_failures(t, of, &failures));
    *is_free = failures < paces[of->kind].free_tries;
    return OK;
}

static err give_back(txn *t, const throttle_of *of)
{
    q_throttle_get_row own, row;
    str key = source_key(t, of), share = share_key(t, of);
    TRY(source_failures(t, share, &own));
    if (!own.failures)
        return OK;
    TRY(source_failures(t, key, &row));
    int64_t left = row.failures > own.failures ? row.failures - own.failures : 0;
    TRY(q_throttle_put(t, .throttle_key = key, .failures = left,
                       .until_at = left > FREE_TRIES_SOURCE ? row.until_at : 0, .updated_at = row.updated_at));
    return q_throttle_forget(t, share);
}

err throttle_passed(txn *t, const throttle_of *of)
{
    q_throttle_get_row row;
    str key = pair_key(t, of);
    TRY(pair_failures(t, key, &row));
    if (row.failures && counts_source(of))
        TRY(give_back(t, of));
    return q_throttle_forget(t, key);
}

err rate_take(txn *t, const rate_rule *rule, str subject, int64_t want, int64_t *taken)
{
    *taken = want;
    if (!t->env->settings->rate_limits || want == 0)
        return OK;
    msec start = t->now - t->now % rule->window;
    str key = key_of(t, str_of(rule->name), subject, S(""));
    q_rate_add_row row;
    TRY(take_turn(t, hold_id(key)));
    TRY(q_rate_add(t, &row, .throttle_key = key, .window_at = start, .count = want));
    int64_t over = row.count - rule->most;
    if (over <= 0)
        return OK;
    over = over < want ? over : want;
    *taken = want - over;
    t->problem->retry_after = (start + rule->window - t->now + MSEC_SECOND - 1) / MSEC_SECOND;
    return q_rate_add(t, &row, .throttle_key = key, .window_at = start, .count = -over); /* ours until the commit */
}

err rate_take_from(txn *t, const rate_rule *all, const rate_rule *each, str subject, str asker, bool *crowded)
{
    int64_t taken;
    TRY(rate_take(t, all, subject, 1, &taken));
    *crowded = taken == 0;
    rate_rule own = *each;
    if (*crowded)
        own.most = 1;
    TRY(rate_take(t, &own, arena_join(t->a, subject, S("\n"), asker), 1, &taken));
    return taken ? OK : ERR_RATE_LIMITED;
}

err rate_mail_due(txn *t, const rate_rule *few, const rate_rule *crowded, str subject, bool *due)
{
    int64_t one_of_few, first_of_window;
    TRY(rate_take(t, few, subject, 1, &one_of_few));
    TRY(rate_take(t, crowded, subject, 1, &first_of_window)); /* in any case: a mail of just now serves, too */
    *due = one_of_few || first_of_window;
    return OK;
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

err rate_check_distinct(txn *t, const rate_rule *rule, str subject, str item)
{
    q_rate_get_row seen;
    msec start = t->now - t->now % rule->window;
    err e = q_rate_get(t, &seen, .throttle_key = key_of(t, str_of(rule->name), subject, item), .window_at = start);
    return e == ERR_NOT_FOUND ? rate_check(t, rule, subject) : e;
}

err rate_check_from(txn *t, const rate_rule *all, const rate_rule *each, str subject, str asker)
{
    rate_rule own = *each;
    err e = rate_check(t, all, subject);
    if (e != OK && e != ERR_RATE_LIMITED)
        return e;
    if (e == ERR_RATE_LIMITED)
        own.most = 1;
    t->problem->retry_after = 0;
    return rate_check(t, &own, arena_join(t->a, subject, S("\n"), asker));
}

err rate_room(txn *t, const rate_rule *rule, str subject, bool *room)
{
    q_rate_get_row row;
    *room = true;
    if (!t->env->settings->rate_limits)
        return OK;
    msec start = t->now - t->now % rule->window;
    err e = q_rate_get(t, &row, .throttle_key = key_of(t, str_of(rule->name), subject, S("")), .window_at = start);
    *room = e != OK || row.count < rule->most;
    return e == ERR_NOT_FOUND ? OK : e;
}

err rate_check(txn *t, const rate_rule *rule, str subject)
{
    bool room;
    TRY(rate_room(t, rule, subject, &room));
    if (room)
        return OK;
    t->problem->retry_after = (rule->window - t->now % rule->window + MSEC_SECOND - 1) / MSEC_SECOND;
    return ERR_RATE_LIMITED;
}
