#include "analyzers/clamav/canary.hpp"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "analyzers/base/base64.hpp"
#include "analyzers/base/sha256.hpp"

namespace postern::analyzers::clamav {
namespace {

void put(std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
        out.push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
    }
}

// The check sum of zip (ISO 3309), bit by bit: it runs over one short string at start.
std::uint32_t crc32_of(std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
}

// What local header and central directory (APPNOTE 4.3.7, 4.3.12) have in common.
void put_common(std::string& out, std::string_view content, std::string_view name) {
    put(out, 10, 2);          // version needed
    put(out, 0, 2);           // flags
    put(out, 0, 2);           // stored
    put(out, 0x58210000, 4);  // 1 January 2024, midnight
    put(out, crc32_of(content), 4);
    put(out, content.size(), 4);
    put(out, content.size(), 4);
    put(out, name.size(), 2);
    put(out, 0, 2);  // extra field
}

}  // namespace

std::string make_canary() {
    std::array<std::byte, 16> random{};
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
        std::abort();
    }
    return "postern-canary-" + to_hex(random);
}

std::string canary_signature(std::string_view canary) {
    return std::string(kCanaryName) + ":0:*:" + to_hex(as_bytes(canary)) + "\n";
}

std::string zip_of(std::string_view content) {
    constexpr std::string_view kName = "canary.bin";
    std::string zip = "PK\x03\x04";
    put_common(zip, content, kName);
    zip += kName;
    zip += content;
    const std::size_t directory = zip.size();
    zip += "PK\x01\x02";
    put(zip, 20, 2);  // made by
    put_common(zip, content, kName);
    zip.append(2 + 2 + 2 + 4 + 4, '\0');  // comment, disk, attributes, offset of local header
    zip += kName;
    const std::size_t end = zip.size();
    zip += "PK\x05\x06";
    put(zip, 0, 4);  // disks
    put(zip, 1, 2);
    put(zip, 1, 2);
    put(zip, end - directory, 4);
    put(zip, directory, 4);
    put(zip, 0, 2);  // comment
    return zip;
}

std::string mail_of(std::string_view content) {
    return "From: canary@localhost\r\nTo: canary@localhost\r\nSubject: canary\r\n"
           "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
           "--b\r\nContent-Type: text/plain\r\n\r\ncanary\r\n"
           "--b\r\nContent-Type: application/octet-stream; name=\"canary.bin\"\r\n"
           "Content-Disposition: attachment; filename=\"canary.bin\"\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\n" +
           base64_encode(as_bytes(content)) + "\r\n--b--\r\n";
}

}  // namespace postern::analyzers::clamav
