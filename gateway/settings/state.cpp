#include "gateway/settings/state.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "gateway/settings/key_reader.hpp"

namespace postern::settings {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::size_t kMaxPrefix = 64;

bool looks_like_url(std::string_view url) {
    if (url == "memory:") return true;
    constexpr std::array<std::string_view, 3> kSchemes = {"sqlite:", "redis://", "unix:"};
    return std::any_of(kSchemes.begin(), kSchemes.end(), [&](std::string_view scheme) {
        return url.starts_with(scheme) && url.size() > scheme.size();
    });
}

}  // namespace

void read_state(KeyReader& keys, State& state) {
    keys.text("state.url", state.url);
    if (!looks_like_url(state.url)) {
        // Not the value: it may hold a password.
        keys.fail("state.url",
                  "is unknown; \"memory:\", \"sqlite:///folder/file\", "
                  "\"redis://[user:password@]host[:port][/db]\" or \"unix:///folder/socket\" is "
                  "expected");
    }
    keys.duration("state.timeout", state.timeout, milliseconds(10), seconds(10));
    keys.duration("state.file_timeout", state.file_timeout, milliseconds(100), minutes(1));
    keys.size("state.memory", state.memory, 4 * kMiB, 64 * 1024 * kMiB);
    keys.size("state.file", state.file, 4 * kMiB, 1024 * 1024 * kMiB);
    keys.text("state.prefix", state.prefix);
    const auto printable = [](char c) { return c > ' ' && c <= '~'; };
    if (state.prefix.size() > kMaxPrefix ||
        !std::all_of(state.prefix.begin(), state.prefix.end(), printable)) {
        keys.fail("state.prefix", "is not at most 64 printable ASCII characters without spaces");
    }
    keys.integer("state.connections", state.connections, 1, 256);
}

}  // namespace postern::settings
