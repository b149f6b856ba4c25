/*
 * Parses every compiled-in template once at the start, so that a request only renders; and finds assets by their path.
 */
#include "ports/template.h"

#include "base/log.h"
#include "ports/template_table.h"

#include <pthread.h>

enum { PARSED_MAX = 16 << 20 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const mustache **parsed; /* beside template_sources; lives as long as the program */
static err setup_result;

static void setup(void)
{
    arena *a = arena_new(PARSED_MAX);
    parsed = arena_array_of(a, const mustache *, template_count + 1);
    for (size_t i = 0; i < template_count; i++) {
        mustache_problem fault = {0};
        parsed[i] = mustache_parse(a, template_sources[i].source, &fault);
        if (!parsed[i]) {
            log_(LOG_ERROR, "a template is malformed", LOG_TEXT("template", template_sources[i].name),
                 LOG_INT("line", fault.line), LOG_TEXT("why", str_of(fault.what)));
            setup_result = ERR_INTERNAL;
        }
    }
    if (arena_full(a))
        setup_result = ERR_INTERNAL;
}

err template_setup(void)
{
    pthread_once(&once, setup);
    return setup_result;
}

const mustache *template_find(str name)
{
    pthread_once(&once, setup);
    size_t low = 0, high = template_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(name, template_sources[middle].name);
        if (order == 0)
            return parsed[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static const mustache *partial(void *context, str name)
{
    (void)context;
    return template_find(name);
}

err template_render(str name, language lang, mval *data, buf *out)
{
    const mustache *m = template_find(name);
    if (!m) {
        log_(LOG_ERROR, "there is no such template", LOG_TEXT("template", name));
        return ERR_INTERNAL;
    }
    mustache_run run = {.lang = lang, .lookup = partial, .text = str_ends(name, S(".txt"))};
    err e = mustache_render(m, &run, data, out);
    if (e != OK)
        log_(LOG_ERROR, "a template cannot be rendered", LOG_TEXT("template", name));
    return e;
}

const asset *asset_find(str path)
{
    for (size_t i = 0; i < asset_count; i++)
        if (str_eq(asset_rows[i].asset.path, path))
            return &asset_rows[i].asset;
    return NULL;
}

str asset_path(str name)
{
    for (size_t i = 0; i < asset_count; i++)
        if (str_eq(asset_rows[i].name, name))
            return asset_rows[i].asset.path;
    return STR_NONE;
}
