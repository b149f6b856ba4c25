/* Cross-site protection: does a request that changes something come from a page of ours? */
#ifndef PARVIS_HTTP_SITE_H
#define PARVIS_HTTP_SITE_H

#include "http/gate.h"

/**
 * True when Sec-Fetch-Site says same-origin or, where that header is absent, Origin is public_url's. With neither (not
 * a browser) the answer is `without`: false for forms, true for the API.
 */
bool site_is_ours(const request_head *head, str public_url, bool without);

#endif
