/* SQLite as the store's engine: connections, their settings, the readers of each thread. */
#include "store/sqlite.h"

#include "base/log.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUSY_MS = 250, LENGTH_MAX = 16 << 20 };

static const char *const control_sql[CONTROL_COUNT] = {
    [CONTROL_BEGIN_READ] = "BEGIN",
    [CONTROL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [CONTROL_COMMIT] = "COMMIT",
    [CONTROL_ROLLBACK] = "ROLLBACK",
    [CONTROL_JOB] = "SAVEPOINT job",
    [CONTROL_JOB_RELEASE] = "RELEASE job",
    [CONTROL_JOB_ROLLBACK] = "ROLLBACK TO job",
    [CONTROL_PART] = "SAVEPOINT part",
    [CONTROL_PART_RELEASE] = "RELEASE part",
    [CONTROL_PART_ROLLBACK] = "ROLLBACK TO part",
};

static void connection_close(sqlite_connection *c)
{
    for (size_t i = 0; i < c->prepared_count; i++)
        sqlite3_finalize(c->prepared[i].statement);
    for (size_t i = 0; i < CONTROL_COUNT; i++)
        sqlite3_finalize(c->control[i]);
    free(c->prepared);
    if (sqlite3_close(c->db) != SQLITE_OK)
        log_plain(LOG_ERROR, "a database connection was closed while in use");
    *c = (sqlite_connection){0};
}

static int connection_limits(sqlite3 *db)
{
    static const struct {
        int option, value;
    } wanted[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    };
    int code = sqlite3_extended_result_codes(db, 1);
    for (size_t i = 0; code == SQLITE_OK && i < sizeof wanted / sizeof *wanted; i++)
        code = sqlite3_db_config(db, wanted[i].option, wanted[i].value, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
    return code == SQLITE_OK ? sqlite3_busy_timeout(db, BUSY_MS) : code;
}

/* Opens, sets up, and prepares the control statements. On failure it is logged and everything is closed again. */
static err connection_open(sqlite_connection *c, const char *path, int flags, const char *settings)
{
    *c = (sqlite_connection){0};
    int code = sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = connection_limits(c->db);
    if (code == SQLITE_OK)
        code = sqlite_run(c, settings);
    for (size_t i = 0; code == SQLITE_OK && i < CONTROL_COUNT; i++)
        code = sqlite3_prepare_v3(c->db, control_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &c->control[i], NULL);
    if (code == SQLITE_OK)
        return OK;
    err e = sqlite_trouble(c, path, code);
    connection_close(c);
    return e;
}

/* ---- readers ---- */

/*
 * A thread keeps its reader until it ends; then the store gives it to the next thread that has none. Closing the store
 * closes all of them. One lock for the lists of all stores: a thread that ends may be the last to know of a store.
 */
static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t prepared_once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_readers; /* the thread's list of reader */

static void reader_end(reader *r)
{
    if (!sqlite3_get_autocommit(r->connection.db))
        sqlite_control(&r->connection, CONTROL_COMMIT);
    r->is_open = false;
}

static void thread_ended(void *list)
{
    pthread_mutex_lock(&readers_lock);
    for (reader *r = list; r;) {
        reader *next = r->next_in_thread;
        r->next_in_thread = NULL;
        if (r->is_open)
            reader_end(r);
        if (r->owner)
            r->spare = true;
        else
            free(r);
        r = next;
    }
    pthread_mutex_unlock(&readers_lock);
}

static void prepare_process(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* no effect when another library was first: it is only faster */
    sqlite3_initialize();
    if (pthread_key_create(&thread_readers, thread_ended) != 0)
        abort();
}

static const char reader_settings[] = "PRAGMA cache_size = -2048; PRAGMA mmap_size = 0; PRAGMA query_only = ON;"
                                      "PRAGMA temp_store = MEMORY;";

static err reader_open(sqlite_store *s, reader **out)
{
    reader *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_UNAVAILABLE;
    err e = connection_open(&r->connection, s->path, SQLITE_OPEN_READONLY, reader_settings);
    if (e != OK) {
        free(r);
        return e;
    }
    r->owner = s;
    *out = r;
    return OK;
}

static reader *spare_reader(sqlite_store *s)
{
    for (reader *r = s->readers; r; r = r->next)
        if (r->spare) {
            r->spare = false;
            return r;
        }
    return NULL;
}

static err reader_new(sqlite_store *s, reader **out)
{
    pthread_mutex_lock(&readers_lock);
    reader *r = spare_reader(s);
    pthread_mutex_unlock(&readers_lock);
    if (!r) {
        TRY(reader_open(s, &r));
        pthread_mutex_lock(&readers_lock);
        r->next = s->readers;
        s->readers = r;
        pthread_mutex_unlock(&readers_lock);
    }
    r->next_in_thread = pthread_getspecific(thread_readers);
    pthread_setspecific(thread_readers, r);
    *out = r;
    return OK;
}

static reader *reader_of_thread(sqlite_store *s)
{
    reader *r = pthread_getspecific(thread_readers);
    while (r && r->owner != s)
        r = r->next_in_thread;
    return r;
}

static void close_readers(sqlite_store *s)
{
    pthread_mutex_lock(&readers_lock);
    for (reader *r = s->readers; r;) {
        reader *next = r->next;
        connection_close(&r->connection);
        r->next = NULL;
        r->owner = NULL; /* what is left is freed when its thread ends */
        if (r->spare)
            free(r);
        r = next;
    }
    s->readers = NULL;
    reader *kept = NULL; /* this thread may be the main one, which never "ends" */
    for (reader *r = pthread_getspecific(thread_readers); r;) {
        reader *next = r->next_in_thread;
        if (r->owner) {
            r->next_in_thread = kept;
            kept = r;
        } else {
            free(r);
        }
        r = next;
    }
    pthread_setspecific(thread_readers, kept);
    pthread_mutex_unlock(&readers_lock);
}

static _Thread_local bool lingers;

/* The number is read before SQLite takes its snapshot, so that the snapshot holds at least what the number says. */
static err reader_begin(sqlite_store *s, reader *r)
{
    uint64_t generation = atomic_load(&s->generation);
    if (r->is_open && r->generation == generation)
        return OK;
    if (r->is_open)
        reader_end(r);
    r->connection.broken = OK;
    int code = sqlite_control(&r->connection, CONTROL_BEGIN_READ);
    if (code != SQLITE_OK)
        return sqlite_trouble(&r->connection, "begin", code);
    r->is_open = true;
    r->generation = generation;
    return OK;
}

static err sqlite_read_begin(txn *t)
{
    sqlite_store *s = sqlite_of(t->store);
    reader *r = reader_of_thread(s);
    if (!r)
        TRY(reader_new(s, &r));
    if (r->depth == 0)
        TRY(reader_begin(s, r));
    r->depth++;
    t->connection = &r->connection;
    t->now = clock_now();
    return OK;
}

static void sqlite_read_end(txn *t)
{
    reader *r = t->connection; /* its first member */
    if (--r->depth > 0)
        return;
    if (r->connection.broken == OK)
        sqlite_works(&r->connection);
    if (!lingers || r->connection.broken != OK)
        reader_end(r);
}

static void sqlite_linger(store *s)
{
    (void)s;
    lingers = true;
}

static void sqlite_rest(store *s)
{
    reader *r = reader_of_thread(sqlite_of(s));
    if (r && r->is_open && r->depth == 0)
        reader_end(r);
}

/* ---- the store ---- */

static const char writer_settings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA cache_size = -8192; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
    "PRAGMA journal_size_limit = 67108864;";

static int note_frames(void *context, sqlite3 *db, const char *name, int frames)
{
    (void)db;
    (void)name;
    ((sqlite_store *)context)->wal_frames = frames;
    return SQLITE_OK;
}

/* The file belongs to the server alone from its first byte on. SQLite gives the files beside it the same mode. */
static err make_file(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        log_(LOG_ERROR, "the database file cannot be opened", LOG_TEXT("file", str_of(path)),
             LOG_TEXT("reason", str_of(strerrorname_np(errno))));
        return ERR_UNAVAILABLE;
    }
    close(file);
    return OK;
}

static bool is_wal(sqlite_connection *c)
{
    sqlite3_stmt *statement = NULL;
    bool wal = sqlite3_prepare_v2(c->db, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK &&
               sqlite3_step(statement) == SQLITE_ROW &&
               str_eq(str_of((const char *)sqlite3_column_text(statement, 0)), S("wal"));
    sqlite3_finalize(statement);
    return wal;
}

static err open_writer(sqlite_store *w)
{
    TRY(make_file(w->path));
    TRY(connection_open(&w->writer, w->path, SQLITE_OPEN_READWRITE, writer_settings));
    err e = ERR_UNAVAILABLE;
    sqlite3_wal_hook(w->writer.db, note_frames, w);
    if (is_wal(&w->writer))
        e = sqlite_writer_start(w);
    else
        log_(LOG_ERROR, "the database's folder cannot hold a write-ahead log (a network file system?)",
             LOG_TEXT("file", str_of(w->path)));
    if (e != OK)
        connection_close(&w->writer);
    return e;
}

static err sqlite_open(store *s, str rest)
{
    pthread_once(&prepared_once, prepare_process);
    sqlite_store *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_UNAVAILABLE;
    /* "file:…" would be read as a URI with options */
    if (str_empty(rest) || memchr(rest.p, 0, rest.n) ||
        asprintf(&w->path, "%s%.*s", rest.p[0] == '/' ? "" : "./", STR_FMT(rest)) < 0) {
        log_plain(LOG_ERROR, "the database's file has no usable name");
        free(w);
        return ERR_UNAVAILABLE;
    }
    w->store = s;
    w->turn = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    w->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    w->wake = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    random_bytes(&w->lane_key, sizeof w->lane_key);
    err e = open_writer(w);
    if (e != OK) {
        free(w->path);
        free(w);
        return e;
    }
    s->own = w;
    return OK;
}

/* The file's own name; where it is not there yet, its folder's. */
static str sqlite_name(arena *a, str rest)
{
    char *whole = realpath(arena_cstr(a, rest), NULL);
    str out = whole ? arena_str(a, str_of(whole)) : rest;
    free(whole);
    if (whole || str_empty(rest))
        return arena_join(a, sqlite_engine.scheme, out);
    size_t slash = rest.n;
    while (slash > 0 && rest.p[slash - 1] != '/')
        slash--;
    char *folder = realpath(slash ? arena_cstr(a, str_slice(rest, 0, slash)) : ".", NULL);
    str base = str_slice(rest, slash, rest.n), in = str_of(folder);
    if (folder)
        out = arena_join(a, in, in.n > 1 ? S("/") : S(""), base);
    free(folder);
    return arena_join(a, sqlite_engine.scheme, out);
}

static void sqlite_close_store(store *s)
{
    sqlite_store *w = sqlite_of(s);
    sqlite_writer_stop(w);
    close_readers(w);
    sqlite3_wal_checkpoint_v2(w->writer.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL); /* closing would try again */
    connection_close(&w->writer);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    pthread_mutex_destroy(&w->turn);
    free(w->path);
    free(w);
}

const store_engine sqlite_engine = {
    .scheme = S_INIT("sqlite:"),
    .open = sqlite_open,
    .name = sqlite_name,
    .close = sqlite_close_store,
    .read_begin = sqlite_read_begin,
    .read_end = sqlite_read_end,
    .linger = sqlite_linger,
    .rest = sqlite_rest,
    .submit = sqlite_submit,
    .query_one = sqlite_query_one,
    .query_many = sqlite_query_many,
    .execute = sqlite_execute,
    .savepoint = sqlite_savepoint,
    .release = sqlite_release,
    .rollback_to = sqlite_rollback_to,
    .integrity = sqlite_integrity,
    .migration_state = sqlite_migration_state,
    .migrate = sqlite_migrate,
};
