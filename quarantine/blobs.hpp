#pragma once

/// @file The folder of blobs: aa/bb/<sha256>, each digest once.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "quarantine/blob_file.hpp"
#include "quarantine/error.hpp"
#include "quarantine/key.hpp"

namespace postern::quarantine {

/// Knows files, not records: whether a blob is still wanted, the Store decides under its write
/// lock. A digest is 64 lower-case hexadecimal digits (is_digest); anything else is Invalid.
class Blobs {
public:
    Blobs(std::string folder, const Key& key, std::uint32_t chunk_size);

    /// Makes the folders that are missing, 2770.
    [[nodiscard]] Outcome<Done, StoreError> prepare();
    /// When this is done, the blob is there, opens with the key, and both file and name are on the
    /// disk. One that is there already is read to its end; a damaged one is replaced.
    [[nodiscard]] Outcome<Done, StoreError> keep(const Source& source, const Measure& measure);
    [[nodiscard]] Outcome<std::unique_ptr<BlobReader>, StoreError> open(
        std::string_view sha256) const;
    [[nodiscard]] bool exists(std::string_view sha256) const;
    /// No error when there is none.
    [[nodiscard]] Outcome<Done, StoreError> erase(std::string_view sha256);

    /// Removes temporary files last written before `before` (system clock); how many.
    [[nodiscard]] std::uint64_t sweep_temporary(std::chrono::system_clock::time_point before);
    /// Digests of the blobs last written before `before`.
    [[nodiscard]] std::vector<std::string> older_than(
        std::chrono::system_clock::time_point before) const;

private:
    [[nodiscard]] std::string path_of(std::string_view sha256) const;
    [[nodiscard]] Outcome<Done, StoreError> write_new(const Source& source, const Measure& measure);
    [[nodiscard]] Outcome<Done, StoreError> sync_names(std::string_view sha256);

    std::string folder_;
    Key key_;
    std::uint32_t chunk_size_;
    // One for each aa/bb: its name, and aa's, have been made durable by this process.
    std::unique_ptr<std::array<std::atomic<bool>, 65536>> durable_;
};

[[nodiscard]] bool is_digest(std::string_view text);

}  // namespace postern::quarantine
