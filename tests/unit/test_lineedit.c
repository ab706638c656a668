/*
 * test_lineedit.c - monitor/lineedit: single keys, and a random walk against a naive model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/lineedit.h"
#include "pebpeb.h"

#define DATA(character) (HV_KEY_MAKE | HV_KEY_HASDATA | HV_KEY_HASRAW | (uint8_t)(character))
#define CODE(code) (HV_KEY_MAKE | HV_KEY_HASRAW | ((code) << HV_KEY_RAW_SHIFT))

/* The model: the line as two halves around the cursor, and every line ever entered. */
struct model {
    char left[LINEEDIT_BYTES], right[LINEEDIT_BYTES];
    char entered[4000][LINEEDIT_BYTES];
    unsigned entered_count;
    unsigned back;                          /* how far browsing went */
    char draft[LINEEDIT_BYTES];
};

static struct lineedit edit;
static struct model model;

static void type(const char *text)
{
    for (; *text != '\0'; text++)
        (void)lineedit_key(&edit, DATA(*text));
}

static void test_keys(void **state)
{
    (void)state;
    lineedit_init(&edit);
    type("hello");
    assert_int_equal(lineedit_key(&edit, CODE(HV_KEYCODE_LEFT)), LINEEDIT_CHANGED);
    type("X\b");
    assert_string_equal(edit.text, "hello");
    assert_int_equal(edit.cursor, 4);
    assert_int_equal(lineedit_key(&edit, DATA(0x7F)), LINEEDIT_CHANGED);
    assert_string_equal(edit.text, "hell");
    assert_int_equal(lineedit_key(&edit, DATA(0x7F)), LINEEDIT_NOTHING);
    assert_int_equal(lineedit_key(&edit, DATA('x') & ~HV_KEY_MAKE), LINEEDIT_NOTHING);
    assert_int_equal(lineedit_key(&edit, CODE(HV_KEYCODE_LSHIFT)), LINEEDIT_NOTHING);
    assert_int_equal(lineedit_key(&edit, DATA(0xE4)), LINEEDIT_NOTHING);
    assert_int_equal(lineedit_key(&edit, DATA('\t')), LINEEDIT_COMPLETE);
    assert_int_equal(lineedit_key(&edit, DATA(12)), LINEEDIT_REDRAW);
    assert_int_equal(lineedit_key(&edit, DATA('\n')), LINEEDIT_ENTER);
    assert_string_equal(edit.text, "hell");
    assert_int_equal(lineedit_key(&edit, DATA(3)), LINEEDIT_CANCEL);
    assert_string_equal(edit.text, "");
    assert_int_equal(lineedit_key(&edit, DATA('\b')), LINEEDIT_NOTHING);
    assert_int_equal(lineedit_key(&edit, CODE(HV_KEYCODE_UP)), LINEEDIT_NOTHING);
    assert_int_equal(lineedit_key(&edit, CODE(HV_KEYCODE_DOWN)), LINEEDIT_NOTHING);
}

/* What was a bug: a NUL on the serial line, as after a BREAK, is Ctrl+Space, which put a blank in the line. */
static void test_ctrl_and_a_printable_key_is_no_text(void **state)
{
    (void)state;
    lineedit_init(&edit);
    type("ps");
    for (char character = ' '; character <= '~'; character++) {
        assert_int_equal(lineedit_key(&edit, DATA(character) | HV_KEY_LCTRL), LINEEDIT_NOTHING);
        assert_int_equal(lineedit_key(&edit, DATA(character) | HV_KEY_RCTRL), LINEEDIT_NOTHING);
    }
    assert_string_equal(edit.text, "ps");
}

static void test_full_line(void **state)
{
    (void)state;
    lineedit_init(&edit);
    for (unsigned i = 0; i < LINEEDIT_BYTES - 1; i++)
        assert_int_equal(lineedit_key(&edit, DATA('a')), LINEEDIT_CHANGED);
    assert_int_equal(lineedit_key(&edit, DATA('a')), LINEEDIT_NOTHING);
    lineedit_insert(&edit, "more");
    assert_int_equal(strlen(edit.text), LINEEDIT_BYTES - 1);
}

static void model_set(const char *line)
{
    strcpy(model.left, line);
    model.right[0] = '\0';
}

