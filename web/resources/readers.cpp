#include "web/resources/readers.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace postern::web {
namespace {

constexpr int kMaxBodyDepth = 4;

Response invalid(std::string_view name) {
    return Response::failure(400, "invalid",
                             "\"" + std::string(name) + "\" is not understood here.");
}

bool contains(std::initializer_list<std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<nlohmann::json> parse_object(const std::string& body) {
    bool deep = false;
    const auto watch = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        deep = deep || depth > kMaxBodyDepth;
        return depth <= kMaxBodyDepth;
    };
    nlohmann::json parsed = nlohmann::json::parse(body, watch, false);
    if (deep || !parsed.is_object()) return std::nullopt;
    return parsed;
}

}  // namespace

QueryReader::QueryReader(const Request& request, std::initializer_list<std::string_view> known)
    : request_(request) {
    for (const auto& [name, value] : request.query) {
        const auto same = [&, &n = name](const Field& field) { return field.first == n; };
        if (!contains(known, name) ||
            std::count_if(request.query.begin(), request.query.end(), same) > 1) {
            complain(name);
        }
    }
}

std::string QueryReader::text(std::string_view name) const {
    for (const auto& [given, value] : request_.query) {
        if (given == name) return value;
    }
    return {};
}

std::int64_t QueryReader::number(std::string_view name, std::int64_t least, std::int64_t most,
                                 std::int64_t absent) {
    const std::string value = text(name);
    if (value.empty()) return absent;
    std::int64_t parsed = 0;
    const char* end = value.data() + value.size();
    const auto [stop, failed] = std::from_chars(value.data(), end, parsed);
    if (failed != std::errc{} || stop != end || parsed < least || parsed > most) {
        complain(name);
        return absent;
    }
    return parsed;
}

void QueryReader::complain(std::string_view name) {
    if (!error_) error_ = invalid(name);
}

BodyReader::BodyReader(const Request& request, std::initializer_list<std::string_view> known)
    : object_(std::make_unique<nlohmann::json>(nlohmann::json::object())) {
    if (request.body.empty()) return;
    auto parsed = parse_object(request.body);
    if (!parsed) {
        error_ = Response::failure(400, "json", "The body must be a JSON object.");
        return;
    }
    *object_ = std::move(*parsed);
    for (const auto& [name, value] : object_->items()) {
        if (!contains(known, name)) complain(name);
    }
}

BodyReader::~BodyReader() = default;

std::string BodyReader::text(const std::string& name, bool required) {
    const auto found = object_->find(name);
    if (found != object_->end() && found->is_string()) return found->get<std::string>();
    if (found != object_->end() || required) complain(name);
    return {};
}

bool BodyReader::flag(const std::string& name) {
    const auto found = object_->find(name);
    if (found == object_->end()) return false;
    if (!found->is_boolean()) {
        complain(name);
        return false;
    }
    return found->get<bool>();
}

std::vector<std::string> BodyReader::texts(const std::string& name, std::size_t most) {
    std::vector<std::string> values;
    const auto found = object_->find(name);
    if (found == object_->end()) return values;
    if (!found->is_array() || found->size() > most) {
        complain(name);
        return values;
    }
    for (const nlohmann::json& value : *found) {
        if (!value.is_string()) {
            complain(name);
            return {};
        }
        values.push_back(value.get<std::string>());
    }
    return values;
}

void BodyReader::complain(std::string_view name) {
    if (!error_) error_ = invalid(name);
}

}  // namespace postern::web
