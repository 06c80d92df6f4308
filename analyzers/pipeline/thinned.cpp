#include "analyzers/pipeline/thinned.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "analyzers/base/ascii.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kShortest = 40;  // bytes of a line of base64 in mail; RFC 2045 says 76
constexpr std::size_t kLongest = 100;

constexpr std::array<bool, 256> base64_letters() {
    std::array<bool, 256> letters{};
    for (std::size_t c = 0; c < letters.size(); ++c) {
        const char letter = static_cast<char>(static_cast<unsigned char>(c));
        letters.at(c) = c < 128 && (ascii_alnum(letter) || letter == '+' || letter == '/');
    }
    return letters;
}
constexpr std::array<bool, 256> kLetters = base64_letters();

bool is_encoded(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line.size() >= kShortest && line.size() <= kLongest &&
           std::all_of(line.begin(), line.end(),
                       [](char c) { return kLetters.at(static_cast<unsigned char>(c)); });
}

/// Where the lines of the run that is being read begin: only what has to be known to cut it.
class Run {
public:
    void add(std::size_t begin) {
        if (count_ == kKeptLines) cut_from_ = begin;
        last_[count_ % kKeptLines] = begin;
        ++count_;
    }
    /// Appends what stays of the bytes from `from` to the end of the run at `end`.
    bool finish(std::string_view text, std::size_t from, std::size_t end, std::string& out) {
        const bool cut = count_ >= kBulkLines;
        if (cut) {
            const std::size_t resume = last_[count_ % kKeptLines];
            out += text.substr(from, cut_from_ - from);
            out += text.substr(resume, end - resume);
        } else {
            out += text.substr(from, end - from);
        }
        count_ = 0;
        return cut;
    }

private:
    std::size_t count_ = 0;
    std::size_t cut_from_ = 0;
    std::array<std::size_t, kKeptLines> last_{};
};

}  // namespace

std::optional<std::string> without_encoded_bulk(ByteView mail) {
    const std::string_view text = as_text(mail);
    if (text.size() < kBulkLines * kShortest) return std::nullopt;
    std::string out;
    Run run;
    bool saved = false;
    std::size_t kept = 0;  // everything before this is in `out` or cut
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        if (is_encoded(text.substr(at, end - at - 1))) {
            run.add(at);
        } else {
            saved = run.finish(text, kept, end, out) || saved;
            kept = end;
        }
        at = end;
    }
    saved = run.finish(text, kept, text.size(), out) || saved;
    if (!saved) return std::nullopt;
    return out;
}

}  // namespace postern::analyzers
