#pragma once

/// @file What this process has mapped, as /proc/self/maps says it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::sandbox {

inline constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;

struct Mapping {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string rights;       ///< "r-xp"
    std::uint64_t inode = 0;  ///< 0: not a file
    bool stack = false;
};

/// One mapping's line in /proc/self/maps, and its first one in smaps. nullopt: some other line.
std::optional<Mapping> parse_mapping(const std::string& line);

/// By ascending address. Empty where there is no /proc.
std::vector<Mapping> mappings();

constexpr std::uint64_t huge_page_down(std::uint64_t address) {
    return address / kHugePage * kHugePage;
}
constexpr std::uint64_t huge_page_up(std::uint64_t address) {
    return huge_page_down(address + kHugePage - 1);
}

/// An address that came from the kernel as text.
void* memory_at(std::uint64_t address);

/// Makes one huge page of each aligned 2 MiB in [begin, end). Returns how many bytes the kernel
/// took.
std::uint64_t collapse(std::uint64_t begin, std::uint64_t end);

}  // namespace postern::sandbox
