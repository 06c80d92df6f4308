#include "quarantine/blob_file.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "quarantine/message_reader.hpp"
#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

constexpr std::uint32_t kChunk = 1024;
constexpr std::size_t kSealed = kChunk + kTagSize;

std::string pattern(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
    return text;
}

UniqueFd file_with(const std::string& bytes) {
    UniqueFd file(::memfd_create("blob", MFD_CLOEXEC));
    EXPECT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    return file;
}

std::string contents(int descriptor) {
    std::string bytes(static_cast<std::size_t>(::lseek(descriptor, 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(descriptor, bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    return bytes;
}

std::string seal(const std::string& plain, const Key& key = key_of(1)) {
    const Source source{std::string_view(plain)};
    const UniqueFd file = file_with("");
    EXPECT_TRUE(write_blob(file.get(), source, measure(source).value(), key, kChunk));
    return contents(file.get());
}

// The plaintext, or the word for what is wrong.
std::string open(const std::string& sealed, const std::string& plain, const Key& key = key_of(1),
                 std::size_t step = 4096) {
    auto reader = BlobReader::open(file_with(sealed), key, sha256_hex(as_bytes(plain)));
    if (!reader) return std::string(name(reader.error().kind));
    std::string read;
    std::vector<std::byte> buffer(step);
    for (;;) {
        const auto got = (*reader)->read(buffer);
        if (!got) return std::string(name(got.error().kind));
        if (*got == 0) return read;
        for (std::size_t i = 0; i < *got; ++i) read += static_cast<char>(buffer[i]);
    }
}

TEST(BlobFile, GivesBackWhatWasSealedAtEveryChunkEdge) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{kChunk - 1}, std::size_t{kChunk},
          std::size_t{kChunk + 1}, std::size_t{2 * kChunk}, std::size_t{5 * kChunk + 17}}) {
        SCOPED_TRACE(size);
        const std::string plain = pattern(size);
        const std::string sealed = seal(plain);
        const std::size_t chunks = size == 0 ? 1 : (size + kChunk - 1) / kChunk;
        EXPECT_EQ(sealed.size(), kBlobHeaderSize + size + chunks * kTagSize);
        EXPECT_EQ(open(sealed, plain), plain);
        EXPECT_EQ(open(sealed, plain, key_of(1), 1), plain);
        EXPECT_EQ(open(sealed, plain, key_of(1), kChunk + 1), plain);
    }
}

TEST(BlobFile, HidesThePlaintextAndNeverSealsAlike) {
    const std::string plain(4 * kChunk, 'A');
    const std::string one = seal(plain);
    const std::string two = seal(plain);
    EXPECT_NE(one, two);
    EXPECT_EQ(one.find("AAAAAAAA"), std::string::npos);
    // Equal chunks of one blob do not look alike either.
    EXPECT_NE(one.substr(kBlobHeaderSize, kChunk), one.substr(kBlobHeaderSize + kSealed, kChunk));
}

TEST(BlobFile, DetectsEveryKindOfDamage) {
    const std::string plain = pattern(3 * kChunk + 100);
    const std::string sealed = seal(plain);
    const std::string header = sealed.substr(0, kBlobHeaderSize);
    const auto chunk = [&](std::size_t i) {
        return sealed.substr(kBlobHeaderSize + i * kSealed, kSealed);
    };
    const struct {
        const char* title;
        std::string file;
        const char* kind;
    } cases[] = {
        {"empty file", "", "corrupt"},
        {"header only", header, "corrupt"},
        {"half a header", header.substr(0, 20), "corrupt"},
        {"cut inside the last chunk", sealed.substr(0, sealed.size() - 1), "corrupt"},
        {"cut after the second chunk", sealed.substr(0, kBlobHeaderSize + 2 * kSealed), "corrupt"},
        {"cut inside the first tag", sealed.substr(0, kBlobHeaderSize + 10), "corrupt"},
        {"one byte more", sealed + "x", "corrupt"},
        {"a chunk more", sealed + chunk(0), "corrupt"},
        {"chunks swapped", header + chunk(1) + chunk(0) + chunk(2) + chunk(3), "corrupt"},
        {"chunk repeated", header + chunk(0) + chunk(0) + chunk(2) + chunk(3), "corrupt"},
        {"first chunk missing", header + chunk(1) + chunk(2) + chunk(3), "corrupt"},
        {"middle chunk missing", header + chunk(0) + chunk(1) + chunk(3), "corrupt"},
        {"chunk of another blob",
         header + seal(plain).substr(kBlobHeaderSize, kSealed) +
             sealed.substr(kBlobHeaderSize + kSealed),
         "corrupt"},
        {"header of another blob",
         seal(plain).substr(0, kBlobHeaderSize) + sealed.substr(kBlobHeaderSize), "corrupt"},
        {"sealed with another key", seal(plain, key_of(2)), "wrong-key"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(open(c.file, plain), c.kind);
    }
}

TEST(BlobFile, DetectsEachFlippedBit) {
    const std::string plain = pattern(kChunk + 40);
    const std::string sealed = seal(plain);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string damaged = sealed;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
        const std::string result = open(damaged, plain);
        ASSERT_TRUE(result == "corrupt" || result == "wrong-key") << "byte " << i << ": " << result;
    }
}

TEST(BlobFile, DoesNotOpenUnderAnotherDigest) {
    const std::string plain = pattern(100);
    EXPECT_EQ(open(seal(plain), plain + "x"), "corrupt");
}

TEST(BlobFile, StaysFailedAfterAFailure) {
    const std::string plain = pattern(2 * kChunk);
    auto reader = BlobReader::open(file_with(seal(plain).substr(0, kBlobHeaderSize + kSealed)),
                                   key_of(1), sha256_hex(as_bytes(plain)));
    ASSERT_TRUE(reader);
    std::vector<std::byte> buffer(16);
    EXPECT_EQ(kind_of((*reader)->read(buffer)), "corrupt");
    EXPECT_EQ(kind_of((*reader)->read(buffer)), "corrupt");
}

TEST(BlobFile, ChunkSizesOutOfRangeAreNoBlob) {
    const std::string sealed = seal(pattern(10));
    const struct {
        std::uint32_t size;
        bool known;
    } cases[] = {{kMinChunk - 1, false}, {kMinChunk, true}, {kMaxChunk, true},
                 {kMaxChunk + 1, false}, {0, false},        {0xffffffffU, false}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.size);
        BlobHeader header = parse_header(as_bytes(sealed)).value();
        header.chunk_size = c.size;
        EXPECT_EQ(parse_header(encode_header(header)).has_value(), c.known);
    }
}

