#pragma once

/// @file Private to this folder: the store's values as JSON.

#include <nlohmann/json_fwd.hpp>

#include <string>

#include "quarantine/store.hpp"
#include "web/server/request.hpp"

namespace postern::web {

[[nodiscard]] nlohmann::json json_of(const quarantine::Summary& summary);
[[nodiscard]] nlohmann::json json_of(const quarantine::AuditEntry& entry);
[[nodiscard]] nlohmann::json json_of(const quarantine::Delivery& delivery);
[[nodiscard]] nlohmann::json json_of(const quarantine::ReleaseRequest& request);
/// Without its report.
[[nodiscard]] nlohmann::json json_of(const quarantine::Rescan& rescan);

/// A stored report; null when it is not a JSON value, or nested deeper than any report is.
[[nodiscard]] nlohmann::json report_json(const std::string& stored);

/// 200 with this value. Bad UTF-8 becomes U+FFFD.
[[nodiscard]] Response json_response(const nlohmann::json& value);

}  // namespace postern::web
