#include "analyzers/base/charset_tables.hpp"

#include <iconv.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>

#include "analyzers/base/unique_fd.hpp"

namespace postern {
namespace {

constexpr std::size_t kHalf = 128;
constexpr std::size_t kTrails = 256;

/// One charset in iconv's hands.
class Decoder {
public:
    explicit Decoder(const std::string& name) : handle_(::iconv_open("UCS-4LE", name.c_str())) {}
    ~Decoder() {
        if (valid()) ::iconv_close(handle_);
    }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    [[nodiscard]] bool valid() const {
        return std::bit_cast<std::uintptr_t>(handle_) != ~std::uintptr_t{0};
    }
    /// The first character that exactly these bytes stand for, or kNone.
    [[nodiscard]] char32_t decode(std::string bytes) {
        ::iconv(handle_, nullptr, nullptr, nullptr, nullptr);
        std::array<char, 16> out{};
        char* from = bytes.data();
        std::size_t left = bytes.size();
        char* to = out.data();
        std::size_t room = out.size();
        const bool done =
            ::iconv(handle_, &from, &left, &to, &room) != static_cast<std::size_t>(-1);
        // Some keep the last character back until they are asked for the rest.
        ::iconv(handle_, nullptr, nullptr, &to, &room);
        if (!done || left != 0 || room > out.size() - sizeof(char32_t)) return CharsetTable::kNone;
        char32_t value = 0;
        std::memcpy(&value, out.data(), sizeof value);
        return value;
    }

private:
    iconv_t handle_;
};

CharsetTable table_of(const std::string& name) {
    CharsetTable table;
    Decoder decoder(name);
    if (!decoder.valid()) return table;
    bool leads = false;
    for (std::size_t i = 0; i < kHalf; ++i) {
        table.single.push_back(decoder.decode(std::string(1, static_cast<char>(i + kHalf))));
    }
    for (std::size_t i = 0; i < kHalf; ++i) {
        for (std::size_t trail = 0; trail < kTrails; ++trail) {
            const char32_t value =
                table.single[i] != CharsetTable::kNone
                    ? CharsetTable::kNone
                    : decoder.decode({static_cast<char>(i + kHalf), static_cast<char>(trail)});
            leads = leads || value != CharsetTable::kNone;
            table.pairs.push_back(value);
        }
    }
    if (!leads) table.pairs.clear();
    return table;
}

bool write_all(int descriptor, const std::vector<char32_t>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t wrote = ::write(descriptor, bytes.data() + done, bytes.size() - done);
        if (wrote <= 0) return false;
        done += static_cast<std::size_t>(wrote);
    }
    return true;
}

bool read_all(int descriptor, std::vector<char32_t>& values) {
    const auto bytes = std::as_writable_bytes(std::span(values));
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t got = ::read(descriptor, bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        done += static_cast<std::size_t>(got);
    }
    return true;
}

/// In the child: sizes, then contents, of each table.
[[noreturn]] void make_tables(const std::vector<std::string_view>& names, int descriptor) {
    for (const std::string_view name : names) {
        const CharsetTable table = table_of(std::string(name));
        const std::vector<char32_t> sizes = {static_cast<char32_t>(table.single.size()),
                                             static_cast<char32_t>(table.pairs.size())};
        if (!write_all(descriptor, sizes) || !write_all(descriptor, table.single) ||
            !write_all(descriptor, table.pairs)) {
            ::_exit(1);
        }
    }
    ::_exit(0);
}

}  // namespace

std::unique_ptr<const CharsetTables> CharsetTables::make(
    const std::vector<std::string_view>& names) {
    auto made = std::make_unique<CharsetTables>();
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return made;
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        reader.reset();  // or a parent that is killed would leave us writing to ourselves for ever
        make_tables(names, writer.get());
    }
    writer.reset();
    for (const std::string_view name : names) {
        std::vector<char32_t> sizes(2);
        if (child < 0 || !read_all(reader.get(), sizes)) break;
        CharsetTable table;
        table.single.resize(sizes[0] == kHalf ? kHalf : 0);
        table.pairs.resize(sizes[1] == kHalf * kTrails ? kHalf * kTrails : 0);
        if (!read_all(reader.get(), table.single) || !read_all(reader.get(), table.pairs)) break;
        if (!table.single.empty()) made->tables_.emplace(name, std::move(table));
    }
    while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return made;
}

const CharsetTable* CharsetTables::find(std::string_view name) const {
    const auto found = tables_.find(name);
    return found == tables_.end() ? nullptr : &found->second;
}

}  // namespace postern
