#include "quarantine/blob_file.hpp"

#include <algorithm>
#include <limits>

#include "quarantine/files.hpp"

namespace postern::quarantine {
namespace {

constexpr std::size_t kHashStep = 64U << 10;

StoreError corrupt(const char* what) {
    return {StoreErrorKind::Corrupt, what};
}

std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Outcome<std::size_t, StoreError> Source::read(std::uint64_t offset,
                                              std::span<std::byte> into) const {
    if (descriptor_ >= 0) return pread_full(descriptor_, into, offset);
    if (offset >= bytes_.size()) return std::size_t{0};
    const ByteView rest = as_bytes(bytes_.substr(static_cast<std::size_t>(offset)));
    const std::size_t count = std::min(rest.size(), into.size());
    std::copy_n(rest.begin(), count, into.begin());
    return count;
}

Outcome<Measure, StoreError> measure(const Source& source) {
    Sha256Stream digest;
    Measure result;
    std::vector<std::byte> buffer(kHashStep);
    for (;;) {
        auto got = source.read(result.size, buffer);
        if (!got) return Failure{got.error()};
        if (*got == 0) break;
        digest.update(as_text(ByteView(buffer).first(*got)));
        result.size += *got;
    }
    result.sha256 = digest.finish();
    return result;
}

Outcome<Done, StoreError> write_blob(int descriptor, const Source& source, const Measure& expected,
                                     const Key& key, std::uint32_t chunk_size) {
    const BlobHeader header = fresh_header(key, chunk_size);
    if (auto done = write_all(descriptor, encode_header(header)); !done) return done;
    if (expected.size / chunk_size >= std::numeric_limits<std::uint32_t>::max()) {
        return Failure{StoreError{StoreErrorKind::Invalid, "message has too many chunks"}};
    }
    const StoreError changed{StoreErrorKind::Invalid, "message changed while it was read"};
    ChunkCipher cipher(key, header, expected.sha256);
    Sha256Stream digest;
    std::vector<std::byte> plain(chunk_size);
    std::vector<std::byte> sealed(chunk_size + kTagSize);
    std::uint64_t offset = 0;
    for (std::uint32_t number = 0;; ++number) {
        // What the source may have grown by since is not part of the message.
        const auto want =
            static_cast<std::size_t>(std::min<std::uint64_t>(chunk_size, expected.size - offset));
        auto got = source.read(offset, std::span(plain).first(want));
        if (!got) return Failure{got.error()};
        if (*got < want) return Failure{changed};
        offset += *got;
        const bool last = offset == expected.size;
        const ByteView chunk = ByteView(plain).first(*got);
        digest.update(as_text(chunk));
        const std::span<std::byte> into = std::span(sealed).first(*got + kTagSize);
        cipher.seal(number, last, chunk, into);
        if (auto done = write_all(descriptor, into); !done) return done;
        if (last) break;
    }
    if (digest.finish() != expected.sha256) return Failure{changed};
    return Done{};
}

Outcome<std::unique_ptr<BlobReader>, StoreError> BlobReader::open(UniqueFd file, const Key& key,
                                                                  std::string_view sha256) {
    EncodedHeader bytes{};
    auto got = read_full(file.get(), bytes);
    if (!got) return Failure{got.error()};
    const auto header = parse_header(ByteView(bytes).first(*got));
    if (!header) return Failure{corrupt("blob has no header that is known here")};
    if (header->key_id != key_id(key)) {
        return Failure{StoreError{StoreErrorKind::WrongKey, "blob was sealed with another key"}};
    }
    return std::unique_ptr<BlobReader>(new BlobReader(std::move(file), key, *header, sha256));
}

BlobReader::BlobReader(UniqueFd file, const Key& key, const BlobHeader& header,
                       std::string_view sha256)
    : file_(std::move(file)),
      cipher_(key, header, sha256),
      expected_(sha256),
      sealed_(header.chunk_size + kTagSize + 1),
      plain_(header.chunk_size) {}

Outcome<std::size_t, StoreError> BlobReader::read(std::span<std::byte> into) {
    if (failed_) return Failure{*failed_};
    // A chunk is empty only when the whole message is, so this turns at most twice.
    while (given_ == plain_size_ && !finished_) {
        auto done = last_ ? finish() : next_chunk();
        if (!done) {
            failed_ = done.error();
            return Failure{done.error()};
        }
    }
    const std::size_t count = std::min(into.size(), plain_size_ - given_);
    std::copy_n(plain_.begin() + static_cast<std::ptrdiff_t>(given_), count, into.begin());
    given_ += count;
    return count;
}

Outcome<Done, StoreError> BlobReader::next_chunk() {
    auto got = read_full(file_.get(), std::span(sealed_).subspan(carried_));
    if (!got) return Failure{got.error()};
    const std::size_t have = carried_ + *got;
    const std::size_t whole = plain_.size() + kTagSize;
    last_ = have <= whole;
    const std::size_t size = std::min(have, whole);
    if (size < kTagSize) return Failure{corrupt("blob ends inside a chunk")};
    if (size == kTagSize && number_ != 0) return Failure{corrupt("blob has an empty last chunk")};
    plain_size_ = size - kTagSize;
    given_ = 0;
    const std::span<std::byte> plain = std::span(plain_).first(plain_size_);
    if (!cipher_.open(number_, last_, ByteView(sealed_).first(size), plain)) {
        plain_size_ = 0;
        return Failure{corrupt("a chunk is not authentic")};
    }
    if (!last_ && number_ == std::numeric_limits<std::uint32_t>::max()) {
        return Failure{corrupt("blob has too many chunks")};
    }
    ++number_;
    digest_.update(as_text(plain));
    carried_ = last_ ? 0 : 1;
    if (!last_) sealed_.front() = sealed_.back();
    return Done{};
}

Outcome<Done, StoreError> BlobReader::finish() {
    finished_ = true;
    if (digest_.finish() != expected_) return Failure{corrupt("message has another digest")};
    return Done{};
}

}  // namespace postern::quarantine
