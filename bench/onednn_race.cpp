/* oneDNN's side of the race (bench/race.py): reads one request a line, "cell=lstm pass=train dtype=f32 I=64 H=64 B=16
 * T=64 both=0 least=3 seconds=0.3", and answers each with one line of JSON, as `rondo bench cell --json` does. Over oneDNN's
 * public API, 3.x.
 *
 * It is oneDNN at its best: weights already lie in the order that its primitive asks for (forward and backward), what a
 * framework pays for reordering them after each update is not counted; gradients of weights are added to what stands
 * there without being cleared first; the primitive is called through the C interface with arguments prepared
 * beforehand. Its backward always computes the gradient of the input too. GRU is the linear-before-reset one, as
 * PyTorch's. */
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

using namespace dnnl;
using md = memory::desc;
using dt = memory::data_type;

namespace {

struct Request {
    std::string cell = "lstm", pass = "forward", dtype = "f32";
    long I = 64, H = 64, B = 1, T = 64, both = 0;
    double seconds = 0.3;
    size_t least = 3; /* runs */
    std::string key() const {
        std::ostringstream out;
        out << cell << pass << dtype << ' ' << I << ' ' << H << ' ' << B << ' ' << T << ' ' << both;
        return out.str();
    }
};

Request parse(const std::string &line) {
    Request r;
    std::map<std::string, std::string *> words = {{"cell", &r.cell}, {"pass", &r.pass}, {"dtype", &r.dtype}};
    std::map<std::string, long *> numbers = {{"I", &r.I}, {"H", &r.H}, {"B", &r.B}, {"T", &r.T}, {"both", &r.both}};
    std::istringstream in(line);
    for (std::string word; in >> word;) {
        const auto at = word.find('=');
        const std::string name = word.substr(0, at), value = at == std::string::npos ? "" : word.substr(at + 1);
        if (words.count(name))
            *words[name] = value;
        else if (numbers.count(name))
            *numbers[name] = std::stol(value);
        else if (name == "seconds")
            r.seconds = std::stod(value);
        else if (name == "least")
            r.least = std::stoul(value);
    }
    return r;
}

/* One call of a primitive, with its arguments in an array. */
struct Call {
    primitive what;
    std::vector<dnnl_exec_arg_t> args;
    void run(dnnl_stream_t stream) const {
        error::wrap_c_api(dnnl_primitive_execute(what.get(), stream, (int)args.size(), args.data()), "execute");
    }
};

class Net {
  public:
    explicit Net(const Request &r) : r_(r), engine_(engine::kind::cpu, 0), stream_(engine_) {
        if (r.cell == "lstm")
            make_lstm();
        else if (r.cell == "gru")
            make_gru();
        else if (r.cell == "elman")
            make_elman();
        else
            throw std::runtime_error("oneDNN has no cell " + r.cell);
        stream_.wait();
    }

    void run() {
        if (train())
            forward_.run(stream_.get()), backward_.run(stream_.get());
        else if (step())
            (odd_ ? back_ : forward_).run(stream_.get()), odd_ = !odd_;
        else
            forward_.run(stream_.get());
        stream_.wait();
    }

  private:
    Request r_;
    engine engine_;
    stream stream_;
    Call forward_, backward_, back_; /* back_: a step from the second state into the first */
    std::map<int, memory> at_;       /* memory by the name of its argument */
    std::vector<memory> kept_;       /* what only the forward call uses */
    bool odd_ = false;

    bool train() const { return r_.pass == "train"; }
    bool step() const { return r_.pass == "step"; }
    long T() const { return step() ? 1 : r_.T; }
    long D() const { return r_.both ? 2 : 1; }
    long gates() const { return r_.cell == "lstm" ? 4 : r_.cell == "gru" ? 3 : 1; }
    prop_kind kind() const { return train() ? prop_kind::forward_training : prop_kind::forward_inference; }
    rnn_direction direction() const {
        return r_.both ? rnn_direction::bidirectional_concat : rnn_direction::unidirectional_left2right;
    }
    bool int8() const { return r_.dtype == "int8"; }
    dt data() const { return r_.dtype == "bf16" ? dt::bf16 : int8() ? dt::u8 : dt::f32; }
    dt weight() const { return int8() ? dt::s8 : data(); }

