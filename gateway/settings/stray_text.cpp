#include "gateway/settings/stray_text.hpp"

namespace postern::settings {
namespace {

bool is_high(char c) {
    return static_cast<unsigned char>(c) > 127;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Goes over the text once and knows what it is in.
class Scanner {
public:
    explicit Scanner(std::string_view toml) : toml_(toml) {}

    std::optional<std::size_t> scan() {
        while (at_ < toml_.size()) {
            const char c = toml_[at_];
            if (is_high(c)) return line_;
            if (c == '#') {
                skip_comment();
            } else if (c == '"' || c == '\'') {
                if (const auto stray = skip_string(c)) return stray;
            } else {
                step();
            }
        }
        return std::nullopt;
    }

private:
    void step() {
        if (toml_[at_++] == '\n') ++line_;
    }
    void skip_comment() {
        while (at_ < toml_.size() && toml_[at_] != '\n') ++at_;
    }
    [[nodiscard]] bool three(char quote) const {
        return toml_.substr(at_, 3) == std::string_view(quote == '"' ? "\"\"\"" : "'''");
    }
    [[nodiscard]] bool has(bool (*kind)(char)) const {
        return at_ < toml_.size() && kind(toml_[at_]);
    }
    /// A string of one line that has no end on it ends there: toml++ refuses it.
    std::optional<std::size_t> skip_string(char quote) {
        const bool lines = three(quote);
        at_ += lines ? 3 : 1;
        while (at_ < toml_.size()) {
            const char c = toml_[at_];
            if (!lines && c == '\n') return std::nullopt;
            if (lines ? three(quote) : c == quote) {
                at_ += lines ? 3 : 1;
                // Up to two quotes more belong to the text before the end (TOML 1.0).
                for (int i = 0; i < 2 && lines && at_ < toml_.size() && toml_[at_] == quote; ++i) {
                    ++at_;
                }
                return std::nullopt;
            }
            step();
            if (c != '\\' || quote == '\'') continue;
            if (lines && has(is_blank)) {
                while (has(is_blank)) step();
                if (has(is_high)) return line_;
            } else if (has(is_high)) {
                return line_;  // no such escape
            } else if (at_ < toml_.size() && toml_[at_] != '\n') {
                step();
            }
        }
        return std::nullopt;
    }

    std::string_view toml_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

}  // namespace

std::optional<std::size_t> stray_text(std::string_view toml) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";  // a byte order mark may begin a file
    if (toml.starts_with(kMark)) toml.remove_prefix(kMark.size());
    return Scanner(toml).scan();
}

}  // namespace postern::settings
