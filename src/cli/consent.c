#include "cli/consent.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/stop.h"
#include "config/config.h"

enum { ANSWER_MAX = 512 };

/* One line, without its newline; false when the run is stopped or the terminal is gone. */
static bool read_answer(int fd, char *dst, size_t cap, struct err *e)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = stop_fd(), .events = POLLIN}};
    ssize_t n;

    while (poll(p, 2, -1) < 0)
        ;
    if (stop_requested())
        return stop_err(e);
    n = read(fd, dst, cap - 1);
    if (n <= 0)
        return err_set(e, E_REFUSED, "no answer from the terminal");
    dst[n] = '\0';
    dst[strcspn(dst, "\r\n")] = '\0';
    return true;
}

static bool refuse_without_terminal(const char *where, const char *database, struct err *e)
{
    err_set_(e, E_REFUSED, "replacing '%s' at %s needs your consent", database, where);
    return err_hint(e, "add --yes, or \"drop_existing\": true to the options of the file");
}

bool consent_ask(void *arg, const char *where, const char *database, struct err *e)
{
    const struct config *cfg = arg;
    AUTO_FD int tty = -1;
    AUTO_BUF struct buf question = BUF_INIT(4096);
    char wanted[ANSWER_MAX];
    char answer[ANSWER_MAX];

    if (cfg->no_input || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return refuse_without_terminal(where, database, e);
    tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return refuse_without_terminal(where, database, e);
    (void)snprintf(wanted, sizeof wanted, "%s/%s", where, database);
    log_progress(NULL);
    buf_printf(&question,
               "'%s' at %s will be replaced (the old copy is kept as retention says).\n"
               "Type %s to go on: ",
               database, where, wanted);
    if (!io_write_full(tty, buf_str(&question), question.len) ||
        !read_answer(tty, answer, sizeof answer, e))
        return false;
    if (strcmp(answer, wanted) == 0)
        return true;
    return err_set(e, E_REFUSED, "not confirmed: '%s' was not typed", wanted);
}
