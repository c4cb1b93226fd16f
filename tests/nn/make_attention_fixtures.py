"""Writes tests/golden/attention.safetensors: attention, coverage and pointer losses as PyTorch computes them, for
tests/golden/test_attention.c.

Run from the root of the source tree with a Python that has torch and safetensors. What torch.nn has is asked
(MultiheadAttention, scaled_dot_product_attention); the other types are written here in plain tensor operations, one
step at a time. Everything is computed in double and stored in single precision, as CASE.NAME: what is drawn,
CASE.out.NAME with CASE.seed.NAME, the weights of the loss sum(seed * out), and CASE.grad.NAME.
"""

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

torch.manual_seed(30)
T, B, S, Q, M, A = 4, 3, 6, 4, 5, 6
LENGTHS = [6, 2, 5]
arrays = {}


def draw(*shape, low=-1.0, high=1.0):
    return (low + (high - low) * torch.rand(*shape)).double().requires_grad_()


def keep(case, outputs, **inputs):
    seeds = {k: draw(*v.shape).detach() for k, v in outputs.items()}
    sum((seeds[k] * outputs[k]).sum() for k in outputs).backward()
    for k in outputs:
        arrays[f"{case}.out.{k}"] = outputs[k]
        arrays[f"{case}.seed.{k}"] = seeds[k]
    for k, v in inputs.items():
        arrays[f"{case}.{k}"] = v
        arrays[f"{case}.grad.{k}"] = v.grad


def valid():
    return torch.arange(S)[None, :] < torch.tensor(LENGTHS)[:, None]  # (B, S)


def window_of(p, query, D):
    """exp(-(s - P)² / (2 (D/2)²)) within D of P, (T, B, S)."""
    position = torch.sigmoid(torch.tanh(query @ p["position.weight"].T) @ p["position_v"])
    centre = (position * torch.tensor(LENGTHS).double() - 0.5).clamp(min=0)
    x = torch.arange(S).double() - centre[..., None]
    return torch.where(x.abs() > D, torch.zeros(()).double(), torch.exp(-(x**2) / (2 * (D / 2) ** 2)))


def layer(case, score, D=0, **params):
    """score(p, q (B, Q), memory (S, B, M), coverage (B, S)) -> (B, S)."""
    query, memory = draw(T, B, Q), draw(S, B, M)
    p = {k.replace("_weight", ".weight").replace("query_bias", "query.bias"): v for k, v in params.items()}
    bells = window_of(p, query, D) if D else torch.ones(T, B, S)
    coverage, contexts, weights = torch.zeros(B, S).double(), [], []
    for t in range(T):
        scores = score(p, query[t], memory, coverage).masked_fill(~valid(), -torch.inf)
        weights.append(torch.softmax(scores, -1) * bells[t])
        contexts.append(torch.einsum("bs,sbm->bm", weights[-1], memory))
        coverage = coverage + weights[-1]
    outputs = dict(context=torch.stack(contexts), weights=torch.stack(weights), coverage=coverage)
    keep(case, outputs, query=query, memory=memory, **p)


def general(p, q, memory, coverage):
    return torch.einsum("bq,sbq->bs", q, memory @ p["key.weight"].T)


def concat(p, q, memory, coverage):
    joined = torch.cat([q.expand(S, B, Q), memory], -1) @ torch.cat([p["query.weight"], p["key.weight"]], -1).T
    return (torch.tanh(joined) @ p["v"]).T


def additive(p, q, memory, coverage):
    hidden = q @ p["query.weight"].T + p["query.bias"] + memory @ p["key.weight"].T
    if "coverage" in p:
        hidden = hidden + coverage.T[..., None] * p["coverage"]
    return (torch.tanh(hidden) @ p["v"]).T


