#include "analyzers/api/limits.hpp"

#include <algorithm>

namespace postern::analyzers {
namespace {

constexpr std::uint64_t kRatioMatters = std::uint64_t{1} << 20;  // small text packs well honestly

LimitHit hit(Limit limit, std::uint64_t configured, std::uint64_t observed) {
    return {.limit = limit, .object = {}, .configured = configured, .observed = observed};
}

}  // namespace

std::optional<LimitHit> Budget::charge_bytes(std::uint64_t count) {
    if (count > limits_.bytes - bytes_) {
        const std::uint64_t wanted = bytes_ + std::min(count, ~bytes_);
        bytes_ = limits_.bytes;
        return hit(Limit::Bytes, limits_.bytes, wanted);
    }
    bytes_ += count;
    return std::nullopt;
}

std::optional<LimitHit> Budget::charge_object() {
    if (objects_ >= limits_.objects) {
        return hit(Limit::Objects, limits_.objects, std::uint64_t{objects_} + 1);
    }
    ++objects_;
    return std::nullopt;
}

std::optional<LimitHit> Budget::charge_name() {
    if (names_ >= limits_.names) return hit(Limit::Names, limits_.names, std::uint64_t{names_} + 1);
    ++names_;
    return std::nullopt;
}

std::optional<LimitHit> Budget::check_depth(std::uint32_t depth) const {
    if (depth > limits_.depth) return hit(Limit::Depth, limits_.depth, depth);
    return std::nullopt;
}

std::optional<LimitHit> Budget::check_time(Clock::time_point now) const {
    if (now < until_) return std::nullopt;
    const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(now - until_).count();
    return hit(Limit::Time, limits_.milliseconds,
               limits_.milliseconds + static_cast<std::uint64_t>(late));
}

std::chrono::milliseconds Budget::time_left(Clock::time_point now) const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until_ - now);
    return std::max(left, std::chrono::milliseconds::zero());
}

std::optional<LimitHit> Budget::check_ratio(std::uint64_t packed, std::uint64_t unpacked) const {
    if (unpacked <= kRatioMatters) return std::nullopt;
    const std::uint64_t ratio = unpacked / std::max<std::uint64_t>(packed, 1);
    if (ratio <= limits_.ratio) return std::nullopt;
    return hit(Limit::Ratio, limits_.ratio, ratio);
}

std::uint64_t Budget::room() const {
    return std::min(limits_.object_bytes, limits_.bytes - bytes_);
}

}  // namespace postern::analyzers
