/*
 * Reads, checks and writes by the table, so that a new setting is a row; and what holds of the server's settings and
 * the organization's own, which may only be stricter.
 */
#include "domain/organization/settings.h"

#include "domain/organization/organization.h"
#include "domain/shared/audit.h"
#include "domain/shared/colour.h"
#include "limits_table.h"
#include "ports/address.h"
#include "ports/zone.h"
#include "queries.h"

#define BOUNDS(name) .least = name##_LEAST, .most = name##_MOST
#define CALLED(word) S_INIT(#word), offsetof(said_organization, word)
#define SET(member)  .offset = offsetof(organization_settings, member)

const organization_setting organization_setting_table[ORGANIZATION_SETTING_COUNT] = {
    {CALLED(existing_accounts), KIND_WORD, SET(existing_accounts), .words = existing_accounts_words},
    {CALLED(administrators_may_invite_administrators), KIND_FLAG, SET(administrators_invite)},
    {CALLED(invitation_lifetime), KIND_DURATION, SET(invitation_lifetime), BOUNDS(INVITATION_LIFETIME)},
    {CALLED(reminder_after), KIND_DURATION, SET(reminder_after), BOUNDS(REMINDER_AFTER), .optional = true},
    {CALLED(reminder_max), KIND_NUMBER, SET(reminder_max), BOUNDS(REMINDER_MAX)},
    {CALLED(temporary_password_delivery), KIND_WORD, SET(temporary_password_delivery), .words = password_delivery_words,
     .optional = true, .inherits = true},
    {CALLED(temporary_password_lifetime), KIND_DURATION, SET(temporary_password_lifetime),
     BOUNDS(TEMPORARY_PASSWORD_LIFETIME), .optional = true, .inherits = true},
    {CALLED(password_min_length), KIND_NUMBER, SET(password_min_length), BOUNDS(PASSWORD_MIN_LENGTH), .optional = true,
     .inherits = true},
    {CALLED(session_lifetime), KIND_DURATION, SET(session_lifetime), BOUNDS(SESSION_LIFETIME), .optional = true,
     .inherits = true},
    {CALLED(session_idle), KIND_DURATION, SET(session_idle), BOUNDS(SESSION_IDLE), .optional = true},
    {CALLED(second_factor), KIND_WORD, SET(second_factor), .words = second_factor_words},
    {CALLED(allowed_domains), KIND_DOMAINS, SET(allowed_domains), .optional = true},
    {CALLED(refused_domains), KIND_DOMAINS, SET(refused_domains), .optional = true},
    {CALLED(accent), KIND_COLOUR, SET(accent), .optional = true},
    {CALLED(time_zone), KIND_ZONE, SET(time_zone), .optional = true, .inherits = true},
};

static const void *slot(const organization_setting *about, const organization_settings *s)
{
    return (const char *)s + about->offset;
}

/* A setting's value as text ("7d", "true", "8", "example.org example.net"); STR_NONE when there is none. */
static str organization_setting_text(arena *a, const organization_setting *about, const organization_settings *s)
{
    char out[DURATION_TEXT_SIZE];
    const void *at = slot(about, s);
    switch (about->kind) {
    case KIND_FLAG:
        return *(const bool *)at ? S("true") : S("false");
    case KIND_DURATION:
        return *(const msec *)at ? arena_str(a, duration_format(*(const msec *)at, out)) : STR_NONE;
    case KIND_NUMBER:
        if (about->optional && !*(const int64_t *)at)
            return STR_NONE;
        return arena_printf(a, "%lld", (long long)*(const int64_t *)at);
    case KIND_WORD:
    case KIND_DOMAINS:
    case KIND_COLOUR:
    case KIND_ZONE:
        return *(const str *)at;
    }
    return STR_NONE;
}

static int64_t stricter(int64_t own, int64_t servers, bool more_is_stricter)
{
    if (!own || !servers)
        return own ? own : servers;
    return (own > servers) == more_is_stricter ? own : servers;
}

organization_settings organization_settings_effective(const settings *server, organization_settings own)
{
    if (!own.temporary_password_delivery.p)
        own.temporary_password_delivery = password_delivery_text(server->temporary_password_delivery);
    if (!own.temporary_password_lifetime)
        own.temporary_password_lifetime = server->temporary_password_lifetime;
    if (!own.time_zone.p)
        own.time_zone = server->time_zone;
    own.password_min_length = stricter(own.password_min_length, server->password_min_length, true);
    own.session_lifetime = stricter(own.session_lifetime, server->session_lifetime, false);
    return own;
}

