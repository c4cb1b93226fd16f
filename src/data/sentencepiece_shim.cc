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

// The lines of a text in memory, empty ones left out. A long line comes in parts, cut at blanks where it has any:
// SentencePiece drops what is longer than its limit, and its BPE trainer ends the process at 65536 characters, which a
// part does not reach even where normalisation makes 18 characters of one.
class Lines : public sp::SentenceIterator {
  public:
    Lines(const char *text, size_t size) : at_(text), end_(text + size) { Next(); }
    bool done() const override { return done_; }
    void Next() override {
        while (at_ != end_ && *at_ == '\n')
            at_++;
        done_ = at_ == end_;
        const char *begin = at_;
        while (at_ != end_ && *at_ != '\n' && at_ - begin < kLongest)
            at_++;
        if (at_ != end_ && *at_ != '\n')
            at_ = cut(begin, at_);
        line_.assign(begin, at_);
    }
    const std::string &value() const override { return line_; }
    sp::util::Status status() const override { return sp::util::Status(); }

  private:
    static constexpr ptrdiff_t kLongest = 8192;
    static const char *cut(const char *begin, const char *end) {
        const char *at = end;
        while (at != begin && *at != ' ')
            at--;
        if (at != begin)
            return at;
        while ((static_cast<unsigned char>(*end) & 0xc0) == 0x80)
            end--;
        return end;
    }
    const char *at_, *end_;
    std::string line_;
    bool done_ = false;
};

// Trains with vocab_size as a bound that need not be reached. One thread: the sums of unigram's training, and so its
// model, depend on their number. Characters of 99.95 % of the text become pieces, as is advised for Japanese; the rest
// are unknown.
bool train(const char *text, size_t size, const char *type, int64_t vocab_size, std::string *model,
           rondo__pieces_error *error) {
    Lines lines(text, size);
    const std::unordered_map<std::string, std::string> options = {{"model_type", type},
                                                                  {"vocab_size", std::to_string(vocab_size)},
                                                                  {"hard_vocab_limit", "false"},
                                                                  {"character_coverage", "0.9995"},
                                                                  {"num_threads", "1"},
                                                                  {"minloglevel", "3"},
                                                                  {"max_sentence_length", "1000000"}};
    sp::SetRandomGeneratorSeed(1);
    const sp::util::Status status = sp::SentencePieceTrainer::Train(options, &lines, model);
    return status.ok() || fail(error, status);
}

// Number of pieces, -1 with an error.
int64_t count_pieces(const std::string &model, rondo__pieces_error *error) {
    sp::SentencePieceProcessor processor;
    const sp::util::Status status = processor.LoadFromSerializedProto(model);
    return status.ok() ? processor.GetPieceSize() : fail(error, status) - 1;
}

bool fail_size(rondo__pieces_error *error, const char *format, int64_t vocab_size, int64_t bound) {
    char why[sizeof error->why];
    std::snprintf(why, sizeof why, format, static_cast<long long>(vocab_size), static_cast<long long>(bound));
    return fail(error, why);
}

// A model of characters tells the least vocabulary, and whether there is anything to learn from: unigram's trainer ends
// the process on a text of blanks.
bool check_smallest(const char *text, size_t size, int64_t vocab_size, rondo__pieces_error *error) {
    const int64_t meta = 3, many = 2000000;
    std::string model;
    if (!train(text, size, "char", many, &model, error))
        return fail(error, "it has no text to learn from");
    const int64_t least = count_pieces(model, error);
    if (least < 0)
        return false;
    if (least <= meta + 1) // the mark of a blank is a character, too
        return fail(error, "it holds nothing but blanks");
    return least <= vocab_size ||
           fail_size(error, "vocab_size %lld is too small for its characters (set it to at least %lld)", vocab_size,
                     least);
}

} // namespace

bool rondo__pieces_train(const char *text, size_t size, int64_t vocab_size, bool bpe, rondo__pieces_put put, void *arg,
                         rondo__pieces_error *error) {
    return guarded(error, [&] {
        std::string model;
        if (!check_smallest(text, size, vocab_size, error) ||
            !train(text, size, bpe ? "bpe" : "unigram", vocab_size, &model, error))
            return false;
        const int64_t count = count_pieces(model, error);
        if (count < 0)
            return false;
        if (count < vocab_size)
            return fail_size(error, "vocab_size %lld is more than the text gives (set it to %lld at most)", vocab_size,
                             count);
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
