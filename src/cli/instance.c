/*
 * Taking and leaving a data folder: first its lock, then the key and the database. Beside data there must be a key
 * already: a new one would open none of its secrets.
 */
#include "cli/instance.h"

#include "base/log.h"
#include "domain/shared/installation.h"
#include "store/migration.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static err cannot(const char *message, const char *path)
{
    log_(LOG_ERROR, message, LOG_TEXT("path", str_of(path)), LOG_TEXT("reason", str_of(strerror(errno))));
    return ERR_UNAVAILABLE;
}

err instance_lock(const settings *s, instance *in)
{
    ARENA_SCOPED a = arena_new(64 * 1024);
    const char *folder = arena_cstr(a, s->data);
    const char *path = arena_join(a, s->data, S("/lock")).p;

    *in = (instance){.settings = s, .lock = -1};
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return cannot("cannot make the data folder", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return cannot("cannot open the lock of the data folder", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        err e = errno == EWOULDBLOCK ? ERR_CONFLICT : cannot("cannot lock the data folder", path);
        close(fd);
        return e;
    }
    /* Whatever mode it was made with: it holds mails, the socket and, by default, the key. */
    if (chmod(folder, 0700) != 0) {
        err e = cannot("cannot keep the data folder to its owner", folder);
        close(fd);
        return e;
    }
    in->lock = fd;
    return OK;
}

/* True when the database's file holds something already: then its key must be there too. */
static bool has_data(arena *a, str database)
{
    struct stat found;
    str path = str_slice(database, S("sqlite:").n, database.n);
    return stat(arena_cstr(a, path), &found) == 0 && S_ISREG(found.st_mode) && found.st_size > 0;
}

/* A file without tables is no database yet, whatever its size. */
static err open_file(instance *in, bool makes)
{
    ARENA_SCOPED a = arena_new(64 * 1024);
    const settings *s = in->settings;
    migration_state state;
    bool there = has_data(a, s->database);
    if (!makes && !there)
        return ERR_NOT_FOUND;
    TRY(store_open(s->database, &in->store));
    TRY(store_migration_state(in->store, &state)); /* refuses what is somebody else's, before a key is asked for */
    if (!makes && state.have == 0)
        return ERR_NOT_FOUND;
    TRY(server_key_load(s->key_file, state.have == 0, &in->key));
    TRY(store_migrate(in->store));
    return installation_check_key(in->store, in->key, s->key_file);
}

/* Others use it, too: it is migrated only when asked for, and only who makes its first tables makes its key. */
static err open_shared(instance *in, bool migrates)
{
    const settings *s = in->settings;
    migration_state state;
    TRY(store_open(s->database, &in->store));
    store_set_connections(in->store, (size_t)s->database_connections);
    store_set_timeout(in->store, s->database_timeout);
    TRY(store_migration_state(in->store, &state));
    if (migrates || state.have == state.want)
        TRY(server_key_load(s->key_file, migrates && state.have == 0, &in->key));
    if (migrates)
        TRY(store_migrate(in->store));
    if (migrates || state.have == state.want)
        return installation_check_key(in->store, in->key, s->key_file);
    log_(LOG_ERROR,
         state.have < state.want ? "the database is not up to date: run parvis migrate" : migration_too_new(state.have),
         LOG_INT("have", state.have), LOG_INT("want", state.want));
    return ERR_UNAVAILABLE;
}

static bool is_file(const settings *s)
{
    return str_starts(s->database, S("sqlite:"));
}

bool instance_has_data(const settings *s)
{
    ARENA_SCOPED a = arena_new(64 * 1024);
    return is_file(s) ? has_data(a, s->database) : access(arena_cstr(a, s->key_file), F_OK) == 0;
}

err instance_open(instance *in, bool makes)
{
    return is_file(in->settings) ? open_file(in, makes) : open_shared(in, false);
}

err instance_migrate(instance *in)
{
    return is_file(in->settings) ? open_file(in, true) : open_shared(in, true);
}

void instance_close(instance *in)
{
    places_close(in->places);
    store_close(in->store);
    server_key_free(in->key);
    if (in->lock >= 0)
        close(in->lock);
    *in = (instance){.lock = -1};
}

str instance_socket(arena *a, const settings *s, bool alone)
{
    return arena_join(a, s->data, alone ? S("/command.sock") : S("/parvis.sock"));
}

bool instance_is_served(const settings *s)
{
    ARENA_SCOPED a = arena_new(64 * 1024);
    str path = instance_socket(a, s, false);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path.n >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path.p, path.n);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool served = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return served;
}
