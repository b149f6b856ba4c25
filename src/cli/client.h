/* The client of the HTTP API: over the running server's socket, or over one that this process serves itself. */
#ifndef PARVIS_CLI_CLIENT_H
#define PARVIS_CLI_CLIENT_H

#include "cli/command.h"
#include "replies.h"

/** An answer. `json` is owned by the caller (json_decref; NULL when the body is none); `text` lives in c->a. */
typedef struct reply {
    long status;
    json_t *json;
    str text;
} reply;

/**
 * Where something stands in an answer: names with dots between. A plain text is none, so that what a schema of
 * spec/openapi.yaml does not have cannot be asked for.
 */
typedef struct answer_path answer_path;
/**
 * AT(member, account.email): in a Member. AT_IN("settings.", …): where that itself stands below a name. AT_KEYWORD: a
 * name that C keeps for itself.
 */
#define AT(schema, path)            AT_IN("", schema, path)
#define AT_IN(before, schema, path) ((const answer_path *)&(before #path)[0 * offsetof(reply_##schema, path)])
#define AT_KEYWORD(schema, name)    ((const answer_path *)&(#name)[0 * offsetof(reply_##schema, name##_)])
/** In what the command made itself, and the whole. */
#define AT_OWN(path) ((const answer_path *)(path))
#define AT_WHOLE     AT_OWN("")

/**
 * Calls METHOD /api/v1PATH. The body is taken over; NULL sends none. EXIT_DONE with *out filled; or, after the
 * problem's own sentence on standard error, EXIT_REFUSED. The first call finds the server, or starts one inside.
 */
int call(cli *c, const char *method, str path, json_t *body, reply *out);
/** The same with a file for a body, and its content type. */
int call_file(cli *c, const char *method, str path, const char *type, str bytes, reply *out);

/** "/organizations/acme/members" of segments, each escaped. Lives in c->a. */
str path_of(cli *c, const str *segments, size_t count);
#define PATH(c, ...) path_of((c), (const str[]){__VA_ARGS__}, sizeof((const str[]){__VA_ARGS__}) / sizeof(str))
/** The path with one more query parameter, escaped; as it was for STR_NONE. */
str path_with(cli *c, str path, const char *name, str value);

/** Lets mails go (when the command queues any), stops the server inside, gives the lock back. */
void client_close(cli *c);

/**
 * "slug" of --organization; without it, of the server's only organization. EXIT_REFUSED or EXIT_USAGE after a sentence.
 */
int organization_of(cli *c, str *slug);

/**
 * The path of the member or invitation that an argument names: by id, or by address (of several invitations the
 * newest). `email_at` is where an item holds it. EXIT_REFUSED after a sentence when nothing is at that address.
 */
int item_path(cli *c, const char *collection, const answer_path *email_at, str named, str *path);

/** A JSON string; the caller owns it. */
json_t *json_of(str s);
/** Sets key unless the value is STR_NONE. */
void json_put(json_t *object, const char *key, str value);
/** A string inside; STR_NONE when it is none. Borrowed. */
str json_text(const json_t *object, const answer_path *path);
json_t *json_at(const json_t *object, const answer_path *path);

#endif
