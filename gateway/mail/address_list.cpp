#include "gateway/mail/address_list.hpp"

#include <algorithm>
#include <utility>

#include "gateway/mail/address_tokens.hpp"

namespace postern::mail {
namespace {

using Error = AddressListError;
using Kind = AddressToken::Kind;

/// Descends over the tokens of a list: no recursion, since groups do not nest.
class Parser {
public:
    Parser(std::vector<AddressToken> tokens, const AddressListLimits& limits)
        : tokens_(std::move(tokens)), limits_(limits) {}

    Outcome<AddressList, Error> parse() {
        for (bool first = true;; first = false) {
            const bool comma = skip_commas(first);
            if (at_end()) {
                if (comma && !first) flaw(kEmptyElement);
                return std::move(list_);
            }
            if (!first && !comma) return Failure{Error::Syntax};
            if (const auto taken = element(false); !taken) return Failure{taken.error()};
        }
    }

private:
    [[nodiscard]] bool at_end() const { return at_ >= tokens_.size(); }
    [[nodiscard]] bool is(char special) const {
        return !at_end() && tokens_[at_].kind == Kind::Special && tokens_[at_].text[0] == special;
    }
    [[nodiscard]] bool is_word() const {
        return !at_end() && (tokens_[at_].kind == Kind::Atom || tokens_[at_].kind == Kind::Quoted);
    }
    bool take(char special) {
        if (!is(special)) return false;
        ++at_;
        return true;
    }
    void flaw(std::uint8_t what) { list_.flaws = static_cast<std::uint8_t>(list_.flaws | what); }
    /// True when there was a comma. One stands between two elements; any other is too many.
    bool skip_commas(bool first) {
        bool any = false;
        while (take(',')) {
            if (any || first) flaw(kEmptyElement);
            any = true;
        }
        return any;
    }

    /// A mailbox or a group.
    Outcome<Done, Error> element(bool in_group) {
        const std::size_t begin = at_;
        while (is_word() || is('.')) ++at_;
        const std::size_t end = at_;
        if (is('<')) return bracketed(begin, end);
        if (is('@')) return bare(begin, end);
        if (is(':') && !in_group && end > begin) return group();
        return Failure{Error::Syntax};
    }

    Outcome<Done, Error> group() {
        ++at_;
        ++list_.groups;
        for (bool first = true;; first = false) {
            const bool comma = skip_commas(first);
            if (take(';')) return Done{};
            if (at_end()) {
                flaw(kUnendedGroup);
                return Done{};
            }
            if (!first && !comma) return Failure{Error::Syntax};
            if (const auto taken = element(true); !taken) return taken;
        }
    }

    /// [display-name] "<" [route ":"] addr-spec ">"
    Outcome<Done, Error> bracketed(std::size_t begin, std::size_t end) {
        ListedAddress address;
        address.display_name = phrase(begin, end);
        ++at_;
        if (is('@') && !route()) return Failure{Error::Syntax};
        const std::size_t local = at_;
        while (is_word() || is('.')) ++at_;
        if (local == at_ || unit_begin(local, at_) != local || !is('@')) {
            return Failure{Error::Syntax};
        }
        address.local_part = local_part(local, at_);
        if (!domain(address) || !take('>')) return Failure{Error::Syntax};
        return add(std::move(address));
    }

    /// addr-spec without brackets; words may stand in front of it.
    Outcome<Done, Error> bare(std::size_t begin, std::size_t end) {
        const std::size_t local = unit_begin(begin, end);
        if (local == end) return Failure{Error::Syntax};
        ListedAddress address;
        address.display_name = phrase(begin, local);
        if (local > begin) flaw(kNoBrackets);
        address.local_part = local_part(local, end);
        if (!domain(address)) return Failure{Error::Syntax};
        return add(std::move(address));
    }

    bool route() {
        flaw(kRoute);
        do {
            while (take(',')) {
            }
            ListedAddress hop;
            if (!is('@') || !domain(hop)) return false;
        } while (is(','));
        return take(':');
    }

    /// Where the last run of words joined by dots begins within [begin, end).
    [[nodiscard]] std::size_t unit_begin(std::size_t begin, std::size_t end) const {
        std::size_t unit = end;
        while (unit > begin) {
            const bool dot = tokens_[unit - 1].kind == Kind::Special;
            const bool joined = unit == end || dot || tokens_[unit].kind == Kind::Special;
            if (!joined) break;
            --unit;
        }
        return unit;
    }

    std::string local_part(std::size_t begin, std::size_t end) {
        std::string text;
        bool dot_before = true;
        for (std::size_t i = begin; i < end; ++i) {
            const bool dot = tokens_[i].kind == Kind::Special;
            if (dot && dot_before) flaw(kOddDots);
            if (i > begin && tokens_[i].blank_before) flaw(kBlankInAddress);
            text += tokens_[i].text;
            dot_before = dot;
        }
        if (dot_before) flaw(kOddDots);
        return text;
    }

    /// "@" and a dot-atom or a literal.
    bool domain(ListedAddress& address) {
        if (!at_end() && tokens_[at_].blank_before) flaw(kBlankInAddress);
        ++at_;
        if (at_end()) return false;
        if (tokens_[at_].blank_before) flaw(kBlankInAddress);
        if (tokens_[at_].kind == Kind::Literal) {
            address.domain = tokens_[at_++].text;
            return true;
        }
        for (;;) {
            if (at_end() || tokens_[at_].kind != Kind::Atom) return false;
            address.domain += tokens_[at_++].text;
            if (!is('.')) return true;
            if (tokens_[at_].blank_before) flaw(kBlankInAddress);
            ++at_;
            if (at_end() || tokens_[at_].kind != Kind::Atom) return true;  // the root's dot
            address.domain += '.';
            if (tokens_[at_].blank_before) flaw(kBlankInAddress);
        }
    }

    std::string phrase(std::size_t begin, std::size_t end) {
        std::string text;
        for (std::size_t i = begin; i < end; ++i) {
            if (tokens_[i].kind == Kind::Special) flaw(kDotInName);
            if (i > begin && tokens_[i].blank_before) text += ' ';
            text += tokens_[i].text;
        }
        return text;
    }

    Outcome<Done, Error> add(ListedAddress address) {
        if (list_.addresses.size() >= limits_.addresses) return Failure{Error::TooMany};
        list_.addresses.push_back(std::move(address));
        return Done{};
    }

    std::vector<AddressToken> tokens_;
    const AddressListLimits& limits_;
    std::size_t at_ = 0;
    AddressList list_;
};

}  // namespace

Outcome<AddressList, AddressListError> parse_address_list(std::string_view value,
                                                          const AddressListLimits& limits) {
    auto tokens = address_tokens(value, limits.comment_depth);
    if (!tokens) return Failure{tokens.error()};
    return Parser(std::move(tokens).value(), limits).parse();
}

}  // namespace postern::mail
