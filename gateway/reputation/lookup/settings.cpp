#include "gateway/reputation/lookup/settings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "analyzers/base/ascii.hpp"

namespace postern::reputation {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

json write_feed(const LookupFeed& each) {
    const settings::ListFeed& feed = each.feed;
    return {{"name", feed.name},
            {"url", feed.url},
            {"syntax", static_cast<int>(feed.format.syntax)},
            {"kind", static_cast<int>(feed.format.kind)},
            {"column", feed.format.column},
            {"separator", std::string(1, feed.format.separator)},
            {"header", feed.format.header},
            {"field", feed.format.field},
            {"refresh_ms", feed.refresh.count()},
            {"timeout_ms", feed.timeout.count()},
            {"max_size", feed.max_size},
            {"max_entries", feed.max_entries},
            {"max_bad", feed.max_bad},
            {"allow_private", feed.allow_private},
            {"headers", each.headers}};
}

template <class Enum>
Enum word(const json& object, const char* key, Enum last) {
    const int number = object.at(key).get<int>();
    if (number < 0 || number > static_cast<int>(last)) {
        throw std::runtime_error(std::string(key) + " is out of range");
    }
    return static_cast<Enum>(number);
}

LookupFeed read_feed(const json& object) {
    LookupFeed made;
    settings::ListFeed& feed = made.feed;
    object.at("name").get_to(feed.name);
    object.at("url").get_to(feed.url);
    feed.format.syntax = word(object, "syntax", settings::ListSyntax::JsonLines);
    feed.format.kind = word(object, "kind", settings::EntryKind::Digest);
    object.at("column").get_to(feed.format.column);
    feed.format.separator = object.at("separator").get<std::string>().at(0);
    object.at("header").get_to(feed.format.header);
    object.at("field").get_to(feed.format.field);
    feed.refresh = milliseconds(object.at("refresh_ms").get<std::int64_t>());
    feed.timeout = milliseconds(object.at("timeout_ms").get<std::int64_t>());
    object.at("max_size").get_to(feed.max_size);
    object.at("max_entries").get_to(feed.max_entries);
    object.at("max_bad").get_to(feed.max_bad);
    object.at("allow_private").get_to(feed.allow_private);
    object.at("headers").get_to(made.headers);
    if (feed.name.empty() || feed.name.find('/') != std::string::npos) {
        throw std::runtime_error("a feed has no name");
    }
    return made;
}

}  // namespace

std::string write_lookup_settings(const LookupSettings& settings) {
    json feeds = json::array();
    for (const LookupFeed& each : settings.feeds) feeds.push_back(write_feed(each));
    return json({{"control_fd", settings.control_fd},
                 {"folder", settings.folder},
                 {"authorities", settings.authorities},
                 {"dns_servers", settings.dns_servers},
                 {"feeds", feeds}})
        .dump();
}

Outcome<LookupSettings, std::string> read_lookup_settings(const std::string& text) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) return Failure{std::string("not a JSON object")};
    try {
        LookupSettings settings;
        object.at("control_fd").get_to(settings.control_fd);
        object.at("folder").get_to(settings.folder);
        object.at("authorities").get_to(settings.authorities);
        object.at("dns_servers").get_to(settings.dns_servers);
        for (const json& each : object.at("feeds")) settings.feeds.push_back(read_feed(each));
        return settings;
    } catch (const std::exception& error) {
        return Failure{std::string(error.what())};
    }
}

Outcome<std::vector<std::string>, std::string> read_header_lines(std::string_view text) {
    std::vector<std::string> lines;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.front() == '#') continue;
        const std::size_t colon = line.find(": ");
        const bool name =
            colon != std::string_view::npos && colon > 0 &&
            std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon),
                        [](char c) { return ascii_alnum(c) || c == '-'; });
        const bool value =
            std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c != '\x7f'; });
        if (!name || !value) {
            return Failure{"line " + std::to_string(number) +
                           " is no header field; \"Name: value\" is expected"};
        }
        lines.emplace_back(line);
    }
    return lines;
}

}  // namespace postern::reputation
