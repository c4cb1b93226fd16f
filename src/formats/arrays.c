/* Named arrays of any file that holds such: see rondo/arrays.h. */
#include "rondo/arrays.h"

#include <string.h>

#include "formats/npy.h"
#include "formats/npz.h"
#include "formats/safetensors.h"

struct rondo_arrays {
    rondo__npz own; /* of .npy and .npz */
    rondo__safetensors *file;
};

/* "a/b.npy" gives "b". */
static char *stem(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *copy = rondo__strdup(name);
    if (copy)
        copy[strlen(copy) - strlen(".npy")] = '\0';
    return copy;
}

static rondo_status read_one(rondo__npz *own, const char *path, rondo_error *err) {
    own->name = rondo__calloc(1, sizeof *own->name);
    own->tensor = rondo__calloc(1, sizeof *own->tensor);
    char *name = own->name && own->tensor ? stem(path) : NULL;
    if (!name)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its array", path);
    rondo_status status = rondo__npy_read(&own->tensor[0], path, err);
    if (status) {
        rondo__free(name);
        return status;
    }
    own->name[0] = name;
    own->count = own->room = 1;
    return RONDO_OK;
}

rondo_status rondo_arrays_read(rondo_arrays **out, const char *path, rondo_error *err) {
    rondo_status status;
    if (out)
        *out = NULL;
    if (!out || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_arrays_read: out or path is NULL");
    rondo_arrays *a = rondo__calloc(1, sizeof *a);
    if (!a)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its arrays", path);
    if (rondo__ends_in(path, ".npy"))
        status = read_one(&a->own, path, err);
    else if (rondo__ends_in(path, ".npz"))
        status = rondo__npz_read(&a->own, path, err);
    else if (rondo__ends_in(path, ".safetensors"))
        status = rondo__safetensors_read(&a->file, path, err);
    else
        status = rondo__fail(err, RONDO_ARGUMENT, "%s: is no file of arrays (.npy, .npz and .safetensors are)", path);
    if (status)
        rondo_arrays_free(&a);
    *out = a;
    return status;
}

void rondo_arrays_free(rondo_arrays **arrays) {
    if (!arrays || !*arrays)
        return;
    rondo__npz_free(&(*arrays)->own);
    rondo__safetensors_free(&(*arrays)->file);
    rondo__free(*arrays);
    *arrays = NULL;
}

int rondo_arrays_count(const rondo_arrays *arrays) {
    return !arrays ? 0 : arrays->file ? rondo__safetensors_count(arrays->file) : arrays->own.count;
}

const char *rondo_arrays_name(const rondo_arrays *arrays, int index) {
    if (index < 0 || index >= rondo_arrays_count(arrays))
        return NULL;
    return arrays->file ? rondo__safetensors_at(arrays->file, index)->name : arrays->own.name[index];
}

const rondo_tensor *rondo_arrays_at(const rondo_arrays *arrays, int index) {
    if (index < 0 || index >= rondo_arrays_count(arrays))
        return NULL;
    return arrays->file ? &rondo__safetensors_at(arrays->file, index)->tensor : &arrays->own.tensor[index];
}

rondo_status rondo_array_write(const char *path, const rondo_tensor *tensor, rondo_error *err) {
    rondo_status status = rondo_tensor_check(tensor, err);
    if (!path || status)
        return status ? status : rondo__fail(err, RONDO_ARGUMENT, "rondo_array_write: path is NULL");
    if (tensor->dtype != RONDO_BF16)
        return rondo__npy_write(path, tensor, err);
    rondo_tensor wide = *tensor;
    const int64_t count = rondo_tensor_count(tensor);
    wide.dtype = RONDO_F32;
    wide.data = rondo__calloc((size_t)count, rondo_dtype_bytes(RONDO_F32));
    if (!wide.data)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the array", path);
    for (int64_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)((const uint16_t *)tensor->data)[i] << 16;
        memcpy((char *)wide.data + 4 * i, &bits, sizeof bits);
    }
    status = rondo__npy_write(path, &wide, err);
    rondo__free(wide.data);
    return status;
}
