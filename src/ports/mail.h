/* Mail: messages made here, handed over by libcurl's SMTP or kept as files. */
#ifndef PARVIS_PORTS_MAIL_H
#define PARVIS_PORTS_MAIL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

/** Where mails go: parsed once, shared by threads, never changed. */
typedef struct mail_transport mail_transport;
/** One thread's connection to it, kept open between mails. */
typedef struct mail_line mail_line;

/**
 * From "smtp://user:password@host:port", "smtps://…" (percent-encoded user and password) or "file:DIR". TLS: implicit
 * for smtps; by STARTTLS for smtp, required unless the host is this machine. `sender` is "Name <address>". `patience`
 * bounds one mail's whole exchange (0: 4 minutes). *out is the caller's. Errors: ERR_INVALID_REQUEST, *why says what is
 * wrong.
 */
err mail_transport_open(str uri, str sender, msec patience, mail_transport **out, const char **why);
/** What is wrong with such an address, before anything is opened; NULL: nothing. */
const char *mail_uri_fault(str uri);
void mail_transport_close(mail_transport *t);
/** True for "file:". */
bool mail_transport_keeps(const mail_transport *t);

/** A line for one thread, which connects at its first mail; the transport must outlive it. */
mail_line *mail_line_open(const mail_transport *t);
/** Says QUIT and closes. mail_line_close(NULL) is harmless. */
void mail_line_close(mail_line *l);

/** From another thread: ends the exchange under way within a second, and every later one; that mail is DEFERRED. */
void mail_line_break(mail_line *l);
/** The next exchange is not broken off. */
void mail_line_mend(mail_line *l);

typedef struct mail_message {
    str id;                        /* stable over retries: Message-ID and file name */
    msec date;                     /* when it was queued: stable as well */
    str recipient;                 /* the stored spelling; its domain goes out as A-labels */
    str sender_name;               /* shown instead of the transport's own name; STR_NONE: that one */
    str reply_name, reply_address; /* Reply-To; STR_NONE: none */
    str subject;
    str language;   /* "fr", "en", "fr, en" */
    str text, html; /* UTF-8 */
} mail_message;

typedef enum delivery { DELIVERY_SENT, DELIVERY_KEPT, DELIVERY_DEFERRED, DELIVERY_FAILED } delivery;

enum { MAIL_REPLY_SIZE = 501 };
/**
 * Sends one mail. DEFERRED: connection, TLS, sign-in, time, 4xx, or a refusal that is not about this mail; FAILED: 5xx
 * to its recipient or content, or a message that must not go out (CR, LF or NUL in a header, no address). `reply` gets
 * the server's own last words, or why there were none: one line of valid UTF-8, at most 500 bytes.
 */
delivery mail_send(mail_line *l, const mail_message *m, char reply[MAIL_REPLY_SIZE]);

/** Any bytes as such a reply: bytes that are no text become '?'. */
void mail_reply(char out[MAIL_REPLY_SIZE], str words);

#endif
