#!/usr/bin/env python3
"""Writes tests/golden/*.safetensors: what PyTorch computes, values and gradients, for tests/golden/test_pytorch.c.

Run with a Python that has torch, numpy and safetensors; the tests themselves need none of them. Where torch.nn has a
module (Elman, LSTM, GRU) it is asked; the other variants are written here in plain tensor operations, one step of one
row at a time, and autograd gives their gradients.

A recurrent fixture holds x, lengths, h0, c0 (L*D, B, .), Jordan's feedback and teacher, the parameters under Rondo's
names (which are PyTorch's where it has them), y, hn, cn, the weights of the loss
sum(weight.y * y) + sum(weight.hn * hn) + sum(weight.cn * cn), and its gradients as grad.NAME. Metadata is the
configuration, by the names of rondo_recurrent_config. The other fixtures hold parameters and what was drawn under their
names, results, and gradients as grad.NAME. Everything that is drawn lies on the grid of bfloat16 and is
stored so: half the bytes, and exact."""
import pathlib
import sys
import zlib

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"
SMALL = (7, 3, 5, 11)  # T, B, I, H
LARGE = (33, 17, 40, 64)
ACTIVATIONS = [torch.tanh, torch.relu, torch.sigmoid, lambda a: a, lambda a: torch.softmax(a, -1)]  # rondo_activation
TANH, RELU, SIGMOID, IDENTITY, SOFTMAX = range(5)
CONCAT, SUM, AVERAGE = range(3)  # rondo_merge


def write(name, drawn, computed, metadata):
    tensors = {k: v.detach().to(torch.bfloat16 if v.is_floating_point() else torch.int32) for k, v in drawn.items()}
    tensors.update({k: v.detach().contiguous().clone() for k, v in computed.items()})
    save_file(tensors, OUT / f"{name}.safetensors", {k: str(v) for k, v in metadata.items()})


def begin(name):
    """Each fixture draws from its own seed, so that a new one leaves the others as they are."""
    torch.manual_seed(zlib.crc32(name.encode()))


def draw(*shape, scale=1.0, centre=0.0):
    values = centre + scale * (2 * torch.rand(*shape) - 1)
    return values.bfloat16().float().requires_grad_()


def redraw(module):
    for p in module.parameters():
        p.data = p.data.bfloat16().float()


def ragged_lengths(T, B):
    return [(b * 5) % T + 1 for b in range(B)]


def record(name, lengths, leaves, results, metadata):
    """Gradients of the weighted sum of all results, and everything into the file."""
    weights = {k: draw(*v.shape).detach() for k, v in results.items()}
    sum((weights[k] * results[k]).sum() for k in results).backward()
    drawn = {**leaves, **{f"weight.{k}": v for k, v in weights.items()}, "lengths": torch.tensor(lengths)}
    write(name, drawn, {**results, **{f"grad.{k}": v.grad for k, v in leaves.items()}}, metadata)


# ---- what torch.nn has ----


def module(name, cell, make, sizes, layers=1, bidirectional=False, ragged=True, torch_options=None, **config):
    T, B, I, H = sizes
    begin(name)
    net = make(I, H, layers, bidirectional=bidirectional, **(torch_options or {}))
    redraw(net)
    places, lstm = layers * (2 if bidirectional else 1), cell == "lstm"
    leaves = {"x": draw(T, B, I), "h0": draw(places, B, config.get("projection_size", H))}
    if lstm:
        leaves["c0"] = draw(places, B, H)
    lengths = ragged_lengths(T, B) if ragged else [T] * B
    packed = torch.nn.utils.rnn.pack_padded_sequence(leaves["x"], torch.tensor(lengths), enforce_sorted=False)
    out, final = net(packed, (leaves["h0"], leaves["c0"]) if lstm else leaves["h0"])
    results = {"y": torch.nn.utils.rnn.pad_packed_sequence(out, total_length=T)[0]}
    results.update({"hn": final[0], "cn": final[1]} if lstm else {"hn": final})
    leaves.update(net.named_parameters())
    config.update(cell=cell, input_size=I, hidden_size=H, layers=layers, bidirectional=int(bidirectional))
    record(name, lengths, leaves, results, config)


