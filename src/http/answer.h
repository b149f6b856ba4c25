/* How handlers answer. All return `err` so that a handler can end with `return answer_…`. */
#ifndef PARVIS_HTTP_ANSWER_H
#define PARVIS_HTTP_ANSWER_H

#include "domain/account/credential.h"
#include "http/request.h"

/** Forgets what was answered so far: the transaction runs again, or a refusal takes its place. */
void answer_reset(request *r);
/** 204. */
err answer_empty(request *r, int status);
/** 303 to a path of this server, made by the program, never from input. */
err answer_redirect(request *r, str path);
/** A whole body of another type (CSV, an asset). */
err answer_bytes(request *r, int status, str content_type, str bytes);
/** One more header. A second Content-Security-Policy replaces the server's own. */
void answer_header(request *r, str name, str value);
/**
 * Sets the session's cookie (`__Host-` and Secure when public_url is https) and, after a sign-in that is through, the
 * one by which the browser is known next time.
 */
void answer_session(request *r, const signed_in *in);
/** Clears the session's cookie. */
void answer_session_ended(request *r);
/** Remembers a reader's choice of language for a year. */
void answer_language_cookie(request *r, language lang);

#endif
