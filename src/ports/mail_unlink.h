/* What people wrote, so that no reader's mail program makes a link of it. */
#ifndef PARVIS_PORTS_MAIL_UNLINK_H
#define PARVIS_PORTS_MAIL_UNLINK_H

#include "base/buf.h"

/**
 * Appends a text that somebody chose (a name, a message) to *out. Mail programs make links by themselves of whatever
 * looks like a domain, an address, a scheme or a path of a server: a word joiner (U+2060), which nobody sees and no
 * domain may hold (RFC 5892, 2.6), comes behind each dot, colon, slash, backslash and @ inside a word, in the forms too
 * that IDNA and compatibility mapping take for those. Nothing else changes, so that a missing space costs nobody their
 * message. Doing it twice changes nothing. Never for links of ours, nor for what people are to copy.
 */
void mail_unlink(buf *out, str text);

/**
 * True when a header may hold it: UTF-8 without what str_has_control refuses, but for the word joiners of mail_unlink.
 */
bool mail_header_is_safe(str text);

#endif
