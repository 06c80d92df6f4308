#pragma once

/// @file Opens a state file, and gets a damaged one out of the way. Private to gateway/state.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "gateway/state/sqlite/session.hpp"

namespace postern::state {

/// Which file a path names: another one after it was moved or deleted.
struct FileIdentity {
    dev_t device = 0;
    ino_t number = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
/// nullopt: there is none.
[[nodiscard]] std::optional<FileIdentity> identity_of(const std::string& path);

struct OpenedFile {
    std::unique_ptr<SqliteSession> session;
    FileIdentity identity;
    bool replaced = false;  ///< a damaged one was moved aside
};

struct FileSettings {
    std::string path;
    std::chrono::milliseconds busy_timeout{2000};
    bool may_replace = true;
    bool check = true;  ///< reads the whole file for damage
};

/// Opens the file, or makes it with mode 0660, with its table. A damaged one becomes
/// "<path>.corrupt", over an older one of that name, and a fresh one is begun.
[[nodiscard]] Outcome<OpenedFile, SqliteError> open_file(const FileSettings& settings);

/// The same for a file that proved damaged in use; `damaged` is what was open. Moves nothing when
/// the path names another file by now: somebody else has done it.
[[nodiscard]] Outcome<OpenedFile, SqliteError> replace_file(const FileSettings& settings,
                                                            const FileIdentity& damaged);

/// A further session on an open file, for reading.
[[nodiscard]] std::unique_ptr<SqliteSession> open_session(const FileSettings& settings);

}  // namespace postern::state
