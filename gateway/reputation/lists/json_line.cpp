#include "gateway/reputation/lists/json_line.hpp"

#include <nlohmann/json.hpp>

namespace postern::reputation {
namespace {

constexpr int kMaxDepth = 16;

}  // namespace

std::optional<std::string> json_member(std::string_view line, std::string_view path) {
    bool too_deep = false;
    const nlohmann::json::parser_callback_t bound = [&](int depth, nlohmann::json::parse_event_t,
                                                        nlohmann::json&) {
        too_deep = too_deep || depth > kMaxDepth;
        return depth <= kMaxDepth;
    };
    const auto document = nlohmann::json::parse(line, bound, false);
    if (too_deep || !document.is_object()) return std::nullopt;
    const nlohmann::json* at = &document;
    while (at != nullptr && at->is_object()) {
        const std::size_t dot = std::min(path.find('.'), path.size());
        const auto member = at->find(std::string(path.substr(0, dot)));
        if (member == at->end()) return std::nullopt;
        at = &*member;
        if (dot == path.size()) break;
        path.remove_prefix(dot + 1);
    }
    if (!at->is_string()) return std::nullopt;
    return at->get<std::string>();
}

}  // namespace postern::reputation
