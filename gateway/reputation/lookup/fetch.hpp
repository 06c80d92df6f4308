#pragma once

/// @file Fetches one feed: names by our own resolver, redirects step by step, every target checked.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/dns/resolver.hpp"

namespace postern::reputation {

struct FetchRequest {
    std::string url;
    std::vector<std::string> headers;  ///< for the URL's own host, not for where it redirects
    std::string etag;                  ///< of what we have; empty: nothing
    std::string modified;
    std::string authorities;  ///< PEM text; empty: libcurl's default file
    std::chrono::milliseconds timeout = std::chrono::minutes(2);  ///< of all steps together
    std::uint64_t max_size = std::uint64_t{64} << 20;             ///< bytes of the body
    bool allow_private = false;               ///< also http, and private and loopback addresses
    const std::atomic<bool>* stop = nullptr;  ///< set: ends soon, with a failure
};

struct Fetched {
    bool unchanged = false;  ///< 304: what we have is still right
    std::string body;        ///< whole
    std::string etag;
    std::string modified;
};

inline constexpr unsigned kMaxRedirects = 3;

/// A body that is whole, of status 200, without a content encoding and not HTML; or "unchanged"; or
/// a sentence that says why not. Blocks, at most for the timeout.
[[nodiscard]] Outcome<Fetched, std::string> fetch(const FetchRequest& request,
                                                  dns::Resolver& resolver);

}  // namespace postern::reputation
