#include "gateway/settings/allow_entry.hpp"

#include <array>
#include <charconv>
#include <chrono>

namespace postern::settings {
namespace {

constexpr std::string_view kUntil = " until ";

/// "2027-03-31", nothing else.
std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    constexpr std::size_t kLength = 10;
    if (text.size() != kLength || text[4] != '-' || text[7] != '-') return std::nullopt;
    std::array<int, 3> numbers{};
    const std::array<std::string_view, 3> parts = {text.substr(0, 4), text.substr(5, 2),
                                                   text.substr(8, 2)};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string_view part = parts.at(i);
        if (part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
        std::from_chars(part.data(), part.data() + part.size(), numbers.at(i));
    }
    const std::chrono::year_month_day day{std::chrono::year(numbers[0]),
                                          std::chrono::month(static_cast<unsigned>(numbers[1])),
                                          std::chrono::day(static_cast<unsigned>(numbers[2]))};
    if (!day.ok()) return std::nullopt;
    return std::chrono::sys_days(day);
}

}  // namespace

std::optional<AllowEntry> parse_allow_entry(std::string_view text) {
    const std::size_t at = text.find(kUntil);
    if (at == std::string_view::npos) return AllowEntry{std::string(text), std::nullopt};
    const auto day = parse_day(text.substr(at + kUntil.size()));
    if (!day) return std::nullopt;
    const auto end = (*day + std::chrono::days(1)).time_since_epoch();
    return AllowEntry{std::string(text.substr(0, at)),
                      std::chrono::duration_cast<std::chrono::seconds>(end).count()};
}

}  // namespace postern::settings