# ---- cells in plain operations: step(p, x, state, config, teacher) -> output, state; p: parameters by short name ----


def norm(x, gain):
    return F.layer_norm(x, x.shape, gain, None, 1e-5)


def elman_step(p, x, state, config, _):
    a = x @ p["weight_ih"].T + p["bias_ih"] + state[0] @ p["weight_hh"].T + p["bias_hh"]
    h = ACTIVATIONS[config["activation"]](a)
    return h, [h]


def lstm_step(p, x, state, config, _):
    h, c = state
    zx, zh = x @ p["weight_ih"].T, h @ p["weight_hh"].T
    if config.get("layer_norm"):
        zx, zh = norm(zx, p["gain_x"]), norm(zh, p["gain_h"])
    i, f, g, o = (zx + zh + p["bias_ih"] + p["bias_hh"]).chunk(4)
    peep_i, peep_f, peep_o = p.get("peephole", torch.zeros(3, len(c)))
    f = torch.sigmoid(f + peep_f * c)
    i = 1 - f if config.get("coupled_gates") else torch.sigmoid(i + peep_i * c)
    c = f * c + i * torch.tanh(g)
    if config.get("cell_clip"):
        c = c.clamp(-config["cell_clip"], config["cell_clip"])
    o = torch.sigmoid(o + peep_o * c)
    h = o * torch.tanh(norm(c, p["gain_c"]) + p["bias_c"] if config.get("layer_norm") else c)
    return h, [h, c]


def gru_step(p, x, state, config, _):
    h, H, normed = state[0], len(state[0]), config.get("layer_norm")

    def product(rows, weight, gain, v):
        z = v @ p[weight][rows].T
        return norm(z, p[gain][rows]) if normed else z

    rz, n = slice(0, 2 * H), slice(2 * H, 3 * H)
    a = product(rz, "weight_ih", "gain_x", x) + product(rz, "weight_hh", "gain_h", h)
    r, z = torch.sigmoid(a + p["bias_ih"][rz] + p["bias_hh"][rz]).chunk(2)
    from_x = product(n, "weight_ih", "gain_x", x) + p["bias_ih"][n]
    if config.get("reset_before"):
        fresh = torch.tanh(from_x + product(n, "weight_hh", "gain_h", r * h) + p["bias_hh"][n])
    else:
        fresh = torch.tanh(from_x + r * (product(n, "weight_hh", "gain_h", h) + p["bias_hh"][n]))
    h = (1 - z) * fresh + z * h
    return h, [h]


def jordan_step(p, x, state, config, teacher):
    s = state[0]
    h = ACTIVATIONS[config.get("activation", TANH)](x @ p["weight_ih"].T + p["bias_ih"] + s @ p["weight_sh"].T)
    a = h @ p["weight_ho"].T + p["bias_o"]
    y = ACTIVATIONS[config["output_activation"] if config["last"] else TANH](a)
    feed = teacher if teacher is not None else y @ p["feedback"] if "feedback" in p else y
    return a if config["last"] else y, [config.get("decay", 0) * s + feed]


STEPS = {"elman": elman_step, "lstm": lstm_step, "gru": gru_step, "jordan": jordan_step}


