#pragma once

#include <string>
#include <vector>

#include "quarantine/store.hpp"

namespace postern::web_tests {

struct HeldMessage {
    quarantine::Record record;
    std::string bytes;
};

/// Messages as the gateway would hold them, of every class, some written by an attacker who knows
/// that a browser will show them. `now`: the newest is a minute older.
[[nodiscard]] std::vector<HeldMessage> held_mail(quarantine::UnixMs now);

/// A small record with these; class Spam.
[[nodiscard]] HeldMessage plain_message(const std::string& subject, quarantine::UnixMs received);

}  // namespace postern::web_tests
