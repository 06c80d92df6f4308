#include "gateway/auth/arc/signed_message.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace postern::auth::arc {
namespace {

std::vector<dkim::BodyHashKind> all_kinds(const std::vector<dkim::BodyHashKind>& one,
                                          const std::vector<dkim::BodyHashKind>& two,
                                          const std::vector<dkim::BodyHashKind>& three) {
    std::vector<dkim::BodyHashKind> all(one);
    all.insert(all.end(), two.begin(), two.end());
    all.insert(all.end(), three.begin(), three.end());
    return all;
}

}  // namespace

struct SignedMessage::State {
    State(IntakeLimits allowed, std::uint64_t epoch) : limits(std::move(allowed)), now(epoch) {}

    IntakeLimits limits;
    std::uint64_t now;
    std::string header;
    mail::HeaderBlock block{{}};
    std::optional<dkim::Verification> dkim;
    std::optional<Verification> arc;
    dkim::BodyHasher bodies{{}};
    bool truncated = false;  ///< the header went on, and nobody kept it
};

SignedMessage::SignedMessage(const IntakeLimits& limits, std::uint64_t now)
    : state_(std::make_unique<State>(limits, now)) {}
SignedMessage::~SignedMessage() = default;
SignedMessage::SignedMessage(SignedMessage&&) noexcept = default;
SignedMessage& SignedMessage::operator=(SignedMessage&&) noexcept = default;

void SignedMessage::header(std::string_view block) {
    State& state = *state_;
    state.header = block;
    state.block = mail::HeaderBlock(state.header);
    state.dkim.emplace(state.block, state.limits.dkim, state.now);
    state.arc.emplace(state.block, state.limits.dkim, state.now);
    state.bodies = dkim::BodyHasher(
        all_kinds(state.dkim->body_hashes(), state.arc->body_hashes(), state.limits.more));
    // An empty line of bare LF ends the header earlier than the caller thought.
    const std::string_view rest = block.substr(state.block.size());
    if (!rest.empty()) state.bodies.update(rest);
}

void SignedMessage::body(std::string_view chunk) {
    State& state = *state_;
    if (chunk.empty()) return;
    if ((state.block.flaws() & mail::kNoEmptyLine) != 0) state.truncated = true;
    state.bodies.update(chunk);
}

void SignedMessage::end() {
    if (!state_->dkim) header({});
    state_->bodies.finish();
}

const mail::HeaderBlock& SignedMessage::block() const {
    return state_->block;
}

const dkim::BodyHasher& SignedMessage::bodies() const {
    return state_->bodies;
}

void SignedMessage::prefetch(dns::Inquiry& inquiry) const {
    state_->dkim->prefetch(inquiry);
    state_->arc->prefetch(inquiry);
}

std::vector<Dkim> SignedMessage::dkim(dns::Inquiry& inquiry) const {
    if (state_->truncated) return state_->dkim->refused("the header is too long");
    return state_->dkim->results(state_->bodies, inquiry);
}

Arc SignedMessage::arc(dns::Inquiry& inquiry) const {
    Arc result = state_->arc->result(state_->bodies, inquiry);
    if (state_->truncated && result.result == ArcResult::Pass) {
        result.result = ArcResult::Fail;
        result.detail = "the header is too long";
    }
    return result;
}

namespace {

/// Turns bare LF into CRLF, or leaves everything as it is.
class LineEndReader {
public:
    explicit LineEndReader(LineEnds line_ends) : line_ends_(line_ends) {}

    std::string_view read(std::string_view piece) {
        if (line_ends_ == LineEnds::Guess) {
            const std::size_t lf = piece.find('\n');
            if (lf != std::string_view::npos) {
                const bool crlf = lf > 0 ? piece[lf - 1] == '\r' : last_ == '\r';
                line_ends_ = crlf ? LineEnds::AsOnTheWire : LineEnds::AsLineEnd;
            }
        }
        if (line_ends_ != LineEnds::AsLineEnd) {
            if (!piece.empty()) last_ = piece.back();
            return piece;
        }
        converted_.clear();
        for (const char c : piece) {
            if (c == '\n' && last_ != '\r') converted_ += '\r';
            converted_ += c;
            last_ = c;
        }
        return converted_;
    }

private:
    LineEnds line_ends_;
    char last_ = '\0';
    std::string converted_;
};

/// Behind the empty line that ends the header; npos: it has not come yet.
std::size_t header_end(std::string_view text, std::size_t from) {
    if (text.starts_with("\r\n")) return 2;
    if (text.starts_with('\n')) return 1;
    for (std::size_t lf = text.find('\n', from); lf != std::string_view::npos;
         lf = text.find('\n', lf + 1)) {
        const std::string_view rest = text.substr(lf + 1, 2);
        if (rest.starts_with('\n')) return lf + 2;
        if (rest == "\r\n") return lf + 3;
    }
    return std::string_view::npos;
}

class Feeder {
public:
    Feeder(SignedMessage& message, std::size_t max_header, LineEnds line_ends)
        : message_(message), max_header_(max_header), reader_(line_ends) {}

    Outcome<Done, FeedError> feed(std::string_view piece) {
        const std::string_view text = reader_.read(piece);
        if (in_body_) {
            message_.body(text);
            return Done{};
        }
        const std::size_t before = header_.size();
        header_ += text;
        const std::size_t end = header_end(header_, before < 2 ? 0 : before - 2);
        if (std::min(end, header_.size()) > max_header_) return Failure{FeedError::HeaderTooBig};
        if (end == std::string::npos) return Done{};
        in_body_ = true;
        message_.header(std::string_view(header_).substr(0, end));
        message_.body(std::string_view(header_).substr(end));
        return Done{};
    }

    void finish() {
        if (!in_body_) message_.header(header_);
        message_.end();
    }

private:
    SignedMessage& message_;
    std::size_t max_header_;
    LineEndReader reader_;
    std::string header_;
    bool in_body_ = false;
};

constexpr std::size_t kPiece = std::size_t{64} << 10U;

}  // namespace

Outcome<Done, FeedError> feed_file(SignedMessage& message, int file, LineEnds line_ends) {
    Feeder feeder(message, message.limits().max_header, line_ends);
    std::string piece(kPiece, '\0');
    for (;;) {
        const ssize_t got = ::read(file, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Failure{FeedError::CannotRead};
        if (got == 0) break;
        const auto fed =
            feeder.feed(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
        if (!fed) return fed;
    }
    feeder.finish();
    return Done{};
}

Outcome<Done, FeedError> feed_text(SignedMessage& message, std::string_view text,
                                   LineEnds line_ends) {
    Feeder feeder(message, message.limits().max_header, line_ends);
    for (; !text.empty(); text.remove_prefix(std::min(kPiece, text.size()))) {
        const auto fed = feeder.feed(text.substr(0, kPiece));
        if (!fed) return fed;
    }
    feeder.finish();
    return Done{};
}

const IntakeLimits& SignedMessage::limits() const {
    return state_->limits;
}

}  // namespace postern::auth::arc
