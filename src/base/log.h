/* The log: one line an event on standard error, text or JSON. Never a secret, never a raw path: route patterns only. */
#ifndef PARVIS_BASE_LOG_H
#define PARVIS_BASE_LOG_H

#include "base/str.h"

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR } log_level;

/** Once at start. */
void log_setup(log_level least, bool json);

/** A field of an event; text values are escaped. `LOG_TEXT("route", s)`, `LOG_INT("status", 200)`. */
typedef struct log_field {
    const char *name;
    str text;
    int64_t number;
} log_field;
#define LOG_TEXT(name, value) ((log_field){(name), (value), 0})
#define LOG_INT(name, value)  ((log_field){(name), STR_NONE, (int64_t)(value)})

/**
 * From here on this thread's lines up to LOG_INFO are gathered and written together, at the latest by log_rest, which
 * the thread calls before it waits for anything. A warning is written at once, with all before it. The thread ends it
 * (false) before it ends itself.
 */
void log_linger(bool on);
void log_rest(void);

/**
 * Writes one line: time, level, message, fields. Whole lines in one write(2), so those of several threads never mix.
 */
void log_event(log_level level, const char *message, const log_field *fields, size_t count);
#define log_(level, message, ...)                                   \
    log_event((level), (message), (const log_field[]){__VA_ARGS__}, \
              sizeof((const log_field[]){__VA_ARGS__}) / sizeof(log_field))
#define log_plain(level, message) log_event((level), (message), NULL, 0)

#endif
