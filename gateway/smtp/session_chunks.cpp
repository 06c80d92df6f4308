/// @file BDAT (RFC 3030): the message in chunks of announced size. The octets of a chunk follow its
/// command whether we want them or not, so a refused chunk is read over to its end: what is inside
/// must never be taken for commands. Content obeys the rules of DATA, so that what came in chunks
/// can be passed on by DATA.

#include <algorithm>
#include <charconv>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "gateway/smtp/session.hpp"

namespace postern::smtp {
namespace {

struct ChunkArgument {
    std::uint64_t octets = 0;
    bool last = false;
};

/// "86 LAST" (RFC 3030 2). nullopt: something else, or more than 64 bits hold.
std::optional<ChunkArgument> parse_chunk(std::string_view text) {
    while (text.ends_with(' ')) text.remove_suffix(1);
    ChunkArgument chunk;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, chunk.octets);
    if (read.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (text.empty()) return chunk;
    chunk.last = true;
    return ascii_iequal(text, " LAST") ? std::optional(chunk) : std::nullopt;
}

}  // namespace

std::optional<Step> Session::on_bdat(std::string_view argument) {
    const auto chunk = parse_chunk(argument);
    if (!chunk) {
        (void)lost_count();
        return std::nullopt;
    }
    if (!settings_->chunking || !extended_) {
        return discard(chunk->octets, {502, "5.5.1", "BDAT is not offered"});
    }
    if (state_ != State::HasRecipient && state_ != State::AwaitingChunk) {
        return discard(chunk->octets, {503, "5.5.1", "Bad sequence of commands"});
    }
    if (chunk->octets == 0 && !chunk->last && too_many_futile()) return std::nullopt;
    octets_ = chunk->octets;
    chunk_ = chunk->octets;
    last_chunk_ = chunk->last;
    if (state_ == State::HasRecipient) {
        return ask(DataRequested{true},
                   {.then = State::ReceivingChunk, .stage = Stage::Data, .silent = true});
    }
    state_ = State::ReceivingChunk;
    return next_chunk();
}

std::optional<Step> Session::next_chunk() {
    while (octets_ > 0) {
        const std::uint64_t room = std::min<std::uint64_t>(octets_, DataReader::kMaxChunk);
        const std::string_view here = unread().substr(0, static_cast<std::size_t>(room));
        if (here.empty()) return std::nullopt;
        content_->take(here);
        input_at_ += here.size();
        octets_ -= here.size();
        if (content_->clean()) return DataChunk{here};
    }
    return end_chunk();
}

std::optional<Step> Session::end_chunk() {
    if (last_chunk_) {
        constexpr std::string_view kLineEnd = "\r\n";
        content_->end();
        if (content_->clean() && !content_->at_line_start()) {
            // DATA cannot carry a last line without end: it gets one here, before anybody scans,
            // signs or forwards the message.
            content_->take(kLineEnd);
            if (content_->clean()) return DataChunk{kLineEnd};
        }
    } else if (content_->clean()) {
        state_ = State::AwaitingChunk;
        ++progress_;
        say(Stage::Data, {250, "2.0.0", std::to_string(chunk_) + " octets received", {}, {}});
        return std::nullopt;
    }
    return end_message(content_->defect(), content_->size());
}

std::optional<Step> Session::discard(std::uint64_t octets, const Reply& refusal) {
    octets_ = octets;
    discard_reply_ = refusal;
    after_discard_ = state_;
    state_ = State::Discarding;
    return std::nullopt;
}

void Session::discard_octets() {
    const std::uint64_t here = std::min<std::uint64_t>(octets_, unread().size());
    input_at_ += static_cast<std::size_t>(here);
    octets_ -= here;
    if (octets_ > 0) return;
    state_ = after_discard_;
    ++progress_;
    refuse(Stage::Data, discard_reply_);
}

}  // namespace postern::smtp
