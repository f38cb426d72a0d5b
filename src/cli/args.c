/*
 * The command line, left to right. Options may stand anywhere; the first word that is none is the
 * command, or a file, which means mirror. Whether an option is one of the command's is asked when
 * the whole line is known.
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "common/str.h"

struct args {
    struct invocation *inv;
    int argc;
    char *const *argv;
    int at; /* next word */
    bool options_ended;
    bool help, version;
};

static const char *help_topic(const struct args *a)
{
    return a->inv->command ? a->inv->command->name : "mirror";
}

static bool usage_hint(const struct args *a, struct err *e)
{
    return err_hint(e, "try: pg_mirror help %s", help_topic(a));
}

static void add_option(struct args *a, const struct key *k, const char *text, const char *shown)
{
    struct invocation *inv = a->inv;

    inv->options = arena_grow(inv->arena, inv->options, inv->option_count, &inv->option_cap,
                              sizeof *inv->options);
    inv->options[inv->option_count++] =
        (struct config_option){.key = k, .text = text, .shown = shown};
    a->help = a->help || str_eq(k->option, "help");
    a->version = a->version || str_eq(k->option, "version");
}

static const char *likely_option(const char *typed)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;

    for (size_t i = 0; i < key_count; i++) {
        const char *name = key_table[i].option;
        size_t distance;

        if (!name || !str_is_likely_typo(typed, name))
            continue;
        distance = str_edit_distance(typed, name);
        if (distance < best_distance) {
            best = name;
            best_distance = distance;
        }
    }
    return best;
}

static bool unknown_option(const struct args *a, const char *name, struct err *e)
{
    const char *likely = likely_option(name);

    if (likely)
        err_set_(e, E_USAGE, "unknown option '--%s' (did you mean --%s?)", name, likely);
    else
        err_set_(e, E_USAGE, "unknown option '--%s'", name);
    return usage_hint(a, e);
}

/* The next word, as an option's value. */
static bool take_value(struct args *a, const struct key *k, const char *shown, const char **ret,
                       struct err *e)
{
    if (a->at < a->argc) {
        *ret = a->argv[a->at++];
        return true;
    }
    err_set_(e, E_USAGE, "option '%s' needs a value: %s", shown, k->metavar ? k->metavar : "VALUE");
    return usage_hint(a, e);
}

/* "--name" or "--name=value" */
static bool take_long(struct args *a, const char *word, struct err *e)
{
    const char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    const char *shown = arena_strndup(a->inv->arena, word, n);
    const struct key *k = key_by_option(shown + 2);
    const char *value = equals ? equals + 1 : NULL;

    if (!k)
        return unknown_option(a, shown + 2, e);
    if (value && !key_takes_value(k)) {
        err_set_(e, E_USAGE, "option '%s' takes no value", shown);
        return usage_hint(a, e);
    }
    if (!value && key_takes_value(k) && !take_value(a, k, shown, &value, e))
        return false;
    add_option(a, k, value, shown);
    return true;
}

/* "-vj4", "-j 4", "-?": the rest of a word is the value of the first letter that wants one. */
static bool take_letters(struct args *a, const char *word, struct err *e)
{
    for (const char *p = word + 1; *p; p++) {
        const struct key *k = key_by_letter(*p);
        const char *shown = arena_printf(a->inv->arena, "-%c", *p);
        const char *value = NULL;

        if (!k) {
            err_set_(e, E_USAGE, "unknown option '%s'", (unsigned char)*p < 0x80 ? shown : word);
            return usage_hint(a, e);
        }
        if (!key_takes_value(k)) {
            add_option(a, k, NULL, shown);
            continue;
        }
        if (p[1])
            value = p + 1;
        else if (!take_value(a, k, shown, &value, e))
            return false;
        add_option(a, k, value, shown);
        return true;
    }
    return true;
}

static bool looks_like_file(const char *word)
{
    size_t n = strlen(word);

    return strchr(word, '/') || (n > 5 && strcmp(word + n - 5, ".json") == 0) ||
           strcmp(word, "-") == 0 || access(word, F_OK) == 0;
}

static void add_arg(struct invocation *inv, const char *word)
{
    const char **grown = arena_array(inv->arena, inv->arg_count + 1, sizeof *grown);

    if (inv->arg_count)
        memcpy(grown, inv->args, inv->arg_count * sizeof *grown);
    grown[inv->arg_count++] = word;
    inv->args = grown;
}

