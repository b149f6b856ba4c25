/* Mustache (the mustache.5 manual and its tests, without lambdas and inheritance), run from a parsed form. */
#ifndef PARVIS_PORTS_MUSTACHE_H
#define PARVIS_PORTS_MUSTACHE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "ports/catalog.h"

/* ---- data ---- */

/** A value of a template's data: object, list, text, number, truth or nothing. Lives in its arena. */
typedef struct mval mval;

/** New values in the arena, empty or of this content; texts are borrowed. */
mval *m_object(arena *a);
mval *m_list(arena *a);
mval *m_str(arena *a, str s); /* STR_NONE gives nothing: a false section, an empty text */
mval *m_int(arena *a, int64_t n);
mval *m_bool(arena *a, bool b);
/** Puts a value in an object under a name; the last one of a name wins. Names and texts are borrowed, not copied. */
void m_set(mval *object, str name, mval *value);
void m_set_str(mval *object, str name, str s);
void m_set_int(mval *object, str name, int64_t n);
void m_set_bool(mval *object, str name, bool b);
/** New object or list in the object, returned for filling. */
mval *m_set_object(mval *object, str name);
mval *m_set_list(mval *object, str name);
void m_add(mval *list, mval *value);
/** A new object at the end of the list. */
mval *m_add_object(mval *list);

/* ---- templates ---- */

typedef struct mustache mustache;

typedef struct mustache_problem {
    size_t line; /* from 1 */
    const char *what;
} mustache_problem;

/**
 * Parses a template; NULL with *fault filled when it is malformed (a section not closed, an empty tag…). The result and
 * views into `source` live as long as the arena and the source.
 */
const mustache *mustache_parse(arena *a, str source, mustache_problem *fault);

/** What a partial's name stands for; NULL renders nothing. */
typedef const mustache *mustache_lookup(void *context, str name);

typedef struct mustache_run {
    language lang;           /* of {{t.…}} */
    mustache_lookup *lookup; /* of {{> …}}; NULL: there are none */
    void *lookup_context;
    bool text; /* plain text: {{name}} is not escaped for HTML */
} mustache_run;

enum { MUSTACHE_DEPTH_MAX = 64, MUSTACHE_OUTPUT_MAX = 8 << 20 };

/**
 * Renders into `out`. A name that begins with `t.` is a text of the catalogue ("{{t.users.title}}"): its {placeholders}
 * are filled from the data, never parsed again, and the whole escaped; an entry with plural forms takes its form from
 * `count`. Errors: ERR_INTERNAL past MUSTACHE_DEPTH_MAX or MUSTACHE_OUTPUT_MAX (what was written until then stays in
 * `out`).
 */
err mustache_render(const mustache *m, const mustache_run *run, mval *data, buf *out);

/** Writes a text as {{name}} does: what HTML would read is escaped. */
void html_escape(buf *out, str s);

/* ---- the check ---- */

/**
 * Refuses what an author of templates, here or in an organization, must not write: malformed tags, {{{, {{&, changed
 * delimiters, texts that the catalogue does not have; and in HTML (`html`) a tag in an unquoted attribute or in the
 * name of a tag or attribute, a value in <script>, <style>, on…, style or srcdoc attributes, a link whose beginning is
 * not fixed ("/x", "https://x", "mailto:", "#", "?", or a variable that the server made, named …url, …link or asset_…),
 * a section that begins and ends in different places, and a template that does not end in plain text. True when it may
 * be used; else *fault says where and what.
 */
bool template_check(str source, bool html, mustache_problem *fault);

#endif
