/* What a mail says: from a claimed mail (or one made up for a preview) to subject, HTML and text. */
#ifndef PARVIS_DOMAIN_MAIL_RENDER_H
#define PARVIS_DOMAIN_MAIL_RENDER_H

#include "domain/mail/mail.h"

typedef struct mail_parts {
    str subject, html, text;
    str language; /* "fr", "en" or "fr, en" */
} mail_parts;

/**
 * Renders templates/mail/{fr,en}/KIND.… in the mail's language, or in both when it has none. Everything lives in `a`.
 * No database, no clock: dates come from the mail itself. Errors: ERR_INTERNAL when a template is missing or too large.
 */
err mail_render(arena *a, const struct env *env, const mail_job *job, mail_parts *out);

#endif
