/*
 * keys.h - the one table of every configuration key and every command line option.
 *
 * It drives the file's validator, the command line, the environment twins PG_MIRROR_<OPTION>, all
 * help texts, the JSON Schema, `validate --show` and the shell completions, so these cannot drift
 * apart. A row is a key (pointer), an option (option), or both.
 */
#ifndef PGM_CONFIG_KEYS_H
#define PGM_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"

enum key_type {
    KEY_STRING,
    KEY_PATH,     /* a string; a leading "~/" is the home directory */
    KEY_CHOICE,   /* a string out of `values` */
    KEY_ENUM,     /* the index of a string in `values` */
    KEY_URI,      /* a libpq URI or keyword string */
    KEY_INT,      /* unsigned, from lo to hi */
    KEY_PORT,     /* an integer, kept as text */
    KEY_NUMBER,   /* double, from lo to hi */
    KEY_BOOL,     /* bool */
    KEY_DURATION, /* uint64_t, milliseconds */
    KEY_LIST,     /* struct string_list */
    KEY_ARGV,     /* struct string_list: a program and its arguments */
    KEY_SETTINGS, /* struct setting array at `at`, its count at `count_at` */
    KEY_SECRET,   /* struct secret */
    KEY_COUNT,    /* int, counted up by each use of the option */
};

/* Commands, for `commands`: which ones take an option. */
enum command_bit {
    CMD_MIRROR = 1u << 0,
    CMD_PLAN = 1u << 1,
    CMD_CHECK = 1u << 2,
    CMD_VALIDATE = 1u << 3,
    CMD_STATUS = 1u << 4,
    CMD_ROLLBACK = 1u << 5,
    CMD_PRUNE = 1u << 6,
    CMD_RESTORE = 1u << 7,
    CMD_ARCHIVE = 1u << 8,
    CMD_INIT = 1u << 9,
    CMD_SCHEMA = 1u << 10,
    CMD_COMPLETION = 1u << 11,
    CMD_HELP = 1u << 12,
    CMD_VERSION = 1u << 13,
    CMD_ALL = (1u << 14) - 1,
};

enum key_flag {
    KEY_ADDRESS = 1u << 0,      /* says where a server is and who we are: --source replaces these */
    KEY_REPLACES = 1u << 1,     /* as an option: drops the file's KEY_ADDRESS keys of its side */
    KEY_NO_ENV = 1u << 2,       /* the option has no environment twin */
    KEY_MAY_BE_EMPTY = 1u << 3, /* "" is a value */
    KEY_PATTERNS = 1u << 4,     /* {job}, {database}, {time} are replaced in it */
    KEY_SPECIAL = 1u << 5,      /* handled by the loader itself: --config, --set */
    KEY_ALIAS = 1u << 6,        /* another name of the key before it */
    KEY_GUARD = 1u << 7,        /* given in a file, nothing nearer may take it away */
};

struct key {
    const char *pointer; /* of the file's key; NULL: command line and environment only */
    const char *option;  /* "jobs" for --jobs; NULL: none */
    char letter;         /* 'j' for -j; 0: none */
    char letter2;        /* another one */
    const char *env;     /* an environment name other than the option's twin */
    enum key_type type;
    unsigned flags;    /* KEY_... of key_flag */
    unsigned commands; /* CMD_... that take the option; 0: all */
    size_t at;         /* offset in struct config */
    size_t count_at;
    double lo, hi;
    const char *const *values; /* NULL-terminated */
    const char *set_to;        /* an option without value stands for this text */
    const char *fallback;      /* default, as an option's text; NULL: none */
    const char *fallback_note; /* default in words, when it is worked out at run time */
    const char *metavar;       /* "N", "FILE" */
    const char *help;          /* one or two sentences, no final stop */
    const char *example;       /* as JSON */
    bool (*check)(const char *value, struct buf *why); /* of a string; may be NULL */
};

extern const struct key key_table[];
extern const size_t key_count;

/* NULL if there is none. Names are without dashes. */
const struct key *key_by_pointer(const char *pointer);
const struct key *key_by_option(const char *option);
const struct key *key_by_letter(char letter);
size_t key_index(const struct key *k);

/* Does this option need a value? */
bool key_takes_value(const struct key *k);

/* "PG_MIRROR_KEEP_PREVIOUS", or NULL. In the arena. */
const char *key_env_name(const struct key *k, struct arena *a);

/* "an integer from 1 to 65535", "true or false": what a value must be. */
void key_describe_type(const struct key *k, struct buf *b);

#endif