/* ---- domains ---- */

static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ';';
}

static str next_entry(str *rest)
{
    size_t from = 0, to;
    while (from < rest->n && is_between(rest->p[from]))
        from++;
    for (to = from; to < rest->n && !is_between(rest->p[to]);)
        to++;
    str entry = str_slice(*rest, from, to);
    *rest = str_slice(*rest, to, rest->n);
    return entry;
}

/* "@example.org" and "example.org" are the domain itself, "*.example.org" and ".example.org" all below it. */
static str domain_entry(arena *a, str entry)
{
    bool below = str_starts(entry, S("*.")) || str_starts(entry, S("."));
    size_t skip = str_starts(entry, S("*.")) ? 2 : str_starts(entry, S(".")) || str_starts(entry, S("@")) ? 1 : 0;
    str domain = address_domain(a, str_slice(entry, skip, entry.n));
    return !domain.p || !below ? domain : arena_join(a, S("*."), domain);
}

static bool has_entry(str list, str entry)
{
    while (list.n)
        if (str_eq(str_cut(&list, ' '), entry))
            return true;
    return false;
}

/* Any white space, commas or semicolons between; repetitions go. False when one is no domain or there are too many. */
static bool read_domains(arena *a, str text, str *out)
{
    size_t count = 0;
    *out = S("");
    for (str entry = next_entry(&text); entry.n; entry = next_entry(&text)) {
        str domain = domain_entry(a, entry);
        if (!domain.p || ++count > DOMAINS_MAX)
            return false;
        if (!has_entry(*out, domain))
            *out = arena_join(a, *out, out->n ? S(" ") : S(""), domain);
    }
    return true;
}

/* ---- changing ---- */

static bool is_word(const str *words, str value)
{
    while (words->p && !str_eq(*words, value))
        words++;
    return words->p != NULL;
}

static bool is_within(const organization_setting *about, int64_t value)
{
    return value >= about->least && value <= about->most;
}

static bool lay(arena *a, const organization_setting *about, str value, void *at)
{
    uint64_t number;
    int64_t span;
    str domains;
    colour accent;
    if (!value.p && !about->optional)
        return false;
    str text = value.p ? value : S("");
    switch (about->kind) {
    case KIND_WORD:
        if (value.p && !is_word(about->words, value))
            return false;
        *(str *)at = value;
        return true;
    case KIND_FLAG:
        if (!str_eq(text, S("true")) && !str_eq(text, S("false")))
            return false;
        *(bool *)at = str_eq(text, S("true"));
        return true;
    case KIND_DURATION:
        span = 0;
        if (value.p && (!duration_parse(value, &span) || !is_within(about, span)))
            return false;
        *(msec *)at = span;
        return true;
    case KIND_NUMBER:
        number = 0;
        if (value.p && (!str_to_u64(value, INT64_MAX, &number) || !is_within(about, (int64_t)number)))
            return false;
        *(int64_t *)at = (int64_t)number;
        return true;
    case KIND_DOMAINS:
        if (!read_domains(a, text, &domains))
            return false;
        *(str *)at = domains;
        return true;
    case KIND_COLOUR:
        if (value.p && (!colour_parse(value, &accent) || colour_legible(accent) < COLOUR_LEAST))
            return false;
        *(str *)at = value.p ? colour_text(a, accent) : STR_NONE;
        return true;
    case KIND_ZONE:
        if (value.p && !zone_exists(value))
            return false;
        *(str *)at = value;
        return true;
    }
    return false;
}

static str words_text(arena *a, const str *words)
{
    str all = S("");
    for (; words->p; words++)
        all = arena_join(a, all, all.n ? S(", ") : S(""), *words);
    return all;
}

/* Which values would be taken. */
static str allowed(arena *a, const organization_setting *about)
{
    static const str flags[] = {S_INIT("true"), S_INIT("false"), {NULL, 0}};
    if (about->kind == KIND_DURATION)
        return duration_bounds(a, about->least, about->most);
    if (about->kind == KIND_NUMBER)
        return arena_printf(a, "%lld–%lld", (long long)about->least, (long long)about->most);
    return words_text(a, about->kind == KIND_WORD ? about->words : flags);
}

