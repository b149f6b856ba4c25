/*
 * A request and its answer, as handlers see them. The way: socket (server.c) → gate.c → router.c → session → permission
 * → body → handler → domain → store → answer.
 */
#ifndef PARVIS_HTTP_REQUEST_H
#define PARVIS_HTTP_REQUEST_H

#include "base/buf.h"
#include "domain/shared/actor.h"
#include "ports/catalog.h"

typedef struct request request;
typedef struct app app; /* settings, store, keys: made once in main, see app.h */

/**
 * read: answered on the spot, on the HTTP thread. heavy: a read of more than a few milliseconds, all of it in the pool.
 * write: its transaction joins the next commit group. slow: `admit` reads whether it may be worked for and what for,
 * then `prepare` works in the bounded pool (password hashing), without the database, then comes the handler as a write.
 * bare: no database at all, t is NULL.
 */
typedef enum route_kind { ROUTE_READ, ROUTE_WRITE, ROUTE_SLOW, ROUTE_HEAVY, ROUTE_BARE } route_kind;

/** What a route asks of its caller before the handler runs. */
typedef enum route_access {
    ACCESS_PUBLIC,     /* anyone; a session is read when there is one */
    ACCESS_SESSION,    /* signed in, by session */
    ACCESS_CALLER,     /* session, key or operator */
    ACCESS_OPERATOR,   /* the Unix socket */
    ACCESS_MEMBER,     /* an active member of {org}, any role (or the operator) */
    ACCESS_PERMISSION, /* an active member of {org} who holds route->permission (or the operator) */
} route_access;

typedef enum route_face { FACE_API, FACE_CONSOLE } route_face; /* problems as JSON, or as a page */

/* Tables that describe a body, a form or a query string: generated from spec/openapi.yaml and spec/console.yaml. */
typedef enum field_type {
    FIELD_STRING,
    FIELD_BYTES, /* a file's content, whatever it holds */
    FIELD_INTEGER,
    FIELD_BOOLEAN,
    FIELD_ENUM,
    FIELD_OBJECT,
    FIELD_ARRAY,
    FIELD_MAP, /* of names that others made up, each true or false; JSON alone */
} field_type;

typedef struct field field;
struct field {
    str name;
    field_type type;
    uint16_t offset;     /* of the value in the struct: str, int64_t, bool; object: inline struct; array, map: list */
    uint16_t has_offset; /* of the bool that says "was given"; FIELD_ALWAYS for what is required */
    bool required;
    bool nullable;              /* null gives STR_NONE or 0, and "was given" */
    bool multiline;             /* text that may hold tabs and line breaks */
    bool open;                  /* object: what else it has is passed over, for somebody else's standard grows */
    bool is_name;               /* text whose characters name_clean judges, and mends what was pasted */
    bool is_code;               /* text that typed_code reads */
    bool is_secret;             /* an opaque string: as typed, and never shown again */
    bool is_pasted;             /* whatever was pasted: a parser of its own reads it */
    bool is_address;            /* an address or a domain: in JSON, too, what came along unseen is left out */
    int64_t min, max;           /* integer: value; string: code points; array, map: how many items */
    const str *words;           /* enum: the allowed words, ended by STR_NONE */
    const field *fields;        /* object, or array of objects: their fields, ended by name STR_NONE */
    field_type item;            /* array: what it holds */
    uint16_t item_size;         /* array: sizeof one item */
    uint16_t refused_offset;    /* array of rows, each its own result: of the item's `refused`; 0: it is all or none */
    int64_t item_min, item_max; /* array of strings or integers: bounds of each; map: of each name, in code points */
};
#define FIELD_ALWAYS UINT16_MAX

/** An array in a body struct. */
typedef struct list {
    void *items;
    size_t count;
} list;

/** One of a map. */
typedef struct flag {
    str name;
    bool on;
} flag;

typedef struct schema {
    const field *fields; /* ended by name STR_NONE */
    uint16_t size;       /* of the struct */
    size_t max_bytes;    /* 413 above */
} schema;

/** How a body is written. Each has its content types in exchange.c and its reader in exchange_run.c. */
typedef enum body_media { BODY_JSON, BODY_FORM, BODY_MULTIPART, BODY_IMAGE } body_media;

