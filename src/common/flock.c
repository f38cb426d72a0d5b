/*
 * The file may be removed while it is locked (a cleaner of /tmp), and a second run would then lock
 * a new file of the same name. So after locking, the name must still lead to the locked inode;
 * if not, start again with what is there now. Releasing only closes: LOCK_UN would take the lock
 * from children that share the descriptor.
 */
#include "common/flock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/num.h"
#include "common/stop.h"

enum { POLL_MS = 100, PATH_BYTES = 4096 };

/* Create the directory and those above it. */
static bool make_dir(const char *dir, struct err *e)
{
    char path[PATH_BYTES];
    size_t len = strlen(dir);

    if (len >= sizeof path)
        return err_set(e, E_CREATE, "the lock file's path is too long");
    for (size_t i = 1; i <= len; i++) {
        if (dir[i] != '/' && dir[i] != '\0')
            continue;
        memcpy(path, dir, i);
        path[i] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return err_sys(e, E_CREATE, "cannot create directory '%s'", path);
    }
    return true;
}

static bool file_is_ours(int fd, const char *path, struct err *e)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_sys(e, E_CREATE, "cannot examine the lock file '%s'", path);
    if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
        return err_set(e, E_CREATE, "the lock file '%s' is not a plain file", path) ||
               err_hint(e, "name another one with \"lock_file\"");
    if (st.st_uid != geteuid() && geteuid() != 0)
        return err_set(e, E_CREATE, "the lock file '%s' belongs to another user", path) ||
               err_hint(e, "name another one with \"lock_file\"");
    return true;
}

static bool open_file(const char *path, int *fd, struct err *e)
{
    char dir[PATH_BYTES];

    *fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (*fd < 0 && errno == ENOENT) {
        io_dirname(path, dir, sizeof dir);
        if (!make_dir(dir, e))
            return false;
        *fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    }
    if (*fd < 0 && errno == ELOOP)
        return err_set(e, E_CREATE, "the lock file '%s' is a symbolic link", path) ||
               err_hint(e, "name another one with \"lock_file\"");
    if (*fd < 0)
        return err_sys(e, E_CREATE, "cannot open the lock file '%s'", path) ||
               err_hint(e, "name another one with \"lock_file\"");
    return file_is_ours(*fd, path, e);
}

static bool still_there(int fd, const char *path)
{
    struct stat a;
    struct stat b;

    return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* The holder's line, "PID RUN TIME"; false if it cannot be made out. */
static bool read_holder(int fd, char dst[FILE_LOCK_HOLDER_MAX])
{
    char line[128] = "";
    char pid[24];
    char run[40];
    char since[40];
    uint64_t n;
    ssize_t len = pread(fd, line, sizeof line - 1, 0);

    if (len <= 0 || sscanf(line, "%23s %39s %39s", pid, run, since) != 3 ||
        !num_parse_u64(pid, 1, INT32_MAX, &n))
        return false;
    (void)snprintf(dst, FILE_LOCK_HOLDER_MAX, "pid %s, run %s, since %s", pid, run, since);
    return true;
}

static bool busy(int fd, const char *path, struct err *e)
{
    char holder[FILE_LOCK_HOLDER_MAX];

    (void)err_set(e, E_BUSY, "another run holds the lock file '%s'", path);
    if (read_holder(fd, holder))
        (void)err_detail(e, "held by %s", holder);
    return err_hint(e, "wait for it with --lock-wait 10m");
}

/* Who we are goes into the file; the lock does not depend on it. */
static void write_holder(int fd, const char *run)
{
    char line[128];
    char at[IO_TIME_MAX];
    int len = snprintf(line, sizeof line, "%d %s %s\n", (int)getpid(), run && *run ? run : "-",
                       io_format_utc(at, (time_t)(io_wall_ms() / 1000)));

    if (ftruncate(fd, 0) == 0 && len > 0)
        (void)!pwrite(fd, line, (size_t)len, 0);
}

bool file_lock_acquire(struct file_lock *l, const char *path, const char *run, uint64_t wait_ms,
                       struct err *e)
{
    uint64_t started = io_now_ms();

    for (;;) {
        AUTO_FD int fd = -1;

        if (!open_file(path, &fd, e))
            return false;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            if (!still_there(fd, path))
                continue;
            write_holder(fd, run);
            l->fd = fd;
            fd = -1;
            return true;
        }
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_sys(e, E_CREATE, "cannot lock '%s'", path);
        if (io_now_ms() - started >= wait_ms)
            return busy(fd, path, e);
        if (!stop_sleep_ms(POLL_MS, e))
            return false;
    }
}

void file_lock_release(struct file_lock *l)
{
    io_close(&l->fd);
}

bool file_lock_holder(const char *path, char dst[FILE_LOCK_HOLDER_MAX], struct err *e)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    dst[0] = '\0';
    if (fd < 0)
        return errno == ENOENT || err_sys(e, E_NOINPUT, "cannot open the lock file '%s'", path);
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return true;
    if (!read_holder(fd, dst))
        (void)snprintf(dst, FILE_LOCK_HOLDER_MAX, "an unknown process");
    return true;
}