def parameters_of(cell, I, H, config):
    """Shapes of one layer and direction."""
    if cell == "jordan":
        O = config["output_size"] if config["last"] else H
        Q = config.get("feedback_size", O) if config["last"] else H
        return {"weight_ih": (H, I), "weight_sh": (H, Q), "bias_ih": (H,), "weight_ho": (O, H), "bias_o": (O,)}
    G = {"elman": 1, "lstm": 4, "gru": 3}[cell] * H
    shapes = {"weight_ih": (G, I), "weight_hh": (G, H), "bias_ih": (G,), "bias_hh": (G,)}
    if config.get("peepholes"):
        shapes["peephole"] = (3, H)
    if config.get("layer_norm"):
        shapes.update(gain_x=(G,), gain_h=(G,))
        if cell == "lstm":
            shapes.update(gain_c=(H,), bias_c=(H,))
    return shapes


def run_direction(step, x, lengths, state, reverse, teacher):
    """step(x, state, teacher) over each row of (T, B, .) alone; state: arrays (B, .)."""
    columns, finals = [], []
    for b, n in enumerate(lengths):
        row_state, outputs = [s[b] for s in state], {}
        for t in reversed(range(n)) if reverse else range(n):
            outputs[t], row_state = step(x[t, b], row_state, None if teacher is None else teacher[t, b])
        padding = torch.zeros_like(outputs[0])
        columns.append(torch.stack([outputs.get(t, padding) for t in range(len(x))]))
        finals.append(row_state)
    return torch.stack(columns, 1), [torch.stack(rows) for rows in zip(*finals)]


def merged(outputs, merge):
    if len(outputs) == 1:
        return outputs[0]
    return torch.cat(outputs, -1) if merge == CONCAT else sum(outputs) / (2 if merge == AVERAGE else 1)


def run_layer(cell, l, x, lengths, leaves, finals, config):
    """Draws the parameters of layer l into leaves, runs it in all its directions, and appends its final states."""
    outputs, D, H = [], 1 + config["bidirectional"], config["hidden_size"]
    config["last"] = l == config["layers"] - 1
    for d in range(D):
        p = {}
        for short, shape in parameters_of(cell, x.shape[-1], H, config).items():
            p[short] = draw(*shape, scale=H**-0.5, centre=1.0 if short.startswith("gain") else 0.0)
            leaves[f"{short}_l{l}" + ("_reverse" if d else "")] = p[short]
        if config["last"] and "feedback" in leaves:
            p["feedback"] = leaves["feedback"]
        state = [leaves[k][l * D + d] for k in ("h0", "c0") if k in leaves]
        out, final = run_direction(lambda xt, s, teach: STEPS[cell](p, xt, s, config, teach), x, lengths, state, d == 1,
                                   leaves.get("teacher") if config["last"] else None)
        outputs.append(out)
        finals.append(final)
    y = merged(outputs, config.get("merge", CONCAT))
    return y + x if config.get("residual") and l > 0 and x.shape == y.shape else y


def plain(name, cell, sizes=SMALL, ragged=True, teacher=False, **config):
    T, B, I, H = sizes
    begin(name)
    config = {"layers": 1, "bidirectional": 0, "input_size": I, "hidden_size": H, **config}
    places = config["layers"] * (1 + config["bidirectional"])
    Q = config.get("feedback_size", config.get("output_size", H))
    leaves, finals = {"x": draw(T, B, I), "h0": draw(places, B, Q)}, []
    if cell == "lstm":
        leaves["c0"] = draw(places, B, H)
    if "feedback_size" in config:
        leaves["feedback"] = draw(config["output_size"], Q)
    if teacher:
        leaves["teacher"] = draw(T, B, Q)
    lengths = ragged_lengths(T, B) if ragged else [T] * B
    y = leaves["x"]
    for l in range(config["layers"]):
        y = run_layer(cell, l, y, lengths, leaves, finals, config)
    results = {"y": y, **{k: torch.stack(v) for k, v in zip(("hn", "cn"), zip(*finals))}}
    del config["last"]
    record(name, lengths, leaves, results, {"cell": cell, **config})


# ---- encoder-decoders: one step of training, loss and all gradients ----


