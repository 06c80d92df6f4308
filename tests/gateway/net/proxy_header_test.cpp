#include "gateway/net/proxy_header.hpp"

#include <gtest/gtest.h>

namespace postern::net {
namespace {

using State = ProxyHeader::State;
using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kV4 = "\xc0\x00\x02\x07\xc6\x33\x64\x01\xd4\x31\x00\x19"s;  // 192.0.2.7:54321

std::string v2(char command, char family, const std::string& rest) {
    return kSignature + command + family + static_cast<char>(rest.size() >> 8U) +
           static_cast<char>(rest.size() & 255U) + rest;
}
std::string v6_addresses() {
    const std::string source = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07"s;
    const std::string destination = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s;
    return source + destination + "\x00\x50\x00\x19"s;
}

struct Case {
    const char* title;
    std::string bytes;
    State state;
    std::string source = {};  ///< "address port", or "" where none is told
};

const Case kCases[] = {
    {"v1 IPv4", "PROXY TCP4 192.0.2.7 198.51.100.1 54321 25\r\n", State::Whole, "192.0.2.7 54321"},
    {"v1 IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 1 25\r\n", State::Whole, "2001:db8::7 1"},
    {"v1 IPv4 in IPv6 form", "PROXY TCP6 ::ffff:192.0.2.7 ::1 1 25\r\n", State::Whole,
     "192.0.2.7 1"},
    {"v1 unknown", "PROXY UNKNOWN\r\n", State::Whole},
    {"v1 unknown with words", "PROXY UNKNOWN ffff:: ffff:: 1 2 anything\r\n", State::Whole},
    {"v1 port 0 and highest", "PROXY TCP4 192.0.2.7 192.0.2.8 0 65535\r\n", State::Whole,
     "192.0.2.7 0"},
    {"v1 families mixed", "PROXY TCP4 2001:db8::7 198.51.100.1 1 25\r\n", State::Invalid},
    {"v1 families mixed the other way", "PROXY TCP6 192.0.2.7 ::1 1 25\r\n", State::Invalid},
    {"v1 UDP", "PROXY UDP4 192.0.2.7 198.51.100.1 1 25\r\n", State::Invalid},
    {"v1 lower case", "proxy TCP4 192.0.2.7 198.51.100.1 1 25\r\n", State::Invalid},
    {"v1 port too high", "PROXY TCP4 192.0.2.7 192.0.2.8 65536 25\r\n", State::Invalid},
    {"v1 port with leading zero", "PROXY TCP4 192.0.2.7 192.0.2.8 01 25\r\n", State::Invalid},
    {"v1 port signed", "PROXY TCP4 192.0.2.7 192.0.2.8 +1 25\r\n", State::Invalid},
    {"v1 too few words", "PROXY TCP4 192.0.2.7 192.0.2.8 1\r\n", State::Invalid},
    {"v1 too many words", "PROXY TCP4 192.0.2.7 192.0.2.8 1 2 3\r\n", State::Invalid},
    {"v1 two blanks", "PROXY TCP4  192.0.2.7 192.0.2.8 1 2\r\n", State::Invalid},
    {"v1 blank at the end", "PROXY TCP4 192.0.2.7 192.0.2.8 1 2 \r\n", State::Invalid},
    {"v1 bare LF", "PROXY TCP4 192.0.2.7 192.0.2.8 1 2\n", State::Invalid},
    {"v1 bare CR", "PROXY TCP4 192.0.2.7 192.0.2.8 1 2\rX", State::Invalid},
    {"v1 longest", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", State::Whole},
    {"v1 one byte too long", "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", State::Invalid},
    {"v2 IPv4", v2('\x21', '\x11', kV4), State::Whole, "192.0.2.7 54321"},
    {"v2 IPv6", v2('\x21', '\x21', v6_addresses()), State::Whole, "2001:db8::7 80"},
    {"v2 with TLVs", v2('\x21', '\x11', kV4 + "\x03\x00\x04sums\x04\x00\x01x"s), State::Whole,
     "192.0.2.7 54321"},
    {"v2 with TLVs that lie about their length", v2('\x21', '\x11', kV4 + "\x01\xff\xff"s),
     State::Whole, "192.0.2.7 54321"},
    {"v2 local", v2('\x20', '\x00', ""), State::Whole},
    {"v2 local with addresses", v2('\x20', '\x11', kV4), State::Whole},
    {"v2 family not told", v2('\x21', '\x00', "abc"), State::Whole},
    {"v2 transport not told", v2('\x21', '\x10', kV4), State::Whole},
    {"v2 unix", v2('\x21', '\x31', std::string(216, 'u')), State::Whole},
    {"v2 unix too short", v2('\x21', '\x31', std::string(215, 'u')), State::Invalid},
    {"v2 datagrams", v2('\x21', '\x12', kV4), State::Invalid},
    {"v2 unknown family", v2('\x21', '\x41', kV4), State::Invalid},
    {"v2 unknown command", v2('\x22', '\x11', kV4), State::Invalid},
    {"v2 version 1", v2('\x11', '\x11', kV4), State::Invalid},
    {"v2 too short for its family", v2('\x21', '\x11', kV4.substr(1)), State::Invalid},
    {"v2 longest", v2('\x21', '\x11', kV4 + std::string(kMaxProxyV2 - 16 - 12, 't')), State::Whole,
     "192.0.2.7 54321"},
    {"v2 one byte too long", v2('\x21', '\x11', kV4 + std::string(kMaxProxyV2 - 16 - 11, 't')),
     State::Invalid},
    {"no header", "EHLO client.example\r\n", State::Invalid},
    {"nothing", "", State::Incomplete},
};

TEST(ProxyHeader, IsReadStrictly) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.title);
        const ProxyHeader got = read_proxy_header(c.bytes);
        ASSERT_EQ(got.state, c.state);
        if (got.state != State::Whole) continue;
        EXPECT_EQ(got.size, c.bytes.size());
        const std::string source = got.endpoints ? got.endpoints->source.text() + " " +
                                                       std::to_string(got.endpoints->source_port)
                                                 : "";
        EXPECT_EQ(source, c.source);
        if (got.endpoints) {
            EXPECT_NE(got.endpoints->destination, got.endpoints->source);
        }
    }
}

TEST(ProxyHeader, WhatFollowsIsNotOfIt) {
    for (const Case& c : kCases) {
        if (c.state != State::Whole) continue;
        SCOPED_TRACE(c.title);
        const ProxyHeader got = read_proxy_header(c.bytes + "EHLO client.example\r\n");
        EXPECT_EQ(got.state, State::Whole);
        EXPECT_EQ(got.size, c.bytes.size());
    }
}

TEST(ProxyHeader, EachBeginningOfAHeaderIsIncomplete) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.title);
        for (std::size_t size = 0; size < c.bytes.size(); ++size) {
            const ProxyHeader got = read_proxy_header(c.bytes.substr(0, size));
            if (c.state == State::Whole) {
                ASSERT_EQ(got.state, State::Incomplete) << size;
            }
            ASSERT_NE(got.state, State::Whole) << size;
        }
    }
}

}  // namespace
}  // namespace postern::net
