#include "gateway/state/rules.hpp"

#include <charconv>

namespace postern::state {
namespace {

constexpr std::size_t kMaxKind = 32;

StateError misuse(std::string detail) {
    return {std::move(detail), StateFault::Misuse};
}

std::optional<StateError> check_life(std::chrono::seconds life) {
    if (life >= kMinLife && life <= kMaxLife) return std::nullopt;
    return misuse("a life of " + std::to_string(life.count()) + " s is not within " +
                  std::to_string(kMinLife.count()) + " s to " + std::to_string(kMaxLife.count()) +
                  " s");
}

}  // namespace

std::optional<StateError> check_key(std::string_view key) {
    if (!key.empty() && key.size() <= kMaxKey) return std::nullopt;
    return misuse("a key of " + std::to_string(key.size()) + " bytes is not within 1 to " +
                  std::to_string(kMaxKey));
}

std::optional<StateError> check_value(std::string_view key, std::string_view value,
                                      std::chrono::seconds life) {
    if (value.size() > kMaxValue) {
        return misuse("a value of " + std::to_string(value.size()) + " bytes is longer than " +
                      std::to_string(kMaxValue));
    }
    if (auto wrong = check_key(key)) return wrong;
    return check_life(life);
}

std::optional<StateError> check_addition(std::string_view key, std::chrono::seconds window) {
    if (auto wrong = check_key(key)) return wrong;
    return check_life(window);
}

Outcome<std::int64_t, StateError> add_to(std::string_view text, std::int64_t amount) {
    std::int64_t before = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), before);
    // Only the one way that we write a number, which is also what Redis demands.
    if (read.ec != std::errc() || std::to_string(before) != text) {
        return Failure{misuse("the entry is no counter")};
    }
    std::int64_t sum = 0;
    if (__builtin_add_overflow(before, amount, &sum)) {
        return Failure{misuse("the counter would leave 64 bits")};
    }
    return sum;
}

std::string_view kind_of(std::string_view key) {
    const std::size_t colon = key.substr(0, kMaxKind + 1).find(':');
    return colon == std::string_view::npos ? std::string_view() : key.substr(0, colon);
}

}  // namespace postern::state
