/* A mail's text as it goes over the wire (RFC 5322, RFC 2045 to 2047). Pure functions. */
#ifndef PARVIS_PORTS_MAIL_COMPOSE_H
#define PARVIS_PORTS_MAIL_COMPOSE_H

#include "ports/mail.h"

/**
 * The message as it goes over the wire (CRLF), names in it unlinked (mail_unlink). Errors: ERR_INVALID_REQUEST for CR,
 * LF, NUL in a header or no address.
 */
err mail_compose(const mail_message *m, str sender_name, str sender_address, buf *out);
/** Splits "Name <address>" or a bare address; the parts are views. False when there is no address. */
bool mail_sender_parse(str sender, str *name, str *address);

#endif