def pairs(Vs, V, S, T, B):
    """A ragged batch; symbol 0 starts a target, 1 ends it."""
    source_lengths, target_lengths = torch.tensor(ragged_lengths(S, B)), torch.tensor(ragged_lengths(T, B)[::-1])
    source, words = torch.randint(Vs, (S, B)), torch.randint(2, V, (T, B))
    inside = torch.arange(T)[:, None] < target_lengths
    last = torch.arange(T)[:, None] == target_lengths - 1
    inputs = torch.cat([torch.zeros(1, B, dtype=torch.long), words[:-1]])
    return dict(source=torch.where(torch.arange(S)[:, None] < source_lengths, source, -1), source_lengths=source_lengths,
                inputs=torch.where(inside, inputs, -1), targets=torch.where(inside, words.where(~last, torch.tensor(1)), -1),
                target_lengths=target_lengths)


def seq2seq(name, cell, make, score, sizes, before, smoothing):
    """score(weights, query (B, Q), memory (S, B, M)) -> (S, B). The encoder reads in both directions."""
    Vs, V, S, T, B, E, H, A = sizes
    begin(name)
    batch = pairs(Vs, V, S, T, B)
    Q = 2 * H
    net = torch.nn.ModuleDict({
        "source_embedding": torch.nn.Embedding(Vs, E), "target_embedding": torch.nn.Embedding(V, E),
        "encoder": make(E, H, bidirectional=True), "decoder": make(E + (2 * H if before else A), Q),
        "combine": torch.nn.Linear(Q + 2 * H + (E if before else 0), A, bias=False), "output": torch.nn.Linear(A, V)})
    attention = {"key.weight": draw(Q, 2 * H)}
    if before:
        net["bridge.h_l0".replace(".", "-")] = torch.nn.Linear(2 * H, Q)
        attention = {"query.weight": draw(A, Q), "query.bias": draw(A), "key.weight": draw(A, 2 * H), "v": draw(A)}
    redraw(net)
    x = net["source_embedding"](batch["source"].clamp(min=0))
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, batch["source_lengths"], enforce_sorted=False)
    memory, final = net["encoder"](packed)
    memory = torch.nn.utils.rnn.pad_packed_sequence(memory, total_length=S)[0]
    masked = torch.arange(S)[:, None] >= batch["source_lengths"]
    state = tuple(torch.cat([f[0], f[1]], -1)[None] for f in (final if cell == "lstm" else (final,)))
    if before:
        state = (torch.tanh(net["bridge-h_l0"](state[0])),)
    fed, logits = torch.zeros(B, A), []

    def look(query):
        weights = torch.softmax(score(attention, query, memory).masked_fill(masked, -torch.inf), 0)
        return (weights[..., None] * memory).sum(0)

    for t in range(T):
        y = net["target_embedding"](batch["inputs"][t].clamp(min=0))
        if before:
            c = look(state[0][0])
        told = torch.cat([y, c if before else fed], -1)[None]
        h, state = net["decoder"](told, state if cell == "lstm" else state[0])
        state = state if cell == "lstm" else (state,)
        if not before:
            c = look(h[0])
        fed = torch.tanh(net["combine"](torch.cat([h[0], c, y] if before else [c, h[0]], -1)))
        logits.append(net["output"](fed))
    rows = torch.stack(logits).reshape(T * B, V)
    targets = batch["targets"].reshape(T * B)
    loss = F.cross_entropy(rows, targets, ignore_index=-1, label_smoothing=smoothing)
    loss.backward()
    leaves = {k.replace("-", "."): v for k, v in net.named_parameters()}
    leaves.update({f"attention.{k}": v for k, v in attention.items()})
    computed = {"loss": loss.reshape(1), "row_losses": F.cross_entropy(rows, targets, ignore_index=-1, reduction="none")}
    computed.update({f"grad.{k}": v.grad for k, v in leaves.items()})
    write(name, {**leaves, **batch}, computed, {})


def general_score(p, query, memory):
    return ((memory @ p["key.weight"].T) * query).sum(-1)


