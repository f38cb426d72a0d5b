/* A manifest that is accepted can be written and read again, and says the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "archive/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena *a = arena_new();
    AUTO_BUF struct buf first = BUF_INIT(MANIFEST_SIZE_MAX);
    AUTO_BUF struct buf second = BUF_INIT(MANIFEST_SIZE_MAX);
    struct manifest m;
    struct manifest again;
    struct err e = {0};

    if (!manifest_parse(&m, (const char *)data, size, a, &e)) {
        if (e.code != E_DATA || !e.text[0])
            abort();
        return 0;
    }
    if (!manifest_write(&m, &first, &e) ||
        !manifest_parse(&again, buf_str(&first), first.len, a, &e) ||
        !manifest_write(&again, &second, &e) || strcmp(buf_str(&first), buf_str(&second)) != 0)
        abort();
    return 0;
}
