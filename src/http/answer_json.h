/* JSON answers by hand: for the writer of the API's answers (reply.h), and for what a page asks of its own server. */
#ifndef PARVIS_HTTP_ANSWER_JSON_H
#define PARVIS_HTTP_ANSWER_JSON_H

#include "http/json.h"
#include "http/request.h"

/** Starts a JSON answer: `json_writer w = answer_json(r, 200); … return OK;`. */
json_writer answer_json(request *r, int status);
/** A JSON string that is a secret: sent once, kept answers hold null in its place. */
void answer_secret(request *r, json_writer *w, str key, str value);

#endif
