// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One way to write a time, an amount and a chain in every output. A chain starts with what the thread waits in: lines are cut at the
// right of a terminal, and that is where main and the thread's first function may go.
#include "text.h"

#include <math.h>
#include <string.h>

const char *text_time(char *to, size_t size, double ns) {
    static const char *const units[] = {"ns", "us", "ms", "s"};
    int unit = 0;
    for (; fabs(ns) >= 999.5 && unit < 3; unit++) ns /= 1000;
    snprintf(to, size, "%.*f %s", fabs(ns) < 9.995 && unit ? 2 : fabs(ns) < 99.95 && unit ? 1 : 0, ns, units[unit]);
    return to;
}

const char *text_amount(char *to, size_t size, double amount) {
    static const char units[] = " KMGTP";
    int unit = 0;
    for (; fabs(amount) >= (unit ? 999.5 : 9999.5) && unit < 5; unit++) amount /= 1024;
    if (unit)
        snprintf(to, size, "%.*f%c", fabs(amount) < 99.95, amount, units[unit]);
    else
        snprintf(to, size, "%.*f", fabs(amount - round(amount)) > 0.05 && fabs(amount) < 99.95, amount);
    return to;
}

const char *text_resource(char *to, size_t size, const char *resource, double amount) {
    if (!strcmp(resource, "memory") || !strcmp(resource, "stack")) return text_amount(to, size, amount);
    if (!strcmp(resource, "cpu") || !strcmp(resource, "disk")) return text_time(to, size, amount);
    snprintf(to, size, fabs(amount) < 1e15 ? "%.0f" : "%.3g", amount);
    return to;
}

const char *text_average_time(char *to, size_t size, struct average a) { return a.samples ? text_time(to, size, a.mean) : "-"; }
const char *text_average_amount(char *to, size_t size, struct average a) { return a.samples ? text_amount(to, size, a.mean) : "-"; }

const char *text_base(const char *at) {
    const char *slash = strrchr(at, '/');
    return slash ? slash + 1 : at;
}

void text_chain(FILE *to, const struct node *n) {
    if (node_is_start(n) || node_is_end(n)) {
        fputs(node_is_start(n) ? "(not blocked yet)" : "(ended)", to);
        if (n->step_count) fprintf(to, " < %s", n->steps[0].function);
        if (n->step_count && n->steps[0].at) fprintf(to, " (%s)", text_base(n->steps[0].at));
        return;
    }
    fputs(n->call ? n->call : "?", to);
    for (int i = n->step_count; i-- > 0;) {
        const struct step *s = &n->steps[i];
        fputs(" < ", to);
        fputs(s->function, to);
        if (s->at || s->recursive) {
            fputs(" (", to);
            if (s->at) fputs(text_base(s->at), to);
            fputs(s->recursive ? s->at ? ", recursive)" : "recursive)" : ")", to);
        }
    }
    if (!n->exact) fputs(" [inexact]", to);
}
