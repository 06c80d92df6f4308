#include "gateway/settings/endpoint.hpp"

namespace postern::settings {
namespace {

/// "address:port" or "[v6]:port"; the port may be 0 (any free one).
bool is_endpoint(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return false;
    const std::string port = text.substr(colon + 1);
    return port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos &&
           std::stoul(port) <= 65535;
}

}  // namespace

void read_endpoint(KeyReader& keys, std::string_view key, std::string& value, bool may_be_empty) {
    keys.text(key, value);
    if (value.empty() && may_be_empty) return;
    if (!is_endpoint(value)) {
        keys.fail(key, "is \"" + value + "\"; \"address:port\" is expected");
    }
}

void read_endpoints(KeyReader& keys, std::string_view key, std::vector<std::string>& values,
                    bool may_be_empty) {
    keys.list(key, values);
    for (const std::string& value : values) {
        if (!is_endpoint(value)) {
            keys.fail(key, "holds \"" + value + "\"; \"address:port\" is expected");
        }
    }
    if (values.empty() && !may_be_empty)
        keys.fail(key, "is empty; at least one \"address:port\" is expected");
}

}  // namespace postern::settings