static void model_line(char *line)
{
    strcpy(line, model.left);
    strcat(line, model.right);
}

static void model_insert(char character)
{
    size_t length = strlen(model.left);

    if (length + strlen(model.right) == LINEEDIT_BYTES - 1)
        return;
    model.left[length] = character;
    model.left[length + 1] = '\0';
}

static void model_browse(unsigned back)
{
    unsigned limit = model.entered_count < LINEEDIT_HISTORY ? model.entered_count : LINEEDIT_HISTORY;

    if (back > limit)
        return;
    if (model.back == 0)
        model_line(model.draft);
    model_set(back == 0 ? model.draft : model.entered[model.entered_count - back]);
    model.back = back;
}

static void model_enter(void)
{
    char line[LINEEDIT_BYTES];

    model_line(line);
    bool repeated = model.entered_count > 0 && strcmp(model.entered[model.entered_count - 1], line) == 0;
    if (line[0] != '\0' && !repeated)
        strcpy(model.entered[model.entered_count++], line);
    model_set("");
    model.back = 0;
}

static void model_left(void)
{
    size_t length = strlen(model.left);

    if (length == 0)
        return;
    memmove(model.right + 1, model.right, strlen(model.right) + 1);
    model.right[0] = model.left[length - 1];
    model.left[length - 1] = '\0';
}

static void model_right(void)
{
    if (model.right[0] == '\0')
        return;
    model.left[strlen(model.left) + 1] = '\0';
    model.left[strlen(model.left)] = model.right[0];
    memmove(model.right, model.right + 1, strlen(model.right));
}

static void model_word(void)
{
    size_t length = strlen(model.left);

    while (length > 0 && model.left[length - 1] == ' ')
        length--;
    while (length > 0 && model.left[length - 1] != ' ')
        length--;
    model.left[length] = '\0';
}

static void model_control(uint32_t choice)
{
    switch (choice) {
    case 1: while (model.left[0] != '\0') model_left(); break;
    case 5: while (model.right[0] != '\0') model_right(); break;
    case 11: model.right[0] = '\0'; break;
    case 21: model.left[0] = '\0'; break;
    case 23: model_word(); break;
    case '\b': if (model.left[0] != '\0') model.left[strlen(model.left) - 1] = '\0'; break;
    case 0x7F: if (model.right[0] != '\0') memmove(model.right, model.right + 1, strlen(model.right)); break;
    case 3: model_set(""); model.back = 0; break;
    default: break;
    }
}

static uint32_t random_step(void)
{
    static const uint8_t controls[] = { 1, 5, 11, 21, 23, '\b', 0x7F, 3, '\b', 0x7F };
    unsigned choice = (unsigned)rand() % 100;

    if (choice < 60) {
        char character = "ab  cdef gh"[rand() % 11];
        model_insert(character);
        return DATA(character);
    }
    if (choice < 70) {
        model_left();
        return CODE(HV_KEYCODE_LEFT);
    }
    if (choice < 75) {
        model_right();
        return CODE(HV_KEYCODE_RIGHT);
    }
    if (choice < 80) {
        model_browse(model.back + 1);
        return CODE(HV_KEYCODE_UP);
    }
    if (choice < 84) {
        if (model.back > 0)
            model_browse(model.back - 1);
        return DATA(14);
    }
    if (choice < 96) {
        uint8_t control = controls[(unsigned)rand() % (rand() % 8 == 0 ? sizeof(controls) : 1)];
        model_control(control);
        return DATA(control);
    }
    model_enter();
    return DATA('\n');
}

static void test_random_walk(void **state)
{
    char line[LINEEDIT_BYTES];

    (void)state;
    srand(11);
    lineedit_init(&edit);
    for (int i = 0; i < 60000 && model.entered_count < 3999; i++) {
        if (lineedit_key(&edit, random_step()) == LINEEDIT_ENTER)
            lineedit_clear(&edit);
        model_line(line);
        assert_string_equal(edit.text, line);
        assert_int_equal(edit.length, strlen(line));
        assert_int_equal(edit.cursor, strlen(model.left));
    }
    assert_true(model.entered_count > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_ctrl_and_a_printable_key_is_no_text),
        cmocka_unit_test(test_full_line),
        cmocka_unit_test(test_random_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
