/*
 * The word is signed and nothing of it is kept: a table of browsers would grow by each sign-in and tell more of people
 * than it is for.
 */
#include "domain/account/browser.h"

#include "limits_table.h"

/* A word: account, id, the moment it ends, the account's number, and the keyed hash over all of these. */
enum { ID = 16, NUMBER = 8, SIGNED = ID + ID + NUMBER + NUMBER, WORD = SIGNED + TOKEN_HASH_SIZE, COOKIE_MAX = 4096 };

typedef struct word {
    uuid account_id, id;
    int64_t expires_at, browsers;
} word;

static void put_number(uint8_t *to, int64_t n)
{
    for (int i = 0; i < NUMBER; i++)
        to[i] = (uint8_t)((uint64_t)n >> (8 * (NUMBER - 1 - i)));
}

static int64_t get_number(const uint8_t *from)
{
    uint64_t n = 0;
    for (int i = 0; i < NUMBER; i++)
        n = n << 8 | from[i];
    return (int64_t)n;
}

static str make(const struct env *env, arena *a, const word *w)
{
    uint8_t raw[WORD];
    memcpy(raw, w->account_id.b, ID);
    memcpy(raw + ID, w->id.b, ID);
    put_number(raw + ID + ID, w->expires_at);
    put_number(raw + ID + ID + NUMBER, w->browsers);
    token_digest mac = token_mac(env->key, KEY_BROWSER, (str){(const char *)raw, SIGNED});
    memcpy(raw + SIGNED, mac.b, TOKEN_HASH_SIZE);
    return base64url_encode(a, (str){(const char *)raw, WORD});
}

/* Only what we signed ourselves is looked into. */
static bool open_word(const struct env *env, arena *a, str text, word *w)
{
    str raw;
    if (!base64url_decode(a, text, &raw) || raw.n != WORD)
        return false;
    token_digest mac = token_mac(env->key, KEY_BROWSER, str_slice(raw, 0, SIGNED));
    if (!token_equal(token_digest_str(&mac), str_slice(raw, SIGNED, WORD)))
        return false;
    const uint8_t *bytes = (const uint8_t *)raw.p;
    memcpy(w->account_id.b, bytes, ID);
    memcpy(w->id.b, bytes + ID, ID);
    w->expires_at = get_number(bytes + ID + ID);
    w->browsers = get_number(bytes + ID + ID + NUMBER);
    return true;
}

str browser_sign_in(const struct env *env, arena *a, str before, uuid account_id, int64_t browsers, msec now)
{
    word w = {
        .account_id = account_id, .id = uuid_new(now), .expires_at = now + BROWSER_LIFETIME, .browsers = browsers};
    str out = make(env, a, &w);
    str rest = before.n <= COOKIE_MAX ? before : S("");
    for (int kept = 1; rest.n && kept < BROWSERS_MAX;) {
        str text = str_cut(&rest, '.');
        if (!open_word(env, a, text, &w) || w.expires_at <= now || uuid_eq(w.account_id, account_id))
            continue;
        out = arena_join(a, out, S("."), text);
        kept++;
    }
    return out;
}

bool browser_known(const struct env *env, arena *a, str cookie, uuid account_id, int64_t browsers, msec now, uuid *id)
{
    bool known = false;
    str rest = cookie.n <= COOKIE_MAX ? cookie : S("");
    for (int seen = 0; rest.n && seen < BROWSERS_MAX; seen++) {
        word w;
        if (!open_word(env, a, str_cut(&rest, '.'), &w))
            continue;
        if (uuid_eq(w.account_id, account_id) && w.browsers == browsers && w.expires_at > now) {
            *id = w.id;
            known = true;
        }
    }
    return known;
}
