/* The settings: flag, then environment, then parvis.ini, then default. The list stands in spec/settings.yaml. */
#ifndef PARVIS_PORTS_CONFIG_H
#define PARVIS_PORTS_CONFIG_H

#include "base/arena.h"
#include "base/clock.h"

/** A setting with several values. */
typedef struct str_list {
    const str *items;
    size_t count;
} str_list;

/** Where a value came from. */
typedef enum setting_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG } setting_origin;

/*
 * struct settings: a field each, with the type that its row says: text and uri str, list str_list, boolean bool,
 * integer int64_t, duration msec, enum int (LOG_FORMAT_JSON, LOG_LEVEL_INFO …; the numbers of log_level are those of
 * base/log.h). public_url is empty when it was not set: what the server answers to is env.public_url (domain/env.h).
 */
#include "settings_table.h" /* generated: setting_id, settings, SETTING_TABLE */

typedef enum setting_type {
    SETTING_TEXT,
    SETTING_LIST,
    SETTING_URI,
    SETTING_BOOLEAN,
    SETTING_INTEGER,
    SETTING_DURATION,
    SETTING_ENUM,
} setting_type;

/** What the table says of a setting. */
typedef struct setting_info {
    str name;             /* "public_url" */
    const char *variable; /* "PARVIS_PUBLIC_URL" */
    setting_type type;
    str fallback;        /* the default as written, "{data}" still in it */
    str argument;        /* what --help calls the value */
    str words;           /* enum, boolean: "on|off" */
    int64_t least, most; /* integer: number; duration: milliseconds */
    bool secret;
    uint16_t offset; /* in struct settings */
} setting_info;
/** The row of the table; static. */
const setting_info *setting_about(setting_id id);
/** The setting with this name, or with this flag; SETTING_COUNT when there is none. */
setting_id setting_by_name(str name);
setting_id setting_by_flag(str flag);
/** "public-url", NUL-terminated. */
str setting_flag(arena *a, setting_id id);

/** What settings_load reads. */
typedef struct settings_source {
    str flags[SETTING_COUNT]; /* STR_NONE: not given */
    str config_path;          /* --config; STR_NONE: ./parvis.ini, then /etc/parvis/parvis.ini, and none is no error */
    char *const *environment; /* as environ(7); NULL: none. An empty value counts as absent */
} settings_source;

/** Why the settings were refused, for a sentence of the catalogue: cli.config.CODE with these placeholders. */
typedef struct settings_error {
    const char *code; /* "unknown_key", "not_a_number" … */
    str name;    /* {name}: as it was called there: "--log-level", "PARVIS_LOG_LEVEL", "./parvis.ini:3: log_level" */
    str value;   /* {value}; empty for secrets */
    str allowed; /* {allowed}: the words, bounds or form */
} settings_error;

/**
 * Reads all sources and checks each value. Text in *out and *error lives in `a`. False: *error says why.
 */
bool settings_load(arena *a, const settings_source *source, settings *out, settings_error *error);

/** The effective value as parvis.ini would hold it; secrets as `parvis config` shows them (password of a URI: ***). */
str setting_text(arena *a, const settings *s, setting_id id);
/** "default", "file", "environment", "flag". */
str setting_origin_name(setting_origin origin);

/**
 * False when mails would go to the world with links that lead back to the reader's own machine (serve refuses that).
 */
bool settings_links_reach(const settings *s);

#endif
