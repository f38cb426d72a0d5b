/*
 * pg_restore's messages are for people, so it is never asked to do what may harmlessly fail. Two
 * kinds of entries are known to: a comment on an extension (only its owner may write it, and the
 * extension script has usually written the same one) and a security label (its provider may not be
 * loaded here). They are taken out of pg_restore's list and run one by one over libpq, where an
 * SQLSTATE tells what happened. Everything else that fails is a failure.
 */
#include "entries_priv.h"

#include <string.h>

#include "common/arena.h"
#include "common/macros.h"

static bool is_kind(const struct dump_entry *t, const char *kind)
{
    return strcmp(t->desc, kind) == 0;
}

static bool tag_begins(const struct dump_entry *t, const char *prefix)
{
    return strncmp(t->tag, prefix, strlen(prefix)) == 0;
}

/* Entries about the database itself; pg_restore needs -C for them, we carry them over ourselves. */
static bool is_of_database(const struct dump_entry *t)
{
    return is_kind(t, "DATABASE") || is_kind(t, "DATABASE PROPERTIES") ||
           ((is_kind(t, "COMMENT") || is_kind(t, "ACL") || is_kind(t, "SECURITY LABEL")) &&
            tag_begins(t, "DATABASE "));
}

static bool is_large_object(const struct dump_entry *t)
{
    return is_kind(t, "BLOB") || is_kind(t, "BLOBS") || is_kind(t, "BLOB METADATA") ||
           ((is_kind(t, "COMMENT") || is_kind(t, "ACL") || is_kind(t, "SECURITY LABEL")) &&
            tag_begins(t, "LARGE OBJECT"));
}

static bool is_publication(const struct dump_entry *t)
{
    return is_kind(t, "PUBLICATION") || is_kind(t, "PUBLICATION TABLE") ||
           is_kind(t, "PUBLICATION TABLES IN SCHEMA") ||
           (is_kind(t, "COMMENT") && tag_begins(t, "PUBLICATION "));
}

static bool is_subscription(const struct dump_entry *t)
{
    return is_kind(t, "SUBSCRIPTION") || is_kind(t, "SUBSCRIPTION TABLE") ||
           (is_kind(t, "COMMENT") && tag_begins(t, "SUBSCRIPTION "));
}

static bool is_left_out(const struct dump_entry *t, const struct config *cfg)
{
    if (is_of_database(t))
        return true;
    if (!cfg->keep_acl && (is_kind(t, "ACL") || is_kind(t, "DEFAULT ACL")))
        return true;
    if (!cfg->comments && is_kind(t, "COMMENT"))
        return true;
    if (!cfg->large_objects && is_large_object(t))
        return true;
    return (!cfg->publications && is_publication(t)) || (!cfg->subscriptions && is_subscription(t));
}

enum entry_plan entry_plan(const struct dump_entry *t, const struct config *cfg)
{
    if (is_left_out(t, cfg))
        return ENTRY_LEFT_OUT;
    if (is_kind(t, "SECURITY LABEL") || (is_kind(t, "COMMENT") && tag_begins(t, "EXTENSION ")))
        return ENTRY_BEST_EFFORT;
    return ENTRY_RESTORE;
}

/*
 * A partition's index (INDEX, or CONSTRAINT with one) depends on its parent's, so it stands behind
 * it. --clean drops in reverse order, and an index that is attached to another one cannot be
 * dropped before it. Creating knows no such order: it is INDEX ATTACH that needs both. So for
 * --clean an index comes behind those that depend on it; all that was behind both stays there.
 */
struct order {
    const struct dump_toc *toc;
    const struct config *cfg;
    size_t *child;   /* the first entry that depends on this one, + 1; 0: none */
    size_t *sibling; /* the next one, + 1 */
    bool *done;
    struct buf *list;
};

enum { LEVELS_MAX = 64 }; /* of partitions; a dump with more of them is in its own order */

static bool is_index(const struct dump_entry *t)
{
    return is_kind(t, "INDEX") || is_kind(t, "CONSTRAINT");
}