    md layer(dt type, long width) const { return md({T(), r_.B, width}, type, memory::format_tag::tnc); }
    md x(dt type) const { return layer(type, r_.I); }
    md y(dt type) const { return layer(type, D() * r_.H); }
    md w(dt type, long rows) const { return md({1, D(), rows, gates(), r_.H}, type, memory::format_tag::any); }
    md bias() const {
        return md({1, D(), gates() + (r_.cell == "gru" ? 1 : 0), r_.H}, dt::f32, memory::format_tag::ldgo);
    }
    /* states that enter and leave: only a stream has them */
    md state(dt type) const { return step() ? md({1, D(), r_.B, r_.H}, type, memory::format_tag::ldnc) : md(); }

    primitive_attr attributes() const {
        primitive_attr attr;
        if (int8()) {
            attr.set_rnn_data_qparams(64.f, 128.f);
            attr.set_rnn_weights_qparams(0, {127.f});
        }
        return attr;
    }

    /* Random values of deviation 1/sqrt(H), brought into the layout and type that the primitive wants. */
    memory filled(const md &want) {
        const auto dims = want.get_dims();
        static const memory::format_tag plain[] = {memory::format_tag::a, memory::format_tag::ab,
                                                   memory::format_tag::abc, memory::format_tag::abcd,
                                                   memory::format_tag::abcde};
        memory source(md(dims, dt::f32, plain[dims.size() - 1]), engine_), result(want, engine_);
        std::mt19937 random(1);
        std::uniform_real_distribution<float> value(-1, 1);
        const float scale = 1 / std::sqrt((float)r_.H);
        float *to = source.map_data<float>();
        memory::dim count = 1;
        for (memory::dim d : dims)
            count *= d;
        for (memory::dim i = 0; i < count; i++)
            to[i] = scale * value(random);
        source.unmap_data(to);
        const bool packed = want.get_data_type() == dt::s8 || want.get_data_type() == dt::u8;
        reorder(reorder::primitive_desc(source, result, packed ? attributes() : primitive_attr()))
            .execute(stream_, source, result);
        stream_.wait();
        return result;
    }

    void put(int name, const md &want) {
        if (want.get_ndims() > 0 && !at_.count(name))
            at_[name] = filled(want);
    }

    Call call(const primitive &what) const {
        Call result{what, {}};
        for (const auto &[name, value] : at_)
            result.args.push_back({name, value.get()});
        return result;
    }

    template <class Forward, class Pd> void place_forward(const Pd &pd) {
        put(DNNL_ARG_SRC_LAYER, pd.src_layer_desc());
        put(DNNL_ARG_SRC_ITER, pd.src_iter_desc());
        put(DNNL_ARG_WEIGHTS_LAYER, pd.weights_layer_desc());
        put(DNNL_ARG_WEIGHTS_ITER, pd.weights_iter_desc());
        put(DNNL_ARG_BIAS, pd.bias_desc());
        put(DNNL_ARG_DST_LAYER, pd.dst_layer_desc());
        put(DNNL_ARG_DST_ITER, pd.dst_iter_desc());
        if (pd.workspace_desc().get_ndims() > 0)
            at_[DNNL_ARG_WORKSPACE] = memory(pd.workspace_desc(), engine_);
        forward_ = call(Forward(pd));
        if (step()) {
            std::swap(at_[DNNL_ARG_SRC_ITER], at_[DNNL_ARG_DST_ITER]);
            if (r_.cell == "lstm")
                std::swap(at_[DNNL_ARG_SRC_ITER_C], at_[DNNL_ARG_DST_ITER_C]);
            back_ = call(forward_.what);
        }
    }

    /* The backward's own order of weights; all else is what forward read and wrote. */
    template <class Backward, class Pd> void place_backward(const Pd &pd) {
        for (int name : {DNNL_ARG_WEIGHTS_LAYER, DNNL_ARG_WEIGHTS_ITER})
            kept_.push_back(at_[name]), at_.erase(name);
        put(DNNL_ARG_WEIGHTS_LAYER, pd.weights_layer_desc());
        put(DNNL_ARG_WEIGHTS_ITER, pd.weights_iter_desc());
        put(DNNL_ARG_DIFF_SRC_LAYER, pd.diff_src_layer_desc());
        put(DNNL_ARG_DIFF_WEIGHTS_LAYER, pd.diff_weights_layer_desc());
        put(DNNL_ARG_DIFF_WEIGHTS_ITER, pd.diff_weights_iter_desc());
        put(DNNL_ARG_DIFF_BIAS, pd.diff_bias_desc());
        put(DNNL_ARG_DIFF_DST_LAYER, pd.diff_dst_layer_desc());
        backward_ = call(Backward(pd));
    }

