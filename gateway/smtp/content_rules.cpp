#include "gateway/smtp/content_rules.hpp"

namespace postern::smtp {

void ContentRules::take(std::string_view bytes) {
    size_ += bytes.size();
    if (size_ > limits_.size) note(DataDefect::TooBig);
    if (bytes.find('\0') != std::string_view::npos) note(DataDefect::Nul);
    while (!bytes.empty()) {
        const std::size_t lf = bytes.find('\n');
        take_part(bytes.substr(0, lf));
        if (lf == std::string_view::npos) return;
        end_line();
        bytes.remove_prefix(lf + 1);
    }
}

/// Bytes of one line, its LF not among them.
void ContentRules::take_part(std::string_view part) {
    if (in_header_) {
        header_size_ += part.size();
        if (header_size_ > limits_.header) note(DataDefect::HeaderTooBig);
    }
    if (part.empty()) return;
    const std::size_t cr = part.find('\r');
    if (after_cr_ || (cr != std::string_view::npos && cr + 1 != part.size())) {
        note(DataDefect::BareLineEnd);
    }
    line_size_ += part.size() + (after_cr_ ? 1 : 0);
    after_cr_ = part.back() == '\r';
    if (after_cr_) --line_size_;
    if (limits_.line != 0 && line_size_ > limits_.line) note(DataDefect::LineTooLong);
}

void ContentRules::end_line() {
    if (!after_cr_) note(DataDefect::BareLineEnd);
    if (in_header_) {
        ++header_size_;
        if (header_size_ > limits_.header) note(DataDefect::HeaderTooBig);
        if (line_size_ == 0) in_header_ = false;
    }
    line_size_ = 0;
    after_cr_ = false;
}

void ContentRules::end() {
    if (after_cr_) note(DataDefect::BareLineEnd);
}

std::optional<DataDefect> ContentRules::defect() const {
    for (unsigned bit = 0; bit <= static_cast<unsigned>(DataDefect::LineTooLong); ++bit) {
        if ((defects_ & (1U << bit)) != 0) return static_cast<DataDefect>(bit);
    }
    return std::nullopt;
}

}  // namespace postern::smtp
