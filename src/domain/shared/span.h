/* Durations that people choose, within their bounds. */
#ifndef PARVIS_DOMAIN_SHARED_SPAN_H
#define PARVIS_DOMAIN_SHARED_SPAN_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

/** Reads "7d". What is none within the bounds: ERR_INVALID_REQUEST at `pointer`, with the bounds for who reads it. */
err span_read(arena *a, problem *p, str pointer, str text, msec least, msec most, msec *out);

#endif
