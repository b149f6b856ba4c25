/* Keyset pages: newest first or sorted, with an opaque cursor. */
#ifndef PARVIS_DOMAIN_SHARED_PAGE_H
#define PARVIS_DOMAIN_SHARED_PAGE_H

#include "store/store.h"

enum { PAGE_DEFAULT = 50, PAGE_MAX = 200 };

/** What a list is asked for. */
typedef struct page {
    str cursor;         /* STR_NONE: the first page */
    int64_t limit;      /* 1–200; 0: 50 */
    bool count;         /* also fill total */
    int64_t count_most; /* count no further than this, as a page for people does; 0: to the end */
    uint32_t sorted;    /* what cursors of this list and sort begin with: page_start */

    /* the answer */
    str next;      /* STR_NONE: this was the last page */
    int64_t total; /* -1 when not asked for */
    bool more;     /* there are more than total */
} page;

/** Where the last row of a page stands. */
typedef struct page_mark {
    str key; /* the sort key; empty when sorted by id alone */
    uuid id;
} page_mark;

/** The mark that every row follows, in one direction or the other. */
page_mark page_edge(bool descending);
/** How far a count goes: one beyond count_most, which tells whether there are more. */
int64_t page_count_limit(const page *p);
/** Cuts what was counted to count_most. */
void page_counted(page *p);
/** How many rows to read: one more than shown, which tells whether there is a next page. */
int64_t page_fetch(const page *p);
/**
 * Reads the cursor; a first page gives the mark that every row follows. ERR_INVALID_REQUEST at /cursor when it is not
 * ours, or of another `list` or direction: its key would be compared with what it is no key of. A list that is sorted
 * in several ways has a name for each.
 */
err page_start(page *p, arena *a, problem *problem, str list, bool descending, page_mark *out);
/** Cuts a list of *count rows to the page and sets p->next from the mark of its last row, when more follow. */
void page_end(page *p, arena *a, size_t *count, page_mark (*mark_of)(const void *rows, size_t index), const void *rows);

#endif
