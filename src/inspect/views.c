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
    {"ablate", "what the loss becomes without a gate, a unit, a direction",
     RONDO__VIEW_STACK | RONDO__VIEW_LAYER | RONDO__VIEW_GATE | RONDO__VIEW_PASSAGES | RONDO__VIEW_UNIT |
         RONDO__VIEW_LIMIT,
     true, rondo__view_ablate},
    {NULL, NULL, 0, false, NULL},
};
