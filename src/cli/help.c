/*
 * Three levels, all from the tables of keys and commands: the program, one command, one option or
 * key.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "common/str.h"

enum { HELP_WIDTH = 79, OPTION_COLUMN = 25, HELP_TEXT_MAX = 256 * 1024 };

static const char general[] =
    "pg_mirror - clone a PostgreSQL database, exactly, with one command\n"
    "\n"
    "  pg_mirror --source postgresql://ro@prod/app --target postgresql://ci@test/app\n"
    "  pg_mirror init --source URI --target URI > staging.json\n"
    "  pg_mirror check -c staging.json            # is everything ready?\n"
    "  pg_mirror plan -c staging.json             # what would change\n"
    "  pg_mirror -c staging.json --yes            # nightly refresh\n"
    "  pg_mirror status -c staging.json --max-age 26h\n"
    "  pg_mirror rollback -c staging.json         # yesterday's copy back\n"
    "\n";

static const char general_end[] =
    "\n"
    "  pg_mirror help COMMAND             options of one command\n"
    "  pg_mirror help COMMAND OPTION      one option: values, default, environment\n"
    "  man pg_mirror, man 5 pg_mirror     everything, and the configuration file\n";

/* Words of `text`, wrapped; the first line begins at column `used`, the others at `indent`. */
static void add_wrapped(struct buf *b, const char *text, size_t used, size_t indent)
{
    while (*text) {
        size_t n = strcspn(text, " \n");

        if (used > indent && used + 1 + n > HELP_WIDTH) {
            buf_printf(b, "\n%*s", (int)indent, "");
            used = indent;
        } else if (used > indent) {
            buf_addch(b, ' ');
            used++;
        }
        buf_add(b, text, n);
        used += n;
        text += n;
        text += strspn(text, " \n");
    }
    buf_addch(b, '\n');
}

static void add_command_names(struct buf *b)
{
    AUTO_BUF struct buf names = BUF_INIT(1024);

    for (size_t i = 0; command_table[i]; i++)
        buf_printf(&names, "%s%s%s", i ? " " : "", command_table[i]->name,
                   command_table[i + 1] ? "," : "");
    buf_addstr(b, "Commands: ");
    add_wrapped(b, buf_str(&names), 10, 10);
}

static void add_general(struct buf *b)
{
    buf_addstr(b, general);
    add_command_names(b);
    buf_addstr(b, "Options:  -c FILE, -j N, -n (dry run), -y (yes), -q, -v, --if-exists WHAT,\n"
                  "          --output json, --deadline TIME, and the others of `help mirror`\n");
    buf_addstr(b, general_end);
}

static void option_label(const struct key *k, char *dst, size_t cap)
{
    char letter[8] = "    ";

    if (k->letter)
        (void)snprintf(letter, sizeof letter, "-%c, ", k->letter);
    (void)snprintf(dst, cap, "  %s--%s%s%s", letter, k->option, key_takes_value(k) ? " " : "",
                   key_takes_value(k) ? (k->metavar ? k->metavar : "VALUE") : "");
}

static bool default_is_worth_saying(const struct key *k)
{
    return k->fallback && key_takes_value(k) && strcmp(k->fallback, "0") != 0;
}

static void add_option_line(struct buf *b, const struct key *k)
{
    AUTO_BUF struct buf text = BUF_INIT(4096);
    char label[64];
    size_t used;

    option_label(k, label, sizeof label);
    used = strlen(label);
    buf_addstr(b, label);
    if (used + 2 > OPTION_COLUMN)
        buf_printf(b, "\n%*s", OPTION_COLUMN, "");
    else
        buf_printf(b, "%*s", (int)(OPTION_COLUMN - used), "");
    buf_addstr(&text, k->help);
    if (default_is_worth_saying(k))
        buf_printf(&text, " (default %s)", k->fallback);
    add_wrapped(b, buf_str(&text), OPTION_COLUMN, OPTION_COLUMN);
}

static void add_options(struct buf *b, const struct command *c, bool own)
{
    bool first = true;

    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];

        if (!k->option || (own ? !(k->commands & c->bit) : k->commands != 0))
            continue;
        if (first && own)
            buf_printf(b, "\nOptions of %s:\n", c->name);
        else if (first)
            buf_addstr(b, "\nOptions of every command:\n");
        first = false;
        add_option_line(b, k);
    }
}

