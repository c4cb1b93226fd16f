/* Operators that work element by element. One function makes the chunk of each kind of operator; what stretches shapes
 * and knows types is broadcast.c and array.c. */
#include <math.h>
#include <string.h>

#include "exchange/activations.h"
#include "exchange/broadcast.h"

/* ---- one input ---- */

enum unary {
    EXP = RONDO__FUNCTIONS, /* below stand the activation functions */
    LOG,
    SQRT,
    NEGATE,
    ABSOLUTE,
    RECIPROCAL,
    FLOOR,
    CEIL,
    ROUND,
    SIGN,
    ERF,
    SINE,
    COSINE,
    GELU,
    GELU_TANH,
    SELU,
    HARD_SWISH,
    MISH,
    THRESHOLD,
    IS_NAN,
    NOT
};

typedef struct unary_arg {
    int kind;
    bool whole;
    rondo__activation activation;
    double alpha, gamma;
} unary_arg;

static double gelu(double x, bool by_tanh) {
    if (by_tanh)
        return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    return 0.5 * x * (1 + erf(x * 0.7071067811865476));
}

static double softplus(double x) { return log1p(exp(-fabs(x))) + (x > 0 ? x : 0); }

static double unary_one(const unary_arg *a, double x) {
    switch (a->kind) {
    case EXP:
        return exp(x);
    case LOG:
        return log(x);
    case SQRT:
        return sqrt(x);
    case NEGATE:
        return -x;
    case ABSOLUTE:
        return fabs(x);
    case RECIPROCAL:
        return 1 / x;
    case FLOOR:
        return floor(x);
    case CEIL:
        return ceil(x);
    case ROUND:
        return rint(x); /* halves to even */
    case SIGN:
        return isnan(x) ? x : (x > 0) - (x < 0);
    case ERF:
        return erf(x);
    case SINE:
        return sin(x);
    case COSINE:
        return cos(x);
    case GELU:
    case GELU_TANH:
        return gelu(x, a->kind == GELU_TANH);
    case SELU:
        return a->gamma * (x > 0 ? x : a->alpha * expm1(x));
    case HARD_SWISH:
        return x * fmax(0, fmin(1, x / 6 + 0.5));
    case THRESHOLD: /* in recurrent operators alpha itself passes, here it does not */
        return x > a->alpha || isnan(x) ? x : 0;
    case MISH:
        return x * tanh(softplus(x));
    default:
        return x;
    }
}

static int64_t unary_whole(int kind, int64_t x) {
    if (kind == NEGATE || (kind == ABSOLUTE && x < 0))
        return (int64_t)(0 - (uint64_t)x);
    return kind == SIGN ? (x > 0) - (x < 0) : kind == NOT ? !x : kind == RONDO__RELU ? (x > 0 ? x : 0) : x;
}

static bool unary_chunk(const void *arg, int64_t n, const rondo__numbers *in, rondo__numbers *out) {
    const unary_arg *a = arg;
    for (int64_t i = 0; i < n; i++) {
        if (a->kind == IS_NAN)
            out->w[i] = isnan(in->d[i]);
        else if (a->whole)
            out->w[i] = unary_whole(a->kind, in->w[i]);
        else if (a->kind >= RONDO__FUNCTIONS)
            out->d[i] = unary_one(a, in->d[i]);
        else
            out->d[i] = in->d[i];
    }
    if (a->kind < RONDO__FUNCTIONS && !a->whole)
        rondo__apply_function(&a->activation, n, out->d);
    return true;
}

static bool takes_whole(int kind) {
    return kind == NEGATE || kind == ABSOLUTE || kind == SIGN || kind == NOT || kind == RONDO__RELU;
}

