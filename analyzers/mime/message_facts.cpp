#include "analyzers/mime/message_facts.hpp"

#include <algorithm>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/charset.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/mime/header_words.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxSubject = 1000;
constexpr std::size_t kMaxAddress = 320;
constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxFrom = 20;
constexpr std::size_t kMaxMessageId = 500;

struct ListedAddress {
    std::string address;
    std::string name;  ///< display name, or the comment where there are no brackets; not decoded
};

/// The addr-specs of an address list: what stands in angle brackets, or the word with an "@" where
/// there are none; and the names beside them.
class AddressList {
public:
    explicit AddressList(std::string_view text) : text_(text) {}

    std::vector<ListedAddress> read() {
        while (at_ < text_.size() && found_.size() < kMaxFrom) step();
        finish();
        return std::move(found_);
    }

private:
    void step() {
        const char c = text_[at_];
        if (c == '"') {
            skip_to('"', true);
        } else if (c == '(') {
            skip_comment();
        } else if (c == '<') {
            const std::size_t end = std::min(text_.find('>', at_), text_.size());
            word_ = text_.substr(at_ + 1, end - at_ - 1);
            named_ = std::exchange(text_before_, {});
            bracketed_ = true;
            at_ = end;
        } else if (c == ',' || c == ';') {
            finish();
        } else if (c == ':') {
            word_.clear();  // a group's name
            text_before_.clear();
        } else if (!bracketed_) {
            text_before_ += c;
            if (c == ' ' || c == '\t') {
                if (word_.find('@') == std::string::npos) word_.clear();
            } else {
                word_ += c;
            }
        }
        ++at_;
    }
    void skip_to(char end, bool keep) {
        const std::size_t from = at_;
        for (++at_; at_ < text_.size() && text_[at_] != end; ++at_) {
            if (text_[at_] == '\\') ++at_;
        }
        const std::size_t to = std::min(at_ + 1, text_.size());
        for (std::size_t i = from + 1; i < at_ && i < text_.size(); ++i) {
            if (text_[i] == '\\' && i + 1 < at_) ++i;
            text_before_ += text_[i];
        }
        // A quoted local part belongs to the address, a quoted display name does not.
        if (keep && !bracketed_ && to < text_.size() && text_[to] == '@') {
            word_ += text_.substr(from, to - from);
        }
    }
    void skip_comment() {
        int depth = 0;
        const std::size_t from = at_;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\') {
                ++at_;
            } else if (text_[at_] == '(') {
                ++depth;
            } else if (text_[at_] == ')' && --depth == 0) {
                break;
            }
        }
        comment_ = text_.substr(std::min(from + 1, text_.size()), at_ - std::min(from + 1, at_));
    }
    void finish() {
        if (word_.find('@') != std::string::npos) {
            found_.push_back(
                {clean_text(word_, kMaxAddress), bracketed_ && !blank(named_) ? named_ : comment_});
        }
        word_.clear();
        named_.clear();
        comment_.clear();
        text_before_.clear();
        bracketed_ = false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    static bool blank(std::string_view text) {
        return text.find_first_not_of(" \t") == std::string_view::npos;
    }

    std::string word_;
    std::string text_before_;  ///< since the last comma, without comments
    std::string named_;        ///< what stood before the bracket
    std::string comment_;
    bool bracketed_ = false;
    std::vector<ListedAddress> found_;
};

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

MessageFacts message_facts(const HeaderBlock& block, std::string_view message) {
    MessageFacts facts;
    for (const Field& field : block.fields) {
        if (facts.subject.empty() && ascii_iequal(field.name, "subject")) {
            facts.subject = clean_text(decode_words(unfold(field.raw)), kMaxSubject);
        } else if (facts.message_id.empty() && ascii_iequal(field.name, "message-id")) {
            facts.message_id = clean_text(unfold(field.raw), kMaxMessageId);
        } else if (ascii_iequal(field.name, "from") && facts.from.size() < kMaxFrom) {
            for (ListedAddress& each : AddressList(unfold(field.raw)).read()) {
                if (facts.from.size() >= kMaxFrom) break;
                facts.from.push_back(std::move(each.address));
                facts.from_names.push_back(clean_text(decode_words(trimmed(each.name)), kMaxName));
            }
        } else if (ascii_iequal(field.name, "reply-to") && facts.reply_to.empty()) {
            for (ListedAddress& each : AddressList(unfold(field.raw)).read()) {
                facts.reply_to.push_back(std::move(each.address));
            }
        }
    }
    const std::string_view header = message.substr(0, std::min(block.end, kMaxHeaders + 1));
    facts.headers = clean_lines(to_utf8(header, {}), kMaxHeaders);
    return facts;
}

}  // namespace postern::analyzers