def additive_score(p, query, memory):
    return torch.tanh(query @ p["query.weight"].T + p["query.bias"] + memory @ p["key.weight"].T) @ p["v"]


# ---- Transformers: nn.TransformerEncoder and nn.TransformerDecoder ----


def sinusoids(T, N):
    place = torch.arange(T, dtype=torch.float64)[:, None] / 10000 ** (torch.arange(0, N, 2) / N)
    return torch.stack([torch.sin(place), torch.cos(place)], -1).reshape(T, -1)[:, :N].float()


def split_names(net, values):
    """Parameters (or their gradients) under Rondo's names: the joint in_proj is three."""
    named = {}
    for name, value in values.items():
        if "in_proj_" not in name:
            named[name] = value
            continue
        for part, piece in zip("qkv", value.chunk(3)):
            named[name.replace("in_proj_", f"{part}_proj.")] = piece
    return named


def padding_mask(T, lengths):
    return torch.arange(T)[None] >= torch.as_tensor(lengths)[:, None]  # (B, T)


def make_transformer(N, heads, inner, layers, norm_first, decoder):
    nn = torch.nn
    make = nn.TransformerDecoderLayer if decoder else nn.TransformerEncoderLayer
    layer = make(N, heads, inner, dropout=0.0, norm_first=norm_first)
    stack, options = (nn.TransformerDecoder, {}) if decoder else (nn.TransformerEncoder, {"enable_nested_tensor": False})
    net = stack(layer, layers, nn.LayerNorm(N) if norm_first else None, **options)
    for p in net.parameters():
        p.data = p.data + 0.2 * torch.randn_like(p)  # biases and gains, too
    redraw(net)
    return net


def run_transformer(net, x, places, lengths, memory=None, memory_lengths=None):
    """Scaled and placed input through a stack; padding is zero in the result. A decoder also tells where its last layer
    looked, (T, B, S)."""
    T, B, N = x.shape
    placed, padding = N ** 0.5 * x + places[:T, None], padding_mask(T, lengths)
    keep = (~padding).T[..., None]
    if memory is None:
        return (net(placed, src_key_padding_mask=padding) * keep, None)
    looked, last = [], net.layers[-1].multihead_attn
    hooks = [last.register_forward_pre_hook(lambda m, a, k: (a, {**k, "need_weights": True}), with_kwargs=True),
             last.register_forward_hook(lambda m, a, out: looked.append(out[1].transpose(0, 1)))]
    y = net(placed, memory, tgt_mask=torch.triu(torch.ones(T, T, dtype=torch.bool), 1),
            tgt_key_padding_mask=padding, memory_key_padding_mask=padding_mask(memory.shape[0], memory_lengths))
    for hook in hooks:
        hook.remove()
    return y * keep, looked[0] * keep


def transformer(name, norm_first, decoder, learned, layers, sizes):
    T, B, S, N, heads, inner = sizes
    begin(name)
    net = make_transformer(N, heads, inner, layers, norm_first, decoder)
    leaves = {"x": draw(T, B, N, scale=0.3)}
    if learned:
        leaves["positions.weight"] = draw(T + 2, N)
    places = leaves["positions.weight"] if learned else sinusoids(T, N)
    drawn = {"lengths": torch.tensor(ragged_lengths(T, B))}
    if decoder:
        leaves["memory"] = draw(S, B, N)
        drawn["memory_lengths"] = torch.tensor(ragged_lengths(S, B))
    y, looked = run_transformer(net, leaves["x"], places, drawn["lengths"], leaves.get("memory"),
                                drawn.get("memory_lengths"))
    results = {"y": y, **({"looked": looked} if decoder else {})}
    drawn.update({f"weight.{k}": draw(*v.shape).detach() for k, v in results.items()})
    sum((drawn[f"weight.{k}"] * results[k]).sum() for k in results).backward()
    own = dict(net.named_parameters())
    computed = {f"grad.{k}": v for k, v in split_names(net, {k: v.grad for k, v in own.items()}).items()}
    computed.update({f"grad.{k}": v.grad for k, v in leaves.items()})
    write(name, {**drawn, **leaves, **split_names(net, own)}, {**results, **computed}, {})


