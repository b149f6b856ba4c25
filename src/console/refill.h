/*
 * Fills a form that was refused in again: on the finished page, so that no template and no handler has to, and a new
 * form does by itself. Pages are ours (template_check: every attribute is quoted, every value escaped), which is what
 * this reader of tags relies on.
 */
#ifndef PARVIS_CONSOLE_REFILL_H
#define PARVIS_CONSOLE_REFILL_H

#include "base/buf.h"
#include "http/request.h"

/** Something that was wrong. `pointer` as problem_field; `text` as people read it. */
typedef struct refill_fault {
    str pointer, text;
} refill_fault;

typedef struct refill {
    str method, path;    /* of the form that was sent: "post", "/me/password" */
    typed_form typed;    /* what it held */
    const field *fields; /* what it may hold */
    const refill_fault *faults;
    size_t fault_count;
    str heading; /* above the list of faults */
    str said;    /* of the form as a whole; STR_NONE: nothing */
    str between; /* how a field's label and a fault's text stand side by side: "{label}: {text}" */
} refill;

/**
 * Writes the page into `out`: the form that is meant (of several that lead there, the one with most of what was sent)
 * holds what was sent, but for passwords and files; what it holds no field for goes along hidden. Fields with a fault
 * are marked, described and, the first of them, focused; above the form stands a list that leads to them, or what is
 * said of the whole. False, and nothing written, where no form leads there.
 */
bool refill_page(arena *a, str page, const refill *what, buf *out);

/** The same where no form leads there: what is wrong stands at the head of the page. */
void refill_head(str page, const refill *what, buf *out);

#endif
