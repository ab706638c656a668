/*
 * test_vcon.c - console cells against a naive model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fresh_vcon.h"

/* The model keeps a long roll of lines and a window on its last 25: no scrolling to get wrong. */
#define ROLL 60000

struct model {
    uint8_t (*text)[80], (*attribute)[80];
    unsigned top, row, column, colour;
};

static void model_newline(struct model *model)
{
    model->column = 0;
    model->row++;
    if (model->row - model->top == 25) {
        model->top++;
        memset(model->text[model->row], ' ', 80);
        memset(model->attribute[model->row], (int)model->colour, 80);
    }
    assert_true(model->row < ROLL - 1);
}

static void model_byte(struct model *model, uint8_t byte)
{
    if (byte == '\n') {
        model_newline(model);
    } else if (byte == '\r') {
        model->column = 0;
    } else if (byte == '\b') {
        if (model->column == 0)
            return;
        model->column--;
        model->text[model->row][model->column] = ' ';
        model->attribute[model->row][model->column] = (uint8_t)model->colour;
    } else {
        model->text[model->row][model->column] = byte;
        model->attribute[model->row][model->column] = (uint8_t)model->colour;
        if (++model->column == 80)
            model_newline(model);
    }
}

static void compare(const struct model *model, const struct vcon *vcon)
{
    for (unsigned r = 0; r < 25; r++)
        for (unsigned c = 0; c < 80; c++)
            assert_int_equal(vcon_cell(vcon, r, c),
                             model->attribute[model->top + r][c] << 8 | model->text[model->top + r][c]);
    assert_int_equal(vcon->row, model->row - model->top);
    assert_int_equal(vcon->column, model->column);
}

static unsigned random_bytes(uint8_t *bytes, unsigned most)
{
    static const uint8_t favourites[] = { '\n', '\r', '\b', 0, ' ', 0xDB };
    unsigned length = (unsigned)rand() % most;
    for (unsigned i = 0; i < length; i++)
        bytes[i] = rand() % 8 == 0 ? favourites[rand() % 6] : (uint8_t)rand();
    return length;
}

/* Some of the output only becomes cells with what comes after it. */
static void cells_agree_with_the_model(void **state)
{
    (void)state;
    static struct vcon vcon;
    static uint8_t text[ROLL][80], attribute[ROLL][80];
    struct model model = { text, attribute, 0, 0, 0, 7 };
    uint8_t bytes[400];

    srand(3);
    memset(text, ' ', sizeof(text));
    memset(attribute, 7, sizeof(attribute));
    vcon_init(&vcon);
    compare(&model, &vcon);
    for (unsigned round = 0; round < 6000; round++) {
        unsigned row = (unsigned)rand() % 25, column = (unsigned)rand() % 80, length = random_bytes(bytes, 400);
        unsigned colour = (unsigned)rand() % 256;
        bool is_deferred = false;
        switch (rand() % 12) {
        case 0:
            vcon_set_cursor(&vcon, row, column);
            model.row = model.top + row;
            model.column = column;
            break;
        case 1:
            vcon_set_attribute(&vcon, (uint8_t)colour);
            model.colour = colour;
            break;
        case 2: {
            unsigned old_row = model.row - model.top, old_column = model.column, old_colour = model.colour;
            vcon_write_at(&vcon, bytes, length, row, column, (uint8_t)colour);
            model.row = model.top + row;
            model.column = column;
            model.colour = colour;
            for (unsigned i = 0; i < length; i++)
                model_byte(&model, bytes[i]);
            model.row = model.top + old_row;    /* the saved cursor does not move with the scroll */
            model.column = old_column;
            model.colour = old_colour;
            break;
        }
        default:
            is_deferred = rand() % 2 && defer(&vcon, bytes, length);
            if (!is_deferred)
                vcon_write(&vcon, bytes, length);
            for (unsigned i = 0; i < length; i++)
                model_byte(&model, bytes[i]);
        }
        if (is_deferred && rand() % 4)
            continue;
        vcon_settle(&vcon);
        compare(&model, &vcon);
    }
}

/* Whoever draws only dirty rows must end up with the same picture. */
static void dirty_rows_are_enough(void **state)
{
    (void)state;
    static struct vcon vcon;
    static uint16_t picture[25][80];
    uint8_t bytes[100];

    vcon_init(&vcon);
    for (unsigned round = 0; round < 5000; round++) {
        vcon_write(&vcon, bytes, random_bytes(bytes, 100));
        for (unsigned r = 0; r < 25; r++) {
            uint16_t now[80];
            vcon_read_row(&vcon, r, now);
            if (vcon.dirty_rows >> r & 1)
                memcpy(picture[r], now, sizeof(now));
            assert_memory_equal(picture[r], now, sizeof(now));
        }
        vcon.dirty_rows = 0;
    }
}

/* Whatever can be seen of a console, or will be once it settles, is the same only if the revision is. */
static void what_changes_is_another_revision(void **state)
{
    (void)state;
    static struct vcon vcon, before;
    uint8_t bytes[100];
    unsigned kept = 0;

    srand(6);
    vcon_init(&vcon);
    for (unsigned round = 0; round < 2000; round++) {
        unsigned row = (unsigned)rand() % 25, column = (unsigned)rand() % 80, length = random_bytes(bytes, 100);
        before = vcon;
        switch (rand() % 6) {
        case 0: vcon_set_cursor(&vcon, row, column); break;
        case 1: vcon_set_attribute(&vcon, (uint8_t)rand()); break;
        case 2: vcon_write_at(&vcon, bytes, length, row, column, (uint8_t)rand()); break;
        case 3: vcon_write(&vcon, bytes, length); break;
        case 4: (void)defer(&vcon, bytes, length); break;
        default: vcon_set_time(&vcon, round);       /* settles: all of it was told before */
        }
        if (vcon.revision == before.revision) {
            kept++;
            vcon_settle(&before);
            vcon_settle(&vcon);
            for (unsigned r = 0; r < VCON_ROWS; r++)
                for (unsigned c = 0; c < VCON_COLS; c++)
                    assert_int_equal(vcon_cell(&vcon, r, c), vcon_cell(&before, r, c));
            assert_int_equal(vcon.row * 80 + vcon.column, before.row * 80 + before.column);
        }
    }
    assert_in_range(kept, 400, 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_agree_with_the_model),
        cmocka_unit_test(dirty_rows_are_enough),
        cmocka_unit_test(what_changes_is_another_revision),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
