/*
 * People as they are pasted: from mail programs, address books, spreadsheets, pages, chats. The one reader of such
 * text; pages, API and command line show what it says.
 *
 * It reads, in this order: what characters mean (pasted_text.h); rows and columns, where every row has the same shape
 * or a heading names them (pasted_sheet.h; RFC 4180); else a list of addresses with their names (pasted_list.h: RFC
 * 5322 with its old forms, RFC 2047, RFC 6068), whose names pasted_name.h cuts in two.
 *
 * What always holds, for any bytes (tests/fuzz/fuzz_pasted.c): no address comes out that does not stand in the text
 * once that is decoded as those headers say; none that stands there plainly is lost: it is a person's, or part of what
 * is refused. Where it is not certain what is meant, it stays as typed. Linear in the length of the text, by the
 * bounds: PASTED_BYTES_MAX bytes, `max` entries, PASTED_COLUMNS_MAX columns, brackets in brackets LIST_DEPTH_MAX deep.
 */
#ifndef PARVIS_PORTS_PASTED_H
#define PARVIS_PORTS_PASTED_H

#include "ports/address.h"
#include "words.h" /* generated from spec/words.yaml */

enum { PASTED_BYTES_MAX = 4 << 20, PASTED_COLUMNS_MAX = 32 };

typedef struct pasted_entry {
    str raw;                     /* as typed, trimmed: shown when it is no address */
    address address;             /* key.p == NULL: not an address */
    str given_name, family_name; /* when they came with it, fit for name_clean; else STR_NONE */
    bool doubtful;               /* kept as typed, though its beginning may be a bullet or a number */
} pasted_entry;

typedef struct pasted_column {
    pasted_role role;
    str heading, sample; /* as typed; "": none */
} pasted_column;

typedef struct pasted {
    pasted_entry *entries; /* in order, each address once; what is raw is the text's own memory */
    size_t count;
    pasted_column *columns; /* of a sheet */
    size_t column_count;    /* 0: it is none */
    bool unclear;           /* which column is which was guessed: ask */
} pasted;

/**
 * Reads it. `roles`: what its columns are, where somebody said so; else `role_count` is 0. Errors: ERR_INVALID_REQUEST
 * when it is not UTF-8; ERR_PAYLOAD_TOO_LARGE beyond PASTED_BYTES_MAX bytes or `max` entries, of which *out has those.
 */
err pasted_read(arena *a, str text, const pasted_role *roles, size_t role_count, size_t max, pasted *out);
/** The same for what was pasted beside what was read before, whose entries come first. */
err pasted_more(arena *a, const pasted *before, str text, const pasted_role *roles, size_t role_count, size_t max,
                pasted *out);
/** What words say of the columns; a word that is no role ignores its column. */
pasted_role *pasted_roles(arena *a, const str *words, size_t count);
/** What `result` of reading *read with `max` says of the field that held the text: too long, too many. */
err pasted_judged(problem *p, str pointer, const pasted *read, size_t max, err result);
/**
 * A line that reads as this one entry again: `"Family, Given" <address>`; or what was refused, as typed. STR_NONE when
 * that would read otherwise by itself.
 */
str pasted_line(arena *a, const pasted_entry *entry);

#endif
