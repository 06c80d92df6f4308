#include "quarantine/blobs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "quarantine/files.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 02770;
constexpr mode_t kBlobMode = 0660;
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::size_t slot_of(std::string_view sha256) {
    std::size_t slot = 0;
    for (const char c : sha256.substr(0, 4)) slot = slot << 4 | kHexDigits.find(c);
    return slot;
}

bool older(const fs::directory_entry& entry, std::chrono::system_clock::time_point before) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    const auto written = std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec);
    return written < before;
}

// Calls visit(entry) for each entry of a folder; one that cannot be read has none.
template <class Visit>
void each_entry(const fs::path& folder, Visit visit) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        visit(*it);
    }
}

}  // namespace

bool is_digest(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of(kHexDigits) == std::string_view::npos;
}

Blobs::Blobs(std::string folder, const Key& key, std::uint32_t chunk_size)
    : folder_(std::move(folder)),
      key_(key),
      chunk_size_(std::clamp(chunk_size, kMinChunk, kMaxChunk)),
      durable_(std::make_unique<std::array<std::atomic<bool>, 65536>>()) {}

Outcome<Done, StoreError> Blobs::prepare() {
    return ensure_folders(folder_ + "/tmp", kFolderMode);
}

std::string Blobs::path_of(std::string_view sha256) const {
    std::string path = folder_;
    path.append("/").append(sha256.substr(0, 2)).append("/").append(sha256.substr(2, 2));
    path.append("/").append(sha256);
    return path;
}

Outcome<Done, StoreError> Blobs::keep(const Source& source, const Measure& measure) {
    if (!is_digest(measure.sha256)) {
        return Failure{StoreError{StoreErrorKind::Invalid, "not a SHA-256 digest"}};
    }
    if (auto present = open(measure.sha256)) {
        std::vector<std::byte> buffer(chunk_size_);
        auto got = (*present)->read(buffer);
        while (got && *got > 0) got = (*present)->read(buffer);
        // Another process may have renamed it and not yet synced the name: we answer for it too.
        if (got) return sync_names(measure.sha256);
    }
    return write_new(source, measure);
}

Outcome<Done, StoreError> Blobs::write_new(const Source& source, const Measure& measure) {
    const std::string path = path_of(measure.sha256);
    const std::string temporary = folder_ + "/tmp/" + QuarantineId::make().text();
    auto file = create_file(temporary, kBlobMode);
    if (!file) return Failure{file.error()};
    auto done = write_blob(file->get(), source, measure, key_, chunk_size_);
    if (done) done = sync_file(file->get());
    for (const std::string& folder : {folder_of(folder_of(path)), folder_of(path)}) {
        if (!done) break;
        if (auto made = ensure_folder(folder, kFolderMode); !made) done = Failure{made.error()};
    }
    if (done && std::rename(temporary.c_str(), path.c_str()) != 0) {
        done = Failure{system_error("rename to " + path, errno)};
    }
    if (!done) {
        ::unlink(temporary.c_str());
        return done;
    }
    return sync_names(measure.sha256);
}

Outcome<Done, StoreError> Blobs::sync_names(std::string_view sha256) {
    const std::string inner = folder_of(path_of(sha256));
    if (auto done = sync_folder(inner); !done) return done;
    std::atomic<bool>& durable = (*durable_)[slot_of(sha256)];
    if (durable.load(std::memory_order_acquire)) return Done{};
    if (auto done = sync_folder(folder_of(inner)); !done) return done;
    if (auto done = sync_folder(folder_); !done) return done;
    durable.store(true, std::memory_order_release);
    return Done{};
}

Outcome<std::unique_ptr<BlobReader>, StoreError> Blobs::open(std::string_view sha256) const {
    if (!is_digest(sha256)) {
        return Failure{StoreError{StoreErrorKind::Invalid, "not a SHA-256 digest"}};
    }
    UniqueFd file(::open(path_of(sha256).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return Failure{system_error("open blob", errno)};
    return BlobReader::open(std::move(file), key_, sha256);
}

bool Blobs::exists(std::string_view sha256) const {
    return is_digest(sha256) && ::access(path_of(sha256).c_str(), F_OK) == 0;
}

Outcome<Done, StoreError> Blobs::erase(std::string_view sha256) {
    if (!is_digest(sha256)) {
        return Failure{StoreError{StoreErrorKind::Invalid, "not a SHA-256 digest"}};
    }
    if (::unlink(path_of(sha256).c_str()) != 0 && errno != ENOENT) {
        return Failure{system_error("unlink blob", errno)};
    }
    return Done{};
}

std::uint64_t Blobs::sweep_temporary(std::chrono::system_clock::time_point before) {
    std::uint64_t removed = 0;
    each_entry(fs::path(folder_) / "tmp", [&](const fs::directory_entry& entry) {
        if (older(entry, before) && ::unlink(entry.path().c_str()) == 0) ++removed;
    });
    return removed;
}

std::vector<std::string> Blobs::older_than(std::chrono::system_clock::time_point before) const {
    std::vector<std::string> digests;
    each_entry(folder_, [&](const fs::directory_entry& outer) {
        if (outer.path().filename().native().size() != 2) return;
        each_entry(outer.path(), [&](const fs::directory_entry& inner) {
            each_entry(inner.path(), [&](const fs::directory_entry& blob) {
                const std::string name = blob.path().filename().native();
                if (is_digest(name) && older(blob, before)) digests.push_back(name);
            });
        });
    });
    return digests;
}

}  // namespace postern::quarantine