def transformer_seq2seq(name, norm_first, tied, smoothing, sizes):
    Vs, V, S, T, B, N, heads, inner = sizes
    begin(name)
    batch = pairs(Vs, V, S, T, B)
    net = torch.nn.ModuleDict({
        "source_embedding": torch.nn.Embedding(Vs, N), "target_embedding": torch.nn.Embedding(V, N),
        "encoder": make_transformer(N, heads, inner, 2, norm_first, False),
        "decoder": make_transformer(N, heads, inner, 2, norm_first, True), "output": torch.nn.Linear(N, V)})
    for key in ("source_embedding", "target_embedding"):
        net[key].weight.data *= N ** -0.5
    if tied:
        net["output"].weight = net["target_embedding"].weight
    redraw(net)
    places = sinusoids(max(S, T), N)
    memory, _ = run_transformer(net["encoder"], net["source_embedding"](batch["source"].clamp(min=0)), places,
                                batch["source_lengths"])
    y, _ = run_transformer(net["decoder"], net["target_embedding"](batch["inputs"].clamp(min=0)), places,
                           batch["target_lengths"], memory, batch["source_lengths"])
    rows, targets = net["output"](y).reshape(T * B, V), batch["targets"].reshape(T * B)
    loss = F.cross_entropy(rows, targets, ignore_index=-1, label_smoothing=smoothing)
    loss.backward()
    own = dict(net.named_parameters())
    computed = {f"grad.{k}": v for k, v in split_names(net, {k: v.grad for k, v in own.items()}).items()}
    computed["loss"] = loss.reshape(1)
    computed["row_losses"] = F.cross_entropy(rows, targets, ignore_index=-1, reduction="none")
    write(name, {**split_names(net, own), **batch}, computed, {})


# ---- models ----


def adaptive():
    rows, width, V, cutoffs = 13, 12, 29, [7, 15]
    begin("adaptive")
    net = torch.nn.AdaptiveLogSoftmaxWithLoss(width, V, cutoffs, div_value=2.0)
    redraw(net)
    x = draw(rows, width)
    targets = torch.tensor([(r * 11) % V for r in range(rows)])
    result = net(x, targets)
    result.loss.backward()
    leaves = {"x": x, **dict(net.named_parameters())}
    computed = dict(loss=result.loss.reshape(1), row_losses=-result.output, log_probabilities=net.log_prob(x))
    computed.update({f"grad.{k}": v.grad for k, v in leaves.items()})
    write("adaptive", {**leaves, "targets": targets}, computed, {})


