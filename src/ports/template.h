/*
 * The templates that are compiled in: templates/web/NAME.mustache is "NAME", templates/mail/fr/X.mustache "mail/fr/X".
 */
#ifndef PARVIS_PORTS_TEMPLATE_H
#define PARVIS_PORTS_TEMPLATE_H

#include "ports/mustache.h"

/**
 * Parses all templates, once, at start, before there are threads. ERR_INTERNAL (with a log line) when one is malformed.
 */
err template_setup(void);
/** A template by name ("users", "partials/head", "mail/fr/invitation.html"); NULL when there is none. Any thread. */
const mustache *template_find(str name);
/** Renders a page or mail part; partials are templates. Names that end in ".txt" are plain text, all others
 * HTML. */
err template_render(str name, language lang, mval *data, buf *out);

/** A file that browsers fetch: style, script, icon, font. Its path holds a digest of its content: cached for ever. */
typedef struct asset {
    str path; /* "/assets/app.3f9a1c2b.css" */
    str type; /* Content-Type */
    str bytes;
    str etag; /* quoted */
    str gzip; /* the same, compressed; STR_NONE where that saves nothing */
} asset;
/** An asset by its path; NULL when there is none. */
const asset *asset_find(str path);
/** The path of an asset by its plain name ("app.css"); STR_NONE when there is none. */
str asset_path(str name);

#endif
