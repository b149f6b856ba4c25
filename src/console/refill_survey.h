/* What stands on a page: forms and their fields. Between refill_survey.c, which reads, and refill.c, which writes. */
#ifndef PARVIS_CONSOLE_REFILL_SURVEY_H
#define PARVIS_CONSOLE_REFILL_SURVEY_H

#include "console/refill.h"
#include "console/tags.h"

enum { NO_FORM = SIZE_MAX };

typedef enum control_kind {
    CONTROL_TEXT,
    CONTROL_AREA,
    CONTROL_CHOICE, /* select */
    CONTROL_BOX,    /* a tick or one of several */
    CONTROL_HIDDEN,
    CONTROL_SECRET, /* a password, a file: never filled in again */
    CONTROL_BUTTON,
} control_kind;

typedef struct control {
    control_kind kind;
    tag tag;
    str name, id, form_id; /* form_id: where it says so itself */
    str label;             /* as people read it */
    size_t form;           /* of survey.forms; NO_FORM */
    size_t end;            /* of its content, before the closing tag: areas and choices */
    size_t place;          /* where a sentence about it goes */
    tag fold;              /* the <details> that it stands in, shut; name STR_NONE: none */
    bool is_radio;
} control;

typedef struct form {
    tag tag;
    str id;
    size_t end;   /* before </form> */
    bool leads;   /* where the refused one was sent */
    bool is_seen; /* something of it can be filled in */
    size_t hits;  /* how much of what was sent it has fields for */
} form;

typedef struct survey {
    form *forms;
    size_t form_count;
    control *controls;
    size_t control_count;
    size_t head; /* behind <main …> */
} survey;

/** Whether the form sent this name, and with this value; STR_NONE: with any. */
bool is_sent(const refill *what, str name, str value);
/** Reads the page; *chosen is the form that is meant, or NO_FORM. */
void survey_page(arena *a, str page, const refill *what, survey *out, size_t *chosen);

#endif