/* Why it cannot stand: of a colour that cannot be read, by how much. STR_NONE: it is none that is allowed. */
static str reason(arena *a, problem *p, const organization_setting *about, str value)
{
    colour accent;
    if (about->kind == KIND_DOMAINS)
        return S("not-a-domain");
    if (about->kind == KIND_ZONE)
        return S("not-allowed");
    if (about->kind != KIND_COLOUR)
        return STR_NONE;
    if (!colour_parse(value, &accent))
        return S("not-a-colour");
    int measured = colour_legible(accent);
    problem_arg(p, "whole", arena_printf(a, "%d", measured / 100)); /* each language has its own decimal sign */
    problem_arg(p, "part", arena_printf(a, "%02d", measured % 100));
    return S("contrast-too-low");
}

err organization_settings_lay(arena *a, problem *p, const text_pair *changes, size_t count, organization_settings *s)
{
    err refusal = OK;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < ORGANIZATION_SETTING_COUNT; k++) {
            const organization_setting *about = &organization_setting_table[k];
            if (!str_eq(about->name, changes[i].name) || lay(a, about, changes[i].value, (char *)s + about->offset))
                continue;
            str pointer = arena_join(a, S("/"), about->name), why = reason(a, p, about, changes[i].value);
            refusal =
                why.p ? problem_at(p, ERR_INVALID_REQUEST, pointer, why, 0)
                      : problem_among(p, ERR_INVALID_REQUEST, pointer, allowed(a, about), about->kind == KIND_DURATION);
        }
    return refusal;
}

/* What differs, before and after, as the record keeps it; false when nothing does. */
static bool differences(arena *a, const organization_settings *was, const organization_settings *is,
                        said_organization *before, said_organization *after)
{
    bool any = false;
    *before = *after = (said_organization){.name = STR_NONE};
    for (size_t i = 0; i < ORGANIZATION_SETTING_COUNT; i++) {
        const organization_setting *about = &organization_setting_table[i];
        str from = organization_setting_text(a, about, was), to = organization_setting_text(a, about, is);
        if (str_eq(from, to) && !from.p == !to.p)
            continue;
        any = true;
        *(str *)((char *)before + about->said) = audit_given(from);
        *(str *)((char *)after + about->said) = audit_given(to);
    }
    return any;
}

/*
 * Whoever demands a second factor shows that they have one, or that their account has, where a key speaks for it:
 * otherwise their next request would find the door shut. The operator is no member.
 */
static err locks_out(txn *t, const actor *by, const organization_settings *was, const organization_settings *is,
                     bool *out)
{
    q_factor_total_row factors;
    *out = !second_factor_is(is->second_factor, SECOND_FACTOR_NONE) && !str_eq(is->second_factor, was->second_factor) &&
           by->kind != ACTOR_OPERATOR;
    if (!*out || by->kind == ACTOR_ACCOUNT) {
        *out = *out && !by->factor_at;
        return OK;
    }
    TRY(q_factor_total(t, &factors, by->account_id));
    *out = factors.total == 0;
    return OK;
}

err organization_settings_update(txn *t, const actor *by, const text_pair *changes, size_t count)
{
    organization_view o;
    said_organization before, after;
    bool shut;
    TRY(organization_get(t, by->organization_id, &o));
    organization_settings s = o.settings;
    TRY(organization_settings_lay(t->a, t->problem, changes, count, &s));
    TRY(locks_out(t, by, &o.settings, &s, &shut));
    if (shut)
        return problem_at(t->problem, ERR_CONFLICT, S("/second_factor"), S("own-factor-first"), 0);
    if (!differences(t->a, &o.settings, &s, &before, &after))
        return OK;
    TRY(q_organization_settings_set(
        t, .existing_accounts = s.existing_accounts, .is_administrators_invite = s.administrators_invite,
        .invitation_lifetime = s.invitation_lifetime, .reminder_after = s.reminder_after,
        .reminder_max = s.reminder_max, .temporary_password_delivery = s.temporary_password_delivery,
        .temporary_password_lifetime = s.temporary_password_lifetime, .password_min_length = s.password_min_length,
        .session_lifetime = s.session_lifetime, .session_idle = s.session_idle, .second_factor = s.second_factor,
        .allowed_domains = s.allowed_domains, .refused_domains = s.refused_domains, .accent = s.accent,
        .time_zone = s.time_zone, .id = o.id));
    return audit(t, by, EVENT_ORGANIZATION_UPDATED, .subject_id = o.id, .before = before, .after = after);
}