static rondo_status run_unary(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    unary_arg a = {.kind = call->kind, .whole = !rondo__is_float(x->dtype)};
    rondo__broadcast b;
    rondo__array *out;
    if ((a.whole && !takes_whole(a.kind)) || (a.kind == NOT && x->dtype != RONDO_BOOL))
        return rondo__bad(call, err, RONDO_UNSUPPORTED, "numbers of type %s cannot go in", rondo_dtype_name(x->dtype));
    if (a.kind < RONDO__FUNCTIONS) {
        const rondo__function_facts *facts = &rondo__function_table[a.kind];
        a.activation =
            (rondo__activation){(rondo__function)a.kind, rondo__attribute_float(call->node, "alpha", facts->alpha),
                                rondo__attribute_float(call->node, "beta", facts->beta)};
    }
    a.alpha = rondo__attribute_float(call->node, "alpha", a.kind == SELU ? 1.67326319217681884765625 : 1);
    a.gamma = rondo__attribute_float(call->node, "gamma", 1.05070102214813232421875);
    if (a.kind == GELU && strcmp(rondo__attribute_text(call->node, "approximate", "none"), "tanh") == 0)
        a.kind = GELU_TANH;
    rondo_status status = rondo__broadcast_make(call, &b, 1, &x, err);
    if (!status)
        status = rondo__make_out(call, 0, a.kind == IS_NAN ? RONDO_BOOL : x->dtype, x->rank, x->dims, &out, err);
    if (!status && out)
        rondo__broadcast_run(&b, &a.whole, a.whole || a.kind == IS_NAN, out, unary_chunk, &a);
    return status;
}

/* ---- the same numbers, perhaps of another type ---- */

static bool same_chunk(const void *arg, int64_t n, const rondo__numbers *in, rondo__numbers *out) {
    (void)arg;
    memcpy(out, in, (size_t)n * sizeof out->d[0]);
    return true;
}

static rondo_status run_cast(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *like = rondo__in(call, 1);
    const int64_t number = like ? rondo__onnx_type_number(like->dtype) : rondo__attribute_int(call->node, "to", 0);
    rondo_dtype to;
    rondo__broadcast b;
    rondo__array *out;
    if (!rondo__onnx_dtype(number, &to))
        return rondo__bad(call, err, RONDO_UNSUPPORTED, "numbers cannot become %s", rondo__onnx_type_name(number));
    if (to == x->dtype)
        return rondo__out_reshaped(call, x, x->rank, x->dims);
    /* 0.5 is true: to bool a float goes as a float */
    const bool whole = !rondo__is_float(x->dtype) || (!rondo__is_float(to) && to != RONDO_BOOL);
    rondo_status status = rondo__broadcast_make(call, &b, 1, &x, err);
    if (!status)
        status = rondo__make_out(call, 0, to, x->rank, x->dims, &out, err);
    if (!status && out)
        rondo__broadcast_run(&b, &whole, whole, out, same_chunk, NULL);
    return status;
}

static rondo_status run_identity(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    (void)err;
    return rondo__out_reshaped(call, x, x->rank, x->dims);
}

/* In use, nothing is dropped; a file may ask for training, which is refused. */
static rondo_status run_dropout(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *training = rondo__in(call, 2);
    rondo__array *mask;
    if (training && training->count == 1 && rondo__array_whole_at(training, 0) != 0)
        return rondo__bad(call, err, RONDO_UNSUPPORTED, "is in training (export the model for inference)");
    rondo_status status = rondo__make_out(call, 1, RONDO_BOOL, x->rank, x->dims, &mask, err);
    if (!status && mask)
        memset(mask->data, 1, (size_t)mask->count);
    return status ? status : rondo__out_reshaped(call, x, x->rank, x->dims);
}

/* ---- two inputs ---- */

enum binary {
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    POWER,
    MODULO,
    LEAST,
    MOST,
    MEAN,
    PRELU,
    EQUAL, /* from here on the result is bool */
    LESS,
    GREATER,
    LESS_EQUAL,
    GREATER_EQUAL,
    AND,
    OR,
    XOR
};

typedef struct binary_arg {
    int kind;
    bool whole;
    bool c_modulo; /* the sign is the dividend's */
} binary_arg;

static double binary_one(const binary_arg *arg, double a, double b) {
    switch (arg->kind) {
    case ADD:
    case MEAN:
        return a + b;
    case SUBTRACT:
        return a - b;
    case MULTIPLY:
        return a * b;
    case DIVIDE:
        return a / b;
    case POWER:
        return pow(a, b);
    case MODULO: {
        const double m = fmod(a, b);
        return !arg->c_modulo && m != 0 && (m < 0) != (b < 0) ? m + b : m;
    }
    case LEAST: /* not-a-number is not hidden */
        return isnan(a) || a < b ? a : b;
    case MOST:
        return isnan(a) || a > b ? a : b;
    case PRELU:
        return a < 0 ? a * b : a;
    default:
        return 0;
    }
}