def scaled_dot_product(case, causal):
    heads, steps = 2, S if causal else T
    q, k, v = draw(steps, B, 8), draw(S, B, 8), draw(S, B, 6)

    def cut(x):
        return x.unflatten(2, (heads, -1)).permute(1, 2, 0, 3)  # (B, heads, steps, width)

    mask = None if causal else valid()[:, None, None, :]
    out = F.scaled_dot_product_attention(cut(q), cut(k), cut(v), attn_mask=mask, is_causal=causal)
    keep(case, dict(context=out.permute(2, 0, 1, 3).flatten(2)), query=q, keys=k, values=v)


def multihead():
    heads, width, narrow = 3, 6, 5
    net = torch.nn.MultiheadAttention(width, heads, kdim=narrow, vdim=narrow).double()
    for p in net.parameters():
        p.data = draw(*p.shape).detach()
    query, memory = draw(T, B, width), draw(S, B, narrow)
    out, weights = net(query, memory, memory, key_padding_mask=~valid(), average_attn_weights=False)
    keep("multihead", dict(context=out, weights=weights.permute(2, 0, 1, 3)), query=query, memory=memory)
    own, bias = dict(net.named_parameters()), net.in_proj_bias
    for i, name in enumerate("qkv"):
        arrays[f"multihead.{name}_proj.weight"] = own[f"{name}_proj_weight"]
        arrays[f"multihead.grad.{name}_proj.weight"] = own[f"{name}_proj_weight"].grad
        arrays[f"multihead.{name}_proj.bias"] = bias.chunk(3)[i]
        arrays[f"multihead.grad.{name}_proj.bias"] = bias.grad.chunk(3)[i]
    for part in "weight", "bias":
        arrays[f"multihead.out_proj.{part}"] = own[f"out_proj.{part}"]
        arrays[f"multihead.grad.out_proj.{part}"] = own[f"out_proj.{part}"].grad


def pointer():
    V, X = 7, 9
    logits, gate, scores = draw(T, B, V, low=-2, high=2), draw(T, B, low=-2, high=2), draw(T, B, S, low=-2, high=2)
    weights = torch.softmax(scores, -1).detach().float().double().requires_grad_()
    copy = torch.tensor([[(5 * s + 2 * b) % X for b in range(B)] for s in range(S)])
    targets = torch.tensor([[copy[(t + b) % S, b] if t % 2 else (3 * t + b) % V for b in range(B)] for t in range(T)])
    generated = F.pad(torch.softmax(logits, -1), (0, X - V))
    copied = torch.zeros(T, B, X).double().scatter_add(2, copy.T.expand(T, B, S), weights)
    g = torch.sigmoid(gate)[..., None]
    p = g * generated + (1 - g) * copied
    loss = -p.gather(2, targets[..., None]).log().mean()
    before = torch.cumsum(weights, 0) - weights
    repeated = torch.minimum(weights, before).sum() / (T * B)
    keep("pointer", dict(loss=loss.reshape(1), coverage_loss=repeated.reshape(1)), logits=logits, gate=gate,
         weights=weights)
    arrays.update({"pointer.copy": copy.int(), "pointer.targets": targets.int()})
    arrays["pointer.log_probabilities"] = p.log()


scaled_dot_product("sdpa", False)
scaled_dot_product("sdpa_causal", True)
multihead()
layer("general", general, key_weight=draw(Q, M))
layer("local", general, D=2, key_weight=draw(Q, M), position_weight=draw(A, Q), position_v=draw(A))
projections = dict(query_weight=(A, Q), key_weight=(A, M), v=(A,))
layer("concat", concat, **{k: draw(*v) for k, v in projections.items()})
projections["query_bias"] = (A,)
layer("additive", additive, **{k: draw(*v) for k, v in projections.items()})
layer("coverage", additive, **{k: draw(*v) for k, v in projections.items()}, coverage=draw(A))
pointer()
stored = {k: v.detach() if v.dtype == torch.int32 else v.detach().float() for k, v in arrays.items()}
save_file({k: v.contiguous().clone() for k, v in stored.items()}, "tests/golden/attention.safetensors")
