/*
 * What people read: locale/{en,fr}.po, compiled in. Keys are stable names ("users.title"); a missing entry fails the
 * build.
 */
#ifndef PARVIS_PORTS_CATALOG_H
#define PARVIS_PORTS_CATALOG_H

#include "words.h" /* generated from spec/words.yaml */

/** "en" or "fr". */
str language_code(language l);
/** False for anything but "en" and "fr" (any case, what follows is ignored: "fr-CA", "fr_FR"). */
bool language_parse(str code, language *out);
/** The best of an Accept-Language header (RFC 9110, 12.5.4), the first of equals; `otherwise` when it names neither. */
language language_negotiate(str accept_language, language otherwise);

/** The text of a key, with its {placeholders} still in it; the key itself, and a line in the log, when unknown. */
str catalog_text(language l, str key);
/** True when the key exists. */
bool catalog_has(str key);
/** The form of a plural entry for n (gettext plural rule of the language: French 0 and 1 are singular). */
str catalog_plural(language l, str key, int64_t n);

#endif
