/* Links that write a mail: RFC 6068, as they are pasted, with other separators and without escapes. */
#ifndef PARVIS_PORTS_PASTED_MAILTO_H
#define PARVIS_PORTS_PASTED_MAILTO_H

#include "ports/pasted_people.h"

/**
 * Reads the link that begins with "mailto:" at *at of `text`, and moves *at behind it. Each of its recipients (those
 * before "?", and its fields to, cc and bcc) is found in its order, as it stands: the first may have that scheme before
 * it again. False: it has neither recipients nor fields. Each byte is read once, twice at most.
 */
bool mailto_read(str text, size_t *at, void (*found)(void *context, span recipient), void *context);

#endif