    void make_lstm() {
        const dt d = data(), f = dt::f32;
        const md none, c = state(f);
        const auto pd = lstm_forward::primitive_desc(engine_, kind(), direction(), x(d), state(d), c, w(weight(), r_.I),
                                                     w(weight(), r_.H), bias(), y(d), state(d), c, attributes());
        if (step()) {
            put(DNNL_ARG_SRC_ITER_C, pd.src_iter_c_desc());
            put(DNNL_ARG_DST_ITER_C, pd.dst_iter_c_desc());
        }
        place_forward<lstm_forward>(pd);
        if (train())
            place_backward<lstm_backward>(lstm_backward::primitive_desc(
                engine_, prop_kind::backward, direction(), x(d), none, none, w(d, r_.I), w(d, r_.H), bias(), y(d), none,
                none, x(f), none, none, w(f, r_.I), w(f, r_.H), bias(), y(f), none, none, pd));
    }

    void make_gru() {
        const dt d = data(), f = dt::f32;
        const md none;
        const auto pd = lbr_gru_forward::primitive_desc(engine_, kind(), direction(), x(d), state(d), w(weight(), r_.I),
                                                        w(weight(), r_.H), bias(), y(d), state(d), attributes());
        place_forward<lbr_gru_forward>(pd);
        if (train())
            place_backward<lbr_gru_backward>(lbr_gru_backward::primitive_desc(
                engine_, prop_kind::backward, direction(), x(d), none, w(d, r_.I), w(d, r_.H), bias(), y(d), none, x(f),
                none, w(f, r_.I), w(f, r_.H), bias(), y(f), none, pd));
    }

    void make_elman() {
        const dt d = data(), f = dt::f32;
        const md none;
        const auto pd = vanilla_rnn_forward::primitive_desc(engine_, kind(), algorithm::eltwise_tanh, direction(), x(d),
                                                            state(d), w(weight(), r_.I), w(weight(), r_.H), bias(),
                                                            y(d), state(d), attributes());
        place_forward<vanilla_rnn_forward>(pd);
        if (train())
            place_backward<vanilla_rnn_backward>(vanilla_rnn_backward::primitive_desc(
                engine_, prop_kind::backward, algorithm::eltwise_tanh, direction(), x(d), none, w(d, r_.I), w(d, r_.H),
                bias(), y(d), none, x(f), none, w(f, r_.I), w(f, r_.H), bias(), y(f), none, pd));
    }
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/* As rondo_bench_cell times: a quarter of the time to warm up, then runs one after the other, `least` at least. */
void measure(Net &net, double seconds, size_t least) {
    const size_t most = 100000;
    std::vector<double> times;
    double start = now();
    for (size_t i = 0; i < std::min<size_t>(least, 2) || now() - start < seconds / 4; i++)
        net.run();
    start = now();
    for (double last = start; times.size() < most && (times.size() < least || last - start < seconds);) {
        net.run();
        const double end = now();
        times.push_back(1e3 * (end - last));
        last = end;
    }
    std::sort(times.begin(), times.end());
    const size_t n = times.size();
    const auto part = [&](double p) { return times[std::min(n - 1, (size_t)(p * (double)n))]; };
    std::printf("{\"median_ms\": %.6g, \"min_ms\": %.6g, \"p99_ms\": %.6g, \"p999_ms\": %.6g, \"runs\": %zu}\n",
                part(0.5), times[0], part(0.99), part(0.999), n);
}

} // namespace

int main() {
    const dnnl_version_t *v = dnnl_version();
    std::printf("{\"version\": \"%d.%d.%d\"}\n", v->major, v->minor, v->patch);
    std::fflush(stdout);
    std::unique_ptr<Net> net;
    std::string held;
    for (std::string line; std::getline(std::cin, line);) {
        try {
            const Request r = parse(line);
            if (!net || held != r.key()) {
                net.reset();
                net = std::make_unique<Net>(r);
                held = r.key();
            }
            measure(*net, r.seconds, r.least);
        } catch (const std::exception &e) {
            net.reset();
            std::printf("{\"error\": \"%s\"}\n", e.what());
        }
        std::fflush(stdout);
    }
    return 0;
}
