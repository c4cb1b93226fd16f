/* Views as they are written: JSON, text, arrays, pictures; builders that run out of memory; orders of units. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/npy.h"
#include "inspect/order.h"
#include "inspect/view.h"
#include "support/test.h"

/* One of each panel. */
static rondo_view *make_view(void) {
    static const char *const columns[] = {"unit", "r", "word"};
    rondo_view *view = rondo__view_create("states");
    if (!view)
        return NULL;
    rondo__view_title(view, "a \"title\" of %d", 7);
    rondo__view_fact_add(view, "steps", "%d", 3);
    rondo__view_heatmap *map = rondo__view_add_heatmap(view, "a map", 2, 3);
    if (map && rondo__view_side_names(view, &map->columns)) {
        map->group = "layer 0";
        map->diverging = true;
        map->low = -1;
        static const char *const names[] = {"私", "␣", "b"};
        for (int i = 0; i < 3; i++)
            map->columns.name[i] = names[i];
        for (int i = 0; i < 6; i++)
            map->value[i] = i == 4 ? NAN : -1 + 0.4 * i;
    }
    rondo__view_lines *lines = rondo__view_add_lines(view, "some lines", 3, 2);
    for (int i = 0; lines && i < 3; i++) {
        lines->x[i] = i + 1;
        lines->serie[0].value[i] = i * i + 1;
        lines->serie[1].value[i] = i == 1 ? NAN : 1.0 / (i + 1);
    }
    if (lines) {
        lines->log_y = true;
        rondo__view_mark_add(view, lines, 'x', 2, "here");
    }
    rondo__view_bars *bars = rondo__view_add_bars(view, "a histogram", 2, 1, true);
    for (int i = 0; bars && i < 3; i++)
        bars->edge[i] = 0.5 * i;
    if (bars)
        bars->serie[0].value[1] = -3;
    rondo__view_table *table = rondo__view_add_table(view, "a table", 3, columns, 2);
    if (table) {
        table->cell[1].number = 0.25;
        table->cell[2].text = table->cell[5].text = "to";
        table->cell[4].number = INFINITY;
    }
    rondo__view_passages *passages = rondo__view_add_passages(view, "passages", 1);
    if (passages && rondo__view_passage_begin(view, &passages->item[0], 2)) {
        rondo__view_passage *item = &passages->item[0];
        item->title = "first";
        item->name[0] = "T";
        item->name[1] = "は";
        item->value[1] = 0.5;
        item->low = -1;
        item->high = item->score = 1;
        item->to = 1;
    }
    return view;
}

static const char expected[] =
    "{\"kind\": \"states\", \"title\": \"a \\\"title\\\" of 7\", \"facts\": [[\"steps\", \"3\"]], \"panels\": ["
    "{\"kind\": \"heatmap\", \"title\": \"a map\", \"group\": \"layer 0\", \"name\": \"a map\", \"diverging\": true, "
    "\"rows\": {\"label\": \"row\", \"names\": [\"0\", \"1\"]}, \"columns\": {\"label\": \"column\", \"names\": "
    "[\"私\", "
    "\"␣\", \"b\"]}, \"matrix\": {\"rows\": 2, \"columns\": 3, \"low\": -1, \"high\": 1, \"values\": [[-1, -0.6, "
    "-0.19999999999999996], [0.20000000000000018, null, 1]]}}, "
    "{\"kind\": \"lines\", \"title\": \"some lines\", \"x\": {\"label\": \"\", \"log\": false, \"values\": [1, 2, 3]}, "
    "\"y\": {\"label\": \"\", \"log\": true}, \"series\": [{\"name\": \"\", \"values\": [1, 2, 5]}, {\"name\": \"\", "
    "\"values\": [1, null, 0.3333333333333333]}], \"marks\": [{\"axis\": \"x\", \"at\": 2, \"name\": \"here\"}]}, "
    "{\"kind\": \"bars\", \"title\": \"a histogram\", \"x\": {\"label\": \"\", \"edges\": [0, 0.5, 1]}, \"y\": "
    "{\"label\": \"\"}, \"series\": [{\"name\": \"\", \"values\": [0, -3]}]}, "
    "{\"kind\": \"table\", \"title\": \"a table\", \"columns\": [\"unit\", \"r\", \"word\"], \"rows\": [[0, 0.25, "
    "\"to\"], "
    "[0, null, \"to\"]]}, "
    "{\"kind\": \"passages\", \"title\": \"passages\", \"items\": [{\"title\": \"first\", \"names\": [\"T\", \"は\"], "
    "\"values\": [0, 0.5], \"low\": -1, \"high\": 1, \"score\": 1, \"mark\": [0, 1]}]}]}";

static void json(void **state) {
    (void)state;
    rondo_view *view = make_view();
    rondo__text text = {0};
    rondo__view_json(view, false, &text);
    assert_string_equal(text.data, expected);
    rondo__text_free(&text);
    rondo__view_json(view, true, &text);
    assert_non_null(strstr(text.data, "\"base64\": \"ADNmmQD/\"")); /* 0 51 102 153 none 255 */
    rondo__text_free(&text);
    rondo_view_free(&view);
}

