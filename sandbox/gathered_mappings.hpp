#pragma once

/// @file Memory that libraries map for themselves, in one place.

#include <cstdint>
#include <vector>

namespace postern::sandbox {

/// While it lives, memory that is mapped anywhere is mapped in one place: below all that was there
/// before, from the end of a huge page downwards. Without it, what an engine maps in pieces fills
/// the holes between libraries, where no huge page fits (back_with_huge_pages()). It does so by
/// filling those holes with memory that nobody can use, and gives them back at its end, when it
/// also fills what is missing to whole huge pages. One thread. Does nothing in sanitizer builds.
class GatheredMappings {
public:
    GatheredMappings();
    ~GatheredMappings();
    GatheredMappings(const GatheredMappings&) = delete;
    GatheredMappings& operator=(const GatheredMappings&) = delete;

    /// Where the place ends; 0: there is none.
    [[nodiscard]] std::uint64_t end() const { return end_; }

private:
    struct Filled {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };
    void fill(std::uint64_t begin, std::uint64_t end);

    std::vector<Filled> filled_;
    std::uint64_t end_ = 0;
};

}  // namespace postern::sandbox
