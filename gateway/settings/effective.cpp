#include "gateway/settings/effective.hpp"

#include <string_view>

namespace postern::settings {
namespace {

/// "route[0].next_hops[1]" is a table of [[route.next_hops]].
std::string array_name(std::string_view table) {
    std::string name;
    bool inside = false;
    for (const char c : table) {
        inside = inside || c == '[';
        if (!inside) name += c;
        inside = inside && c != ']';
    }
    return name;
}

}  // namespace

std::string effective_toml(const Loaded& loaded) {
    std::string toml;
    for (const Effective& each : loaded.effective) {
        if (each.key.find('[') == std::string::npos) toml += each.key + " = " + each.value + "\n";
    }
    std::string_view before;
    for (const Effective& each : loaded.effective) {  // tables in arrays come last
        const std::size_t close = each.key.rfind(']');
        if (close == std::string::npos) continue;
        const std::string_view table = std::string_view(each.key).substr(0, close + 1);
        if (table != before) toml += "[[" + array_name(table) + "]]\n";
        before = table;
        toml += each.key.substr(close + 2) + " = " + each.value + "\n";
    }
    return toml;
}

}  // namespace postern::settings
