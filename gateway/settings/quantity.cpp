#include "gateway/settings/quantity.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace postern::settings {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t worth;
};

// Largest first, so that formatting finds the shortest text.
constexpr std::array kTimes = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                               Unit{"s", 1000}, Unit{"ms", 1}};
constexpr std::array kSizes = {Unit{"TiB", std::uint64_t{1} << 40}, Unit{"GiB", 1 << 30},
                               Unit{"MiB", 1 << 20}, Unit{"KiB", 1 << 10}, Unit{"B", 1}};
constexpr std::uint64_t kTenYears = std::uint64_t{3653} * 86'400'000;

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, N>& units,
                                   std::uint64_t most) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (count == 0 && name.empty()) return 0;  // nothing needs no unit
    for (const Unit& unit : units) {
        if (unit.name == name && count <= most / unit.worth) return count * unit.worth;
    }
    return std::nullopt;
}

template <std::size_t N>
std::string format(std::uint64_t amount, const std::array<Unit, N>& units) {
    for (const Unit& unit : units) {
        if (amount >= unit.worth && amount % unit.worth == 0) {
            return std::to_string(amount / unit.worth) + std::string(unit.name);
        }
    }
    return "0" + std::string(units.back().name);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto amount = parse(text, kTimes, kTenYears);
    if (!amount) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*amount));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse(text, kSizes, std::numeric_limits<std::int64_t>::max());
}

std::string format_duration(std::chrono::milliseconds duration) {
    return format(static_cast<std::uint64_t>(duration.count()), kTimes);
}

std::string format_size(std::uint64_t bytes) {
    return format(bytes, kSizes);
}

}  // namespace postern::settings