static void terminal(void **state) {
    (void)state;
    rondo_view *view = make_view();
    char *text;
    size_t size;
    assert_int_equal(rondo_view_text(view, NULL, &text, &size, NULL), RONDO_OK);
    assert_int_equal(size, strlen(text));
    static const char *const parts[] = {
        "a \"title\" of 7\n", "steps  3\n", "\na map\n  私 ␣  b\n",           "0 ≡≡≡", "x = 2: here",
        "0.5 to 1 ░",         "to",         "first  (1)\n  Tは\n  ▅▇▇\n  ^\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i]))
            fail_msg("'%s' is not in:\n%s", parts[i], text);
    rondo_view_text_free(text);
    assert_int_equal(rondo_view_text(view, &(rondo_view_text_options){.colour = true, .width = 1}, &text, NULL, NULL),
                     RONDO_OK);
    assert_non_null(strstr(text, "\033[48;5;"));
    assert_int_equal(text[strlen(text) - 1], '\n');
    rondo_view_text_free(text);
    rondo_view_free(&view);
}

static void files(void **state) {
    (void)state;
    rondo_view *view = make_view();
    rondo_tensor array;
    rondo_error err;
    assert_int_equal(rondo_view_write(view, test_path("view.npy"), NULL), RONDO_OK);
    assert_int_equal(rondo__npy_read(&array, test_path("view.npy"), NULL), RONDO_OK);
    assert_int_equal(array.dtype, RONDO_F64);
    assert_int_equal(array.dims[0] * 10 + array.dims[1], 23);
    assert_true(((double *)array.data)[1] == -0.6);
    rondo__free(array.data);
    assert_int_equal(rondo_view_write(view, test_path("view.txt"), NULL), RONDO_OK);
    assert_int_equal(rondo_view_write(view, test_path("view.JSON"), NULL), RONDO_OK);
    assert_int_equal(rondo_view_write(view, test_path("view.gif"), &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "ends in .png"));
    assert_int_equal(rondo_view_write(view, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_view_write(NULL, "x.txt", NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_view_text(view, NULL, NULL, NULL, NULL), RONDO_ARGUMENT);
#ifdef RONDO_HAVE_CAIRO
    for (int svg = 0; svg < 2; svg++) {
        const rondo_status status = rondo_view_write(view, test_path(svg ? "view.svg" : "view.png"), &err);
        if (status != RONDO_NOT_FOUND && status != RONDO_OK) /* no font has a character */
            fail_msg("%s", err.message);
    }
#endif
    rondo_view_free(&view);
    view = rondo__view_create("neurons");
    assert_int_equal(rondo_view_write(view, test_path("none.npy"), &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "'neurons' has no array"));
    rondo_view_free(&view);
}

/* Nothing that comes from data steers a terminal, or makes JSON that is none. */
static void harmless(void **state) {
    (void)state;
    rondo_view *view = rondo__view_create("states");
    assert_string_equal(rondo__view_text(view, "a\033[31m\n%s", "\xff\xe7\xa7\x81\x7f\xc2\x9b\xe7"), "a [31m ?私   ?");
    rondo_view_free(&view);
}

static int body(void *arg) {
    (void)arg;
    rondo_view *view = make_view();
    char *text = NULL;
    rondo_status status = view ? rondo__view_check(view, NULL) : RONDO_MEMORY;
    if (!status)
        status = rondo_view_text(view, NULL, &text, NULL, NULL);
    if (!status)
        status = rondo_view_write(view, test_path("view.json"), NULL);
    rondo_view_text_free(text);
    rondo_view_free(&view);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    test_every_failure(body, NULL);
}

/* Units that do the same, or the opposite, come to stand together; every unit stands somewhere. */
static void orders(void **state) {
    (void)state;
    enum { T = 12, H = 9 };
    double value[T * H];
    int64_t order[H];
    for (int t = 0; t < T; t++)
        for (int j = 0; j < H; j++)
            value[t * H + j] = (j % 2 ? -1 : 1) * (j % 3 == 0   ? sin(t)
                                                   : j % 3 == 1 ? cos(1.7 * t)
                                                                : 0.3 * t) +
                               0.01 * j;
    for (int kind = 0; kind <= RONDO_ORDER_PEAK; kind++) {
        bool there[H] = {false};
        assert_true(rondo__order_units(order, T, H, value, (rondo_unit_order)kind));
        for (int i = 0; i < H; i++)
            there[order[i]] = true;
        for (int j = 0; j < H; j++)
            assert_true(there[j]);
    }
    assert_true(rondo__order_units(order, T, H, value, RONDO_ORDER_CLUSTER));
    int changes = 0;
    for (int i = 1; i < H; i++)
        changes += order[i] % 3 != order[i - 1] % 3;
    assert_int_equal(changes, 2);
    for (int t = 0; t < T; t++)
        value[t * H + 4] = t == 5 ? 90 : 50;
    assert_true(rondo__order_units(order, T, H, value, RONDO_ORDER_MEAN));
    assert_int_equal(order[0], 4);
    assert_true(rondo__order_units(order, T, H, value, RONDO_ORDER_INDEX));
    assert_int_equal(order[4], 4);
    assert_true(rondo__order_units(order, 0, 1, value, RONDO_ORDER_CLUSTER));
    assert_int_equal(order[0], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json),     cmocka_unit_test(terminal),       cmocka_unit_test(files),
        cmocka_unit_test(harmless), cmocka_unit_test(failing_memory), cmocka_unit_test(orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
