/*
 * Texts, dates and names in the reader's language and time zone, in the request's arena, so that no page knows a
 * language.
 */
#include "console/console.h"
#include "ports/zone.h"

str text(const request *r, const char *key)
{
    return catalog_text(r->lang, str_of(key));
}

str text_count(const request *r, const char *key, int64_t count)
{
    return phrase_count(r->a, r->lang, str_of(key), count);
}

str text_total(const request *r, const char *key, int64_t count, bool more)
{
    if (!more)
        return text_count(r, key, count);
    return PHRASE(r->a, r->lang, arena_join(r->a, str_of(key), S("_more")),
                  {S("count"), phrase_number(r->a, r->lang, count)});
}

str text_of(const request *r, const char *key, str word)
{
    return catalog_text(r->lang, arena_join(r->a, str_of(key), S("."), word));
}

str date_text(const request *r, msec t)
{
    return phrase_date(r->a, r->lang, zone_local(r->actor.zone, t));
}

str day_text(const request *r, msec t, msec now)
{
    str zone = r->actor.zone;
    return phrase_day(r->a, r->lang, zone_local(zone, t), zone_local(zone, now));
}

str moment_text(const request *r, msec t)
{
    return phrase_moment(r->a, r->lang, r->actor.zone, t);
}

str access_end_text(const request *r, msec t)
{
    return phrase_access_end(r->a, r->lang, r->actor.zone, t);
}

str until_text(const request *r, msec t, msec now)
{
    msec distance = t > now ? t - now : now - t;
    return distance < 2 * (msec)MSEC_DAY ? moment_text(r, t) : date_text(r, t);
}

str machine_time(const request *r, msec t)
{
    char out[CLOCK_TEXT_SIZE];
    return arena_str(r->a, clock_format(t, out));
}

/* The first character, small ASCII and Latin-1 letters as capitals. */
static str first_letter(const request *r, str name)
{
    if (str_empty(name) || !str_is_utf8(name))
        return S("");
    size_t at = 0;
    uint32_t c = str_next_codepoint(name, &at);
    if (c >= 'a' && c <= 'z')
        return arena_printf(r->a, "%c", (int)(c - 32));
    if (c >= 0xe0 && c <= 0xfe && c != 0xf7) /* two bytes in UTF-8; the capital stands 32 before */
        return arena_printf(r->a, "\xc3%c", (int)(c - 0x20 - 0x40));
    return str_slice(name, 0, at);
}

str initials(const request *r, str given, str family)
{
    return arena_join(r->a, first_letter(r, given), first_letter(r, family));
}

str id_text(const request *r, str prefix, uuid id)
{
    char out[TYPEID_SIZE];
    return arena_str(r->a, typeid_format(prefix, id, out));
}

/* What became of one's access, and since when, in a sentence. */
void put_out(const request *r, mval *m, const membership_out *out, msec now)
{
    bool ended = membership_access_is(out->access, ACCESS_IS_ENDED);
    str key = ended ? S("me.access_ended_on") : S("me.access_suspended_on");
    PUT_BOOL(m, "is_ended", ended);
    PUT(m, "access_text",
        out->since ? PHRASE(r->a, r->lang, key, {S("date"), day_text(r, out->since, now)})
                   : text_of(r, "me.access", out->access));
}

void put_person(const request *r, mval *m, str given, str family, str email)
{
    str name = phrase_name(r->a, given, family);
    PUT(m, "full_name", name.p ? name : email);
    PUT(m, "given_name", given);
    PUT(m, "family_name", family);
    PUT(m, "email", email);
    PUT(m, "initials", name.p ? initials(r, given, family) : first_letter(r, email));
}

void put_option(mval *list, str value, str label, str chosen)
{
    mval *o = m_add_object(list);
    PUT(o, "value", value);
    PUT(o, "text", label);
    PUT_BOOL(o, "selected", chosen.p && str_eq(value, chosen));
}

void put_languages(mval *list, str chosen)
{
    static const language shown[] = {LANG_FR, LANG_EN};
    for (size_t i = 0; i < LANG_COUNT; i++)
        put_option(list, language_text(shown[i]), catalog_text(shown[i], S("language.name")), chosen);
}