typedef err handler(request *r, txn *t);
/**
 * Of a slow route, in a transaction that reads, perhaps more than once: refuses what a limit refuses and what is dead,
 * reads what prepare needs into r->scratch. It may set r->no_work: there is nothing to prepare, the handler follows at
 * once; or note a finding that the page shows: then the handler is called right there, and only reads.
 */
typedef err admit_handler(request *r, txn *t);
typedef err prepare_handler(request *r);

enum { PATH_PARAMS_MAX = 3 };

typedef struct route {
    str method;
    str pattern;      /* "/api/v1/organizations/{org}/invitations/{invitation}": what logs show */
    const char *name; /* operationId */
    route_kind kind;
    route_access access;
    route_face face;
    bool
        effect_free; /* a POST that changes nothing (preview, lookup): still needs the same-site proof from a browser */
    str heavy_when;  /* a read that is heavy when this parameter of the query is given */
    bool bulk;       /* writes many rows however small the request is */
    bool instance_key; /* one of the operator's keys may call it */
    unsigned stages;   /* which session_stage but the full one it serves */
    bool succeeds;     /* gives another session; the one before comes here once more: domain/account/succession.h */
    permission permission;
    const schema *body, *query;
    body_media media;
    struct {
        str name, prefix; /* {invitation}: "inv"; prefix STR_NONE: text, such as {org} or {token} */
        bool secret;      /* of a link: what mail programs take into it is left out */
    } params[PATH_PARAMS_MAX];
    admit_handler *admit; /* of a slow route; NULL: the spec says why none (x-admit) */
    prepare_handler *prepare;
    handler *handle;
    const struct route
        *page;      /* of the console: which page shows this form, or itself, when it was refused; NULL: none */
    handler *again; /* shows a refused form where its page's own handler would not; only reads */
} route;

/** A form as it was sent, decoded and in its order. */
typedef struct typed_form {
    const text_pair *pairs;
    size_t count;
} typed_form;

/** What a slow route's page found out before its transaction: that one begins with a clean problem. */
typedef struct finding {
    err refusal;
    problem problem;
} finding;

struct request {
    app *app;
    arena *a;
    const route *route;
    actor actor;
    problem problem;
    str request_id;
    language lang;    /* of the answer: query ?lang, cookie parvis_lang, account's, Accept-Language */
    bool lang_chosen; /* by one of the first three; otherwise a page may prefer that of the mail that led to it */
    struct {
        str text;
        uuid id;               /* for params with a prefix */
    } params[PATH_PARAMS_MAX]; /* in the order of the pattern, {org} included */
    void *body;                /* the struct of route->body, filled and checked; NULL without one */
    void *query;
    typed_form typed; /* what stood in r->body's form, or in a page's query */
    str path;         /* as sent, well-formed; may hold secrets: for sign-in's `next`, never for logs */
    str raw_query;    /* as sent, for links that keep filters */
    bool reads_pages; /* asks for HTML: what is refused before it has a route is a page, too */
    str idempotency_key;
    str if_none_match;
    msec started;       /* monotonic */
    void *scratch;      /* what `admit` and `prepare` leave for the handler */
    finding finding;    /* of a page */
    finding *again;     /* why the form was refused that a page is made for again; NULL: no such page is made */
    const route *asked; /* where it was sent, while r->route is the page's; NULL: to r->route */
    void *shut_out;     /* what the page says of a membership that is suspended or over; NULL: it is not */
    bool no_work;       /* admit: prepare is left out */

    /* the answer */
    int status;
    str content_type;
    buf out;
    str location;          /* redirects */
    bool has_twin_cookies; /* several sessions' cookies came, and differ */
    str cookies[3];        /* whole Set-Cookie values */
    size_t cookie_count;
    str extra_headers[6][2];
    size_t extra_header_count;
    bool has_secret; /* never cached; blanked in kept answers */
    struct secret_place {
        size_t from, to;
    } * secrets; /* where answer_secret wrote; without any, a kept answer that has a secret has no body at all */
    size_t secret_count, secret_room;

    void *server; /* server.c's own */
};

#endif
