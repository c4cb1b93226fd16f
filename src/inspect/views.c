/* All views, in the order in which they are listed. */
#include "inspect/inspect.h"

const rondo__view_class rondo__views[] = {
    {"states", "hidden units, cells and gates over one passage",
     RONDO__VIEW_STACK | RONDO__VIEW_LAYER | RONDO__VIEW_GATE | RONDO__VIEW_PASSAGE | RONDO__VIEW_STEPS |
         RONDO__VIEW_ORDER | RONDO__VIEW_UNIT | RONDO__VIEW_LIMIT,
     true, rondo__view_states},
    {"gates", "how far gates are open or shut, dead units, time constants",
     RONDO__VIEW_STACK | RONDO__VIEW_LAYER | RONDO__VIEW_GATE | RONDO__VIEW_PASSAGES | RONDO__VIEW_LIMIT, true,
     rondo__view_gates},
    {"gradients", "how far back a loss reaches, by lag, at the start of training and now",
     RONDO__VIEW_STACK | RONDO__VIEW_LAYER | RONDO__VIEW_PASSAGES | RONDO__VIEW_LAGS, true, rondo__view_gradients},
    {"attention", "where each step of the target looked in the source, entropy, alignment",
     RONDO__VIEW_STACK | RONDO__VIEW_LAYER | RONDO__VIEW_PASSAGE | RONDO__VIEW_PASSAGES, false, rondo__view_attention},
    {"neurons", "which units follow a pattern, where a unit is most active, what is alike",
     RONDO__VIEW_STACK | RONDO__VIEW_LAYER | RONDO__VIEW_GATE | RONDO__VIEW_PASSAGE | RONDO__VIEW_PASSAGES |
         RONDO__VIEW_STEPS | RONDO__VIEW_UNIT | RONDO__VIEW_LIMIT | RONDO__VIEW_PATTERN | RONDO__VIEW_LIKE,
     true, rondo__view_neurons},
    {"ablate", "what the loss becomes without a gate, a unit, a direction",
     RONDO__VIEW_STACK | RONDO__VIEW_LAYER | RONDO__VIEW_GATE | RONDO__VIEW_PASSAGES | RONDO__VIEW_UNIT |
         RONDO__VIEW_LIMIT,
     true, rondo__view_ablate},
    {NULL, NULL, 0, false, NULL},
};