static void add_command(struct buf *b, const struct command *c)
{
    if (c->bit == CMD_MIRROR)
        buf_addstr(b,
                   "usage: pg_mirror [mirror] [OPTIONS] [-c FILE | --source URI --target URI]\n");
    else
        buf_printf(b, "usage: pg_mirror %s [OPTIONS]%s%s\n", c->name, c->args[0] ? " " : "",
                   c->args);
    buf_printf(b, "  %s\n", c->summary);
    if (c->text) {
        buf_addch(b, '\n');
        add_wrapped(b, c->text, 0, 0);
    }
    for (size_t i = 0; c->examples && c->examples[i]; i++)
        buf_printf(b, "%s  %s\n", i ? "" : "\nExamples:\n", c->examples[i]);
    add_options(b, c, true);
    add_options(b, c, false);
}

static void add_values(struct buf *b, const struct key *k)
{
    AUTO_BUF struct buf type = BUF_INIT(4096);

    if (!key_takes_value(k))
        return;
    key_describe_type(k, &type);
    buf_printf(b, "  value:        %s\n", buf_str(&type));
    if (k->fallback || k->fallback_note)
        buf_printf(b, "  default:      %s\n", k->fallback ? k->fallback : k->fallback_note);
}

static void add_key(struct buf *b, const struct key *k)
{
    AUTO_ARENA struct arena *a = arena_new();
    const char *env = key_env_name(k, a);
    char label[64];

    if (k->option)
        option_label(k, label, sizeof label);
    buf_printf(b, "%s\n  ", k->option ? label + strspn(label, " ") : k->pointer);
    add_wrapped(b, k->help, 2, 2);
    buf_addch(b, '\n');
    add_values(b, k);
    if (k->pointer)
        buf_printf(b, "  in a file:    %s%s%s\n", k->pointer, k->example ? ": " : "",
                   k->example ? k->example : "");
    if (env)
        buf_printf(b, "  environment:  %s\n", env);
    buf_addstr(b, "  taken by:     ");
    for (size_t i = 0, n = 0; command_table[i] && k->commands; i++) {
        if (command_table[i]->bit & k->commands)
            buf_printf(b, "%s%s", n++ ? ", " : "", command_table[i]->name);
    }
    buf_printf(b, "%s\n", k->commands ? "" : k->option ? "every command" : "the file, --set");
}

static const struct key *find_key(const char *name)
{
    if (name[0] == '/')
        return key_by_pointer(name);
    name += strspn(name, "-");
    return strlen(name) == 1 ? key_by_letter(name[0]) : key_by_option(name);
}

static bool add_topic(struct buf *b, const struct invocation *inv, struct err *e)
{
    const struct command *c = command_by_name(inv->args[0]);
    const char *name = inv->args[inv->arg_count - 1];
    const struct key *k;

    if (c && inv->arg_count == 1) {
        add_command(b, c);
        return true;
    }
    k = find_key(name);
    if (k && (c || inv->arg_count == 1)) {
        add_key(b, k);
        return true;
    }
    err_set_(e, E_USAGE, "no help on '%s'", k || !c ? inv->args[0] : name);
    return err_hint(e, "try: pg_mirror help");
}

static bool help_run(struct invocation *inv, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(HELP_TEXT_MAX);

    if (inv->arg_count == 0)
        add_general(&b);
    else if (!add_topic(&b, inv, e))
        return false;
    return cli_print(buf_str(&b), e);
}

/* One line more when there is a file that a call with an option would take. */
static void print_found_config(void)
{
    AUTO_ARENA struct arena *a = arena_new();
    const char *found;

    if (config_discover(a, isatty(STDERR_FILENO), &found, NULL) && found)
        (void)fprintf(stderr, "found %s; to clone: pg_mirror -c %s\n", found, found);
}

void help_print_usage(void)
{
    (void)fputs("usage: pg_mirror [OPTIONS] -c FILE\n"
                "       pg_mirror [OPTIONS] --source URI --target URI\n"
                "       pg_mirror COMMAND [OPTIONS]\n"
                "\n"
                "  init      write a configuration file      status    last run, age, copies\n"
                "  check     is everything ready?            rollback  previous copy back\n"
                "  plan      what would change               prune     drop old copies\n"
                "  mirror    clone, check, swap in           restore   from a kept dump\n"
                "\n"
                "A call without arguments never starts a clone.\n"
                "try: pg_mirror --help\n",
                stderr);
    print_found_config();
}

const struct command cmd_help = {
    .name = "help",
    .args = "[COMMAND [OPTION]]",
    .summary = "explain the program, a command, or one option",
    .bit = CMD_HELP,
    .needs = CONFIG_NEEDS_NONE,
    .max_args = 2,
    .run = help_run,
};
