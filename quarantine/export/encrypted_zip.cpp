#include "quarantine/export/encrypted_zip.hpp"

#include <zip.h>

#include <memory>
#include <utility>

#include "analyzers/base/bytes.hpp"
#include "quarantine/files.hpp"

namespace postern::quarantine {
namespace {

StoreError invalid(const char* what) {
    return {StoreErrorKind::Invalid, what};
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
           name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct Release {
    void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using ZipSource = std::unique_ptr<zip_source_t, Release>;

StoreError zip_failure(const char* what) {
    return {StoreErrorKind::Io, std::string("zip: ") + what};
}

// Adds the member; the archive borrows `bytes` until it is closed.
Outcome<Done, StoreError> add_member(zip_t* archive, const std::string& bytes,
                                     const std::string& member, const std::string& password) {
    ZipSource content(zip_source_buffer(archive, bytes.data(), bytes.size(), 0));
    if (!content) return Failure{zip_failure("no source")};
    const zip_int64_t index =
        zip_file_add(archive, member.c_str(), content.get(), ZIP_FL_ENC_UTF_8);
    if (index < 0) return Failure{zip_failure("cannot add the message")};
    static_cast<void>(content.release());  // the archive owns it now
    const auto place = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(archive, place, ZIP_CM_DEFLATE, 0) != 0 ||
        zip_file_set_encryption(archive, place, ZIP_EM_AES_256, password.c_str()) != 0) {
        return Failure{zip_failure("cannot encrypt")};
    }
    return Done{};
}

Outcome<std::string, StoreError> contents_of(zip_source_t* source) {
    zip_stat_t status{};
    if (zip_source_stat(source, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0 ||
        zip_source_open(source) != 0) {
        return Failure{zip_failure("cannot read the archive back")};
    }
    std::string bytes(static_cast<std::size_t>(status.size), '\0');
    const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
    zip_source_close(source);
    if (std::cmp_not_equal(got, bytes.size())) return Failure{zip_failure("short archive")};
    return bytes;
}

}  // namespace

Outcome<std::string, StoreError> encrypted_zip(MessageReader message, std::string_view member,
                                               std::string_view password, std::size_t limit) {
    if (!is_plain_name(member)) return Failure{invalid("not a plain file name")};
    if (password.empty()) return Failure{invalid("an empty password encrypts nothing")};
    const auto bytes = message.read_all(limit);
    if (!bytes) return Failure{bytes.error()};
    // Referenced here as well, so that the result outlives the archive that is built in it.
    ZipSource result(zip_source_buffer_create(nullptr, 0, 0, nullptr));
    if (!result) return Failure{zip_failure("no memory")};
    zip_source_keep(result.get());
    Archive archive(zip_open_from_source(result.get(), ZIP_TRUNCATE, nullptr));
    if (!archive) {
        zip_source_free(result.get());
        return Failure{zip_failure("cannot begin")};
    }
    auto added = add_member(archive.get(), *bytes, std::string(member), std::string(password));
    if (!added) return Failure{added.error()};
    if (zip_close(archive.get()) != 0) return Failure{zip_failure("cannot finish")};
    static_cast<void>(archive.release());  // zip_close has freed it
    return contents_of(result.get());
}

Outcome<Done, StoreError> encrypted_zip_to(int descriptor, MessageReader message,
                                           std::string_view member, std::string_view password,
                                           std::size_t limit) {
    const auto bytes = encrypted_zip(std::move(message), member, password, limit);
    if (!bytes) return Failure{bytes.error()};
    return write_all(descriptor, as_bytes(*bytes));
}

}  // namespace postern::quarantine
