#include "gateway/auth/dkim/body_hasher.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "gateway/auth/dkim/body_canonicalizer.hpp"
#include "gateway/auth/dkim/sha256_context.hpp"

namespace postern::auth::dkim {
namespace {

/// One canonical body: a running hash, and its state at each l= that was asked for.
class LengthTaps {
public:
    void want(std::optional<std::uint64_t> length) {
        if (length) wanted_.emplace(*length, Sha256Digest{});
    }
    /// The order of map keys is the order in which the body passes them.
    void start() { next_ = wanted_.begin(); }

    void put(std::string_view bytes) {
        while (next_ != wanted_.end() && size_ + bytes.size() >= next_->first) {
            const auto until = static_cast<std::size_t>(next_->first - size_);
            hash(bytes.substr(0, until));
            bytes.remove_prefix(until);
            flush();
            next_->second = context_.digest();
            ++next_;
        }
        hash(bytes);
    }

    void finish() {
        put({});  // taps at the very end, where no byte came any more
        flush();
        whole_ = context_.digest();
    }

    [[nodiscard]] std::optional<BodyHash> find(std::optional<std::uint64_t> length) const {
        BodyHash found{whole_, size_, false, false};
        if (!length) return found;
        const auto tap = wanted_.find(*length);
        if (tap == wanted_.end()) return std::nullopt;
        found.too_short = *length > size_;
        found.partial = *length < size_;
        if (!found.too_short) found.digest = tap->second;
        return found;
    }

private:
    /// Small pieces are collected: a call of the hash costs more than a copy.
    void hash(std::string_view bytes) {
        constexpr std::size_t kCollect = 4096;
        size_ += bytes.size();
        if (collected_.size() + bytes.size() <= kCollect) {
            collected_ += bytes;
            return;
        }
        flush();
        if (bytes.size() >= kCollect / 4) {
            context_.update(bytes);
        } else {
            collected_ += bytes;
        }
    }
    void flush() {
        if (!collected_.empty()) context_.update(collected_);
        collected_.clear();
    }

    std::map<std::uint64_t, Sha256Digest> wanted_;
    std::map<std::uint64_t, Sha256Digest>::iterator next_;
    Sha256Context context_;
    std::string collected_;
    std::uint64_t size_ = 0;
    Sha256Digest whole_{};
};

struct ToTaps {
    LengthTaps* taps;
    void operator()(std::string_view bytes) const { taps->put(bytes); }
};

using Tail = TailStripper<ToTaps>;

struct ToTail {
    Tail* tail;
    void operator()(std::string_view bytes) const { tail->put(bytes); }
};

struct SimpleBody {
    LengthTaps taps;
    Tail tail{ToTaps{&taps}};
};

struct RelaxedBody {
    LengthTaps taps;
    Tail tail{ToTaps{&taps}};
    BlankReducer<ToTail> reducer{ToTail{&tail}};
};

}  // namespace

struct BodyHasher::State {
    std::unique_ptr<SimpleBody> simple;
    std::unique_ptr<RelaxedBody> relaxed;
};

BodyHasher::BodyHasher(const std::vector<BodyHashKind>& kinds) : state_(std::make_unique<State>()) {
    for (const BodyHashKind& kind : kinds) {
        if (kind.canonicalization == Canonicalization::Simple) {
            if (!state_->simple) state_->simple = std::make_unique<SimpleBody>();
            state_->simple->taps.want(kind.length);
        } else {
            if (!state_->relaxed) state_->relaxed = std::make_unique<RelaxedBody>();
            state_->relaxed->taps.want(kind.length);
        }
    }
    if (state_->simple) state_->simple->taps.start();
    if (state_->relaxed) state_->relaxed->taps.start();
}
BodyHasher::~BodyHasher() = default;
BodyHasher::BodyHasher(BodyHasher&&) noexcept = default;
BodyHasher& BodyHasher::operator=(BodyHasher&&) noexcept = default;

void BodyHasher::update(std::string_view chunk) {
    if (state_->simple) state_->simple->tail.put(chunk);
    if (state_->relaxed) state_->relaxed->reducer.put(chunk);
}

void BodyHasher::finish() {
    if (state_->simple) {
        state_->simple->tail.finish(true);
        state_->simple->taps.finish();
    }
    if (state_->relaxed) {
        state_->relaxed->reducer.finish();
        state_->relaxed->tail.finish(false);
        state_->relaxed->taps.finish();
    }
}

std::optional<BodyHash> BodyHasher::find(const BodyHashKind& kind) const {
    if (kind.canonicalization == Canonicalization::Simple) {
        return state_->simple ? state_->simple->taps.find(kind.length) : std::nullopt;
    }
    return state_->relaxed ? state_->relaxed->taps.find(kind.length) : std::nullopt;
}

}  // namespace postern::auth::dkim
