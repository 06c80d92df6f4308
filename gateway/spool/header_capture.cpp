#include "gateway/spool/header_capture.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"

namespace postern::spool {

std::size_t HeaderCapture::append(std::string_view bytes) {
    constexpr std::string_view kEmptyLine = "\r\n\r\n";
    if (complete_) return 0;
    const std::size_t before = block_.size();
    block_ += bytes.substr(0, max_size_ - before);
    // A message may begin with the empty line: then it has no header.
    const std::size_t from = before < kEmptyLine.size() ? 0 : before - kEmptyLine.size();
    const std::size_t end = block_.find(kEmptyLine, from);
    if (block_.starts_with("\r\n")) {
        block_.resize(2);
        complete_ = true;
    } else if (end != std::string::npos) {
        block_.resize(end + kEmptyLine.size());
        complete_ = true;
    }
    complete_ = complete_ || block_.size() == max_size_;
    // A message that begins with the empty line may have shown its CR alone before.
    const std::size_t taken = block_.size() - std::min(before, block_.size());
    if (complete_) block_.shrink_to_fit();
    return taken;
}

unsigned count_hops(std::string_view header) {
    constexpr std::string_view kName = "received";
    unsigned hops = 0;
    while (!header.empty()) {
        const std::string_view line = header.substr(0, header.find('\n'));
        const std::string_view name = line.substr(0, line.find(':'));
        if (name.size() < line.size() && name.size() >= kName.size() &&
            ascii_iequal(name.substr(0, kName.size()), kName) &&
            name.find_first_not_of(" \t", kName.size()) == std::string_view::npos) {
            ++hops;
        }
        header.remove_prefix(std::min(line.size() + 1, header.size()));
    }
    return hops;
}

}  // namespace postern::spool
