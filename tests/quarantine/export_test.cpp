#include "quarantine/export/encrypted_zip.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

class ExportTest : public StoreFixture {
protected:
    MessageReader reader_of(const std::string& message) {
        return std::move(store->open_message(put(sample(), message))).value();
    }
};

// What a reviewer's tool gets out of it: "name=bytes", or what is wrong.
std::string unzip(const std::string& archive, const char* password) {
    zip_source_t* const source =
        zip_source_buffer_create(archive.data(), archive.size(), 0, nullptr);
    zip_t* const zip = zip_open_from_source(source, ZIP_RDONLY, nullptr);
    if (!zip) {
        zip_source_free(source);
        return "no archive";
    }
    std::string result = "refused";
    zip_stat_t status{};
    zip_stat_init(&status);
    zip_stat_index(zip, 0, 0, &status);
    EXPECT_EQ(status.encryption_method, ZIP_EM_AES_256);
    EXPECT_EQ(zip_get_num_entries(zip, 0), 1);
    if (zip_file_t* const file = zip_fopen_index_encrypted(zip, 0, 0, password)) {
        std::string bytes(status.size, '\0');
        const auto got = zip_fread(file, bytes.data(), bytes.size());
        if (std::cmp_equal(got, bytes.size())) result = std::string(status.name) + "=" + bytes;
        zip_fclose(file);
    }
    zip_discard(zip);
    return result;
}

TEST_F(ExportTest, OpensWithThePasswordOnly) {
    for (const std::string& message :
         {std::string("X5O! not really"), std::string(), std::string(300000, 'z')}) {
        SCOPED_TRACE(message.size());
        const auto zip = encrypted_zip(reader_of(message), "01J.eml", kSamplePassword, 1 << 20);
        ASSERT_TRUE(zip) << zip.error().detail;
        EXPECT_EQ(unzip(*zip, "infected"), "01J.eml=" + message);
        EXPECT_NE(unzip(*zip, "wrong"), "01J.eml=" + message);
        EXPECT_EQ(unzip(*zip, nullptr), "refused");
        EXPECT_EQ(zip->find("not really"), std::string::npos);
    }
}

TEST_F(ExportTest, RefusesWhatItCannotDo) {
    const struct {
        const char* title;
        const char* member;
        const char* password;
        std::size_t limit;
        const char* kind;
    } cases[] = {
        {"at the limit", "a.eml", "p", 10, "ok"},
        {"above the limit", "a.eml", "p", 9, "invalid"},
        {"no password", "a.eml", "", 10, "invalid"},
        {"no name", "", "p", 10, "invalid"},
        {"a path", "a/b.eml", "p", 10, "invalid"},
        {"a parent", "..", "p", 10, "invalid"},
        {"a backslash", "a\\b", "p", 10, "invalid"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(kind_of(encrypted_zip(reader_of("0123456789"), c.member, c.password, c.limit)),
                  c.kind);
    }
}

TEST_F(ExportTest, WritesTheSameToADescriptor) {
    const UniqueFd file(::memfd_create("zip", MFD_CLOEXEC));
    ASSERT_TRUE(encrypted_zip_to(file.get(), reader_of("hello"), "a.eml", "infected", 100));
    std::string archive(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
    ASSERT_EQ(::pread(file.get(), archive.data(), archive.size(), 0),
              static_cast<ssize_t>(archive.size()));
    EXPECT_EQ(unzip(archive, "infected"), "a.eml=hello");
    EXPECT_EQ(kind_of(encrypted_zip_to(-1, reader_of("hello"), "a.eml", "infected", 100)), "io");
}

}  // namespace
}  // namespace postern::quarantine
