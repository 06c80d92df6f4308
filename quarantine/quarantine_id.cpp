#include "quarantine/quarantine_id.hpp"

#include <openssl/rand.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "analyzers/base/ascii.hpp"

namespace postern::quarantine {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLength = 26;
constexpr std::size_t kTimeLength = 10;

constexpr char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

UnixMs now_ms() {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Outcome<QuarantineId, IdError> QuarantineId::parse(std::string_view text) {
    if (text.size() != kLength) return Failure{IdError::Length};
    std::string canonical;
    for (const char c : text) {
        if (kAlphabet.find(upper(c)) == std::string_view::npos) return Failure{IdError::Alphabet};
        canonical += upper(c);
    }
    // 26 characters are 130 bits: the first may only say 0 to 7.
    if (canonical.front() > '7') return Failure{IdError::Overflow};
    return QuarantineId(std::move(canonical));
}

QuarantineId QuarantineId::make(UnixMs now) {
    std::array<unsigned char, kLength - kTimeLength> random{};
    if (now < 0 || RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) std::abort();
    std::string text(kTimeLength, '0');
    auto rest = static_cast<std::uint64_t>(now) & ((std::uint64_t{1} << 48) - 1);
    for (std::size_t i = kTimeLength; i-- > 0; rest >>= 5) text[i] = kAlphabet[rest & 31];
    for (const unsigned char byte : random) text += kAlphabet[byte & 31U];
    return QuarantineId(std::move(text));
}

UnixMs QuarantineId::time() const {
    UnixMs time = 0;
    for (std::size_t i = 0; i < kTimeLength; ++i) {
        time = time << 5 | static_cast<UnixMs>(kAlphabet.find(text_[i]));
    }
    return time;
}

}  // namespace postern::quarantine