def training(name, make_optimizer):
    """The losses of ten steps of a tiny language model that learns one batch by heart."""
    steps, T, B, V, E, H = 10, 6, 4, 13, 7, 9
    begin("training")
    net = torch.nn.ModuleDict({"embedding": torch.nn.Embedding(V, E), "lstm": torch.nn.LSTM(E, H, 2),
                               "out": torch.nn.Linear(H, V)})
    redraw(net)
    drawn = {k: v.clone() for k, v in net.named_parameters()}
    drawn.update(ids=torch.randint(V, (T, B)), targets=torch.randint(V, (T * B,)))
    optimizer, losses = make_optimizer(net.parameters()), []
    for _ in range(steps):
        optimizer.zero_grad()
        hidden, _ = net["lstm"](net["embedding"](drawn["ids"]))
        loss = F.cross_entropy(net["out"](hidden).reshape(T * B, V), drawn["targets"])
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    last = {f"last.{k}": v for k, v in net.named_parameters()}
    write(name, drawn, {"losses": torch.stack(losses), **last}, {})


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    nn = torch.nn
    both = dict(layers=2, bidirectional=True)
    module("elman_tanh", "elman", nn.RNN, SMALL, **both)
    module("elman_relu", "elman", nn.RNN, SMALL, ragged=False, torch_options={"nonlinearity": "relu"}, activation=RELU)
    plain("elman_sigmoid", "elman", activation=SIGMOID)
    module("lstm", "lstm", nn.LSTM, SMALL, ragged=False)
    module("lstm_both_ragged", "lstm", nn.LSTM, SMALL, **both)
    module("lstm_projected", "lstm", nn.LSTM, SMALL, **both, torch_options={"proj_size": 4}, projection_size=4)
    module("lstm_no_bias", "lstm", nn.LSTM, SMALL, torch_options={"bias": False}, no_bias=1)
    module("lstm_large", "lstm", nn.LSTM, LARGE)
    plain("lstm_peepholes", "lstm", peepholes=1)
    plain("lstm_coupled", "lstm", ragged=False, coupled_gates=1)
    plain("lstm_norm", "lstm", layer_norm=1)
    plain("lstm_clip", "lstm", cell_clip=0.4)
    plain("lstm_all", "lstm", layers=2, bidirectional=1, peepholes=1, coupled_gates=1, layer_norm=1, cell_clip=0.6)
    module("gru", "gru", nn.GRU, SMALL, ragged=False)
    module("gru_both_ragged", "gru", nn.GRU, SMALL, **both)
    module("gru_large", "gru", nn.GRU, LARGE)
    plain("gru_reset_before", "gru", reset_before=1)
    plain("gru_norm", "gru", layer_norm=1)
    plain("gru_norm_before", "gru", layer_norm=1, reset_before=1, ragged=False)
    plain("gru_residual_sum", "gru", layers=2, bidirectional=1, residual=1, merge=SUM)
    plain("jordan_softmax", "jordan", output_size=4, output_activation=SOFTMAX, decay=0.5)
    plain("jordan_tanh", "jordan", ragged=False, output_size=4, output_activation=TANH, decay=0.25, activation=SIGMOID)
    plain("jordan_feedback", "jordan", output_size=4, feedback_size=6, output_activation=SOFTMAX, decay=0.5)
    plain("jordan_teacher", "jordan", teacher=True, output_size=4, output_activation=SIGMOID, decay=0.5)
    plain("jordan_stack", "jordan", layers=2, output_size=11, output_activation=IDENTITY, residual=1)
    sizes = (9, 11, 6, 5, 3, 4, 3, 5)  # Vs, V, S, T, B, E, H of one direction, A
    seq2seq("seq2seq_feeding", "lstm", nn.LSTM, general_score, sizes, before=False, smoothing=0.1)
    seq2seq("seq2seq_before", "gru", nn.GRU, additive_score, sizes, before=True, smoothing=0.0)
    transformer("transformer_encoder", True, False, False, 2, (6, 4, 0, 8, 2, 10))
    transformer("transformer_encoder_post", False, False, True, 1, (6, 4, 0, 6, 3, 10))
    transformer("transformer_decoder", True, True, True, 1, (5, 4, 6, 6, 3, 10))
    transformer("transformer_decoder_post", False, True, False, 2, (5, 4, 6, 8, 2, 10))
    transformer_seq2seq("seq2seq_transformer", True, True, 0.1, (9, 11, 6, 5, 3, 8, 2, 6))
    transformer_seq2seq("seq2seq_transformer_post", False, False, 0.0, (9, 11, 6, 5, 3, 6, 3, 8))
    adaptive()
    training("training_sgd", lambda p: torch.optim.SGD(p, lr=0.5, momentum=0.9))
    training("training_adamw", lambda p: torch.optim.AdamW(p, lr=0.03, weight_decay=0.1))


if __name__ == "__main__":
    sys.exit(main())
