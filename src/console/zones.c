/*
 * Choosing a time zone: the likely ones first, then all by region and in the reader's language. Names of zones are only
 * half made for people: "Europe/London" is Londres, in Europe.
 */
#include "console/console.h"
#include "ports/fold.h"
#include "ports/zone.h"

#include <stdlib.h>

typedef struct choice {
    str zone, region, name, sort;
} choice;

static str region_of(const request *r, str zone)
{
    str rest = zone, region = str_cut(&rest, '/');
    char *small = arena_alloc(r->a, region.n + 1);
    for (size_t i = 0; i < region.n; i++)
        small[i] = (char)(region.p[i] >= 'A' && region.p[i] <= 'Z' ? region.p[i] + ('a' - 'A') : region.p[i]);
    str key = arena_join(r->a, S("zone.region."), (str){small, region.n});
    return rest.p && catalog_has(key) ? catalog_text(r->lang, key) : text(r, "zone.others");
}

static int as_read(const void *a, const void *b)
{
    const choice *x = a, *y = b;
    int by_region = str_cmp(x->region, y->region);
    return by_region ? by_region : str_cmp(x->sort, y->sort);
}

str zone_text(const request *r, str zone)
{
    str name = phrase_zone(r->a, r->lang, zone);
    return name.p ? name : zone;
}

/* What stands first is listed below as well: nobody looks for a place where it is not. */
static void put_likely(request *r, mval *m, str chosen)
{
    const str likely[] = {chosen, r->actor.own_zone, r->actor.zone, r->app->env.settings->time_zone, S("UTC")};
    mval *list = m_set_list(m, S("zone_likely"));
    for (size_t i = 0; i < sizeof likely / sizeof *likely; i++) {
        bool known = !likely[i].n;
        for (size_t k = 0; k < i; k++)
            known = known || str_eq(likely[k], likely[i]);
        if (!known)
            put_option(list, likely[i], zone_text(r, likely[i]), chosen);
    }
}

void put_zones(request *r, mval *m, str chosen, str none)
{
    str *names, before = STR_NONE;
    size_t count;
    zone_names(r->a, &names, &count);
    choice *all = arena_array_of(r->a, choice, count);
    for (size_t i = 0; i < count; i++) {
        str name = zone_text(r, names[i]);
        all[i] = (choice){names[i], region_of(r, names[i]), name, fold_text(r->a, name)};
    }
    qsort(all, count, sizeof *all, as_read);
    if (none.p)
        put_option(m_set_list(m, S("zone_none")), S(""), none, chosen.p ? chosen : S(""));
    put_likely(r, m, chosen);
    mval *groups = m_set_list(m, S("zone_groups")), *options = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!options || !str_eq(all[i].region, before)) {
            mval *group = m_add_object(groups);
            PUT(group, "label", all[i].region);
            options = m_set_list(group, S("options"));
            before = all[i].region;
        }
        put_option(options, all[i].zone, all[i].name, STR_NONE);
    }
}
