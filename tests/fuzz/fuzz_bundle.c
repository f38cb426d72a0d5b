/* No bytes make the reader of kept dumps do more than refuse them, or take them for a bundle. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "archive/bundle.h"
#include "common/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUNDLE struct bundle b = BUNDLE_INIT;
    AUTO_FD int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct err e = {0};
    char path[48];

    if (fd < 0 || !io_write_full(fd, data, size))
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!bundle_open(&b, path, &e) || !bundle_verify(&b, NULL, &e)) {
        if (e.code != E_DATA || !e.text[0])
            abort();
    }
    return 0;
}
