/* A connection to SQLite: its small commands, and what went wrong on it. */
#include "store/sqlite.h"

#include "base/log.h"

err sqlite_trouble(sqlite_connection *c, const char *what, int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        c->broken = ERR_UNAVAILABLE;
        break;
    default: /* a statement that cannot run: ours to mend, not the machine's */
        c->broken = ERR_INTERNAL;
    }
    if (!c->complained || c->broken == ERR_INTERNAL)
        log_(LOG_ERROR, "the database refuses", LOG_TEXT("at", str_of(what)), LOG_INT("code", code),
             LOG_TEXT("reason", str_of(sqlite3_errstr(code))), LOG_TEXT("detail", str_of(sqlite3_errmsg(c->db))));
    c->complained |= c->broken == ERR_UNAVAILABLE;
    return c->broken;
}

void sqlite_works(sqlite_connection *c)
{
    if (c->complained)
        log_plain(LOG_INFO, "the database works again");
    c->complained = false;
}

int sqlite_control(sqlite_connection *c, control which)
{
    sqlite3_step(c->control[which]);
    return sqlite3_reset(c->control[which]); /* gives the step's code */
}

int sqlite_run(sqlite_connection *c, const char *sql)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL);
}