static bool binary_whole(const binary_arg *arg, int64_t a, int64_t b, int64_t *out) {
    const uint64_t ua = (uint64_t)a, ub = (uint64_t)b; /* overflow wraps round */
    switch (arg->kind) {
    case ADD:
    case MEAN:
        *out = (int64_t)(ua + ub);
        return true;
    case SUBTRACT:
        *out = (int64_t)(ua - ub);
        return true;
    case MULTIPLY:
        *out = (int64_t)(ua * ub);
        return true;
    case DIVIDE:
    case MODULO:
        if (b == 0)
            return false;
        if (b == -1) {
            *out = arg->kind == DIVIDE ? (int64_t)(0 - ua) : 0;
            return true;
        }
        *out = arg->kind == DIVIDE ? a / b : a % b;
        if (arg->kind == MODULO && !arg->c_modulo && *out != 0 && (*out < 0) != (b < 0))
            *out += b;
        return true;
    case LEAST:
        *out = a < b ? a : b;
        return true;
    case MOST:
        *out = a > b ? a : b;
        return true;
    case AND:
        *out = a && b;
        return true;
    case OR:
        *out = a || b;
        return true;
    case XOR:
        *out = !a != !b;
        return true;
    default:
        *out = a < 0 ? (int64_t)(ua * ub) : a; /* PRELU */
        return true;
    }
}

#define COMPARE(a, b)                                                                                                  \
    (kind == EQUAL        ? (a) == (b)                                                                                 \
     : kind == LESS       ? (a) < (b)                                                                                  \
     : kind == GREATER    ? (a) > (b)                                                                                  \
     : kind == LESS_EQUAL ? (a) <= (b)                                                                                 \
                          : (a) >= (b))

static bool binary_chunk(const void *arg, int64_t n, const rondo__numbers *in, rondo__numbers *out) {
    const binary_arg *a = arg;
    const int kind = a->kind;
    if (kind >= EQUAL && kind <= GREATER_EQUAL) {
        for (int64_t i = 0; i < n; i++)
            out->w[i] = a->whole ? COMPARE(in[0].w[i], in[1].w[i]) : COMPARE(in[0].d[i], in[1].d[i]);
        return true;
    }
    if (!a->whole) {
        for (int64_t i = 0; i < n; i++)
            out->d[i] = binary_one(a, in[0].d[i], in[1].d[i]);
        return true;
    }
    for (int64_t i = 0; i < n; i++)
        if (!binary_whole(a, in[0].w[i], in[1].w[i], &out->w[i]))
            return false;
    return true;
}
#undef COMPARE

static rondo_status apply_binary(const rondo__graph_call *call, const rondo__array *x, const rondo__array *y,
                                 rondo__array *out, rondo_error *err) {
    binary_arg a = {call->kind, !rondo__is_float(x->dtype), rondo__attribute_int(call->node, "fmod", 0) != 0};
    rondo__broadcast b;
    const rondo__array *in[2] = {x, y};
    if (a.kind == POWER)
        a.whole = false; /* whole numbers come out whole */
    else if (x->dtype != y->dtype)
        return rondo__bad(call, err, RONDO_ARGUMENT, "its inputs are of two types, %s and %s (put a Cast between)",
                          rondo_dtype_name(x->dtype), rondo_dtype_name(y->dtype));
    if (a.kind >= AND && x->dtype != RONDO_BOOL)
        return rondo__bad(call, err, RONDO_ARGUMENT, "its inputs are %s, not bool", rondo_dtype_name(x->dtype));
    rondo_status status = rondo__broadcast_make(call, &b, 2, in, err);
    if (status)
        return status;
    if (!rondo__array_make(out, a.kind >= EQUAL ? RONDO_BOOL : x->dtype, b.shape_rank, b.shape))
        return rondo__no_memory(call, err);
    const bool whole[2] = {a.whole, a.whole};
    if (!rondo__broadcast_run(&b, whole, a.whole || a.kind >= EQUAL, out, binary_chunk, &a))
        return rondo__bad(call, err, RONDO_NUMERIC, "a whole number is divided by zero");
    return RONDO_OK;
}

