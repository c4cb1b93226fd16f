/* An adaptive softmax as C: the head scores the most frequent symbols and a symbol for each cluster; each cluster
 * scores its own from a narrow projection. */
#include <stdio.h>

#include "exchange/c_file.h"
#include "nn/adaptive.h"

typedef struct part {
    rondo__affine map;
    char name[40];
} part;

static part part_of(const rondo_adaptive *a, int index, const char *what, int cluster) {
    const rondo_tensor *value = &rondo_params_at(a->params, index)->value;
    part p = {.map = {value->dims[0], value->dims[1], value->data, NULL}};
    snprintf(p.name, sizeof p.name, "model_adaptive_%s%d", what, cluster);
    return p;
}

void rondo__c_put_adaptive_layers(rondo__c_file *file, const rondo_adaptive *a) {
    const part head = part_of(a, a->head, "head", 0);
    rondo__c_put_affine(file, head.name, &head.map);
    for (int i = 0; i < a->clusters; i++) {
        const part narrow = part_of(a, a->project[i], "narrow", i), score = part_of(a, a->score[i], "score", i);
        rondo__c_put_affine(file, narrow.name, &narrow.map);
        rondo__c_put_affine(file, score.name, &score.map);
    }
}

static void put_product(rondo__c_file *file, const part *p, const char *out, const char *in, const char *indent) {
    const long long N = p->map.out, K = p->map.in;
    rondo__c_put(file, "%smodel_copy(%s, 0, %lld);\n%smodel_product(%s, %s, &%s, %lld, %lld);\n", indent, out, N,
                 indent, out, in, p->name, N, K);
}

void rondo__c_put_adaptive(rondo__c_file *file, const rondo_adaptive *a, const char *in, const char *out,
                           const char *indent) {
    const part head = part_of(a, a->head, "head", 0);
    const long long most = a->cutoff[0], heads = head.map.out;
    char room[48], to[80];
    put_product(file, &head, "m->room", in, indent);
    rondo__c_put(file, "%smodel_log_softmax(m->room, %lld, 0);\n%smodel_copy(%s, m->room, %lld);\n", indent, heads,
                 indent, out, most);
    snprintf(room, sizeof room, "(m->room + %lld)", heads);
    for (int i = 0; i < a->clusters; i++) {
        const part narrow = part_of(a, a->project[i], "narrow", i), score = part_of(a, a->score[i], "score", i);
        snprintf(to, sizeof to, "(%s + %lld)", out, (long long)a->cutoff[i]);
        put_product(file, &narrow, room, in, indent);
        put_product(file, &score, to, room, indent);
        rondo__c_put(file, "%smodel_log_softmax(%s, %lld, m->room[%lld]);\n", indent, to, (long long)score.map.out,
                     most + i);
    }
}

int64_t rondo__c_adaptive_room(const rondo_adaptive *a) {
    const part head = part_of(a, a->head, "head", 0), narrow = part_of(a, a->project[0], "narrow", 0);
    return head.map.out + narrow.map.out; /* the widest of them */
}

void rondo__c_adaptive_costs(const rondo_adaptive *a, int64_t bytes, rondo__c_cost *cost) {
    int64_t rows = 0, products = 0;
    for (int i = -1; i < 2 * a->clusters; i++) {
        const part p = part_of(a, i < 0 ? a->head : i % 2 ? a->score[i / 2] : a->project[i / 2], "", 0);
        products += p.map.out * p.map.in;
        rows += p.map.out;
    }
    cost->products += products;
    cost->weight_bytes += products * bytes + (bytes < 4 ? 4 * rows : 0);
}