TEST(BlobFile, RefusesASourceThatChangedSinceItWasMeasured) {
    const std::string plain = pattern(2 * kChunk);
    const Measure measured = measure(Source{std::string_view(plain)}).value();
    const auto write = [&](const std::string& source) {
        const UniqueFd file = file_with("");
        const auto done =
            write_blob(file.get(), Source{std::string_view(source)}, measured, key_of(1), kChunk);
        return done ? open(contents(file.get()), plain) : std::string(name(done.error().kind));
    };
    for (const std::string& other :
         {plain.substr(1), pattern(2 * kChunk - 1) + "?", std::string()}) {
        SCOPED_TRACE(other.size());
        EXPECT_EQ(write(other), "invalid");
    }
    EXPECT_EQ(write(plain + "grown since"), plain);
}

TEST(MessageReader, CopiesToSealedMemoryAndHonoursItsLimit) {
    const std::string plain = pattern(3 * kChunk);
    const auto reader = [&] {
        return MessageReader(
            BlobReader::open(file_with(seal(plain)), key_of(1), sha256_hex(as_bytes(plain)))
                .value());
    };
    MessageReader to_memory = reader();
    const auto memory = to_memory.to_memfd();
    ASSERT_TRUE(memory);
    EXPECT_EQ(contents(memory->get()), plain);
    EXPECT_EQ(::write(memory->get(), "x", 1), -1);
    MessageReader exact = reader();
    EXPECT_EQ(exact.read_all(plain.size()).value_or(""), plain);
    MessageReader short_one = reader();
    EXPECT_EQ(kind_of(short_one.read_all(plain.size() - 1)), "invalid");
    EXPECT_EQ(kind_of(reader().read({})), "invalid");
}

}  // namespace
}  // namespace postern::quarantine
