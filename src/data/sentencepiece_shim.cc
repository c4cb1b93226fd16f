#include "data/sentencepiece_shim.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <cstdio>
#include <exception>
#include <string>
#include <unordered_map>
#include <vector>

namespace sp = sentencepiece;

struct rondo__pieces {
    sp::SentencePieceProcessor processor;
};

namespace {

// SentencePiece tells its story over several lines; ours is one.
bool fail(rondo__pieces_error *error, const char *why) {
    size_t i = 0;
    for (; why[i] && i + 1 < sizeof error->why; i++)
        error->why[i] = static_cast<unsigned char>(why[i]) < 0x20 ? ' ' : why[i];
    error->why[i] = '\0';
    return false;
}

bool fail(rondo__pieces_error *error, const sp::util::Status &status) { return fail(error, status.ToString().c_str()); }

// Runs body and turns every exception into a sentence.
template <class Body> bool guarded(rondo__pieces_error *error, Body body) {
    try {
        return body();
    } catch (const std::exception &e) {
        return fail(error, e.what());
    } catch (...) {
        return fail(error, "unknown failure");
    }
}

// The lines of a text in memory, empty ones left out.
class Lines : public sp::SentenceIterator {
  public:
    Lines(const char *text, size_t size) : at_(text), end_(text + size) { Next(); }
    bool done() const override { return done_; }
    void Next() override {
        do {
            const char *begin = at_;
            if (begin == end_) {
                done_ = true;
                return;
            }
            while (at_ != end_ && *at_ != '\n')
                at_++;
            line_.assign(begin, at_);
            if (at_ != end_)
                at_++;
        } while (line_.empty());
    }
    const std::string &value() const override { return line_; }
    sp::util::Status status() const override { return sp::util::Status(); }

  private:
    const char *at_, *end_;
    std::string line_;
    bool done_ = false;
};

} // namespace

bool rondo__pieces_train(const char *text, size_t size, int64_t vocab_size, bool bpe, rondo__pieces_put put, void *arg,
                         rondo__pieces_error *error) {
    return guarded(error, [&] {
        Lines lines(text, size);
        std::string model;
        const std::unordered_map<std::string, std::string> options = {{"model_type", bpe ? "bpe" : "unigram"},
                                                                      {"vocab_size", std::to_string(vocab_size)},
                                                                      {"num_threads", "1"},
                                                                      {"minloglevel", "2"},
                                                                      {"max_sentence_length", "10000000"},
                                                                      {"hard_vocab_limit", bpe ? "true" : "false"}};
        sp::SetRandomGeneratorSeed(1);
        const sp::util::Status status = sp::SentencePieceTrainer::Train(options, &lines, &model);
        if (!status.ok())
            return fail(error, status);
        return put(arg, model.data(), model.size()) || fail(error, "out of memory");
    });
}

rondo__pieces *rondo__pieces_open(const void *model, size_t size, rondo__pieces_error *error) {
    rondo__pieces *pieces = nullptr;
    const bool fine = guarded(error, [&] {
        pieces = new rondo__pieces;
        const sp::util::Status status =
            pieces->processor.LoadFromSerializedProto(absl::string_view(static_cast<const char *>(model), size));
        return status.ok() || fail(error, status);
    });
    if (!fine) {
        delete pieces;
        return nullptr;
    }
    return pieces;
}

void rondo__pieces_close(rondo__pieces *pieces) { delete pieces; }
int64_t rondo__pieces_count(const rondo__pieces *pieces) { return pieces->processor.GetPieceSize(); }
int32_t rondo__pieces_unknown(const rondo__pieces *pieces) { return pieces->processor.unk_id(); }
int32_t rondo__pieces_line_end(const rondo__pieces *pieces) { return pieces->processor.eos_id(); }

bool rondo__pieces_encode(const rondo__pieces *pieces, const char *line, size_t size, rondo__pieces_put put, void *arg,
                          rondo__pieces_error *error) {
    return guarded(error, [&] {
        std::vector<int> ids;
        const sp::util::Status status = pieces->processor.Encode(absl::string_view(line, size), &ids);
        if (!status.ok())
            return fail(error, status);
        return put(arg, ids.data(), ids.size() * sizeof(int)) || fail(error, "out of memory");
    });
}

const char *rondo__pieces_text(const rondo__pieces *pieces, int32_t id, size_t *size) {
    const std::string &piece = pieces->processor.IdToPiece(id);
    *size = piece.size();
    return piece.data();
}

rondo__piece_kind rondo__pieces_kind(const rondo__pieces *pieces, int32_t id) {
    const sp::SentencePieceProcessor &p = pieces->processor;
    return p.IsUnknown(id)                     ? RONDO__PIECE_UNKNOWN
           : p.IsControl(id) || p.IsUnused(id) ? RONDO__PIECE_CONTROL
           : p.IsByte(id)                      ? RONDO__PIECE_BYTE
                                               : RONDO__PIECE_TEXT;
}
