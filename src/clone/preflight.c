#include "preflight_priv.h"

#include "check/check.h"

bool preflight(struct clone_run *r, struct err *e)
{
    AUTO_CHECK_REPORT struct check_report report = {0};
    struct check_options o = {
        .preflight = true, .no_source = r->bundle != NULL, .target_database = r->database};

    if (r->cfg->skip_checks)
        return true;
    if (!check_run(&report, r->cfg, &o, e))
        return false;
    for (size_t i = 0; i < report.count; i++) {
        const struct probe_result *p = &report.results[i];

        if (p->level == CHECK_WARN)
            report_warn(r->report, p->id, p->hint, "%s", p->message);
    }
    return check_first_failure(&report) ? check_report_err(&report, e) : true;
}