static bool divide_chunk(const void *arg, int64_t n, const rondo__numbers *in, rondo__numbers *out) {
    for (int64_t i = 0; i < n; i++)
        out->d[i] = in->d[i] / *(const double *)arg;
    return true;
}

/* The sum, in place, into the mean. */
static rondo_status divide(const rondo__graph_call *call, rondo__array *sum, double by, rondo_error *err) {
    const rondo__array *x = sum;
    const bool whole = false;
    rondo__broadcast b;
    rondo_status status = rondo__broadcast_make(call, &b, 1, &x, err);
    if (!status)
        rondo__broadcast_run(&b, &whole, false, sum, divide_chunk, &by);
    return status;
}

/* Two inputs, or any number of them one after the other (Sum, Min, Max, Mean). */
static rondo_status run_binary(const rondo__graph_call *call, rondo_error *err) {
    rondo__array so_far, next = {0};
    const rondo__array *first = rondo__in(call, 0);
    rondo_status status = RONDO_OK;
    rondo__array_share(&so_far, first);
    for (int i = 1; !status && i < call->step->inputs; i++) {
        const rondo__array *y = rondo__in(call, i);
        status = y ? apply_binary(call, &so_far, y, &next, err)
                   : rondo__bad(call, err, RONDO_FORMAT, "lacks an input that it needs");
        rondo__array_drop(&so_far);
        so_far = next;
        next = (rondo__array){0};
    }
    if (!status && call->kind == MEAN && call->step->inputs > 1)
        status = divide(call, &so_far, call->step->inputs, err);
    rondo__array *out = status ? NULL : rondo__out(call, 0);
    if (out)
        *out = so_far;
    else
        rondo__array_drop(&so_far);
    return status;
}

/* ---- three ---- */

static bool where_chunk(const void *arg, int64_t n, const rondo__numbers *in, rondo__numbers *out) {
    (void)arg;
    for (int64_t i = 0; i < n; i++)
        out->w[i] = in[0].w[i] ? in[1].w[i] : in[2].w[i]; /* bits, whichever they are */
    return true;
}

static rondo_status run_where(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *in[3] = {rondo__in(call, 0), rondo__in(call, 1), rondo__in(call, 2)};
    const bool values_whole = !rondo__is_float(in[1]->dtype), whole[3] = {true, values_whole, values_whole};
    rondo__broadcast b;
    rondo__array *out;
    if (in[0]->dtype != RONDO_BOOL || in[1]->dtype != in[2]->dtype)
        return rondo__bad(call, err, RONDO_ARGUMENT, "wants a bool condition and two values of one type");
    rondo_status status = rondo__broadcast_make(call, &b, 3, in, err);
    if (!status)
        status = rondo__make_out(call, 0, in[1]->dtype, b.shape_rank, b.shape, &out, err);
    if (!status && out)
        rondo__broadcast_run(&b, whole, values_whole, out, where_chunk, NULL);
    return status;
}

typedef struct clip_arg {
    bool whole;
    double least, most;
    int64_t whole_least, whole_most;
} clip_arg;

static bool clip_chunk(const void *arg, int64_t n, const rondo__numbers *in, rondo__numbers *out) {
    const clip_arg *a = arg;
    for (int64_t i = 0; i < n; i++) {
        if (a->whole) {
            const int64_t x = in->w[i] < a->whole_least ? a->whole_least : in->w[i];
            out->w[i] = x > a->whole_most ? a->whole_most : x;
        } else {
            const double x = in->d[i] < a->least ? a->least : in->d[i];
            out->d[i] = x > a->most ? a->most : x;
        }
    }
    return true;
}

