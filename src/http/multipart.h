/* multipart/form-data (RFC 7578, RFC 2046), as browsers send it and no other way. */
#ifndef PARVIS_HTTP_MULTIPART_H
#define PARVIS_HTTP_MULTIPART_H

#include "base/arena.h"
#include "base/err.h"

enum { MULTIPART_MOST = 32 };

/**
 * Takes a body apart into the names and contents of its parts, views of `body`. `parameters`: what follows the media
 * type, `boundary=…`. Every part has a Content-Disposition and nothing else but a Content-Type; names are plain; what a
 * file is called is passed over. Errors: ERR_BAD_REQUEST for anything else, and for more than MULTIPART_MOST parts.
 */
err multipart_read(str parameters, str body, text_pair out[MULTIPART_MOST], size_t *count);

#endif
