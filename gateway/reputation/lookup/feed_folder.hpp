#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "gateway/reputation/lists/feed_copy.hpp"

namespace postern::reputation {

/// The folder of the copies. Each is written beside its place, flushed and renamed: whoever reads,
/// and whenever we are killed, there is a whole old one or a whole new one.
class FeedFolder {
public:
    explicit FeedFolder(std::string path) : path_(std::move(path)) {}

    /// Waits until no other process writes here; it is ours as long as the descriptor lives. The
    /// failure is a sentence.
    [[nodiscard]] Outcome<UniqueFd, std::string> lock() const;
    /// The head of the copy that is there; nullopt: none that is whole.
    [[nodiscard]] std::optional<FeedHead> head(const std::string& name) const;
    /// When it was last fetched or found unchanged, seconds since 1970; 0: never.
    [[nodiscard]] std::int64_t checked(const std::string& name) const;
    /// Puts a new copy in force. The failure is a sentence.
    [[nodiscard]] Outcome<Done, std::string> put(const std::string& name,
                                                 const std::string& copy) const;
    /// Says that the copy is still right, now.
    [[nodiscard]] Outcome<Done, std::string> mark_checked(const std::string& name) const;

private:
    std::string path_;
};

}  // namespace postern::reputation
