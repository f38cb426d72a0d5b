#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"

void secret_set(struct secret *s, const char *value, size_t len)
{
    char *copy = mem_alloc(len + 1);

    memcpy(copy, value, len);
    secret_release(s);
    s->value_ = copy;
}

const char *secret_get(const struct secret *s)
{
    return s->value_;
}

bool secret_is_set(const struct secret *s)
{
    return s->value_ != NULL;
}

void secret_release(struct secret *s)
{
    if (s->value_)
        explicit_bzero(s->value_, strlen(s->value_));
    free(s->value_);
    s->value_ = NULL;
}
