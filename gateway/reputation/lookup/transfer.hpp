#pragma once

/// @file One HTTP exchange by libcurl, without following anything. Private to this folder: libcurl
/// stays in transfer.cpp.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::reputation {

/// Where a URL leads.
struct Target {
    std::string scheme;  ///< "https", "http"
    std::string host;    ///< without brackets, lower case
    std::uint16_t port = 0;
};
/// The failure is a sentence.
[[nodiscard]] Outcome<Target, std::string> target_of(const std::string& url);

struct Exchange {
    std::string url;
    Target target;
    std::vector<mail::IpAddress> addresses;  ///< of the host: no other is connected to
    std::vector<std::string> headers;        ///< to send
    std::string authorities;                 ///< PEM text; empty: libcurl's default file
    std::chrono::milliseconds timeout{0};
    std::uint64_t max_size = 0;  ///< of the body
    bool allow_private = false;
    bool allow_plain = false;  ///< http beside https
    const std::atomic<bool>* stop = nullptr;
};

struct HttpAnswer {
    long status = 0;
    std::string body;      ///< of status 200 only
    std::string redirect;  ///< absolute URL; empty: none
    std::string content_type;
    std::string content_encoding;
    std::string etag;
    std::string modified;
    bool bounded = false;  ///< its end was marked: a length, chunks, or HTTP/2
};

/// The answer, whole, or a sentence.
[[nodiscard]] Outcome<HttpAnswer, std::string> exchange(const Exchange& wanted);

}  // namespace postern::reputation