static rondo_status run_clip(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *least = rondo__in(call, 1), *most = rondo__in(call, 2);
    clip_arg a = {!rondo__is_float(x->dtype), rondo__attribute_float(call->node, "min", -INFINITY),
                  rondo__attribute_float(call->node, "max", INFINITY), INT64_MIN, INT64_MAX};
    rondo__broadcast b;
    rondo__array *out;
    if ((least && least->count != 1) || (most && most->count != 1))
        return rondo__bad(call, err, RONDO_SHAPE, "its bounds must be one number each");
    if (least) {
        a.least = rondo__array_at(least, 0);
        a.whole_least = rondo__array_whole_at(least, 0);
    }
    if (most) {
        a.most = rondo__array_at(most, 0);
        a.whole_most = rondo__array_whole_at(most, 0);
    }
    rondo_status status = rondo__broadcast_make(call, &b, 1, &x, err);
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, x->rank, x->dims, &out, err);
    if (!status && out)
        rondo__broadcast_run(&b, &a.whole, a.whole, out, clip_chunk, &a);
    return status;
}

#define ONE(name, kind)                                                                                                \
    { name, 1, 1, 1, 1, "", run_unary, kind, 0 }
#define ONE_WITH(name, attributes, kind)                                                                               \
    { name, 1, 1, 1, 1, attributes, run_unary, kind, 0 }
#define TWO(name, kind)                                                                                                \
    { name, 2, 2, 1, 1, "", run_binary, kind, 0 }
#define MANY(name, kind)                                                                                               \
    { name, 1, -1, 1, 1, "", run_binary, kind, 0 }
const rondo__operator rondo__operators_elementwise[] = {
    ONE("Relu", RONDO__RELU),
    ONE("Tanh", RONDO__TANH),
    ONE("Sigmoid", RONDO__SIGMOID),
    ONE_WITH("LeakyRelu", " alpha:f ", RONDO__LEAKY_RELU),
    ONE_WITH("ThresholdedRelu", " alpha:f ", THRESHOLD),
    ONE_WITH("HardSigmoid", " alpha:f beta:f ", RONDO__HARD_SIGMOID),
    ONE_WITH("Elu", " alpha:f ", RONDO__ELU),
    ONE("Softsign", RONDO__SOFTSIGN),
    ONE("Softplus", RONDO__SOFTPLUS),
    ONE("Exp", EXP),
    ONE("Log", LOG),
    ONE("Sqrt", SQRT),
    ONE("Neg", NEGATE),
    ONE("Abs", ABSOLUTE),
    ONE("Reciprocal", RECIPROCAL),
    ONE("Floor", FLOOR),
    ONE("Ceil", CEIL),
    ONE("Round", ROUND),
    ONE("Sign", SIGN),
    ONE("Erf", ERF),
    ONE("Sin", SINE),
    ONE("Cos", COSINE),
    ONE_WITH("Gelu", " approximate:s ", GELU),
    ONE_WITH("Selu", " alpha:f gamma:f ", SELU),
    ONE("HardSwish", HARD_SWISH),
    ONE("Mish", MISH),
    ONE("IsNaN", IS_NAN),
    ONE("Not", NOT),
    {"Cast", 1, 1, 1, 1, " to:i saturate:i round_mode:s ", run_cast, 0, 0},
    {"CastLike", 2, 2, 1, 1, " saturate:i round_mode:s ", run_cast, 0, 0},
    {"Identity", 1, 1, 1, 1, "", run_identity, 0, 0},
    {"Dropout", 1, 3, 1, 2, " ratio:f seed:i ", run_dropout, 0, 0},
    TWO("Add", ADD),
    TWO("Sub", SUBTRACT),
    TWO("Mul", MULTIPLY),
    TWO("Div", DIVIDE),
    TWO("Pow", POWER),
    {"Mod", 2, 2, 1, 1, " fmod:i ", run_binary, MODULO, 0},
    TWO("PRelu", PRELU),
    MANY("Min", LEAST),
    MANY("Max", MOST),
    MANY("Sum", ADD),
    MANY("Mean", MEAN),
    TWO("Equal", EQUAL),
    TWO("Less", LESS),
    TWO("Greater", GREATER),
    TWO("LessOrEqual", LESS_EQUAL),
    TWO("GreaterOrEqual", GREATER_EQUAL),
    TWO("And", AND),
    TWO("Or", OR),
    TWO("Xor", XOR),
    {"Where", 3, 3, 1, 1, "", run_where, 0, 0},
    {"Clip", 1, 3, 1, 1, " min:f max:f ", run_clip, 0, 0},
    {0},
};
