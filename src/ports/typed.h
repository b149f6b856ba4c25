/* Text as somebody typed or pasted it: what of it is seen, and what came along unseen. Lines, codes, passwords. */
#ifndef PARVIS_PORTS_TYPED_H
#define PARVIS_PORTS_TYPED_H

#include "base/arena.h"
#include "base/err.h"

typedef enum typed_verdict {
    TYPED_FINE,
    TYPED_EMPTY,   /* nothing, or white space */
    TYPED_UNSEEN,  /* something, of which nobody sees anything */
    TYPED_REFUSED, /* no UTF-8, a control character, a line break inside, a noncharacter, a turned direction, a tag */
} typed_verdict;

/**
 * Cleans it, by the properties of the Unicode Character Database (libunistring): white space of every kind goes from
 * both ends and is one space inside; what came along unseen goes (zero-width spaces, marks and embeddings of direction,
 * byte order marks, soft hyphens, fillers); joiners and variation selectors stay where a script or an emoji needs them:
 * behind what is neither ASCII nor Latin, Greek or Cyrillic. The result is in NFC, and holds one visible character at
 * least. Doing it twice changes nothing. *out lives in `a` and is set for TYPED_FINE alone.
 */
[[nodiscard]] typed_verdict typed_line(arena *a, str text, str *out);

/**
 * A code, without what separates it on paper or came along unseen: white space of every kind, dashes of every kind,
 * marks of direction; full-width letters are letters, and digits of every script digits. `out` gets ASCII letters and
 * digits as they were typed, NUL-terminated. False for anything else, and for more than `room` - 1 of them.
 */
[[nodiscard]] bool typed_code(str text, char *out, size_t room);

#endif
