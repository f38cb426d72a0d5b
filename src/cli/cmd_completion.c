/*
 * One word list per shell, made from the tables: commands as the first word, the options of the
 * command that is there, values where an option has a list of them.
 */
#include <string.h>

#include "cli/command.h"

enum { SCRIPT_MAX = 256 * 1024 };

static void add_command_words(struct buf *b)
{
    for (size_t i = 0; command_table[i]; i++)
        buf_printf(b, "%s%s", i ? " " : "", command_table[i]->name);
}

static void add_option_words(struct buf *b, const struct command *c)
{
    for (size_t i = 0, n = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];

        if (k->option && (k->commands == 0 || (k->commands & c->bit)))
            buf_printf(b, "%s--%s", n++ ? " " : "", k->option);
    }
}

static void add_value_cases(struct buf *b)
{
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];

        if (!k->option || !key_takes_value(k) || !k->values)
            continue;
        buf_printf(b, "    --%s) COMPREPLY=($(compgen -W \"", k->option);
        for (size_t v = 0; k->values[v]; v++)
            buf_printf(b, "%s%s", v ? " " : "", k->values[v]);
        buf_addstr(b, "\" -- \"$cur\")); return ;;\n");
    }
}

static void add_bash(struct buf *b)
{
    buf_addstr(b, "# bash completion for pg_mirror; load: source <(pg_mirror completion bash)\n"
                  "_pg_mirror() {\n"
                  "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "    local command=mirror word\n"
                  "    case $prev in\n");
    add_value_cases(b);
    buf_addstr(b, "    esac\n    for word in \"${COMP_WORDS[@]:1}\"; do\n        case $word in\n");
    for (size_t i = 0; command_table[i]; i++)
        buf_printf(b, "        %s) command=%s; break ;;\n", command_table[i]->name,
                   command_table[i]->name);
    buf_addstr(b, "        esac\n    done\n    if [[ $cur != -* ]]; then\n"
                  "        if ((COMP_CWORD == 1)); then\n"
                  "            COMPREPLY=($(compgen -W \"");
    add_command_words(b);
    buf_addstr(b, "\" -f -- \"$cur\"))\n        else\n"
                  "            COMPREPLY=($(compgen -f -- \"$cur\"))\n        fi\n"
                  "        return\n    fi\n    case $command in\n");
    for (size_t i = 0; command_table[i]; i++) {
        buf_printf(b, "    %s) COMPREPLY=($(compgen -W \"", command_table[i]->name);
        add_option_words(b, command_table[i]);
        buf_addstr(b, "\" -- \"$cur\")) ;;\n");
    }
    buf_addstr(b, "    esac\n}\ncomplete -o filenames -F _pg_mirror pg_mirror\n");
}

/* zsh runs the same function through its bash emulation. */
static void add_zsh(struct buf *b)
{
    buf_addstr(b, "# zsh completion for pg_mirror; load: source <(pg_mirror completion zsh)\n"
                  "autoload -U +X bashcompinit && bashcompinit\n");
    add_bash(b);
}

/* Help texts go into single quotes. */
static void add_fish_text(struct buf *b, const char *text)
{
    buf_addch(b, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_addch(b, '\\');
        buf_addch(b, *text);
    }
    buf_addch(b, '\'');
}

static void add_fish_option(struct buf *b, const struct key *k)
{
    buf_printf(b, "complete -c pg_mirror -l %s", k->option);
    if (k->letter)
        buf_printf(b, " -s %c", k->letter);
    if (k->commands) {
        buf_addstr(b, " -n '__fish_seen_subcommand_from");
        for (size_t i = 0; command_table[i]; i++) {
            if (command_table[i]->bit & k->commands)
                buf_printf(b, " %s", command_table[i]->name);
        }
        buf_addch(b, '\'');
    }
    if (key_takes_value(k))
        buf_addstr(b, " -r");
    for (size_t v = 0; key_takes_value(k) && k->values && k->values[v]; v++)
        buf_printf(b, "%s%s%s", v ? " " : " -f -a '", k->values[v], k->values[v + 1] ? "" : "'");
    buf_addstr(b, " -d ");
    add_fish_text(b, k->help);
    buf_addch(b, '\n');
}

static void add_fish(struct buf *b)
{
    buf_addstr(b, "# fish completion for pg_mirror; load: pg_mirror completion fish | source\n");
    for (size_t i = 0; command_table[i]; i++) {
        buf_printf(b, "complete -c pg_mirror -n __fish_use_subcommand -a %s -d ",
                   command_table[i]->name);
        add_fish_text(b, command_table[i]->summary);
        buf_addch(b, '\n');
    }
    for (size_t i = 0; i < key_count; i++) {
        if (key_table[i].option)
            add_fish_option(b, &key_table[i]);
    }
}

static bool completion_run(struct invocation *inv, struct err *e)
{
    static const struct {
        const char *shell;
        void (*add)(struct buf *b);
    } shells[] = {{"bash", add_bash}, {"zsh", add_zsh}, {"fish", add_fish}};
    AUTO_BUF struct buf b = BUF_INIT(SCRIPT_MAX);

    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        if (strcmp(shells[i].shell, inv->args[0]) == 0) {
            shells[i].add(&b);
            return cli_print(buf_str(&b), e);
        }
    }
    err_set_(e, E_USAGE, "no completion for '%s', only for bash, zsh and fish", inv->args[0]);
    return err_hint(e, "try: pg_mirror help completion");
}

const struct command cmd_completion = {
    .name = "completion",
    .args = "bash|zsh|fish",
    .summary = "print a completion script for a shell",
    .bit = CMD_COMPLETION,
    .needs = CONFIG_NEEDS_NONE,
    .min_args = 1,
    .max_args = 1,
    .run = completion_run,
};