static void order_link(struct order *o, size_t i)
{
    const struct dump_entry *t = &o->toc->entries[i];

    for (size_t d = 0; d < t->dep_count; d++) {
        const struct dump_entry *parent = dump_toc_find(o->toc, t->deps[d]);
        size_t at = parent ? (size_t)(parent - o->toc->entries) : i;

        if (at >= i || !is_index(parent))
            continue;
        o->sibling[i] = o->child[at];
        o->child[at] = i + 1;
        return;
    }
}

static void order_add(struct order *o, size_t i, int level)
{
    if (o->done[i])
        return;
    o->done[i] = true;
    for (size_t c = o->child[i]; c && level < LEVELS_MAX; c = o->sibling[c - 1])
        order_add(o, c - 1, level + 1);
    if (entry_plan(&o->toc->entries[i], o->cfg) == ENTRY_RESTORE)
        buf_printf(o->list, "%d;\n", o->toc->entries[i].dump_id);
}

static void list_for_clean(const struct dump_toc *toc, const struct config *cfg, struct buf *list)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct order o = {.toc = toc,
                      .cfg = cfg,
                      .child = arena_array(a, toc->entry_count, sizeof *o.child),
                      .sibling = arena_array(a, toc->entry_count, sizeof *o.sibling),
                      .done = arena_array(a, toc->entry_count, sizeof *o.done),
                      .list = list};

    for (size_t i = 0; i < toc->entry_count; i++) {
        if (is_index(&toc->entries[i]))
            order_link(&o, i);
    }
    for (size_t i = 0; i < toc->entry_count; i++)
        order_add(&o, i, 0);
}

bool entries_list(const struct dump_toc *toc, const struct config *cfg, bool clean,
                  struct buf *list)
{
    bool some_out = false;

    if (clean) {
        list_for_clean(toc, cfg, list);
        return true;
    }
    for (size_t i = 0; i < toc->entry_count; i++) {
        const struct dump_entry *t = &toc->entries[i];

        if (entry_plan(t, cfg) == ENTRY_RESTORE)
            buf_printf(list, "%d;\n", t->dump_id);
        else if (!is_of_database(t))
            some_out = true;
    }
    return some_out;
}

void entries_left_out(const struct dump_toc *toc, const struct config *cfg, struct buf *dst)
{
    static const char *const kinds[] = {"PUBLICATION", "SUBSCRIPTION", "ACL",
                                        "DEFAULT ACL", "COMMENT",      "BLOBS"};

    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        size_t n = 0;

        for (size_t i = 0; i < toc->entry_count; i++) {
            const struct dump_entry *t = &toc->entries[i];

            n += is_kind(t, kinds[k]) && !is_of_database(t) && entry_plan(t, cfg) == ENTRY_LEFT_OUT;
        }
        if (n)
            buf_printf(dst, "%s%zu %s", dst->len ? ", " : "", n, kinds[k]);
    }
}

/* Which sections a run restores, as pg_dump sorted them. */
static bool section_is_restored(const struct dump_entry *t, const struct config *cfg)
{
    if (cfg->section == SECTION_DATA_ONLY)
        return t->section == DUMP_SECTION_DATA;
    return true;
}

size_t entries_missing(const struct dump_toc *toc, const struct config *cfg,
                       const struct inventory *inv, struct buf *dst)
{
    enum { SHOWN = 5 };
    size_t missing = 0;

    for (size_t i = 0; i < toc->entry_count; i++) {
        const struct dump_entry *t = &toc->entries[i];

        if (!inventory_knows_kind(t->desc) || entry_plan(t, cfg) != ENTRY_RESTORE ||
            !section_is_restored(t, cfg) || inventory_has(inv, t->desc, t->namespace, t->tag))
            continue;
        if (missing < SHOWN)
            buf_printf(dst, "%s%s %s%s%s", missing ? ", " : "", t->desc,
                       t->namespace ? t->namespace : "", t->namespace ? "." : "", t->tag);
        missing++;
    }
    if (missing > SHOWN)
        buf_printf(dst, " and %zu more", missing - SHOWN);
    return missing;
}
