#pragma once

/// @file [domains].recipients: who has a mailbox here. Read again when the file changes; a file
/// that cannot be read leaves the last good one in force.

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "analyzers/base/outcome.hpp"
#include "gateway/mail/address.hpp"

namespace postern::checks {

/// One entry a line: "user@example.org", or "@example.org" for everybody there; "#" begins a
/// comment. Any case.
using RecipientSet = std::unordered_set<std::string>;
/// The failure names the first bad line: "LINE: what is wrong".
[[nodiscard]] Outcome<RecipientSet, std::string> parse_recipients(std::string_view text);
/// `delimiter` (may be empty) begins what a person adds to his address: "user+list".
[[nodiscard]] bool holds(const RecipientSet& set, const mail::Mailbox& mailbox,
                         std::string_view delimiter);

/// Thread-safe. Looks at the file's stamp at most once a second.
class RecipientList {
public:
    explicit RecipientList(std::string path) : path_(std::move(path)) {}

    /// Null: there has never been a readable file; `problem()` says why.
    [[nodiscard]] std::shared_ptr<const RecipientSet> current();
    /// Of the last read; empty: none.
    [[nodiscard]] std::string problem() const;

private:
    struct Stamp {
        std::int64_t modified_ns = -1;
        std::uint64_t size = 0;
        std::uint64_t inode = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    void refresh();

    const std::string path_;
    mutable std::mutex mutex_;
    std::chrono::steady_clock::time_point next_look_;
    Stamp stamp_;
    std::string problem_ = "not read yet";
    std::shared_ptr<const RecipientSet> set_;
};

}  // namespace postern::checks
