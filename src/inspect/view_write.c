/* A view into a file; its ending says how. */
#include "inspect/view.h"

#include <string.h>
#include <strings.h>

#include "formats/npy.h"
#include "rondo/tensor.h"

rondo_status rondo__view_npy(const rondo_view *view, const char *path, rondo_error *err) {
    for (int i = 0; i < view->panels; i++) {
        const rondo__panel *panel = view->panel[i];
        if (panel->kind != RONDO__HEATMAP)
            continue;
        const int64_t dims[2] = {panel->heatmap.rows.count, panel->heatmap.columns.count};
        const rondo_tensor tensor = rondo_tensor_view(RONDO_F64, panel->heatmap.value, 2, dims);
        return rondo__npy_write(path, &tensor, err);
    }
    return rondo__fail(err, RONDO_UNSUPPORTED, "%s: the view '%s' has no array (write it as .json)", path, view->kind);
}

static rondo_status write_text(const char *path, const rondo__text *text, rondo_error *err) {
    rondo__writer *writer = NULL;
    if (text->failed)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory to write it", path);
    rondo_status status = rondo__writer_open(&writer, path, err);
    if (!status)
        status = rondo__writer_put(writer, text->data, text->size, err);
    if (!status)
        status = rondo__writer_commit(&writer, err);
    rondo__writer_abandon(&writer);
    return status;
}

static rondo_status write_json(const rondo_view *view, const char *path, rondo_error *err) {
    rondo__text text = {0};
    rondo__view_json(view, false, &text);
    rondo__text_add(&text, "\n", 1);
    const rondo_status status = write_text(path, &text, err);
    rondo__text_free(&text);
    return status;
}

static rondo_status write_plain(const rondo_view *view, const char *path, rondo_error *err) {
    rondo__text text = {0};
    rondo__view_terminal(view, &(rondo_view_text_options){.width = 100}, &text);
    const rondo_status status = write_text(path, &text, err);
    rondo__text_free(&text);
    return status;
}

/* Lines of i-j, as word aligners write them. */
static rondo_status write_alignment(const rondo_view *view, const char *path, rondo_error *err) {
    if (!view->alignment)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: the view '%s' has no alignment (attention has)", path,
                           view->kind);
    rondo__text text = {0};
    rondo__text_add(&text, view->alignment, strlen(view->alignment));
    const rondo_status status = write_text(path, &text, err);
    rondo__text_free(&text);
    return status;
}

static bool ends_in(const char *path, const char *ending) {
    const size_t length = strlen(path), size = strlen(ending);
    return length > size && strcasecmp(path + length - size, ending) == 0;
}

rondo_status rondo_view_write(const rondo_view *view, const char *path, rondo_error *err) {
    if (!view || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: %s is NULL", view ? "path" : "view");
    if (ends_in(path, ".json"))
        return write_json(view, path, err);
    if (ends_in(path, ".png") || ends_in(path, ".svg"))
        return rondo__view_plot(view, path, err);
    if (ends_in(path, ".npy"))
        return rondo__view_npy(view, path, err);
    if (ends_in(path, ".txt"))
        return write_plain(view, path, err);
    if (ends_in(path, ".pharaoh"))
        return write_alignment(view, path, err);
    return rondo__fail(err, RONDO_ARGUMENT, "%s: a view's name ends in .png, .svg, .json, .npy, .txt or .pharaoh",
                       path);
}
