/* The parsed form of a template and the tree of its data: shared by the files of this port alone. */
#ifndef PARVIS_PORTS_MUSTACHE_TREE_H
#define PARVIS_PORTS_MUSTACHE_TREE_H

#include "ports/mustache.h"

typedef enum mval_kind { MVAL_NONE, MVAL_BOOL, MVAL_INT, MVAL_STR, MVAL_LIST, MVAL_OBJECT } mval_kind;

struct mval {
    mval_kind kind;
    arena *a;
    union {
        bool truth;
        int64_t number;
        str text;
        struct {
            struct mval_item *first, *last;
        } items; /* an object's newest member first; a list in order */
    };
};

typedef struct mval_item {
    str name; /* in an object */
    mval *value;
    struct mval_item *next;
} mval_item;

typedef enum node_kind {
    NODE_TEXT,
    NODE_VARIABLE,
    NODE_RAW,     /* {{{ }}} and {{& }} */
    NODE_CATALOG, /* {{t.… }}: text is the key without "t." */
    NODE_SECTION, /* renders the nodes up to `end` */
    NODE_INVERTED,
    NODE_PARTIAL,
} node_kind;

typedef struct node {
    node_kind kind;
    bool raw;        /* a catalogue text that is not escaped */
    bool standalone; /* a partial alone on its line */
    str text;        /* literal text, or the name */
    str indent;      /* a standalone partial's */
    size_t end;      /* a section's: index of the first node after it */
} node;

struct mustache {
    node *nodes;
    size_t count;
};

/* What stands between two delimiters. */
typedef struct mustache_tag {
    char sigil;      /* 0 for a variable; else one of & { # ^ / > ! = */
    str content;     /* trimmed */
    size_t from, to; /* in the source, delimiters included */
} mustache_tag;

typedef struct mustache_lexer {
    str source;
    size_t at;
    str open, close;
    const char *what; /* why mustache_next failed */
} mustache_lexer;

/** At the beginning of a template, which is borrowed. */
mustache_lexer mustache_lex(str source);
/* The next tag from lexer->at on. 1: found; 0: no more; -1: malformed, lexer->what says why. */
int mustache_next(mustache_lexer *lexer, mustache_tag *tag);
size_t mustache_line(str source, size_t at);

#endif
