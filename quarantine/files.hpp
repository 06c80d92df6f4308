#pragma once

/// @file Files and folders whose existence survives the loss of power.

#include <sys/types.h>

#include <span>
#include <string>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "quarantine/error.hpp"

namespace postern::quarantine {

/// What errno says, as a StoreError: Full for a full disk, NotFound, else Io. `what` names the act.
[[nodiscard]] StoreError system_error(const std::string& what, int error_number);

/// Writes all of it, restarting after signals.
[[nodiscard]] Outcome<Done, StoreError> write_all(int descriptor, ByteView bytes);
/// Reads until `into` is full or the file ends; how much.
[[nodiscard]] Outcome<std::size_t, StoreError> read_full(int descriptor, std::span<std::byte> into);
/// The same at an offset, which the descriptor's own is not.
[[nodiscard]] Outcome<std::size_t, StoreError> pread_full(int descriptor, std::span<std::byte> into,
                                                          std::uint64_t offset);

/// Makes the folder if there is none, with exactly this mode whatever the umask is. The mode of one
/// that exists is left alone. True when it was made.
[[nodiscard]] Outcome<bool, StoreError> ensure_folder(const std::string& path, mode_t mode);
/// The same with all parents that are missing, each made durable.
[[nodiscard]] Outcome<Done, StoreError> ensure_folders(const std::string& path, mode_t mode);
/// Makes the names in a folder durable.
[[nodiscard]] Outcome<Done, StoreError> sync_folder(const std::string& path);
/// "/a/b" of "/a/b/c".
[[nodiscard]] std::string folder_of(const std::string& path);

/// New file for writing, exactly this mode; Conflict when the name is taken.
[[nodiscard]] Outcome<UniqueFd, StoreError> create_file(const std::string& path, mode_t mode);
/// fsync(2).
[[nodiscard]] Outcome<Done, StoreError> sync_file(int descriptor);

}  // namespace postern::quarantine