static bool unknown_command(const struct args *a, const char *word, struct err *e)
{
    err_set_(e, E_USAGE, "unknown command '%s'", word);
    for (size_t i = 0; command_table[i]; i++) {
        if (!str_is_likely_typo(word, command_table[i]->name))
            continue;
        err_set_(e, E_USAGE, "unknown command '%s' (did you mean %s?)", word,
                 command_table[i]->name);
        break;
    }
    return usage_hint(a, e) || err_hint(e, "try: pg_mirror help");
}

static bool take_word(struct args *a, const char *word, struct err *e)
{
    struct invocation *inv = a->inv;

    if (inv->command) {
        add_arg(inv, word);
        return true;
    }
    inv->command = command_by_name(word);
    if (inv->command)
        return true;
    if (!looks_like_file(word))
        return unknown_command(a, word, e);
    inv->command = command_by_name("mirror");
    add_option(a, key_by_option("config"), word, "--config");
    return true;
}

static bool take_any(struct args *a, const char *word, struct err *e)
{
    if (a->options_ended || word[0] != '-' || word[1] == '\0')
        return take_word(a, word, e);
    if (strcmp(word, "--") == 0) {
        a->options_ended = true;
        return true;
    }
    return word[1] == '-' ? take_long(a, word, e) : take_letters(a, word, e);
}

/* "mirror, plan": the commands that take an option. */
static void list_commands(const struct key *k, struct buf *b)
{
    for (size_t i = 0; command_table[i]; i++) {
        if (command_table[i]->bit & k->commands)
            buf_printf(b, "%s%s", b->len ? ", " : "", command_table[i]->name);
    }
}

static bool check_options(const struct args *a, struct err *e)
{
    const struct invocation *inv = a->inv;

    for (size_t i = 0; i < inv->option_count; i++) {
        const struct key *k = inv->options[i].key;
        AUTO_BUF struct buf commands = BUF_INIT(1024);

        if (k->commands == 0 || (k->commands & inv->command->bit))
            continue;
        list_commands(k, &commands);
        err_set_(e, E_USAGE, "option '%s' is not one of %s's; it belongs to %s",
                 inv->options[i].shown, inv->command->name, buf_str(&commands));
        return usage_hint(a, e);
    }
    return true;
}

/* "mirror FILE" names the configuration, as "pg_mirror FILE" does. */
static void take_config_word(struct args *a)
{
    struct invocation *inv = a->inv;

    if (inv->command->bit & (CMD_MIRROR | CMD_PLAN | CMD_CHECK | CMD_VALIDATE | CMD_STATUS |
                             CMD_ROLLBACK | CMD_PRUNE)) {
        for (size_t i = 0; i < inv->arg_count; i++)
            add_option(a, key_by_option("config"), inv->args[i], "--config");
        inv->arg_count = 0;
    }
}

static bool check_args(const struct args *a, struct err *e)
{
    const struct command *c = a->inv->command;
    size_t n = a->inv->arg_count;

    if (n >= c->min_args && n <= c->max_args)
        return true;
    if (n < c->min_args)
        err_set_(e, E_USAGE, "%s needs %s", c->name, c->args);
    else
        err_set_(e, E_USAGE, "unexpected word '%s' after %s", a->inv->args[c->max_args], c->name);
    return usage_hint(a, e);
}

/* --help and --version are commands that happen to look like options. */
static void turn_into(struct invocation *inv, const char *command)
{
    const struct command *asked = inv->command;

    inv->command = command_by_name(command);
    inv->option_count = 0;
    if (strcmp(command, "help") == 0 && asked && asked != inv->command) {
        inv->arg_count = 0;
        add_arg(inv, asked->name);
    }
}

static void keep_output_option(struct invocation *inv, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(inv->options[i].key->option, "output"))
            inv->options[inv->option_count++] = inv->options[i];
    }
}

bool args_parse(struct invocation *inv, int argc, char *const *argv, struct err *e)
{
    struct args a = {.inv = inv, .argc = argc, .argv = argv, .at = 1};
    size_t count;

    while (a.at < argc) {
        if (!take_any(&a, argv[a.at++], e))
            return false;
    }
    count = inv->option_count;
    if (a.help || a.version) {
        turn_into(inv, a.help ? "help" : "version");
        keep_output_option(inv, count);
    }
    if (!inv->command && argc > 1)
        inv->command = command_by_name("mirror");
    if (!inv->command)
        return true;
    if (!check_options(&a, e))
        return false;
    take_config_word(&a);
    return check_args(&a, e);
}
