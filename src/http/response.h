/* What every answer carries beside its body: request id, security, caching. */
#ifndef PARVIS_HTTP_RESPONSE_H
#define PARVIS_HTTP_RESPONSE_H

#include "http/gate.h"
#include "http/request.h"

enum { RESPONSE_HEADERS_MAX = 32 };

/** All headers of the finished answer but Date, Content-Length and Connection; returns how many. Views are borrowed. */
size_t response_headers(const request *r, header out[RESPONSE_HEADERS_MAX]);

/** Answers with a file that browsers keep for ever, or 304; false when there is none at this path. */
bool response_asset(request *r, const request_head *head);

#endif
