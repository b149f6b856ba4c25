/* Refusals as people and programs read them: RFC 9457 for the API, texts for the pages. */
#ifndef PARVIS_HTTP_PROBLEM_H
#define PARVIS_HTTP_PROBLEM_H

#include "http/request.h"
#include "replies.h"

/** The catalogue's texts for a refusal in the request's language, with r->problem's values filled in; in r->a. */
str problem_title(request *r, err refusal);
str problem_detail(request *r, err refusal);
/** What is wrong with one field. */
str problem_field_text(request *r, const problem_field *f);

/** The problem as the API tells it: for results of single rows as well as for whole answers. Lives in r->a. */
reply_problem problem_reply(request *r, err refusal);

/**
 * Whether nothing was wrong with what was sent: whoever signed in meanwhile, or when the server's trouble is over, may
 * send it once more as it stands.
 */
bool problem_is_no_forms(err refusal);
/**
 * Makes the request's answer a refusal, in the face of its route (or of its path, before there is a route); whatever
 * was answered before is dropped. 401 names the scheme, 429 and 503 say when to come back.
 */
void problem_answer(request *r, err refusal);

#endif
