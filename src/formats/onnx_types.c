/* The element types of ONNX. */
#include "formats/onnx.h"

static const struct {
    int number;
    rondo_dtype dtype;
} types[] = {{1, RONDO_F32},  {2, RONDO_U8},   {3, RONDO_I8},   {6, RONDO_I32},  {7, RONDO_I64},
             {9, RONDO_BOOL}, {10, RONDO_F16}, {11, RONDO_F64}, {16, RONDO_BF16}};
enum { TYPES = sizeof types / sizeof *types };

int rondo__onnx_type_number(rondo_dtype dtype) {
    for (int i = 0; i < TYPES; i++)
        if (types[i].dtype == dtype)
            return types[i].number;
    return 0;
}

bool rondo__onnx_dtype(int64_t number, rondo_dtype *out) {
    for (int i = 0; i < TYPES; i++) {
        if (types[i].number == number) {
            *out = types[i].dtype;
            return true;
        }
    }
    return false;
}

const char *rondo__onnx_type_name(int64_t number) {
    static const char *const names[] = {"undefined", "float",  "uint8",   "int8",       "uint16",  "int16",
                                        "int32",     "int64",  "string",  "bool",       "float16", "double",
                                        "uint32",    "uint64", "complex", "complex128", "bfloat16"};
    return number >= 0 && number < (int64_t)(sizeof names / sizeof *names) ? names[number] : "of an unknown type";
}
