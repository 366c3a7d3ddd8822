/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * uselocale(3) for user-level threads. Plain code.
 */
#include "own_locale.h"

#include <errno.h>
#include <locale.h>

#include "../sched/sched.h"
#include "extra.h"

extern locale_t __uselocale(locale_t locale); /* libc's, under its other name */

CAPR_HIDDEN uint32_t capr__locales;

static void change(locale_t to) {
    struct capr_worker *w = &capr__worker;
    if (to == w->locale) return;
    w->locale = to;
    __uselocale(to ? to : LC_GLOBAL_LOCALE);
}

void capr__locale_enter(const struct capr_thread *t) {
    const struct capr_extra *x = t->extra;
    change(x ? x->locale : NULL);
}

static void set(struct capr_extra *x, locale_t locale) {
    capr__locales += (uint32_t)(locale != NULL) - (uint32_t)(x->locale != NULL);
    x->locale = locale;
    change(locale);
}

void capr__locale_leave(struct capr_thread *self) {
    struct capr_extra *x = self->extra;
    if (x && x->locale) set(x, NULL);
}

void capr__locale_forked(const struct capr_thread *self) {
    const struct capr_extra *x = self->extra;
    capr__locales = x && x->locale;
}

/* POSIX uselocale. Returns the locale before; NULL with ENOMEM where there is no room to remember the new one. */
CAPR_INTERPOSE locale_t uselocale(locale_t locale) {
    CAPR_MONITOR;
    struct capr_thread *self = capr__self();
    locale_t before = __uselocale(NULL);
    if (!locale) return before;
    if (!self) return __uselocale(locale);
    struct capr_extra *x = locale == LC_GLOBAL_LOCALE ? self->extra : capr__extra(self);
    if (x) {
        set(x, locale == LC_GLOBAL_LOCALE ? NULL : locale);
        capr__look_soon();
    } else if (locale != LC_GLOBAL_LOCALE) {
        errno = ENOMEM;
        return NULL;
    }
    return before;
}
