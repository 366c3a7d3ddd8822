// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Curses. Lines are made as text, as for --once, and cut at the right; a terminal of one line shows one line.
#include "screen.h"

#include "say.h"
#include "table.h"

#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

static SCREEN *screen;
static bool colours;
enum { RED = 1 };

int screen_open(void) {
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return say_error("standard output: is no terminal; print one table with --once");
    setlocale(LC_CTYPE, "");
    screen = newterm(NULL, stdout, stdin);
    if (!screen) return say_error("TERM=%s: is not known here; set TERM, or print one table with --once", getenv("TERM") ?: "");
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    colours = has_colors() && start_color() == OK && use_default_colors() == OK && init_pair(RED, COLOR_RED, -1) == OK;
    return 0;
}

void screen_close(void) {
    if (!screen) return;
    endwin();
    delscreen(screen);
    screen = NULL;
}

/// The line that is being made.
static char *made;
static size_t made_length;

static FILE *begin(void) { return open_memstream(&made, &made_length); }

static void put(int y, FILE *line, attr_t how) {
    if (!line) return;
    fclose(line);
    if (y < LINES) {
        attrset((int)how);
        mvaddnstr(y, 0, made, COLS);
        // Titles are one bar.
        for (size_t x = made_length; (how & A_REVERSE) && x < (size_t)COLS; x++) addch(' ');
        attrset(A_NORMAL);
    }
    free(made);
}

void screen_draw(const struct graph *g, const struct rows *rows, enum order order, const char *message) {
    int y = 0;
    FILE *line;
    erase();
    if (g) {
        if ((line = begin())) table_header(line, g, rows);
        put(y++, line, A_BOLD);
        line = begin();
        if (line && table_resources(line, g)) {
            put(y++, line, A_NORMAL);
        } else if (line) {
            fclose(line);
            free(made);
        }
    }
    if (message) {
        if ((line = begin())) fputs(message, line);
        put(y++, line, colours ? (attr_t)COLOR_PAIR(RED) : A_BOLD);
    }
    if (g) {
        if ((line = begin())) table_titles(line, g, COLS);
        put(y++, line, A_REVERSE);
        // The last line says what the keys do, if there is one to spare.
        int rows_end = LINES > y + 3 ? LINES - 1 : LINES;
        for (int i = 0; i < rows->count && y < rows_end; i++) {
            if ((line = begin())) table_row(line, g, &rows->list[i], COLS);
            put(y++, line, A_NORMAL);
        }
        if (rows_end < LINES) {
            if ((line = begin())) fprintf(line, "q quits, s sorts (by %s)", order_names[order]);
            put(rows_end, line, A_DIM);
        }
    }
    refresh();
}

enum wish screen_key(int ms) {
    timeout(ms < 0 ? 0 : ms);
    switch (getch()) {
    case 'q':
    case 'Q':
        return WISH_QUIT;
    case 's':
    case 'S':
        return WISH_SORT;
    case ERR:
        return WISH_NOTHING;
    default: // KEY_RESIZE among them
        return WISH_DRAW;
    }
}
