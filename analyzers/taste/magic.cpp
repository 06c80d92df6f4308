#include <magic.h>

#include <algorithm>
#include <string>
#include <utility>

#include "analyzers/taste/kinds.hpp"
#include "analyzers/taste/taste.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kLooked = std::size_t{64} << 10;
// MAGIC_NO_CHECK_COMPRESS: it would fork a decompressor. The others are ours to find, or dear.
constexpr int kFlags = MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR |
                       MAGIC_NO_CHECK_ENCODING | MAGIC_NO_CHECK_JSON | MAGIC_NO_CHECK_CSV |
                       MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TOKENS;

struct Closer {
    void operator()(magic_t cookie) const { magic_close(cookie); }
};

}  // namespace

struct Magic::State {
    std::unique_ptr<magic_set, Closer> cookie;
};

Magic::Magic(std::unique_ptr<State> state) : state_(std::move(state)) {}
Magic::~Magic() = default;

std::unique_ptr<Magic> Magic::load() {
    auto state = std::make_unique<State>();
    state->cookie.reset(magic_open(kFlags));
    if (!state->cookie || magic_load(state->cookie.get(), nullptr) != 0) return nullptr;
    auto magic = std::make_unique<Magic>(std::move(state));
    // The first question makes libmagic compile patterns and read the time zone.
    constexpr std::string_view kQuestion = "Never seen before \x01\x02\x03.";
    static_cast<void>(magic->ask(as_bytes(kQuestion)));
    return magic;
}

Taste Magic::ask(ByteView bytes) const {
    const char* mime =
        magic_buffer(state_->cookie.get(), bytes.data(), std::min(bytes.size(), kLooked));
    const std::string_view type = mime == nullptr ? kData : type_of(mime);
    // What is not text by our own measure is not text, whatever libmagic thinks of its encoding.
    if (mime_of(type).starts_with("text/"))
        return {.type = kData, .mime = mime_of(kData), .also = {}};
    return {.type = type, .mime = mime_of(type), .also = {}};
}

}  // namespace postern::analyzers
