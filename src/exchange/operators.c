/* The table of operators: all tables in one row. */
#include <string.h>

#include "exchange/graph.h"

const rondo__operator *rondo__find_operator(const rondo__onnx_node *node) {
    static const rondo__operator *const tables[] = {
        rondo__operators_recurrent, rondo__operators_elementwise, rondo__operators_shape,  rondo__operators_move,
        rondo__operators_index,     rondo__operators_product,     rondo__operators_reduce, rondo__operators_control};
    if (*node->domain)
        return NULL;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const rondo__operator *op = tables[t]; op->name; op++)
            if (strcmp(op->name, node->op) == 0)
                return op;
    return NULL;
}
