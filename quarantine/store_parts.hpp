#pragma once

#include <memory>

#include "quarantine/blobs.hpp"
#include "quarantine/index/database.hpp"
#include "quarantine/store.hpp"

namespace postern::quarantine {

/// What a store is made of.
struct Store::Parts {
    StoreOptions options;
    Blobs blobs;
    std::unique_ptr<Database> database;
    Outbox outbox;
    Audit audit;
    Accounts accounts;
    Tallies tallies;
    Rescans rescans;
    ReceivedReports received_reports;

    Parts(StoreOptions with, Blobs files, std::unique_ptr<Database> index)
        : options(std::move(with)),
          blobs(std::move(files)),
          database(std::move(index)),
          outbox(*database, options.back_off),
          audit(*database),
          accounts(*database, options.accounts),
          tallies(*database),
          rescans(*database),
          received_reports(*database) {}
};

/// Removes a blob that no record wants any more. Under the write lock of all processes: put() looks
/// under the same lock whether its blob is still there, so a blob cannot vanish between its look
/// and its commit.
[[nodiscard]] Outcome<bool, StoreError> erase_if_unwanted(Database& database, Blobs& blobs,
                                                          const std::string& sha256);

}  // namespace postern::quarantine
