/* The slow half of taking a logo, for both faces. */
#ifndef PARVIS_HTTP_LOGO_H
#define PARVIS_HTTP_LOGO_H

#include "http/request.h"

enum { LOGO_WIDTH = 512, LOGO_HEIGHT = 160 };

/**
 * In the pool, for a caller who was admitted (nobody else makes us unpack pictures): writes the picture anew. *png is
 * in the request's arena. Errors: ERR_INVALID_REQUEST at /logo: image-unknown, image-too-large, image-broken.
 */
err logo_prepare(request *r, str bytes, str *png);

#endif
